"""How far to one side a vehicle certainly stands: what the rules about lanes, lines and zones measure by."""

from __future__ import annotations

import numpy as np

from detectors.camera import Camera
from detectors.kinematics import contact, sigma_along
from detectors.rules.approach import SIGMAS
from detectors.types import Point, TrackPoint
from detectors.vehicles import ANY_VEHICLE, SIZES
from detectors.viewpoint import CalibrationSpread, viewpoint


class Sideways:
    """One camera's doubt about places across a direction of the road."""

    def __init__(self, camera: Camera) -> None:
        self._homography = camera.homography
        self._spread = CalibrationSpread.of(camera)
        self._view = viewpoint(camera.homography.image_to_road, camera.file.frame_size)

    def doubt(self, point: TrackPoint, label: str, unit: Point) -> float:
        """Give by how many metres, across ``unit``, a vehicle's middle may lie elsewhere than its sighting.

        Two sigma of box jitter and calibration, added in squares (GUM section 5.1.2), and to them the most by which
        the flank that a camera sees beside the vehicle's near end moves the middle of its box: a far end L metres
        behind a near end at depth D and X to the side appears X·L/(D + L) nearer to the line of sight (similar
        triangles), and the box's middle moves by half of that.
        """
        across = (-unit[1], unit[0])
        jitter = sigma_along(self._homography, point, across)
        calibration = self._spread.sigma_along(contact(point.box_xyxy), across)
        return SIGMAS * float(np.hypot(jitter, calibration)) + self._flank(point, label, unit)

    def _flank(self, point: TrackPoint, label: str, unit: Point) -> float:
        length = SIZES.get(label, ANY_VEHICLE).length_max
        if self._view is None:
            return length / 2
        ray = np.subtract(point.road_xy, self._view.position[:2])
        ahead = abs(float(ray @ np.asarray(unit)))
        aside = abs(float(ray[1] * unit[0] - ray[0] * unit[1]))
        return aside * length / (2 * (ahead + length))


def half_width(label: str) -> float:
    """Give half of the width of a typical vehicle of a class, metres."""
    return SIZES.get(label, ANY_VEHICLE).width / 2
