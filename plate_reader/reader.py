"""The plate reader put together: cuts a crop's lines, has them recognised, votes, says what is sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from plate_reader.base import Image, PlateReaderError, Recogniser
from plate_reader.beam import decode, greedy
from plate_reader.colour import colour_of
from plate_reader.corners import CornerFinder
from plate_reader.grammar import allowed_next_expiry, special_kind
from plate_reader.pp_ocr import PpOcrRecogniser
from plate_reader.tnkb import TnkbRecogniser, checked, weights_folder
from plate_reader.types import NOWHERE, PlateReading, Quad
from plate_reader.views import PlateViews, view_plates
from plate_reader.voting import Acceptance, Verdict, Witness, hear, vote

_LEAST_CROP_PX = (8, 20)
# The month·year line is read on so many pictures, and counts where each of its characters is so sure.
MOST_EXPIRY_LINES, SURE_OF_EXPIRY = 4, 0.8
OFFERED = 0.5
"""A track's text whose weakest character is less certain is likelier wrong than right."""


@dataclass(frozen=True)
class PlateReaderConfig:
    """How plates are read.

    Attributes:
        threads: of the recogniser within one call.
        pad: margin around the plate in the crops given, as a share of the plate's box.
        most_crops: only so many crops of a track are read, the widest and sharpest first.
        read_expiry: whether the month·year line is read too.
        track: when a text voted over several crops is accepted.
        single: when a text read from one picture alone is accepted.
    """

    threads: int = 1
    pad: float = 0.12
    most_crops: int = 6
    read_expiry: bool = True
    track: Acceptance = field(default_factory=Acceptance)
    single: Acceptance = field(
        default_factory=lambda: Acceptance(weakest=0.80, witness=0.80, agreeing=1, least_width_px=60.0)
    )


class PlateReader:
    """Reads plates from crops. Give another `Recogniser` to exchange a network beneath.

    ``corners`` finds a plate's corners in a crop.
    """

    def __init__(
        self,
        config: PlateReaderConfig | None = None,
        recogniser: Recogniser | None = None,
        peer: Recogniser | None = None,
    ) -> None:
        """Load the networks.

        Args:
            config: how plates are read.
            recogniser: reads straightened plates, our own without it.
            peer: reads lines, and is asked whether it sees something else; PP-OCR's without it.

        Raises:
            PlateReaderError: weights that are missing or altered.
        """
        self.config = config or PlateReaderConfig()
        folder = weights_folder()
        self.sha256_by_file = {**checked(folder, "corners.pth")}
        self.corners = CornerFinder(folder / "corners.pth")
        if recogniser is None:
            own = TnkbRecogniser(folder)
            self.sha256_by_file |= own.sha256_by_file
            recogniser = own
        self.recogniser: Recogniser = recogniser
        if peer is None:
            other = PpOcrRecogniser(self.config.threads, folder)
            self.sha256_by_file |= other.sha256_by_file
            peer = other
        self.peer: Recogniser = peer

    def read_crops(self, crops: Sequence[Image]) -> PlateReading:
        """Vote over crops of one vehicle's plate, see `plate_reader.base.TrackPlateReader`."""
        reading = self._read(crops, self.config.track)
        if reading.text is None or reading.confidence >= OFFERED:
            return reading
        # An officer who is shown a wrong text sees it in the picture too.
        why = f"too uncertain to be offered: {reading.reason}"
        return replace(
            reading, text=None, character_probabilities=(), alternatives=(), expiry=None, reason=why
        )

    def read_crop(self, crop: Image) -> PlateReading:
        """Read one crop alone, by the rules for a single picture."""
        return self.read_views([crop])

    def read_views(self, crops: Sequence[Image]) -> PlateReading:
        """Read several crops of one plate in one picture, narrowest first: one must be sure, none contradict it."""
        return self._read(crops, self.config.single, ordered=True)

    def _read(self, crops: Sequence[Image], rules: Acceptance, *, ordered: bool = False) -> PlateReading:
        usable = [crop for crop in crops if _is_usable(crop)]
        if not usable:
            why = "no crop of the plate" if not crops else "no crop of the plate is large enough to read"
            return _nothing(why)
        best = usable if ordered else _best(usable, self.config.most_crops)
        views = view_plates(best, self.corners)
        return self._judge(views, self.hear(views), rules, _corners(views[0], best[0]))

    def hear(self, views: Sequence[PlateViews]) -> list[Witness]:
        """Have views read by both recognisers; one witness for each."""
        own = iter(self.recogniser.posteriors([plate for view in views for plate in view.plates]))
        peer = iter(self.peer.posteriors([view.number for view in views]))
        return [
            hear([next(own) for _ in view.plates], [next(peer)], view.width_px, cut_off=view.cut_off)
            for view in views
        ]

    def _judge(
        self, views: Sequence[PlateViews], witnesses: Sequence[Witness], rules: Acceptance, corners: Quad
    ) -> PlateReading:
        verdict = vote(witnesses, rules)
        if verdict.text is None or verdict.confidence < OFFERED:
            kind = next((k for w in witnesses for k in [_special(w)] if k), None)
            if kind:
                verdict = Verdict(None, (), False, f"{kind} plate: never matched, an officer must look")
        colour, colour_confidence = colour_of([view.base for view in views])
        lines = self._expiry_lines(views) if self.config.read_expiry and verdict.text else ()
        return PlateReading(
            text=verdict.text,
            accepted=verdict.accepted,
            confidence=verdict.confidence,
            character_probabilities=verdict.character_probabilities,
            colour=colour,
            colour_confidence=colour_confidence,
            corners=corners,
            crops_read=len(views),
            expiry=lines[0] if len(set(lines)) == 1 else None,
            alternatives=verdict.alternatives,
            reason=verdict.reason,
            expiry_lines=lines,
        )

    def _expiry_lines(self, views: Sequence[PlateViews]) -> tuple[str, ...]:
        widest = sorted(views, key=lambda view: -view.width_px)[:MOST_EXPIRY_LINES]
        read = []
        for posterior in self.recogniser.posteriors([view.expiry for view in widest]):
            candidates = decode(posterior, allowed=allowed_next_expiry, complete=lambda text: len(text) == 4)
            if candidates and min(candidates[0].character_probabilities) >= SURE_OF_EXPIRY:
                read.append(f"{candidates[0].text[:2]}.{candidates[0].text[2:]}")
        return tuple(read)


def _special(witness: Witness) -> str | None:
    """Name the special kind of plate that a crop shows when read without the TNKB grammar."""
    return next(
        (kind for view in (*witness.own, *witness.peer) for kind in [special_kind(greedy(view))] if kind),
        None,
    )


def _is_usable(crop: Image) -> bool:
    if crop.ndim != 3 or crop.shape[2] != 3 or crop.dtype != np.uint8:
        raise PlateReaderError(
            f"a plate crop must be (h, w, 3) uint8 BGR, given was {crop.shape} {crop.dtype}"
        )
    height, width = crop.shape[:2]
    return bool(height >= _LEAST_CROP_PX[0] and width >= _LEAST_CROP_PX[1])


def _best(crops: Sequence[Image], most: int) -> list[Image]:
    return sorted(crops, key=lambda crop: -crop.shape[1])[:most]


def _corners(view: PlateViews, crop: Image) -> Quad:
    """Give the plate's corners, those that lie beyond the crop moved to its edge."""
    height, width = crop.shape[:2]
    inside = np.clip(view.corners, 0, [width, height])
    a, b, c, d = ((float(x), float(y)) for x, y in inside)
    return (a, b, c, d)


def _nothing(reason: str) -> PlateReading:
    return PlateReading(None, False, 0.0, (), None, 0.0, NOWHERE, 0, reason=reason)
