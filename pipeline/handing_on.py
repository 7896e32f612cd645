"""What becomes of a violation once nothing more is waited for: its plate is read, its rule has the last word, and who
is to know is told."""

from __future__ import annotations

import math
from collections.abc import Callable

from detectors.types import Frame, Image
from pipeline.judging import Judge
from pipeline.package import NO_PLATE, Finding
from pipeline.pending import WAIT_S, Pending
from pipeline.plates import PlateGallery
from pipeline.types import Counters
from plate_reader.base import TrackPlateReader
from plate_reader.types import PlateReading


class HandingOn:
    """Makes findings of pending violations.

    Args:
        judge: says what stands.
        gallery: the vehicles' plate crops.
        reader: votes a plate over a vehicle's crops.
        counters: of the camera's run.
        on_finding: is told each violation that stands.
        on_passage: is told of vehicles that broke no law as far as one camera can tell, where somebody is.
    """

    def __init__(
        self,
        judge: Judge,
        gallery: PlateGallery,
        reader: TrackPlateReader,
        counters: Counters,
        on_finding: Callable[[Finding], None],
        on_passage: Callable[[Finding], None] | None = None,
    ) -> None:
        self._judge, self._gallery, self._reader, self._counters = judge, gallery, reader, counters
        self._on_finding, self._on_passage = on_finding, on_passage

    def hand_on(self, pending: Pending, now: Frame | None, crops_until_s: float = math.inf) -> None:
        """Tell of a violation if it stands.

        Args:
            pending: the violation with what was gathered for it; what was gathered too late is forgotten.
            now: the newest frame, None before the first.
            crops_until_s: no crop that was taken later is read, seconds.
        """
        finding = self._finding(pending, now, crops_until_s)
        if finding is None:
            return
        if self._on_passage is not None and self._judge.is_passage(finding.violation):
            self._on_passage(finding)
        else:
            self._on_finding(finding)

    def _finding(self, pending: Pending, now: Frame | None, crops_until_s: float) -> Finding | None:
        track_id = pending.violation.track_id
        until_s = min(self._judge.until_s(track_id), pending.flagged_s + WAIT_S)
        pending.forget_after(until_s)
        if not self._judge.stands(pending, now):
            return None
        crops = tuple(c for c in self._gallery.crops(track_id) if c.t_s <= min(until_s, crops_until_s))
        reading = self._read([c.image for c in crops])
        violation = self._judge.judged(pending.violation, reading)
        if violation is None:
            return None
        frames = tuple(sorted(pending.frames.values(), key=lambda f: f.t_s))
        path = tuple(sorted(pending.path.values(), key=lambda p: p.t_s))
        signals = tuple(sorted(pending.signals.items()))
        return Finding(violation, frames, pending.boxes, crops, reading, path, signals)

    def _read(self, crops: list[Image]) -> PlateReading | None:
        reading = self._reader.read_crops(crops) if crops else None
        if reading is not None and reading.accepted:
            self._counters.plates_read += 1
        else:
            reason = NO_PLATE if reading is None else reading.reason
            self._counters.not_read[reason or "not accepted"] += 1
        return reading
