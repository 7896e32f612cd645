"""`speeding`: over the signed limit in the measuring zone. UU 22/2009 art. 287 (5) with 106 (4) g or 115
a."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from pydantic import Field

from detectors.calibration import assess
from detectors.camera import Camera, CameraFileError, Lane
from detectors.geometry import inside
from detectors.kinematics import Axis, smoothed
from detectors.rules.common import (
    Flagged,
    Parameters,
    fresh,
    key_frame,
    lane_at,
    make_violation,
    parse_parameters,
)
from detectors.rules.jumps import jumped
from detectors.speed import Speed, speed_over
from detectors.types import Scene, Track, TrackPoint, Violation
from detectors.viewpoint import CalibrationSpread, viewpoint

# Who goes so far to the side, as a share of the way along the lane, drives a longer way than along it.
SIDEWAYS_SHARE = 0.12


class SpeedingParameters(Parameters):
    """``tolerance_kmh`` over the limit is let pass. A measurement needs ``min_points`` sightings over
    ``min_track_m`` metres of the measuring zone, and an interval no wider than ``max_uncertainty_kmh`` to
    either side."""

    tolerance_kmh: float = Field(5.0, ge=0, le=50)
    min_points: int = Field(8, ge=4, le=1000)
    min_track_m: float = Field(8.0, gt=0, le=500)
    max_uncertainty_kmh: float = Field(10.0, gt=0, le=50)


@dataclass
class _Passage:
    points: list[TrackPoint] = field(default_factory=list)
    lanes: list[str | None] = field(default_factory=list)
    seen_until_s: float = -np.inf
    spoilt: bool = False
    done: bool = False


class Speeding:
    """Measures each vehicle once, over its passage of the measuring zone, when it has left it.

    Flagged only where the lower bound of the 95% interval is over limit plus tolerance, the second estimate
    (from the box's growth) agrees, the device's certificate is in force on that day, and the clock was fit
    all through.
    """

    rule_id = "speeding"

    def __init__(self, camera: Camera, parameters: Mapping[str, object]) -> None:
        self.parameters = parse_parameters(SpeedingParameters, self.rule_id, camera, parameters)
        file = camera.file
        if not file.measuring_zone or file.speed_limit_kmh is None or file.speed_device is None:
            raise CameraFileError(
                f"camera {camera.id}: enforce.{self.rule_id} needs measuring_zone, "
                "speed_limit_kmh and speed_device"
            )
        report = assess(
            file.calibration, camera.homography, file.measuring_zone, file.lanes, file.speed_limit_kmh
        )
        if report.unfit:
            why = "; ".join(text for _, text in report.unfit)
            raise CameraFileError(
                f"camera {camera.id}: calibration: not fit for enforce.{self.rule_id}: {why}"
            )
        self._camera, self._zone = camera, tuple(file.measuring_zone)
        self._limit, self._device = file.speed_limit_kmh, file.speed_device
        self._spread = CalibrationSpread.of(camera)
        self._view = viewpoint(camera.homography.image_to_road, file.frame_size)
        self._tracks: dict[int, _Passage] = {}
        self._last: dict[int, Track] = {}
        self._flagged = Flagged()

    def update(self, scene: Scene) -> list[Violation]:
        """Take in one moment; give the violations that it completes."""
        self._flagged.follow(scene)
        found = []
        for track in scene.tracks:
            passage = self._tracks.setdefault(track.id, _Passage())
            passage.spoilt |= not scene.clock_fit
            if passage.done or not track.confirmed:
                continue
            self._last[track.id] = track
            start = fresh(track, passage.seen_until_s)
            passage.seen_until_s = track.points[-1].t_s
            left = sum(self._see(passage, track, i) for i in range(start, len(track.points))) > 0
            if left and (violation := self._decide(passage, track)) is not None:
                found.append(violation)
        if not scene.clock_fit:
            for passage in self._tracks.values():
                passage.spoilt = True
        for track in scene.ended:
            gone = self._tracks.pop(track.id, None)
            self._last.pop(track.id, None)
            if gone and not gone.done and track.confirmed and (late := self._decide(gone, track)) is not None:
                found.append(late)
        return found

    def finish(self) -> list[Violation]:
        """Decide on the vehicles that were still in the zone."""
        found = [
            self._decide(p, self._last[k]) for k, p in self._tracks.items() if not p.done and k in self._last
        ]
        self._tracks.clear()
        return [v for v in found if v is not None]

    def _see(self, passage: _Passage, track: Track, i: int) -> bool:
        """Take in one sighting; tell whether the vehicle has just left the zone."""
        point = track.points[i]
        if not point.measurable:
            return False
        if not inside(self._zone, point.road_xy):
            return len(passage.points) > 0
        if passage.points and jumped(track.points[: i + 1], self._camera.homography):
            passage.spoilt = True
        lane = lane_at(self._camera.file.lanes, point.road_xy)
        passage.points.append(point)
        passage.lanes.append(lane.id if lane else None)
        return False

    def measure(
        self, points: list[TrackPoint], lanes: list[str | None], label: str
    ) -> tuple[Speed, Lane] | None:
        """Measure one passage along the lane that most of it lies in; None where that cannot be done, as of who turns:
        what is measured is the speed along the lane."""
        named = [name for name in lanes if name is not None]
        if len(points) < self.parameters.min_points or len(named) < 0.8 * len(lanes):
            return None
        lane = self._camera.lane(max(sorted(set(named)), key=named.count))
        axis = Axis.of(lane.polygon[0], lane.direction)
        for other in (self._camera.lane(name) for name in set(named)):
            unit = Axis.of((0.0, 0.0), other.direction).unit
            if unit[0] * axis.unit[0] + unit[1] * axis.unit[1] < 0.96:
                return None
        xy = np.array([p.road_xy for p in points if p.measurable])
        along, aside = (
            float(np.ptp(smoothed(np.array([f(p) for p in xy])))) for f in (axis.along, axis.left)
        )
        if aside > SIDEWAYS_SHARE * along:
            return None
        speed = speed_over(points, label, self._camera, axis, self._spread, self._view)
        return None if speed is None else (speed, lane)

    def _decide(self, passage: _Passage, track: Track) -> Violation | None:
        passage.done = True
        if passage.spoilt or not passage.points:
            return None
        measured = self.measure(passage.points, passage.lanes, track.label)
        if measured is None:
            return None
        speed, lane = measured
        day = passage.points[0].captured_at.astimezone(self._camera.zone).date()
        if (
            speed.length_m < self.parameters.min_track_m
            or speed.half_width_kmh > self.parameters.max_uncertainty_kmh
            or speed.lower_kmh <= self._limit + self.parameters.tolerance_kmh
            or not speed.agrees
            or speed.second_kmh is None
            or day > self._device.valid_until
            or self._flagged.knows(track)
        ):
            return None
        self._flagged.add(track)
        first, last = passage.points[0], passage.points[-1]
        middle = passage.points[len(passage.points) // 2]
        text = f"{speed.kmh:.1f} ± {speed.half_width_kmh:.1f} km/jam (km/h)"
        frames = [
            key_frame(first, "Masuk zona ukur / Entering the measuring zone"),
            key_frame(middle, f"{text}; batas / limit {self._limit:.0f} km/jam (km/h)"),
            key_frame(last, f"Keluar zona ukur setelah {speed.length_m:.1f} m / Leaving the measuring zone"),
        ]
        values: dict[str, float | str] = {
            "speed_kmh": round(speed.kmh, 2),
            "lower_bound_kmh": round(speed.lower_kmh, 2),
            "second_estimate_kmh": round(speed.second_kmh, 2),
            "limit_kmh": self._limit,
            "track_m": round(speed.length_m, 2),
            "points": float(speed.points),
            "lane": lane.id,
            "device": self._device.id,
            "certificate": self._device.certificate,
            "certificate_valid_until": self._device.valid_until.isoformat(),
        }
        return make_violation(
            self.rule_id,
            self._camera,
            track,
            (first, last),
            frames,
            values,
            self.parameters,
            speed=(speed.kmh, speed.half_width_kmh),
        )
