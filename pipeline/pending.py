"""Violations that wait for their vehicle to pass on, so that the best of its whole track is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from detectors.types import Box, SignalState, Track, TrackPoint, Violation
from pipeline.handover import SETTLE_S
from pipeline.package import clip_window
from pipeline.ring import FrameRing, StoredFrame

WAIT_S = 6.0
"""So long after it was flagged a vehicle's plate is gathered; what came of a meeting is known `SETTLE_S` later."""
# How long before a violation the signal's states are told: a red that began earlier was red for that long.
SIGNALS_BEFORE_S = 45.0


@dataclass
class Pending:
    """One violation with what is gathered for it; complete when its track has ended or `WAIT_S` and
    `SETTLE_S` have gone."""

    violation: Violation
    flagged_s: float
    frames: dict[int, StoredFrame] = field(default_factory=dict)
    boxes: dict[int, Box] = field(default_factory=dict)
    path: dict[int, TrackPoint] = field(default_factory=dict)
    signals: dict[float, Mapping[str, SignalState]] = field(default_factory=dict)
    track_ended: bool = False

    def done(self, t_s: float) -> bool:
        """Tell whether nothing more is waited for at a moment; a clock that jumped back ends the wait."""
        clip_ends_s = min(clip_window(self.violation)[1], self.flagged_s + WAIT_S)
        waited = t_s >= self.flagged_s + WAIT_S + SETTLE_S or t_s < self.flagged_s
        return waited or (self.track_ended and t_s >= clip_ends_s)

    def forget_after(self, t_s: float) -> None:
        """Take back where the vehicle was seen after a moment: from then on it may have been another one."""
        later = [index for index, point in self.path.items() if point.t_s > t_s]
        for index in later:
            del self.path[index], self.boxes[index]


class PendingCases:
    """The violations of one camera that are not yet handed on."""

    def __init__(self, ring: FrameRing) -> None:
        self._ring = ring
        self._held: list[Pending] = []

    def add(self, violation: Violation, t_s: float, track: Track | None) -> None:
        """Take in a violation and secure the frames that prove it."""
        pending = Pending(violation, t_s, track_ended=track is None)
        start, _ = clip_window(violation)
        for stored in self._ring.between(start - SIGNALS_BEFORE_S, t_s):
            pending.signals[stored.t_s] = stored.signals
            if stored.t_s >= start:
                pending.frames[stored.index] = stored
        for key in violation.key_frames:
            nearest = self._ring.nearest(key.t_s)
            if nearest is not None:
                pending.frames[nearest.index] = nearest
        if track is not None:
            _note_boxes(pending, track)
        self._held.append(pending)

    def follow(self, stored: StoredFrame, live: dict[int, Track], ended: dict[int, Track]) -> None:
        """Take in the newest frame and where the vehicles are in it."""
        for pending in self._held:
            if stored.t_s <= clip_window(pending.violation)[1]:
                pending.frames[stored.index] = stored
                pending.signals[stored.t_s] = stored.signals
            track_id = pending.violation.track_id
            track = live.get(track_id) or ended.get(track_id)
            if track is not None:
                _note_boxes(pending, track)
            pending.track_ended |= track_id in ended

    def take_done(self, t_s: float) -> list[Pending]:
        """Give and let go of those that are complete, in the order of flagging."""
        done = [p for p in self._held if p.done(t_s)]
        self._held = [p for p in self._held if not p.done(t_s)]
        return done

    def take_of(self, track_id: int) -> list[Pending]:
        """Give and let go of those of one track."""
        taken = [p for p in self._held if p.violation.track_id == track_id]
        self._held = [p for p in self._held if p.violation.track_id != track_id]
        return taken

    def take_all(self) -> list[Pending]:
        """Give and let go of all: the source has ended."""
        held, self._held = self._held, []
        return held

    def waits_for(self, track_id: int) -> bool:
        """Tell whether a track's plate will still be asked for."""
        return any(p.violation.track_id == track_id for p in self._held)


def _note_boxes(pending: Pending, track: Track) -> None:
    for point in reversed(track.points):
        if point.frame_index in pending.boxes:
            return
        pending.boxes[point.frame_index] = point.box_xyxy
        pending.path[point.frame_index] = point
