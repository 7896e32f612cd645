"""A vehicle against a stop line: where its front and rear certainly are, whichever end the camera sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detectors.camera import Camera, CameraFileError, Lane, StopLine
from detectors.geometry import signed_side
from detectors.kinematics import Axis, contact, heading_degrees, sigma_along, velocity
from detectors.types import Point, Track, TrackPoint
from detectors.vehicles import ANY_VEHICLE, SIZES, VehicleSize
from detectors.viewpoint import CalibrationSpread, Viewpoint, viewpoint

SIGMAS = 2.0
TURNED_DEGREES = 25.0
STRAIGHT_DEGREES = 18.0
# Nearer to the picture's side than this share of its width a box may be cut there.
CUT_SHARE = 0.06
# A box this many times narrower or wider than its class is another class's; wide, because a side shows too.
NARROW, WIDE = 0.6, 2.2


@dataclass(frozen=True)
class Reach:
    """How far past the stop line a vehicle reaches, metres along its lane, negative before it.

    Each is a bound that holds with 95% for any vehicle of the class: the rear is at ``rear_min`` or further,
    the front at ``front_min`` or further and at ``front_max`` or less. ``front`` is the likeliest, for the
    record only.
    """

    rear_min: float
    front_min: float
    front_max: float
    front: float


class Approach:
    """A line across the road as the traffic of one lane meets it; ``name`` is its section of the camera file."""

    def __init__(self, camera: Camera, stop_line: StopLine, lane: Lane, name: str = "stop_line") -> None:
        self.lane = lane
        self._homography = camera.homography
        self._frame_width = camera.file.frame_size[0]
        self._spread = CalibrationSpread.of(camera)
        self._view: Viewpoint | None = viewpoint(camera.homography.image_to_road, camera.file.frame_size)
        a, b = stop_line.road
        unit = Axis.of(a, lane.direction).unit
        if signed_side(a, b, (a[0] + unit[0], a[1] + unit[1])) < 0:
            a, b = b, a
        self.ends = (a, b)
        self.axis = Axis.of(a, lane.direction)
        # The line may lie askew to the lane: distances along the lane are distances from the line over this
        # cosine.
        self._cosine = signed_side(a, b, (a[0] + unit[0], a[1] + unit[1]))
        if self._cosine < 0.3:
            raise CameraFileError(
                f"camera {camera.id}: {name}.road: runs along lane {lane.id} instead of across it "
                "(its two points are the two ends of the painted line)"
            )
        depth = np.linalg.inv(camera.homography.image_to_road)[2]
        along = float(depth[:2] @ np.asarray(unit))
        across = float(depth[0] * -unit[1] + depth[1] * unit[0])
        sign = np.sign(float(depth @ np.array([*a, 1.0])))
        self._away = float(along * sign / max(np.hypot(along, across), 1e-12))
        self._skew = min(abs(across / along), 1.0) if along else 1.0

    def past(self, point: Point) -> float:
        """Give how far past the line a road point lies, metres along the lane."""
        return signed_side(*self.ends, point) / self._cosine

    def across(self, point: Point) -> float:
        """Give where on the line a road point lies, 0 at one end and 1 at the other."""
        a, b = np.asarray(self.ends, float)
        return float((np.asarray(point) - a) @ (b - a) / ((b - a) @ (b - a)))

    def certainly_before(self, point: TrackPoint, label: str) -> bool:
        """Tell whether the whole vehicle was before the line, also where the picture's lower edge cuts it.

        A vehicle that drives away from the camera and is cut there has its rear still nearer than the edge
        shows.
        """
        if not point.measurable:
            x1, _, x2, _ = point.box_xyxy
            side = CUT_SHARE * (x2 - x1)
            cut_below = point.clipped and x1 > side and x2 < self._frame_width - side
            if point.occluded or not cut_below or self._seen_from_behind(point.road_xy) is not True:
                return False
        return self.reach(point, label).front_max < 0

    def reach(self, point: TrackPoint, label: str) -> Reach:
        """Bound a vehicle's two ends from one sighting."""
        size = self._size(point, label)
        at = self.past(point.road_xy)
        jitter = sigma_along(self._homography, point, self.axis.unit) / self._cosine
        calibration = self._spread.sigma_along(contact(point.box_xyxy), self.axis.unit) / self._cosine
        doubt = SIGMAS * float(np.hypot(jitter, calibration)) + self._skew * size.width / 2
        return self._bounds(at, doubt, size, self._seen_from_behind(point.road_xy))

    def turned_left(self, past: TrackPoint, track: Track, straight_m: float) -> bool | None:
        """Tell whether a vehicle turned left after ``past``; None while that cannot be known.

        "No" is believed ``straight_m`` past the line, or when it turns right.
        """
        v = velocity(track.points)
        last = track.points[-1]
        if v is None or not last.measurable:
            return None
        heading = heading_degrees(v, self.axis)
        left = self.axis.left(last.road_xy) - self.axis.left(past.road_xy)
        moving = float(np.hypot(*v)) > 1.0
        if (moving and heading > TURNED_DEGREES) or left > 2.5:
            return True
        if moving and heading < -TURNED_DEGREES and left < -1.0:
            return False
        far = self.past(last.road_xy) >= straight_m
        return False if far and moving and abs(heading) < STRAIGHT_DEGREES and left < 1.0 else None

    def _size(self, point: TrackPoint, label: str) -> VehicleSize:
        """Give the bounds of the class, or of all classes where the box is far too narrow or wide for it."""
        size = SIZES.get(label, ANY_VEHICLE)
        per_pixel = self._homography.road_jacobian(contact(point.box_xyxy))[:, 0]
        width = (point.box_xyxy[2] - point.box_xyxy[0]) * float(np.hypot(*per_pixel))
        return size if NARROW <= width / size.width <= WIDE else ANY_VEHICLE

    def _bounds(self, at: float, doubt: float, size: VehicleSize, behind: bool | None) -> Reach:
        if behind is None:
            # Seen from the side, the lower edge's middle is somewhere under the vehicle.
            return Reach(
                at - size.length_max - doubt, at - doubt, at + size.length_max + doubt, at + size.length / 2
            )
        if behind:
            low = at - size.overhang_max - doubt
            return Reach(
                low,
                low + size.length_min,
                at + size.length_max + doubt,
                at + size.length - size.overhang_max / 2,
            )
        return Reach(at - size.length_max - doubt, at - doubt, at + size.overhang_max + doubt, at)

    def _seen_from_behind(self, road_xy: Point) -> bool | None:
        cosine = self._away
        if self._view is not None:
            ray = np.subtract(road_xy, self._view.position[:2])
            cosine = float(ray @ np.asarray(self.axis.unit) / max(float(np.hypot(*ray)), 1e-9))
        return None if abs(cosine) < 0.5 else cosine > 0


def approaches(camera: Camera, rule_id: str) -> list[tuple[Approach, tuple[str, ...]]]:
    """Give each lane that the stop line stops with the signal heads that govern it.

    Raises:
        CameraFileError: no stop line, or no signal head governs any of its lanes.
    """
    line = camera.file.stop_line
    if line is None:
        raise CameraFileError(f"camera {camera.id}: stop_line: missing, and enforce.{rule_id} needs it")
    found = []
    for lane_id in line.lanes:
        heads = tuple(s.id for s in camera.file.signals if lane_id in s.lanes)
        if heads:
            found.append((Approach(camera, line, camera.lane(lane_id)), heads))
    if not found:
        raise CameraFileError(
            f"camera {camera.id}: signals: none governs a lane of the stop line ({', '.join(line.lanes)}), "
            f"and enforce.{rule_id} needs one"
        )
    return found
