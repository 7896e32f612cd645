"""Driving in a part of the road that is closed to the vehicle's class: what `bus_lane`, `shoulder_use`,
`motorcycle_ban` and `odd_even` share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import Field

from detectors.camera import Camera, CameraFileError
from detectors.kinematics import KMH, Axis, contact, sigma_along, smoothed
from detectors.rules.approach import SIGMAS
from detectors.rules.common import (
    Flagged,
    Parameters,
    distance_inside,
    fresh,
    key_frame,
    make_violation,
    parse_parameters,
)
from detectors.rules.jumps import jumped
from detectors.rules.sideways import Sideways
from detectors.sections import Zone
from detectors.types import Scene, Track, TrackPoint, Violation
from detectors.viewpoint import CalibrationSpread

MINIMUM_POINTS = 6
LONGEST = 600
# Of the way that a vehicle goes in a zone, so much must be along it.
ALONG = math.cos(math.radians(30))


class ZoneParameters(Parameters):
    """``distance_m`` must certainly be driven along the zone, during ``duration_s`` or more, once that far at
    ``speed_kmh`` or more, with the vehicle's middle certainly ``margin_m`` inside the zone's edge. Where the slower
    half of the time is under ``steady_share`` of the faster, it is stopping or pulling away, and is let pass."""

    distance_m: float = Field(15.0, gt=0, le=500)
    duration_s: float = Field(1.0, ge=0, le=60)
    speed_kmh: float = Field(8.0, ge=0, le=150)
    margin_m: float = Field(0.4, ge=0, le=5)
    steady_share: float = Field(0.0, ge=0, le=1)


@dataclass
class _Run:
    """Sightings certainly inside one zone while it is in force, without a break."""

    zone: Zone | None = None
    points: list[TrackPoint] = field(default_factory=list)
    seen_until_s: float = -np.inf
    track: Track | None = None
    done: bool = False

    def forget(self) -> None:
        self.zone, self.points = None, []


class ZoneTravel:
    """Flags certain travel along a closed zone, once the vehicle has left it or its track has ended.

    The end is waited for because only then is the vehicle's class settled by all that was seen of it. A track that
    jumps is judged no more: its class was settled by two vehicles.
    Never flagged:
    crossing the zone, driving in one of its openings, standing or turning into a gate in it, an edge within doubt,
    another hour or a day in doubt, a class that the zone is open to.
    """

    rule_id: str
    classes: tuple[str, ...]
    caption: str
    model: type[ZoneParameters] = ZoneParameters

    def __init__(self, camera: Camera, parameters: Mapping[str, object]) -> None:
        self.parameters = parse_parameters(self.model, self.rule_id, camera, parameters)
        self._camera = camera
        self._zones = tuple(z for z in camera.file.zones if z.kind == self.rule_id)
        if not self._zones:
            raise CameraFileError(
                f"camera {camera.id}: zones: none is of kind {self.rule_id}, and enforce.{self.rule_id} needs one"
            )
        self._axes = {z.id: Axis.of(z.polygon[0], z.direction) for z in self._zones}
        self._sideways = Sideways(camera)
        self._spread = CalibrationSpread.of(camera)
        self._runs: dict[int, _Run] = {}
        self._flagged = Flagged()

    def update(self, scene: Scene) -> list[Violation]:
        """Take in one moment; give the violations that it completes."""
        self._flagged.follow(scene)
        found: list[Violation] = []
        for track in scene.tracks:
            run = self._runs.setdefault(track.id, _Run())
            if not scene.clock_fit:
                run.forget()
                run.done = run.done or jumped(track.points, self._camera.homography)
                run.seen_until_s = scene.t_s
            if not track.confirmed or run.done:
                continue
            for i in range(fresh(track, run.seen_until_s), len(track.points)):
                found += self._see(run, track, i)
            run.track, run.seen_until_s = track, track.points[-1].t_s
        if not scene.clock_fit:
            for run in self._runs.values():
                run.forget()
        for track in scene.ended:
            gone = self._runs.pop(track.id, None)
            if gone is not None and track.confirmed:
                found += self._decide(gone, track)
        return found

    def finish(self) -> list[Violation]:
        """Decide on the vehicles that were still in the zone."""
        found = [v for run in self._runs.values() if run.track for v in self._decide(run, run.track)]
        self._runs.clear()
        return found

    def _see(self, run: _Run, track: Track, i: int) -> list[Violation]:
        point = track.points[i]
        if run.done or not point.measurable:
            return []
        if jumped(track.points[: i + 1], self._camera.homography):
            run.done = True
            return []
        found: list[Violation] = []
        if run.zone is not None and self._out_of(run.zone, point):
            found = self._decide(run, track)
            run.forget()
        zone = next((z for z in self._zones if self._well_inside(z, point, track.label)), None)
        if zone is not None and run.zone in (None, zone):
            run.zone = zone
            run.points = [*run.points[-LONGEST:], point]
        return found

    def _out_of(self, zone: Zone, point: TrackPoint) -> bool:
        return (
            distance_inside(zone.polygon, point.road_xy) < 0
            or any(distance_inside(o, point.road_xy) >= 0 for o in zone.openings)
            or not self._camera.in_force(zone, point.captured_at)
        )

    def _well_inside(self, zone: Zone, point: TrackPoint, label: str) -> bool:
        if self._out_of(zone, point):
            return False
        margin = self.parameters.margin_m + self._sideways.doubt(point, label, self._axes[zone.id].unit)
        return distance_inside(zone.polygon, point.road_xy) >= margin and all(
            distance_inside(o, point.road_xy) <= -margin for o in zone.openings
        )

    def _decide(self, run: _Run, track: Track) -> list[Violation]:
        zone, points = run.zone, run.points
        if run.done or zone is None or len(points) < MINIMUM_POINTS:
            return []
        if track.label not in (zone.classes or self.classes):
            return []
        axis = self._axes[zone.id]
        along = smoothed(np.array([axis.along(p.road_xy) for p in points]), 5)
        left = smoothed(np.array([axis.left(p.road_xy) for p in points]), 5)
        went, aside = abs(float(along[-1] - along[0])), abs(float(left[-1] - left[0]))
        duration = points[-1].t_s - points[0].t_s
        if duration <= max(self.parameters.duration_s, 1e-6) or went < ALONG * math.hypot(went, aside):
            return []
        doubt = self._doubt(points, axis)
        halves = half_speeds(points, along)
        if (
            went - doubt < self.parameters.distance_m
            or quickest_kmh(points, along, self.parameters.distance_m) < self.parameters.speed_kmh
            or min(halves) < self.parameters.steady_share * max(halves)
        ):
            return []
        run.done = True
        if self._flagged.knows(track):
            return []
        self._flagged.add(track)
        return [self._violation(track, zone, points, went, doubt)]

    def _doubt(self, points: Sequence[TrackPoint], axis: Axis) -> float:
        variances = [
            sigma_along(self._camera.homography, p, axis.unit) ** 2
            + self._spread.sigma_along(contact(p.box_xyxy), axis.unit) ** 2
            for p in (points[0], points[-1])
        ]
        return SIGMAS * math.sqrt(sum(variances))

    def _violation(
        self, track: Track, zone: Zone, points: list[TrackPoint], went: float, doubt: float
    ) -> Violation:
        first, middle, last = points[0], points[len(points) // 2], points[-1]
        frames = [
            key_frame(first, f"{self.caption}: {zone.id}"),
            key_frame(middle, f"{self.caption}: {zone.id}"),
            key_frame(last, f"Setelah {went:.0f} m / After {went:.0f} m"),
        ]
        there = first.captured_at.astimezone(self._camera.zone)
        measured: dict[str, float | str] = {
            "zone": zone.id,
            "metres_along": round(went, 2),
            "metres_along_at_least": round(went - doubt, 2),
            "duration_s": round(last.t_s - first.t_s, 2),
            "local_time": f"{there:%Y-%m-%d %H:%M:%S %Z}",
        }
        return make_violation(
            self.rule_id, self._camera, track, (first, last), frames, measured, self.parameters
        )


def quickest_kmh(points: Sequence[TrackPoint], along: np.ndarray, metres: float) -> float:
    """Give the speed, km/h, at which a vehicle went so many metres when it was quickest; waiting does not count."""
    t = np.array([p.t_s for p in points])
    apart, took = np.abs(along[:, None] - along[None]), np.abs(t[:, None] - t[None])
    far = apart >= metres
    return float(np.max(apart[far] / np.maximum(took[far], 1e-6))) * KMH if far.any() else 0.0


def half_speeds(points: Sequence[TrackPoint], along: np.ndarray) -> tuple[float, float]:
    """Give the speeds, km/h, in the first and the second half of the time that the sightings span."""
    t = np.array([p.t_s for p in points])
    middle = float(np.interp((t[0] + t[-1]) / 2, t, along))
    half = max((t[-1] - t[0]) / 2, 1e-6)
    return abs(middle - float(along[0])) / half * KMH, abs(float(along[-1]) - middle) / half * KMH
