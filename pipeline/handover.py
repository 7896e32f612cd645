"""Where a track was handed from one vehicle to another that it met: what was seen before and after is not one
vehicle's."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors.geometry import Homography
from detectors.kinematics import median_slope, sigma_along, velocity
from detectors.types import Point, TrackPoint

# No vehicle that drives this fast drives as fast the other way so soon after: it would have to brake at 2.5 m/s², shift
# gear in a second and pull away as hard, or turn about in less than a lane. Two that meet do it by changing tracks.
PACE_MPS, SOON_S, WINDOW_S = 3.0, 2.5, 0.7
# A far box's lower edge wanders by metres: the pace must exceed so many sigma of it. A line fitted to some eight
# sightings in 0.7 s is so uncertain (sigma of a slope, GUM H.3).
SIGMAS_OF_PACE = 5.0
OPPOSITE_COS = -0.7


@dataclass(frozen=True)
class _Pace:
    """How a vehicle went in the ``WINDOW_S`` before ``t_s``: on the ``road``, m/s, and the middle of its box's upper
    edge in the ``picture``, px/s, which is seen where a lower edge comes out from behind something and seems to jump.
    """

    t_s: float
    road: Point
    picture: Point

    def is_against(self, other: _Pace) -> bool:
        return _opposite(self.road, other.road) and _opposite(self.picture, other.picture)


@dataclass(frozen=True)
class Handover:
    """Between ``last_s`` and ``first_s`` a track went over to another vehicle: up to the one it was surely the first
    vehicle's, from the other on surely the second's; seconds from the source's first frame."""

    last_s: float
    first_s: float


class HandoverWatch:
    """Watches one track for turning about quicker than a vehicle can."""

    def __init__(self, homography: Homography) -> None:
        self._homography = homography
        self._recent: deque[TrackPoint] = deque()
        self._paces: deque[_Pace] = deque()

    def add(self, point: TrackPoint) -> Handover | None:
        """Take in the next sighting; give the handover that it shows."""
        if not point.measurable:
            return None
        self._recent.append(point)
        while self._recent[0].t_s < point.t_s - WINDOW_S:
            self._recent.popleft()
        now = _pace(tuple(self._recent), self._homography)
        if now is None:
            return None
        while self._paces and self._paces[0].t_s < now.t_s - WINDOW_S - SOON_S:
            self._paces.popleft()
        before = [p.t_s for p in self._paces if p.is_against(now)]
        self._paces.append(now)
        return Handover(before[-1] - WINDOW_S, now.t_s) if before else None


def _pace(points: Sequence[TrackPoint], homography: Homography) -> _Pace | None:
    """Give the velocity over measurable sightings at the last of them, None where it is not surely a pace."""
    v = velocity(points, WINDOW_S)
    if v is None or (pace := float(np.hypot(*v))) < PACE_MPS:
        return None
    last = points[-1]
    if pace < SIGMAS_OF_PACE * sigma_along(homography, last, (v[0] / pace, v[1] / pace)):
        return None
    tops = [((p.box_xyxy[0] + p.box_xyxy[2]) / 2, p.box_xyxy[1]) for p in points]
    return _Pace(last.t_s, v, median_slope([p.t_s for p in points], tops))


def _opposite(a: Point, b: Point) -> bool:
    return a[0] * b[0] + a[1] * b[1] < OPPOSITE_COS * float(np.hypot(*a) * np.hypot(*b))
