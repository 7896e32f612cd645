"""Which end of a vehicle the camera sees, told by how it moves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from detectors.boxes import cut_margins
from detectors.camera import Camera
from detectors.kinematics import median_slope, velocity
from detectors.types import Box, Track, TrackPoint
from detectors.vehicles import SIZES
from detectors.viewpoint import Viewpoint

# Of the angle between the line of sight and where a vehicle comes from: 20 degrees.
FACING_COSINE = 0.94
# Who rides away at this speed, metres a second, within 37 degrees of the line of sight over so many seconds shows its
# back: who backs away on foot, facing the camera, is slower.
RIDING_MPS, AWAY_COSINE, MOMENT_S = 2.0, 0.8, 0.7
# A camera 4.6 m high looks down on riders at 1.6 m; the lower it is, the more one who sits up seems to ride away.
LOW_SHARE = 0.65


def faces(view: Viewpoint | None, track: Track) -> bool:
    """Tell whether a track's vehicle moves, and turns its front to the camera; nobody's does where ``view`` is None."""
    last, v = track.points[-1], velocity(track.points)
    if view is None or v is None or not last.measurable or float(np.hypot(*v)) < 1.0:
        return False
    ray = np.subtract(last.road_xy, view.position[:2])
    cosine = float(-np.dot(ray, v) / max(float(np.hypot(*ray) * np.hypot(*v)), 1e-9))
    return cosine >= FACING_COSINE


def backs(view: Viewpoint | None, camera: Camera, points: Sequence[TrackPoint]) -> frozenset[int]:
    """Give the frames in which a motorcycle certainly turned its back to the camera: it rode away from it then.

    Told by the middle of its box's upper edge, as if at a rider's height, and by the lower one. Where the picture or a
    nearer vehicle hides that, the upper edge is gone by alone for as long as it leads on to, or from, a moment that
    both tell: one who sits up raises it too. None where ``view`` is None or hardly above the riders, nor while the box
    is cut above or at a side.
    """
    share = 1 - SIZES["motorcycle"].height / view.position[2] if view is not None else 0.0
    seen = [p for p in points if not _is_cut(p.box_xyxy, camera.file.frame_size[0])]
    if view is None or share < LOW_SHARE or not seen:
        return frozenset()
    foot = np.array(view.position[:2])
    tops = np.array([((p.box_xyxy[0] + p.box_xyxy[2]) / 2, p.box_xyxy[1]) for p in seen])
    # Who is at height h is nearer to a camera at height H than the road seen behind it, by the share 1 - h/H.
    upper = share * (camera.homography.to_road(tops) - foot)
    lower = np.array([p.road_xy if p.measurable else (np.nan, np.nan) for p in seen]) - foot
    t = np.array([p.t_s for p in seen])
    starts = np.searchsorted(t, t - MOMENT_S / 2)
    ends = np.searchsorted(t, t + MOMENT_S / 2, side="right")
    moments = []
    for point, start, end in zip(seen, starts.tolist(), ends.tolist(), strict=True):
        by_upper, by_lower = (_rides_away(t[start:end], places[start:end]) for places in (upper, lower))
        moments.append((point.frame_index, bool(by_upper) and by_lower is not False, by_lower is True))
    out: list[int] = []
    for away, together in groupby(moments, key=lambda moment: moment[1]):
        stretch = list(together)
        if away and any(by_both for _, _, by_both in stretch):
            out += [frame for frame, _, _ in stretch]
    return frozenset(out)


def _is_cut(box: Box, frame_width: int) -> bool:
    side, above = cut_margins(box)
    return box[0] <= side or box[2] >= frame_width - side or box[1] <= above


def _rides_away(t_s: NDArray[np.float64], places: NDArray[np.float64]) -> bool | None:
    """Tell whether places (N, 2), metres from the camera's foot, lead away from it; None where too few are known."""
    known = np.isfinite(places).all(axis=1)
    t_s, places = t_s[known], places[known]
    if len(t_s) < 3 or t_s[-1] - t_s[0] < MOMENT_S / 3:
        return None
    way = np.array(median_slope(t_s.tolist(), places.tolist()))
    ray, speed = places.mean(axis=0), float(np.hypot(*way))
    away = float(way @ ray) / max(float(np.hypot(*ray)) * speed, 1e-9)
    return speed >= RIDING_MPS and away >= AWAY_COSINE
