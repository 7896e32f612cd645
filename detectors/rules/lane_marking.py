"""`lane_marking`: crossing a solid line, or turning from a wrong lane. UU 22/2009 art. 287 (1) with 106 (4) a, b."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from pydantic import Field

from detectors.camera import Camera, CameraFileError
from detectors.kinematics import KMH, depth_growth, velocity
from detectors.rules.ahead import Ahead
from detectors.rules.approach import Approach
from detectors.rules.common import (
    Flagged,
    Parameters,
    fresh,
    key_frame,
    make_violation,
    parse_parameters,
)
from detectors.rules.crossing import Crossed, Line, Passage, Place
from detectors.rules.jumps import jumped
from detectors.rules.sideways import Sideways
from detectors.rules.turning import Turned, Way
from detectors.types import Scene, Track, TrackPoint, Violation
from detectors.viewpoint import viewpoint

WAYS = {"left": "kiri / left", "straight": "lurus / straight on", "right": "kanan / right"}
# A vehicle in the way is looked for so far to the side of the line, and is an excuse for so long.
BESIDE_M, EXCUSE_S = 4.5, 5.0
# A pace told from the roof alone counts for so many times less.
SURER = 1.5


class LaneMarkingParameters(Parameters):
    """A vehicle must be seen for ``dwell_s`` on either side of a line. Crossing is let pass where another vehicle
    stands, or goes slower than ``stopped_kmh``, within ``ahead_m`` ahead on the side that is left. Before a turn the
    vehicle's middle must be ``margin_m`` inside its lane."""

    dwell_s: float = Field(0.4, ge=0, le=10)
    ahead_m: float = Field(30.0, ge=0, le=200)
    stopped_kmh: float = Field(10.0, ge=0, le=60)
    margin_m: float = Field(0.4, ge=0, le=5)


@dataclass
class _Vehicle:
    passages: list[Passage]
    way: Way = field(default_factory=Way)
    ahead: Ahead = field(default_factory=Ahead)
    seen_until_s: float = -np.inf
    done: bool = False

    def forget(self) -> None:
        for passage in self.passages:
            passage.forget()
        self.way.forget()


class LaneMarking:
    """Flags a vehicle that certainly was on one side of a solid line, was seen on it and then certainly on the other.

    Certain: its whole width with 95%, for ``dwell_s`` on either side. With lanes that have ``turns``: also one that
    certainly was in a lane before the stop line and went where that lane's arrows do not lead. Never flagged: a dashed
    line, the dashed side of a double one, driving on the line and back, crossing beyond its ends or straight over the
    road, avoiding a vehicle that stands or creeps ahead, a track that hops to a neighbour.
    """

    rule_id = "lane_marking"

    def __init__(self, camera: Camera, parameters: Mapping[str, object]) -> None:
        self.parameters = parse_parameters(LaneMarkingParameters, self.rule_id, camera, parameters)
        self._camera = camera
        self._sideways = Sideways(camera)
        self._lines = [Line(m, self._sideways) for m in camera.file.markings if m.kind == "solid"]
        self._approaches = self._with_arrows(camera)
        if not self._lines and not self._approaches:
            raise CameraFileError(
                f"camera {camera.id}: markings: none is solid and no lane has turns, "
                f"and enforce.{self.rule_id} needs one of them"
            )
        self._view = viewpoint(camera.homography.image_to_road, camera.file.frame_size)
        self._vehicles: dict[int, _Vehicle] = {}
        self._flagged = Flagged()

    def _with_arrows(self, camera: Camera) -> list[Approach]:
        lanes = [lane for lane in camera.file.lanes if lane.turns]
        line = camera.file.stop_line
        if lanes and (line is None or any(lane.id not in line.lanes for lane in lanes)):
            named = ", ".join(lane.id for lane in lanes)
            raise CameraFileError(
                f"camera {camera.id}: stop_line.lanes: must hold every lane with turns ({named})"
            )
        if not lanes or line is None:
            return []
        # Where a vehicle came from is known only among all lanes that lead to the line.
        return [Approach(camera, line, camera.lane(lane_id)) for lane_id in line.lanes]

    def update(self, scene: Scene) -> list[Violation]:
        """Take in one moment; give the violations that it completes."""
        self._flagged.follow(scene)
        found: list[Violation] = []
        for track in scene.tracks:
            vehicle = self._vehicles.setdefault(track.id, _Vehicle([Passage() for _ in self._lines]))
            if not scene.clock_fit:
                vehicle.forget()
                vehicle.seen_until_s = scene.t_s
            if not track.confirmed or vehicle.done:
                continue
            for i in range(fresh(track, vehicle.seen_until_s), len(track.points)):
                violation = None if vehicle.done else self._see(vehicle, track, i, scene)
                found += [violation] if violation is not None else []
            vehicle.seen_until_s = track.points[-1].t_s
        for track in scene.ended:
            self._vehicles.pop(track.id, None)
        return found

    def finish(self) -> list[Violation]:
        """Nothing waits for the end: what was certain has been given."""
        return []

    def _see(self, vehicle: _Vehicle, track: Track, i: int, scene: Scene) -> Violation | None:
        point = track.points[i]
        if not point.measurable:
            return None
        if jumped(track.points[: i + 1], self._camera.homography):
            vehicle.forget()
        self._settle(vehicle, point, scene)
        for k, (line, passage) in enumerate(zip(self._lines, vehicle.passages, strict=True)):
            place = line.place(point, track.label)
            # Once a vehicle drives on the line, what lies ahead is no longer why it does.
            if place is not None and not passage.on:
                self._look_ahead(vehicle, k, passage.came_from, place, track, scene)
            crossed = passage.see(place, self.parameters.dwell_s)
            if crossed is not None and self._forbidden(crossed, line, vehicle, k):
                return self._flag(vehicle, track, self._crossing(crossed, line, track))
        turned = vehicle.way.see(
            track, i, self._approaches, self._sideways, self.parameters.margin_m, self.parameters.dwell_s
        )
        if turned is None:
            return None
        vehicle.way.forget()
        if not turned.approach.lane.turns or turned.way in turned.approach.lane.turns:
            return None
        return self._flag(vehicle, track, self._turn(turned, track))

    def _look_ahead(
        self, vehicle: _Vehicle, k: int, side: int, place: Place, track: Track, scene: Scene
    ) -> None:
        """Note who stands or creeps ahead, or may, on the side of line ``k`` that this vehicle is on or leaves."""
        v = velocity(track.points)
        heading = 1.0 if v is None or place.axis.unit[0] * v[0] + place.axis.unit[1] * v[1] >= 0 else -1.0
        for other in scene.tracks:
            if other.id == track.id:
                continue
            at = other.points[-1].road_xy
            ahead = heading * (place.axis.along(at) - place.axis.along(place.point.road_xy))
            left = place.axis.left(at)
            # What overhangs the line is in the way on both sides of it.
            if not 0 < ahead <= self.parameters.ahead_m or abs(left) > BESIDE_M or left * side < -1.0:
                continue
            moves = self._moves(other, place.point)
            vehicle.ahead.see(other.id, moves, scene.t_s)
            vehicle.ahead.note(k, other.id, moves, scene.t_s)

    def _settle(self, vehicle: _Vehicle, point: TrackPoint, scene: Scene) -> None:
        """Look again at those whose pace could not be told, wherever they are now."""
        vehicle.ahead.forget(scene.t_s)
        unsettled = vehicle.ahead.unsettled
        for other in scene.tracks:
            if other.id in unsettled:
                vehicle.ahead.see(other.id, self._moves(other, point), scene.t_s)

    def _moves(self, other: Track, nearer: TrackPoint) -> bool | None:
        """Tell whether another vehicle goes faster than one that stands or creeps; None where that cannot be told.

        Whoever is hidden behind ``nearer`` is farther from the camera than that, and its roof is still seen; a lower
        edge that is hidden seems farther away than it is.
        """
        its = velocity(other.points)
        if its is not None:
            return KMH * float(np.hypot(*its)) >= self.parameters.stopped_kmh
        growth = depth_growth(other.points, self._camera.homography)
        if growth is None or self._view is None:
            return None
        eye = self._view.position[:2]
        places = (nearer.road_xy, other.points[-1].road_xy)
        distance = min(float(np.hypot(*np.subtract(place, eye))) for place in places)
        return KMH * abs(growth) * distance / SURER >= self.parameters.stopped_kmh or None

    def _forbidden(self, crossed: Crossed, line: Line, vehicle: _Vehicle, k: int) -> bool:
        came_from = "left" if crossed.before[0].side > 0 else "right"
        avoiding = vehicle.ahead.in_the_way(k, crossed.before[-1].point.t_s - EXCUSE_S)
        return not avoiding and line.marking.crossable_from != came_from

    def _flag(self, vehicle: _Vehicle, track: Track, violation: Violation) -> Violation | None:
        vehicle.done = True
        if self._flagged.knows(track):
            return None
        self._flagged.add(track)
        return violation

    def _crossing(self, c: Crossed, line: Line, track: Track) -> Violation:
        before, on, after = c.before[-1], c.on[len(c.on) // 2], c.after[-1]
        name = line.marking.id
        pictures = [
            (before.point, f"Sebelum garis utuh / Before the solid line {name}"),
            (on.point, f"Di atas garis utuh / On the solid line {name}"),
            (after.point, f"Di seberang garis utuh / Beyond the solid line {name}"),
        ]
        measured: dict[str, float | str] = {
            "marking": name,
            "metres_before": round(abs(before.left), 2),
            "metres_beyond": round(abs(after.left), 2),
            "metres_doubt": round(max(before.doubt, after.doubt), 2),
            "seconds_on_the_line": round(c.after[0].point.t_s - before.point.t_s, 2),
        }
        return self._made(track, (c.before[0].point, after.point), pictures, measured)

    def _turn(self, t: Turned, track: Track) -> Violation:
        lane = t.approach.lane
        allowed = ", ".join(WAYS[way] for way in lane.turns)
        pictures = [
            (t.in_lane[-1], f"Lajur / Lane {lane.id}: {allowed}"),
            (t.gone[0], f"Menuju / Going {WAYS[t.way]}"),
            (t.gone[-1], f"Menuju / Going {WAYS[t.way]}"),
        ]
        measured: dict[str, float | str] = {
            "lane": lane.id,
            "allowed": ", ".join(lane.turns),
            "went": t.way,
            "heading_degrees": round(t.heading_degrees, 1),
        }
        return self._made(track, (t.in_lane[-1], t.gone[-1]), pictures, measured)

    def _made(
        self,
        track: Track,
        span: tuple[TrackPoint, TrackPoint],
        pictures: list[tuple[TrackPoint, str]],
        measured: Mapping[str, float | str],
    ) -> Violation:
        frames = [key_frame(point, text) for point, text in pictures]
        return make_violation(self.rule_id, self._camera, track, span, frames, measured, self.parameters)
