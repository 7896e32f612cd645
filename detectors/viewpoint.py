"""Where the camera stands and how sure its calibration is, both derived from the surveyed points alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.camera import Calibration, Camera
from detectors.geometry import Homography, fitted
from detectors.types import Point


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
