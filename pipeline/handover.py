"""Where a track was handed from one vehicle to another that it met: what was seen before and after is not one
vehicle's."""

from __future__ import annotations

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


def handovers(points: Sequence[TrackPoint], homography: Homography) -> tuple[Handover, ...]:
    """Give where a track turns about quicker than a vehicle can, in the order of time."""
    paces = _paces(points, homography)
    out: list[Handover] = []
    since = 0
    for j, now in enumerate(paces):
        soon = (p for p in paces[since:j] if now.t_s - WINDOW_S - p.t_s <= SOON_S)
        before = [p.t_s for p in soon if p.is_against(now)]
        if before:
            out.append(Handover(before[-1] - WINDOW_S, now.t_s))
            since = j
    return tuple(out)


def owner_span(found: Sequence[Handover], start_s: float, end_s: float) -> tuple[float, float] | None:
    """Give from when to when a track was the vehicle's that was seen from ``start_s`` to ``end_s``; None where a
    handover falls into that time, so that nobody knows whose it was."""
    since, until = -np.inf, np.inf
    for handover in found:
        if end_s <= handover.last_s:
            until = min(until, handover.last_s)
        elif start_s >= handover.first_s:
            since = max(since, handover.first_s)
        else:
            return None
    return since, until


def _paces(points: Sequence[TrackPoint], homography: Homography) -> list[_Pace]:
    """Give the velocities that are surely a pace, each at the end of its window."""
    measurable = [p for p in points if p.measurable]
    out = []
    first = 0
    for i, point in enumerate(measurable):
        while measurable[first].t_s < point.t_s - WINDOW_S:
            first += 1
        used = measurable[first : i + 1]
        v = velocity(used, WINDOW_S)
        if v is None:
            continue
        pace = float(np.hypot(*v))
        sigma = sigma_along(homography, point, (v[0] / max(pace, 1e-9), v[1] / max(pace, 1e-9)))
        if pace >= max(PACE_MPS, SIGMAS_OF_PACE * sigma):
            tops = [((p.box_xyxy[0] + p.box_xyxy[2]) / 2, p.box_xyxy[1]) for p in used]
            out.append(_Pace(point.t_s, v, median_slope([p.t_s for p in used], tops)))
    return out


def _opposite(a: Point, b: Point) -> bool:
    return a[0] * b[0] + a[1] * b[1] < OPPOSITE_COS * float(np.hypot(*a) * np.hypot(*b))
