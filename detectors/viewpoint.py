"""Where the camera stands and how sure its calibration is, both derived from the surveyed points alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.boxes import cut_margins
from detectors.camera import Calibration, Camera
from detectors.geometry import Homography, fitted
from detectors.kinematics import median_slope, velocity
from detectors.types import Box, Point, Track, TrackPoint
from detectors.vehicles import SIZES

# Of the angle between the line of sight and where a vehicle comes from: 20 degrees.
FACING_COSINE = 0.94
# Who rides away at this speed, metres a second, within 37 degrees of the line of sight over so many seconds shows its
# back: who backs away on foot, facing the camera, is slower.
RIDING_MPS, AWAY_COSINE, MOMENT_S = 2.0, 0.8, 0.7
# A camera 4.6 m high looks down on riders at 1.6 m; the lower it is, the more one who sits up seems to ride away.
LOW_SHARE = 0.65


@dataclass(frozen=True)
class Viewpoint:
    """A pinhole camera over the road plane: ``projection`` is 3x4, road metres (x, y, z up) to pixels.

    ``position`` is the camera's centre in the road frame, metres, z above the road.
    """

    projection: NDArray[np.float64]
    position: tuple[float, float, float]

    def to_image(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Project (N, 3) road metres to (N, 2) pixels; points behind the camera give nan."""
        p = np.column_stack([points, np.ones(len(points))]) @ self.projection.T
        safe = np.where(p[:, 2] > 1e-6, p[:, 2], np.nan)
        out: NDArray[np.float64] = p[:, :2] / safe[:, None]
        return out


def viewpoint(image_to_road: NDArray[np.float64], frame_size: tuple[int, int]) -> Viewpoint | None:
    """Decompose the road plane's homography into the camera that made it.

    ``H = K [r1 r2 t]`` maps road metres to pixels. With square pixels and the principal point in the middle
    of the picture only the focal length is unknown in ``K``, and ``r1·r2 = 0``, ``|r1| = |r2|`` each give it.
    Source: Zhang, A Flexible New Technique for Camera Calibration, 2000, section 3.1; Hartley and Zisserman,
    section 8.8.

    Returns:
        None where the view fixes no focal length (straight down, or points too inexact).
    """
    h = np.linalg.inv(image_to_road)
    centre = np.array([[1, 0, -frame_size[0] / 2], [0, 1, -frame_size[1] / 2], [0, 0, 1.0]])
    g = centre @ h
    g = g / np.linalg.norm(g)
    a, b = g[:, 0], g[:, 1]
    # The two constraints are linear in 1/f²; least squares lets the better conditioned one lead.
    rows = np.array([a[0] * b[0] + a[1] * b[1], a[0] ** 2 + a[1] ** 2 - b[0] ** 2 - b[1] ** 2])
    right = -np.array([a[2] * b[2], a[2] ** 2 - b[2] ** 2])
    if float(rows @ rows) < 1e-18:
        return None
    inverse_f2 = float(rows @ right / (rows @ rows))
    if inverse_f2 <= 1e-12:
        return None
    f = inverse_f2**-0.5
    intrinsics = np.array([[f, 0, frame_size[0] / 2], [0, f, frame_size[1] / 2], [0, 0, 1.0]])
    m = np.linalg.solve(intrinsics, h)
    m = m / np.sqrt(np.linalg.norm(m[:, 0]) * np.linalg.norm(m[:, 1]))
    for sign in (1.0, -1.0):
        r1, r2, t = (sign * m).T
        u, _, vt = np.linalg.svd(np.column_stack([r1, r2, np.cross(r1, r2)]))
        rotation = u @ vt
        position = -rotation.T @ t
        in_front = (sign * m @ np.array([*_middle(image_to_road, frame_size), 1.0]))[2] > 0
        if in_front:
            break
    if not in_front:
        return None
    if position[2] < 0:
        # The road frame is left-handed as seen (or z points down): mirror z so that up is up.
        rotation = rotation @ np.diag([1.0, 1.0, -1.0])
        position = position * np.array([1.0, 1.0, -1.0])
    projection = intrinsics @ np.column_stack([rotation, t])
    return Viewpoint(projection, (float(position[0]), float(position[1]), float(position[2])))


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
    out: list[int] = []
    moments: list[int] = []
    proven = False
    for point in seen:
        now = slice(
            int(np.searchsorted(t, point.t_s - MOMENT_S / 2)),
            int(np.searchsorted(t, point.t_s + MOMENT_S / 2, "right")),
        )
        by_upper, by_lower = (_rides_away(t[now], places[now]) for places in (upper, lower))
        if by_upper and by_lower is not False:
            moments.append(point.frame_index)
            proven = proven or by_lower is True
        else:
            out += moments if proven else []
            moments, proven = [], False
    return frozenset(out + moments if proven else out)


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


def _middle(image_to_road: NDArray[np.float64], frame_size: tuple[int, int]) -> Point:
    # The lower middle of the picture is road, not sky, wherever a traffic camera looks.
    p = image_to_road @ np.array([frame_size[0] / 2, frame_size[1] * 0.9, 1.0])
    return float(p[0] / p[2]), float(p[1] / p[2])


def residuals_px(calibration: Calibration, homography: Homography) -> NDArray[np.float64]:
    """Give (N, 2): by how many pixels each surveyed point falls beside where it was marked."""
    image = np.array([p.image for p in calibration.points], float)
    seen: NDArray[np.float64] = homography.to_image(np.array([p.road for p in calibration.points], float))
    return np.asarray(seen - image, np.float64)


def marking_sigma_px(calibration: Calibration, homography: Homography) -> float:
    """Give one sigma of a marked coordinate: what the surveyor states, or what the residuals show where that is more.

    A homography of 8 parameters fitted to N points leaves residuals of σ·√(1 - 8/2N). Source: Hartley and Zisserman,
    section 5.1.3, result 5.2. Four points leave none, and so show nothing.
    """
    n = len(calibration.points)
    if n <= 4:
        return calibration.image_sigma_px
    rms = float(np.sqrt(np.mean(residuals_px(calibration, homography) ** 2)))
    return max(calibration.image_sigma_px, rms / float(np.sqrt(1 - 8 / (2 * n))))


@dataclass(frozen=True)
class CalibrationSpread:
    """How far the calibration itself may be wrong: one homography for each coordinate of each survey point
    moved.

    ``moved`` is (K, 3, 3). First-order propagation: each image coordinate is moved by the surveyor's sigma,
    the homography fitted anew, and the changes added in squares (JCGM 100:2008, GUM, section 5.1.2).
    """

    best: NDArray[np.float64]
    moved: NDArray[np.float64]

    @classmethod
    def of(cls, camera: Camera) -> CalibrationSpread:
        """Derive it from the camera file's points and how well they were marked."""
        return cls.from_points(camera.file.calibration, camera.homography)

    @classmethod
    def from_points(cls, calibration: Calibration, homography: Homography) -> CalibrationSpread:
        """Derive it from surveyed points and the homography fitted to them."""
        image = np.array([p.image for p in calibration.points], float)
        road = np.array([p.road for p in calibration.points], float)
        sigma = marking_sigma_px(calibration, homography)
        moved = []
        for i in range(len(image)):
            for axis in (0, 1):
                nudged = image.copy()
                nudged[i, axis] += sigma
                matrix = fitted(nudged, road)
                if matrix is not None:
                    moved.append(matrix)
        return cls(homography.image_to_road, np.asarray(moved, float))

    def shifts(self, image_points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give (K, N, 2): by how many metres each moved calibration puts each of (N, 2) pixels elsewhere."""
        homogeneous = np.column_stack([image_points, np.ones(len(image_points))])
        best = homogeneous @ self.best.T
        other = np.einsum("kij,nj->kni", self.moved, homogeneous)
        out: NDArray[np.float64] = other[..., :2] / other[..., 2:] - best[None, :, :2] / best[None, :, 2:]
        return out

    def sigma_along(self, image_point: Point, unit: Point) -> float:
        """Give one sigma in metres, along a unit vector of the road, of where an image point lies."""
        shift = self.shifts(np.array([image_point], float))[:, 0] @ np.asarray(unit)
        return float(np.sqrt(np.sum(shift**2)))
