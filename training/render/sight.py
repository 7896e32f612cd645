"""What the camera sees of a scene, from the trajectories alone: sight lines against the vehicles' bounding solids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.render.paths import SHOULDER
from training.render.rasterizer import View
from training.render.traffic import SIZES, Driver, place

HEIGHTS = {"car": 1.6, "motorcycle": 1.5, "bus": 3.1, "truck": 2.7, "bicycle": 1.6}
# What hides along the width of a motorcycle is the rider, not the mirrors.
SLIM = {"motorcycle": 0.75, "bicycle": 0.75}
MARGIN_PX = 4.0
FOOT_M, HEAD_M = 0.1, 1.35


class Sight:
    """One camera over one cast."""

    def __init__(self, view: View, drivers: list[Driver]) -> None:
        self._view, self._drivers = view, drivers

    def foot_seen(self, i: int, t: float) -> bool:
        """Tell whether the foot of the end that faces the camera is in the picture and hidden by nobody."""
        driver = self._drivers[i]
        front = driver.front(t)
        if front is None:
            return False
        # The camera looks along +y: of those that come towards it, it sees the front.
        towards = driver.path == "wrong" or driver.path.startswith(("opposing", SHOULDER))
        x, y, _ = place(driver.path, front if towards else front - driver.length)
        return self._seen(i, np.array([x, y, FOOT_M]), t)

    def head_seen(self, i: int, t: float) -> bool:
        """Tell whether the heads of a two-wheeler's riders are in the picture and hidden by nobody."""
        pose = self._drivers[i].pose(t)
        return pose is not None and self._seen(i, np.array([pose[0], pose[1], HEAD_M]), t)

    def _seen(self, i: int, point: NDArray[np.float64], t: float) -> bool:
        u, v, w = self._view.project(point[None])[0]
        if w < 1 or not (
            MARGIN_PX <= u <= self._view.width - MARGIN_PX and 0 <= v <= self._view.height - MARGIN_PX
        ):
            return False
        return not any(
            _cuts(self._view.position, point, other, t) for j, other in enumerate(self._drivers) if j != i
        )


def _cuts(eye: NDArray[np.float64], point: NDArray[np.float64], other: Driver, t: float) -> bool:
    """Tell whether a vehicle's bounding solid stands in the line from the eye to a point (slab method)."""
    pose = other.pose(t)
    if pose is None:
        return False
    x, y, heading = pose
    c, s = np.cos(heading), np.sin(heading)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]])
    a, b = turn @ (eye - (x, y, 0)), turn @ (point - (x, y, 0))
    half = np.array([SIZES[other.label][1] * SLIM.get(other.label, 1.0) / 2, other.length / 2])
    low, high = np.array([-half[0], -half[1], 0.0]), np.array([half[0], half[1], HEIGHTS[other.label]])
    along = np.where(np.abs(b - a) < 1e-9, 1e-9, b - a)
    enter, leave = (low - a) / along, (high - a) / along
    return bool(max(np.minimum(enter, leave).max(), 0.0) < min(np.maximum(enter, leave).min(), 1.0))
