"""`average_speed`: when each vehicle's front crossed the camera's line, at one end of a measured section. UU 22/2009
art. 287 (5) with 106 (4) g or 115 a.

One camera flags nobody: each passage is handed on with its plate, and `ticketing.record_rules.average_speed` judges it
with the same plate's at the section's other end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from detectors.camera import Camera, CameraFileError
from detectors.kinematics import smoothed
from detectors.rules.approach import Approach, Reach
from detectors.rules.base import LetPass, SeenPlate
from detectors.rules.common import (
    Flagged,
    Parameters,
    fresh,
    key_frame,
    lane_at,
    make_violation,
    parse_parameters,
)
from detectors.rules.jumps import jumped
from detectors.types import Scene, Track, TrackPoint, Violation

# So many sightings must certainly lie on either side of the line.
EACH_SIDE = 3
LONGEST = 600
Array = NDArray[np.float64]


class AverageSpeedParameters(Parameters):
    """A passage whose moment is not certain to within ``most_doubt_s`` (half of its 95% interval) is not handed on: who
    stops on the line proves nothing about a speed."""

    most_doubt_s: float = Field(1.0, gt=0, le=10)


@dataclass
class _Follow:
    seen: list[tuple[TrackPoint, Approach]] = field(default_factory=list)
    seen_until_s: float = -np.inf
    done: bool = False


class AverageSpeed:
    """Hands on each vehicle that certainly crosses the section's line in its lane's direction, with the moment.

    Never handed on: a track that is not confirmed, not seen on both sides of the line, or that jumped between; a
    vehicle in whose time the source's clock was not fit; a plate with any doubt.
    """

    rule_id = "average_speed"
    hands_on_passages = True

    def __init__(self, camera: Camera, parameters: Mapping[str, object]) -> None:
        self.parameters = parse_parameters(AverageSpeedParameters, self.rule_id, camera, parameters)
        line = camera.file.section_line
        if line is None:
            raise CameraFileError(
                f"camera {camera.id}: section_line: missing, and enforce.{self.rule_id} needs it"
            )
        self._camera = camera
        self._lanes = tuple(camera.lane(lane_id) for lane_id in line.lanes)
        self._approaches = {lane.id: Approach(camera, line, lane, "section_line") for lane in self._lanes}
        if not self._lanes or len({a.ends for a in self._approaches.values()}) > 1:
            raise CameraFileError(
                f"camera {camera.id}: section_line.lanes: name the lanes of one direction, those that enter or leave "
                "the section"
            )
        self._tracks: dict[int, _Follow] = {}
        self._flagged = Flagged()

    def update(self, scene: Scene) -> list[Violation]:
        """Take in one moment; give the passages that it completes."""
        self._flagged.follow(scene)
        found = []
        for track in scene.tracks:
            self._tracks.setdefault(track.id, _Follow())
        if not scene.clock_fit:
            for follow in self._tracks.values():
                follow.done = True
        for track in scene.tracks:
            follow = self._tracks[track.id]
            if follow.done or not track.confirmed:
                continue
            for i in range(fresh(track, follow.seen_until_s), len(track.points)):
                self._see(follow, track, i)
            follow.seen_until_s = track.points[-1].t_s
            if (passage := self._decide(follow, track)) is not None:
                found.append(passage)
        for track in scene.ended:
            self._tracks.pop(track.id, None)
        return found

    def finish(self) -> list[Violation]:
        """Nothing waits: a passage is handed on as soon as it is certain."""
        self._tracks.clear()
        return []

    def judge(self, violation: Violation, plate: SeenPlate | None) -> Violation | LetPass:
        """Let pass whose plate is in doubt: nobody could tell which vehicle was seen at the other end."""
        if plate is None or not plate.accepted or plate.text is None:
            return LetPass("average_speed: the plate is in doubt")
        return violation

    def _see(self, follow: _Follow, track: Track, i: int) -> None:
        point = track.points[i]
        if not point.measurable:
            return
        if jumped(track.points[: i + 1], self._camera.homography):
            follow.seen = []
        lane = lane_at(self._lanes, point.road_xy)
        # Where a lane ends before the line, the vehicle is still the lane's that it came by.
        approach = self._approaches[lane.id] if lane else follow.seen[-1][1] if follow.seen else None
        if approach is not None and 0.0 <= approach.across(point.road_xy) <= 1.0:
            follow.seen = [*follow.seen[-LONGEST:], (point, approach)]

    def _decide(self, follow: _Follow, track: Track) -> Violation | None:
        if len(follow.seen) < 2 * EACH_SIDE:
            return None
        if any(a.reach(p, track.label).front_min <= 0 for p, a in follow.seen[-EACH_SIDE:]):
            return None
        follow.done = True
        crossing = _crossing(
            np.array([p.t_s for p, _ in follow.seen]), [a.reach(p, track.label) for p, a in follow.seen]
        )
        if crossing is None or crossing[1] > self.parameters.most_doubt_s or self._flagged.knows(track):
            return None
        self._flagged.add(track)
        return self._passage(track, follow, *crossing)

    def _passage(self, track: Track, follow: _Follow, t_s: float, doubt_s: float) -> Violation:
        nearest, approach = min(follow.seen, key=lambda seen: abs(seen[0].t_s - t_s))
        at = nearest.captured_at + timedelta(seconds=t_s - nearest.t_s)
        passage = make_violation(
            self.rule_id,
            self._camera,
            track,
            (nearest, nearest),
            [key_frame(nearest, f"{self._camera.id}: garis ukur / measuring line")],
            {"lane": approach.lane.id, "moment_doubt_s": round(doubt_s, 3)},
            self.parameters,
        )
        return replace(passage, started_at=at, ended_at=at, start_s=t_s, end_s=t_s)


def _crossing(t: Array, reaches: list[Reach]) -> tuple[float, float] | None:
    """Give when the front crossed the line and half of that moment's 95% interval, in seconds; None where the vehicle
    was not certainly seen before the line.

    The moment lies between that at which the foremost front that can be crossed, and that of the hindmost.
    """
    low, likely, high = (
        smoothed(np.array([getattr(r, name) for r in reaches]))
        for name in ("front_min", "front", "front_max")
    )
    if np.any(high[:EACH_SIDE] >= 0) or np.any(low[-EACH_SIDE:] <= 0):
        return None
    earliest = _root(t, high, int(np.argmax(high >= 0)))
    latest = _root(t, low, int(np.flatnonzero(low < 0)[-1]) + 1)
    middle = _root(t, likely, int(np.flatnonzero(likely < 0)[-1]) + 1)
    return middle, max(middle - earliest, latest - middle)


def _root(t: Array, place: Array, i: int) -> float:
    """Give when a place was 0, between the sighting before ``i`` and that one."""
    share = place[i - 1] / (place[i - 1] - place[i])
    return float(t[i - 1] + share * (t[i] - t[i - 1]))
