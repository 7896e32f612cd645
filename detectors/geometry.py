"""Plane geometry of the road: the homography between the picture and metres on the ground."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.types import Point


class GeometryError(ValueError):
    """The points given do not fix the road plane."""


@dataclass(frozen=True)
class Homography:
    """Projective map of the road plane; ``image_to_road`` is 3x3 float64, pixels to metres.

    Source: Hartley and Zisserman, Multiple View Geometry, 2nd ed., sections 4.1 and 4.2.3 (normalised DLT, then the
    least error in one image, as `cv2.findHomography` does it): the error lies in marking the pixels, so it is pixels
    that are fitted.
    """

    image_to_road: NDArray[np.float64]
    reprojection_error_m: float

    @classmethod
    def from_points(cls, image: list[Point], road: list[Point]) -> Homography:
        """Fit from surveyed pairs: ``image`` in pixels, ``road`` in metres, at least four, no three in a
        line.

        Raises:
            GeometryError: fewer than four pairs, or points that lie in a line.
        """
        if len(image) != len(road) or len(image) < 4:
            raise GeometryError(f"a homography needs at least 4 surveyed points, {len(image)} given")
        source, target = np.asarray(image, np.float64), np.asarray(road, np.float64)
        for name, points in (("image", source), ("road", target)):
            spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
            if spread[1] < 1e-6 * max(spread[0], 1.0):
                raise GeometryError(
                    f"the surveyed {name} points lie in a line: survey points across the road too"
                )
        matrix = fitted(source, target)
        if matrix is None:
            raise GeometryError("the surveyed points do not fix a road plane: check for two points swapped")
        error = np.linalg.norm(_apply(matrix, source) - target, axis=1)
        return cls(matrix, float(np.sqrt(np.mean(error**2))))

    def to_road(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map (N, 2) pixels to (N, 2) metres; points at or over the horizon give nan."""
        return _apply(self.image_to_road, np.atleast_2d(points))

    def to_image(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map (N, 2) metres to (N, 2) pixels."""
        return _apply(np.asarray(np.linalg.inv(self.image_to_road), np.float64), np.atleast_2d(points))

    def road_jacobian(self, point: Point) -> NDArray[np.float64]:
        """Give the 2x2 matrix of metres per pixel at an image point, d(road)/d(image)."""
        x = np.array([*point, 1.0])
        u, v, w = self.image_to_road @ x
        a = self.image_to_road
        return np.array([(a[0, :2] * w - u * a[2, :2]) / w**2, (a[1, :2] * w - v * a[2, :2]) / w**2])


def fitted(image: NDArray[np.float64], road: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Fit the 3x3 map of (N, 2) pixels to (N, 2) metres; None where the points fix none."""
    to_image, _ = cv2.findHomography(road, image)
    if to_image is None or abs(np.linalg.det(to_image)) < 1e-12:
        return None
    matrix: NDArray[np.float64] = np.linalg.inv(to_image)
    return matrix / matrix[2, 2] if abs(matrix[2, 2]) > 1e-12 else matrix


def _apply(matrix: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    w = homogeneous[:, 2]
    sign = np.sign(np.median(w)) if len(w) else 1.0
    safe = np.where(w * sign > 1e-9, w, np.nan)
    out: NDArray[np.float64] = homogeneous[:, :2] / safe[:, None]
    return out


def inside(polygon: tuple[Point, ...], point: Point) -> bool:
    """Tell whether a point lies in a polygon or on its edge (same units for both)."""
    contour = np.asarray(polygon, np.float32).reshape(-1, 1, 2)
    return cv2.pointPolygonTest(contour, (float(point[0]), float(point[1])), False) >= 0


def signed_side(a: Point, b: Point, point: Point) -> float:
    """Give the distance in metres of a point from the line a→b: positive on its left hand."""
    ax, ay, bx, by = *a, *b
    length = float(np.hypot(bx - ax, by - ay))
    return ((bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax)) / length
