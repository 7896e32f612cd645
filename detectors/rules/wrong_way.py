"""`wrong_way`: driving against a lane's direction. UU 22/2009 art. 287 (1) with 106 (4) a, b."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from pydantic import Field

from detectors.camera import Camera, Lane
from detectors.kinematics import Axis, contact, is_standing, path, sigma_along, smoothed, velocity
from detectors.rules.approach import SIGMAS
from detectors.rules.common import (
    Flagged,
    Parameters,
    distance_inside,
    fresh,
    key_frame,
    lane_at,
    make_violation,
    parse_parameters,
)
from detectors.rules.jumps import jumped
from detectors.types import Scene, Track, TrackPoint, Violation
from detectors.viewpoint import CalibrationSpread

MINIMUM_POINTS = 6
LONGEST = 600
# A track that came this far the lawful way and then turns back was handed from one vehicle to another that met it.
LAWFUL_M = 6.0


class WrongWayParameters(Parameters):
    """``distance_m`` must certainly be driven against the lane, during ``duration_s`` or more, at
    ``speed_kmh`` or more (reversing into a gap is slower), ``margin_m`` inside the lane's edge."""

    distance_m: float = Field(8.0, gt=0, le=200)
    duration_s: float = Field(1.0, ge=0, le=60)
    speed_kmh: float = Field(6.0, ge=0, le=60)
    margin_m: float = Field(0.3, ge=0, le=5)


@dataclass
class _Run:
    """Sightings against one lane's direction, without a break. ``lowest``: the least that the track has come along the
    lane; ``came_lawfully``: it went on from there in the lane's direction."""

    lane: Lane | None = None
    points: list[TrackPoint] = field(default_factory=list)
    seen_until_s: float = -np.inf
    lowest: float = np.inf
    came_lawfully: bool = False
    done: bool = False

    def forget(self) -> None:
        self.lane, self.points, self.lowest = None, [], np.inf


class WrongWay:
    """Flags certain travel against the direction of the lane that the vehicle is well inside of.

    Never flagged: a parked vehicle's jitter, reversing a few metres, a vehicle on the edge between two lanes,
    where any lane under it has the direction it drives in, or a track that first drove with the lane: two vehicles that
    meet may change tracks, and the plate would be the other's.
    """

    rule_id = "wrong_way"

    def __init__(self, camera: Camera, parameters: Mapping[str, object]) -> None:
        self.parameters = parse_parameters(WrongWayParameters, self.rule_id, camera, parameters)
        self._camera = camera
        self._spread = CalibrationSpread.of(camera)
        self._axes = {lane.id: Axis.of(lane.polygon[0], lane.direction) for lane in camera.file.lanes}
        self._tracks: dict[int, _Run] = {}
        self._flagged = Flagged()

    def update(self, scene: Scene) -> list[Violation]:
        """Take in one moment; give the violations that it completes."""
        self._flagged.follow(scene)
        found = []
        for track in scene.tracks:
            run = self._tracks.setdefault(track.id, _Run())
            if not scene.clock_fit:
                run.forget()
                run.seen_until_s = scene.t_s
            if not track.confirmed or run.done:
                continue
            for i in range(fresh(track, run.seen_until_s), len(track.points)):
                self._see(run, track, i)
            run.seen_until_s = track.points[-1].t_s
            if (violation := self._decide(run, track)) is not None:
                found.append(violation)
        for track in scene.ended:
            self._tracks.pop(track.id, None)
        return found

    def finish(self) -> list[Violation]:
        """Nothing waits for the end: what was certain has been given."""
        return []

    def _see(self, run: _Run, track: Track, i: int) -> None:
        point = track.points[i]
        if not point.measurable:
            return
        if jumped(track.points[: i + 1], self._camera.homography):
            run.forget()
        lane = lane_at(self._camera.file.lanes, point.road_xy, self.parameters.margin_m)
        if lane is None or (
            run.lane is not None and lane.id != run.lane.id and not self._parallel(lane, run.lane)
        ):
            run.forget()
        if lane is None:
            return
        if run.lane is None:
            run.lane = lane
        axis = self._axes[run.lane.id]
        run.lowest = min(run.lowest, axis.along(point.road_xy))
        run.came_lawfully |= axis.along(point.road_xy) > run.lowest + LAWFUL_M
        if (
            run.points
            and axis.along(point.road_xy) > min(axis.along(p.road_xy) for p in run.points[-3:]) + 1.0
        ):
            # It moved in the lawful direction: whatever went before was reversing or noise.
            run.points = []
        run.points = [*run.points[-LONGEST:], point]

    def _parallel(self, a: Lane, b: Lane) -> bool:
        u, v = self._axes[a.id].unit, self._axes[b.id].unit
        return u[0] * v[0] + u[1] * v[1] > 0.95

    def _decide(self, run: _Run, track: Track) -> Violation | None:
        if run.lane is None or run.came_lawfully or len(run.points) < MINIMUM_POINTS:
            return None
        axis = self._axes[run.lane.id]
        places = [axis.along(q.road_xy) for q in run.points]
        if max(places) - places[-1] < self.parameters.distance_m:
            return None
        p = path(run.points, self._camera.homography, axis)
        along = smoothed(p.along, 5)
        start = int(np.argmax(along))
        went = float(along[start] - along[-1])
        duration = float(p.t[-1] - p.t[start])
        if len(along) - start < MINIMUM_POINTS or duration < max(self.parameters.duration_s, 1e-6):
            return None
        first, last = run.points[start], run.points[-1]
        variances = [
            sigma_along(self._camera.homography, q, axis.unit) ** 2
            + self._spread.sigma_along(contact(q.box_xyxy), axis.unit) ** 2
            for q in (first, last)
        ]
        doubt = SIGMAS * math.sqrt(sum(variances))
        kmh = 3.6 * went / duration
        if went - doubt < self.parameters.distance_m or kmh < self.parameters.speed_kmh:
            return None
        v = velocity(run.points)
        if v is None or v[0] * axis.unit[0] + v[1] * axis.unit[1] > -0.7 * float(np.hypot(*v)):
            # It crosses the lane slantwise, as from a side street: not travel along it.
            return None
        if self._lawful_elsewhere(run.points[start:], v) or is_standing(p, float(p.t[start])):
            return None
        run.done = True
        if self._flagged.knows(track):
            return None
        self._flagged.add(track)
        middle = run.points[(start + len(run.points)) // 2]
        frames = [
            key_frame(first, "Melawan arus / Against the lane's direction"),
            key_frame(middle, f"Lajur / Lane {run.lane.id}"),
            key_frame(last, f"Setelah {went:.0f} m / After {went:.0f} m"),
        ]
        measured: dict[str, float | str] = {
            "metres_against": round(went, 2),
            "metres_against_at_least": round(went - doubt, 2),
            "duration_s": round(duration, 2),
            "lane": run.lane.id,
        }
        return make_violation(
            self.rule_id, self._camera, track, (first, last), frames, measured, self.parameters
        )

    def _lawful_elsewhere(self, points: list[TrackPoint], v: tuple[float, float]) -> bool:
        for lane in self._camera.file.lanes:
            unit = self._axes[lane.id].unit
            if unit[0] * v[0] + unit[1] * v[1] > 0 and any(
                distance_inside(lane.polygon, p.road_xy) > -self.parameters.margin_m for p in points
            ):
                return True
        return False
