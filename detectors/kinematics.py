"""How a track moved on the road, and how sure that is. Pure functions: a track in, numbers in metres and
seconds out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.geometry import Homography
from detectors.types import Point, TrackPoint

Array = NDArray[np.float64]

JITTER_PX = 1.0
JITTER_OF_HEIGHT = 0.012
KMH = 3.6


@dataclass(frozen=True)
class Axis:
    """A straight line on the road: ``origin`` in metres, ``unit`` the direction that counts as forward."""

    origin: Point
    unit: Point

    @classmethod
    def of(cls, origin: Point, direction: Point) -> Axis:
        """Make one from a direction of any length."""
        length = float(np.hypot(*direction))
        return cls(origin, (direction[0] / length, direction[1] / length))

    def along(self, point: Point) -> float:
        """Give the position along the axis, metres."""
        return (point[0] - self.origin[0]) * self.unit[0] + (point[1] - self.origin[1]) * self.unit[1]

    def left(self, point: Point) -> float:
        """Give the distance to the left of the axis, metres, as a driver facing forward sees it."""
        return (point[1] - self.origin[1]) * self.unit[0] - (point[0] - self.origin[0]) * self.unit[1]


@dataclass(frozen=True)
class Path:
    """Positions along an axis: ``t`` (N,) seconds, ``along`` and ``left`` (N,) metres, ``sigma`` (N,) metres.

    ``sigma`` is one standard deviation along the axis from box jitter alone: the calibration's own error is
    common to all points and is added where it matters.
    """

    t: Array
    along: Array
    left: Array
    sigma: Array


def contact(box: tuple[float, float, float, float]) -> Point:
    """Give the box's bottom centre in pixels: where the vehicle's near end meets the road."""
    return (box[0] + box[2]) / 2, box[3]


def jitter_px(point: TrackPoint) -> float:
    """Give one sigma of a box edge in pixels: a floor, and a share of the box's height for large boxes."""
    return float(np.hypot(JITTER_PX, JITTER_OF_HEIGHT * (point.box_xyxy[3] - point.box_xyxy[1])))


def sigma_along(homography: Homography, point: TrackPoint, unit: Point) -> float:
    """Give one sigma in metres along ``unit`` of a sighting's road position, from box jitter.

    The homography's Jacobian carries pixels to metres (GUM section 5.1.2); the bottom centre's x is the mean
    of two edges, so its variance is half of an edge's.
    """
    row = np.asarray(unit) @ homography.road_jacobian(contact(point.box_xyxy))
    sigma = jitter_px(point)
    return float(sigma * np.sqrt(row[0] ** 2 / 2 + row[1] ** 2))


def path(points: Sequence[TrackPoint], homography: Homography, axis: Axis) -> Path:
    """Put a track's measurable sightings on an axis; others are left out."""
    used = [p for p in points if p.measurable]
    return Path(
        np.array([p.t_s for p in used], float),
        np.array([axis.along(p.road_xy) for p in used], float),
        np.array([axis.left(p.road_xy) for p in used], float),
        np.array([sigma_along(homography, p, axis.unit) for p in used], float),
    )


def smoothed(values: Array, window: int = 3) -> Array:
    """Running median over an odd window: one wild box does not move it; ends are repeated."""
    if len(values) < window:
        return values
    half = window // 2
    padded = np.concatenate([np.repeat(values[:1], half), values, np.repeat(values[-1:], half)])
    out: Array = np.median(np.lib.stride_tricks.sliding_window_view(padded, window), axis=1)
    return out


def velocity(points: Sequence[TrackPoint], window_s: float = 0.7) -> Point | None:
    """Give the road velocity (m/s, both axes) over the last ``window_s`` of measurable sightings, or None."""
    last = points[-1].t_s if points else 0.0
    used = [p for p in points if p.measurable and p.t_s >= last - window_s]
    if len(used) < 3 or used[-1].t_s - used[0].t_s < window_s / 3:
        return None
    return median_slope([p.t_s for p in used], [p.road_xy for p in used])


def median_slope(t_s: Sequence[float], places: Sequence[Point]) -> Point:
    """Give how fast a place goes, per second on each axis: the median of all slopes shrugs off a third of wild boxes
    (Theil-Sen). Two places or more, at different times."""
    t, xy = np.array(t_s), np.array(places)
    i, j = np.triu_indices(len(t), 1)
    v = np.median((xy[j] - xy[i]) / (t[j] - t[i])[:, None], axis=0)
    return float(v[0]), float(v[1])


def is_against(a: Point, b: Point, cosine: float) -> bool:
    """Tell whether two velocities go against one another: the cosine of the angle between them is below ``cosine``."""
    return a[0] * b[0] + a[1] * b[1] < cosine * float(np.hypot(*a)) * float(np.hypot(*b))


def depth_growth(points: Sequence[TrackPoint], homography: Homography, window_s: float = 0.7) -> float | None:
    """Give by what share of its distance, per second, a vehicle goes away over the last ``window_s``, or None.

    Measured at the middle of its box's upper edge, which is seen where a nearer vehicle hides the lower one. On a plane
    parallel to the road the distance along the line of sight is, up to one factor, the inverse of the homography's
    third row times the picture's point (Hartley and Zisserman, section 8.4), whatever the plane's height.
    """
    last = points[-1].t_s if points else 0.0
    used = [p for p in points if p.t_s >= last - window_s]
    if len(used) < 4 or used[-1].t_s - used[0].t_s < window_s / 2:
        return None
    t = np.array([p.t_s for p in used])
    top = np.array([[(p.box_xyxy[0] + p.box_xyxy[2]) / 2, p.box_xyxy[1], 1.0] for p in used])
    inverse = top @ homography.image_to_road[2]
    if np.any(inverse * inverse[0] <= 0) or min(p.box_xyxy[1] for p in used) <= 1.0:
        return None
    depth = 1.0 / inverse
    i, j = np.triu_indices(len(t), 1)
    return float(np.median((depth[j] - depth[i]) / (t[j] - t[i])) / np.median(depth))


def is_standing(p: Path, since_s: float, slack_mps: float = 0.5) -> bool:
    """Tell whether the vehicle stood from ``since_s`` to the path's end.

    Standing: the fitted speed is under ``slack_mps`` and no smoothed position strays further than jitter
    explains.
    """
    inside = p.t >= since_s
    if inside.sum() < 4:
        return False
    t, s, sigma = p.t[inside], smoothed(p.along[inside]), p.sigma[inside]
    slope = float(np.polyfit(t - t.mean(), s, 1)[0])
    spread = float(s.max() - s.min())
    return abs(slope) < slack_mps and spread < slack_mps * float(t[-1] - t[0]) + 3 * float(np.median(sigma))


def heading_degrees(v: Point, axis: Axis) -> float:
    """Give the angle of a velocity from the axis, degrees in -180..180, positive to the left."""
    forward = v[0] * axis.unit[0] + v[1] * axis.unit[1]
    left = v[1] * axis.unit[0] - v[0] * axis.unit[1]
    return float(np.degrees(np.arctan2(left, forward)))
