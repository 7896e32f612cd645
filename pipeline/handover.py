"""Where a track was handed from one vehicle to another that it met: what was seen before and after is not one
vehicle's."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors.geometry import Homography
from detectors.kinematics import is_against, median_slope, sigma_along, velocity
from detectors.types import Point, TrackPoint

# Who drives this fast hardly drives as fast the other way so soon after: it takes braking at 2.5 m/s², a second for the
# gear and pulling away as hard, or turning about within some 7 m. Two that meet do it by changing tracks. A motorcycle
# that does turn about so tightly is parted too, which costs at most what it did meanwhile.
PACE_MPS, SOON_S, WINDOW_S = 3.0, 2.5, 0.7
SETTLE_S = SOON_S + WINDOW_S
"""So long after two vehicles met it is known at the latest whether they changed tracks."""
# A far box's lower edge wanders by metres: the pace must exceed so many sigma of its slope.
SIGMAS_OF_PACE = 3.0
AGAINST_COS = -0.9
# A track that ends is judged by what is left of it: the last so many seconds, at so low a pace.
ENDING_S, ENDING_PACE_MPS = 0.35, 1.5


@dataclass(frozen=True)
class _Pace:
    """How a vehicle went in the ``WINDOW_S`` before ``t_s``: on the ``road``, m/s, and the middle of its box's upper
    edge in the ``picture``, px/s, which is seen where a lower edge comes out from behind something and seems to jump.
    """

    t_s: float
    road: Point
    picture: Point

    def is_against(self, other: _Pace) -> bool:
        return is_against(self.road, other.road, AGAINST_COS) and is_against(
            self.picture, other.picture, AGAINST_COS
        )


class HandoverWatch:
    """Watches one track for turning about quicker than a vehicle can. Both methods give until when, seconds from the
    source's first frame, it was surely the first vehicle's; None where it has not gone over to another one."""

    def __init__(self, homography: Homography) -> None:
        self._homography = homography
        self._recent: deque[TrackPoint] = deque()
        self._paces: deque[_Pace] = deque()

    def add(self, point: TrackPoint) -> float | None:
        """Take in the next sighting; where it shows a handover, it is surely the second vehicle's."""
        if not point.measurable:
            return None
        self._recent.append(point)
        while self._recent[0].t_s < point.t_s - WINDOW_S:
            self._recent.popleft()
        now = _pace(tuple(self._recent), self._homography, WINDOW_S, PACE_MPS)
        if now is None:
            return None
        found = self._before(now)
        self._paces.append(now)
        return found

    def end(self) -> float | None:
        """Judge the track's last few sightings: they may hint at a handover that it ended too early to show."""
        last = [p for p in self._recent if p.t_s >= self._recent[-1].t_s - ENDING_S]
        now = _pace(last, self._homography, ENDING_S, ENDING_PACE_MPS)
        return None if now is None else self._before(now)

    def _before(self, now: _Pace) -> float | None:
        while self._paces and self._paces[0].t_s < now.t_s - SETTLE_S:
            self._paces.popleft()
        return next((p.t_s - WINDOW_S for p in reversed(self._paces) if p.is_against(now)), None)


def _pace(
    points: Sequence[TrackPoint], homography: Homography, window_s: float, least_mps: float
) -> _Pace | None:
    """Give the velocity over measurable sightings at the last of them, None where it is not surely a pace.

    Sigma of a slope: the sightings' own over the root of their times' squared deviations (GUM H.3).
    """
    v = velocity(points, window_s)
    if v is None or (pace := float(np.hypot(*v))) < least_mps:
        return None
    last, t = points[-1], np.array([p.t_s for p in points])
    sigma = sigma_along(homography, last, (v[0] / pace, v[1] / pace)) / float(np.linalg.norm(t - t.mean()))
    if pace < SIGMAS_OF_PACE * sigma:
        return None
    tops = [((p.box_xyxy[0] + p.box_xyxy[2]) / 2, p.box_xyxy[1]) for p in points]
    return _Pace(last.t_s, v, median_slope([p.t_s for p in points], tops))
