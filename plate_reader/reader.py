"""The plate reader put together: cuts a crop's lines, has them recognised, votes, says what is sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from plate_reader.base import Image, PlateReaderError, Recogniser
from plate_reader.beam import decode, greedy
from plate_reader.colour import colour_of
from plate_reader.grammar import allowed_next_expiry, special_kind
from plate_reader.lines import PlateLines, cut_lines
from plate_reader.rapid import RapidRecogniser
from plate_reader.types import Box, PlateReading
from plate_reader.voting import Acceptance, Verdict, Witness, hear, vote

_LEAST_CROP_PX = (8, 20)
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
        default_factory=lambda: Acceptance(
            weakest=0.98, witness=0.98, agreeing=1, views_agree=True, least_width_px=70.0
        )
    )


class PlateReader:
    """Reads plates from crops. Give another `Recogniser` to exchange the network beneath."""

    def __init__(self, config: PlateReaderConfig | None = None, recogniser: Recogniser | None = None) -> None:
        """Load the recogniser. Raises `PlateReaderError` where it cannot be loaded."""
        self.config = config or PlateReaderConfig()
        self.recogniser: Recogniser = recogniser or RapidRecogniser(self.config.threads)

    def read_crops(self, crops: Sequence[Image]) -> PlateReading:
        """Vote over crops of one vehicle's plate, see `plate_reader.base.TrackPlateReader`."""
        reading = self._read(crops, self.config.track, self.config.pad)
        if reading.text is None or reading.confidence >= OFFERED:
            return reading
        # An officer who is shown a wrong text sees it in the picture too.
        why = f"too uncertain to be offered: {reading.reason}"
        return replace(
            reading, text=None, character_probabilities=(), alternatives=(), expiry=None, reason=why
        )

    def read_crop(self, crop: Image) -> PlateReading:
        """Read one crop alone, by the stricter rules for a single picture."""
        return self._read([crop], self.config.single, self.config.pad)

    def _read(self, crops: Sequence[Image], rules: Acceptance, pad: float) -> PlateReading:
        usable = [crop for crop in crops if _is_usable(crop)]
        if not usable:
            why = "no crop of the plate" if not crops else "no crop of the plate is large enough to read"
            return _nothing(why)
        best = _best(usable, self.config.most_crops)
        return self.read_lines([cut_lines(crop, pad) for crop in best], rules, _whole(best[0]))

    def read_lines(self, lines: Sequence[PlateLines], rules: Acceptance, box: Box) -> PlateReading:
        """Read one plate's lines that are cut already; ``box`` is what the reading says of its place."""
        posteriors = iter(self.recogniser.posteriors([view for cut in lines for view in cut.numbers]))
        witnesses = [hear([next(posteriors) for _ in cut.numbers], cut.spans, cut.width_px) for cut in lines]
        verdict = vote(witnesses, rules)
        if verdict.text is None or verdict.confidence < OFFERED:
            kind = next((k for w in witnesses for k in [_special(w)] if k), None)
            if kind:
                verdict = Verdict(None, (), False, f"{kind} plate: never matched, an officer must look")
        colour, colour_confidence = colour_of([cut.base for cut in lines])
        return PlateReading(
            text=verdict.text,
            accepted=verdict.accepted,
            confidence=verdict.confidence,
            character_probabilities=verdict.character_probabilities,
            colour=colour,
            colour_confidence=colour_confidence,
            box_xyxy=box,
            crops_read=len(lines),
            expiry=self._expiry(lines) if self.config.read_expiry and verdict.text else None,
            alternatives=verdict.alternatives,
            reason=verdict.reason,
        )

    def _expiry(self, lines: Sequence[PlateLines]) -> str | None:
        widest = max(lines, key=lambda cut: cut.width_px)
        candidates = decode(
            self.recogniser.posteriors([widest.expiry])[0],
            allowed=allowed_next_expiry,
            complete=lambda text: len(text) == 4,
        )
        if not candidates or min(candidates[0].character_probabilities) < 0.8:
            return None
        return f"{candidates[0].text[:2]}.{candidates[0].text[2:]}"


def _special(witness: Witness) -> str | None:
    """Name the special kind of plate that a crop shows when read without the TNKB grammar."""
    return next((kind for view in witness.views for kind in [special_kind(greedy(view))] if kind), None)


def _is_usable(crop: Image) -> bool:
    if crop.ndim != 3 or crop.shape[2] != 3 or crop.dtype != np.uint8:
        raise PlateReaderError(
            f"a plate crop must be (h, w, 3) uint8 BGR, given was {crop.shape} {crop.dtype}"
        )
    height, width = crop.shape[:2]
    return bool(height >= _LEAST_CROP_PX[0] and width >= _LEAST_CROP_PX[1])


def _best(crops: Sequence[Image], most: int) -> list[Image]:
    return sorted(crops, key=lambda crop: -crop.shape[1])[:most]


def _whole(crop: Image) -> Box:
    return (0.0, 0.0, float(crop.shape[1]), float(crop.shape[0]))


def _nothing(reason: str) -> PlateReading:
    return PlateReading(None, False, 0.0, (), None, 0.0, (0.0, 0.0, 0.0, 0.0), 0, reason=reason)
