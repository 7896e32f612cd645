"""One vehicle against its lane's arrows: which lane was it certainly in before the stop line, and where did it go?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detectors.kinematics import heading_degrees, velocity
from detectors.rules.approach import Approach
from detectors.rules.common import distance_inside
from detectors.rules.sideways import Sideways
from detectors.types import Track, TrackPoint

TURNED_DEGREES, STRAIGHT_DEGREES = 45.0, 15.0
TURNED_M, STRAIGHT_M = 3.0, 14.0
MOVING_MPS = 1.5
MINIMUM_POINTS = 4


@dataclass(frozen=True)
class Turned:
    """A way that is certain: the last sightings in the lane, and those that show where the vehicle went."""

    approach: Approach
    in_lane: tuple[TrackPoint, ...]
    gone: tuple[TrackPoint, ...]
    way: str
    heading_degrees: float


@dataclass
class Way:
    """What is known of one vehicle: the lane it was in and where it is heading."""

    approach: Approach | None = None
    in_lane: list[TrackPoint] = field(default_factory=list)
    gone: list[TrackPoint] = field(default_factory=list)
    towards: str | None = None

    def forget(self) -> None:
        """Begin anew."""
        self.approach, self.in_lane, self.gone, self.towards = None, [], [], None

    def see(
        self,
        track: Track,
        i: int,
        approaches: list[Approach],
        sideways: Sideways,
        margin_m: float,
        dwell_s: float,
    ) -> Turned | None:
        """Take in the next sighting; give the way it makes certain."""
        point = track.points[i]
        before = [a for a in approaches if a.certainly_before(point, track.label)]
        if before:
            self.gone, self.towards = [], None
            lane = next((a for a in before if _well_in(a, point, track.label, sideways, margin_m)), None)
            if lane is not self.approach or lane is None:
                self.approach, self.in_lane = lane, []
            if lane is not None:
                self.in_lane = [*self.in_lane[-60:], point]
            return None
        if self.approach is None:
            return None
        if self.approach.past(point.road_xy) < 0:
            # Its near end has not reached the line: the lane that it is in still counts.
            if _well_in(self.approach, point, track.label, sideways, margin_m):
                self.in_lane.append(point)
            elif distance_inside(self.approach.lane.polygon, point.road_xy) < 0:
                self.forget()
            return None
        if not _dwelt(self.in_lane, dwell_s):
            return None
        heading, towards = _towards(self.approach, self.in_lane[-1], track.points[: i + 1])
        if towards is None or towards != self.towards:
            self.gone, self.towards = [], towards
        if towards is None:
            return None
        self.gone.append(point)
        if not _dwelt(self.gone, dwell_s):
            return None
        return Turned(self.approach, tuple(self.in_lane), tuple(self.gone), towards, heading)


def _dwelt(points: list[TrackPoint], dwell_s: float) -> bool:
    return len(points) >= MINIMUM_POINTS and points[-1].t_s - points[0].t_s >= dwell_s


def _well_in(approach: Approach, point: TrackPoint, label: str, sideways: Sideways, margin_m: float) -> bool:
    margin = margin_m + sideways.doubt(point, label, approach.axis.unit)
    return distance_inside(approach.lane.polygon, point.road_xy) >= margin


def _towards(
    approach: Approach, left_lane: TrackPoint, points: tuple[TrackPoint, ...]
) -> tuple[float, str | None]:
    """Give the heading against the lane in degrees, positive to the left, and which way that certainly is."""
    v = velocity(points)
    last = points[-1]
    if v is None or not last.measurable or float(np.hypot(*v)) < MOVING_MPS:
        return 0.0, None
    heading = heading_degrees(v, approach.axis)
    aside = approach.axis.left(last.road_xy) - approach.axis.left(left_lane.road_xy)
    if abs(heading) >= TURNED_DEGREES and aside * heading > 0 and abs(aside) >= TURNED_M:
        return heading, "left" if heading > 0 else "right"
    far = approach.past(last.road_xy) >= STRAIGHT_M
    return heading, "straight" if far and abs(heading) <= STRAIGHT_DEGREES and abs(aside) < TURNED_M else None
