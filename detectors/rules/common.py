"""What the rules share: checked parameters, memory per track, one flag per vehicle, and the violation's
making."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from detectors.boxes import shared
from detectors.camera import Camera, CameraFileError, Lane
from detectors.geometry import inside
from detectors.kinematics import is_against, velocity
from detectors.rules.base import violation_id
from detectors.types import KeyFrame, Point, Scene, SignalState, Track, TrackPoint, Violation
from detectors.vehicles import TWO_WHEELERS

REPEAT_S = 2.0
REPEAT_M = 4.0
# A lower edge that another vehicle hides makes a place seem so much farther away.
HIDDEN_S, HIDDEN_M = 1.0, 8.0
# In so long a motorcycle can turn round out of sight.
TURN_S = 2.5
# Who stood when a larger vehicle hid him, and is seen standing there again, is the same: a queue moves on as a whole.
STANDING_MPS, STOOD_M, STOOD_S = 1.0, 2.0, 45.0
FIRST_S, MOVING_MPS = 1.0, 2.0
# What hides half of a vehicle may part its box in two, and each goes on as a track of its own: so much of the smaller
# box is then the other's, too, seen at most so long before.
PARTED_SHARE, PARTED_S = 0.6, 0.3


class Parameters(BaseModel):
    """The parameters of one rule: an unknown one is an error, not a typo that goes unseen."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def written(self) -> dict[str, float | str | bool]:
        """Give them as they are written into a violation."""
        return dict(self.model_dump())


P = TypeVar("P", bound=Parameters)


def parse_parameters(model: type[P], rule_id: str, camera: Camera, given: Mapping[str, object]) -> P:
    """Check a rule's parameters.

    Raises:
        CameraFileError: an unknown, negative or mistyped parameter, named with its place in the file.
    """
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        known = ", ".join(sorted(model.model_fields))
        faults = []
        for e in error.errors():
            name = ".".join(str(part) for part in e["loc"])
            if e["type"] == "extra_forbidden":
                faults.append(f"enforce.{rule_id}.{name}: unknown parameter; known: {known}")
            else:
                faults.append(f"enforce.{rule_id}.{name}: {e['msg']} (given: {e['input']!r:.60})")
        raise CameraFileError(f"camera {camera.id}: " + "; ".join(faults)) from error


def distance_inside(polygon: Sequence[Point], point: Point) -> float:
    """Give how far inside a polygon a point lies, metres; negative outside."""
    p = np.asarray(point)
    corners = np.asarray(polygon, float)
    a, b = corners, np.roll(corners, -1, axis=0)
    along = np.clip(np.sum((p - a) * (b - a), axis=1) / np.maximum(np.sum((b - a) ** 2, axis=1), 1e-12), 0, 1)
    nearest = float(np.min(np.linalg.norm(a + along[:, None] * (b - a) - p, axis=1)))
    return nearest if inside(tuple(polygon), point) else -nearest


def lane_at(lanes: Iterable[Lane], point: Point, margin_m: float = 0.0) -> Lane | None:
    """Give the lane in whose polygon a point lies, at least ``margin_m`` from its edge."""
    best = max(((distance_inside(lane.polygon, point), lane.id, lane) for lane in lanes), key=lambda x: x[:2])
    return best[2] if best[0] >= margin_m else None


class SignalHistory:
    """The states that govern one lane, over time."""

    # No signal turns from red to green and back in this time: a shorter doubt between two reds was a red.
    BRIDGE_S = 0.4

    def __init__(self, heads: Sequence[str]) -> None:
        self._heads = tuple(heads)
        self._red: list[tuple[float, float]] = []
        self._broken = True

    def update(self, scene: Scene) -> SignalState:
        """Take in one moment; give the state that governs."""
        states = {scene.signals.get(head, SignalState.UNKNOWN) for head in self._heads}
        state = _combined(states) if scene.clock_fit else SignalState.UNKNOWN
        if state is SignalState.RED:
            last = self._red[-1] if self._red else None
            if last is not None and not self._broken and scene.t_s - last[1] <= self.BRIDGE_S:
                self._red[-1] = (last[0], scene.t_s)
            else:
                self._red.append((scene.t_s, scene.t_s))
            self._broken = False
        elif state in (SignalState.GREEN, SignalState.AMBER) or not scene.clock_fit:
            self._broken = True
        self._red = [run for run in self._red if run[1] > scene.t_s - 180.0]
        return state

    def red_since(self, t_s: float) -> float | None:
        """Give when the unbroken red that holds at ``t_s`` was first seen, or None where it was not red
        then."""
        return next((start for start, end in self._red if start <= t_s <= end), None)

    def red_through(self, start_s: float, end_s: float) -> bool:
        """Tell whether it was red without a break from one moment to the other."""
        return any(start <= start_s and end_s <= end for start, end in self._red)


def _combined(states: set[SignalState]) -> SignalState:
    lit = states & {SignalState.RED, SignalState.AMBER, SignalState.GREEN}
    if len(lit) == 1:
        return lit.pop()
    return SignalState.OFF if states == {SignalState.OFF} else SignalState.UNKNOWN


@dataclass
class _Flag:
    ended_s: float
    at: Point
    speed: Point
    track: Track
    hidden: bool


class Flagged:
    """The vehicles that a rule has flagged: a second track of the same vehicle is known by where it takes
    up, or by beginning upon the first one."""

    def __init__(self) -> None:
        self._by_track: dict[int, _Flag] = {}
        self._left: list[_Flag] = []

    def follow(self, scene: Scene) -> None:
        """Note where flagged vehicles are now; forget those long gone."""
        for track in scene.tracks:
            if track.id in self._by_track:
                self._by_track[track.id] = _flag(track)
        self._by_track = {k: f for k, f in self._by_track.items() if f.ended_s > scene.t_s - 60.0}
        self._left = [f for f in self._left if f.ended_s > scene.t_s - 60.0]

    def add(self, track: Track) -> None:
        """Note that this vehicle was flagged."""
        self._by_track[track.id] = _flag(track)

    def leave(self, track: Track) -> None:
        """Note where a flagged vehicle was when its track went on with another one, which keeps the id."""
        self._left.append(_flag(track))

    def knows(self, track: Track) -> bool:
        """Tell whether this vehicle was flagged already, under this id or one that ended where this one
        began."""
        if track.id in self._by_track:
            return True
        first, speed = track.points[0], _first_velocity(track.points)
        # Who comes out from behind another is measured late.
        shown = [p for p in track.points if p.measurable]
        if not shown or shown[0].t_s - first.t_s > REPEAT_S:
            shown = [first]
        course = _first_velocity(shown)
        for flag in (*self._by_track.values(), *self._left):
            if _parted(flag.track, track):
                return True
            gap = first.t_s - flag.ended_s
            if gap < -0.5:
                continue
            if gap <= STOOD_S and _stood(flag, speed) and math.dist(first.road_xy, flag.at) <= STOOD_M:
                return True
            turned = shown[0].t_s - flag.ended_s > TURN_S
            if gap > REPEAT_S or _opposite(flag.speed, speed if turned else course):
                continue
            if _takes_up(flag, first, speed) or _takes_up(flag, shown[0], course):
                return True
        return False


def _takes_up(flag: _Flag, point: TrackPoint, speed: Point) -> bool:
    """Tell whether a vehicle is seen where a flagged one has come to since."""
    gap = point.t_s - flag.ended_s
    # A vehicle that becomes hidden seems to slow down: how fast it comes out again says as much.
    reach = REPEAT_M + 0.5 * float(max(np.hypot(*flag.speed), np.hypot(*speed))) * max(gap, 0.0)
    reach += HIDDEN_M * (flag.hidden or not point.measurable)
    moved = np.subtract(point.road_xy, flag.at)
    return any(np.hypot(*(moved - np.multiply(v, gap))) <= reach for v in (flag.speed, speed))


def _first_velocity(points: Sequence[TrackPoint]) -> Point:
    """Give the road velocity (m/s) in the first second of sightings, nought where it cannot be told."""
    first_second = [p for p in points if p.t_s <= points[0].t_s + FIRST_S]
    return velocity(first_second, FIRST_S) or (0.0, 0.0)


def _stood(flag: _Flag, speed: Point) -> bool:
    return max(math.hypot(*flag.speed), math.hypot(*speed)) <= STANDING_MPS


def _opposite(a: Point, b: Point) -> bool:
    """Tell whether two vehicles drive against one another: one cannot be the other seen again."""
    return min(math.hypot(*a), math.hypot(*b)) > MOVING_MPS and is_against(a, b, -0.5)


def fresh(track: Track, seen_until_s: float) -> int:
    """Give the index of the first sighting after a moment: a newly confirmed track brings several at once."""
    i = len(track.points)
    while i > 0 and track.points[i - 1].t_s > seen_until_s:
        i -= 1
    return i


def _flag(track: Track) -> _Flag:
    # Where a vehicle's lower edge is hidden it seems to be farther away than it is; an old place says less than that.
    end = track.points[-1]
    recent = (p for p in reversed(track.points) if end.t_s - p.t_s <= HIDDEN_S)
    last = next((p for p in recent if p.measurable), end)
    return _Flag(last.t_s, last.road_xy, velocity(track.points) or (0.0, 0.0), track, not last.measurable)


def _parted(a: Track, b: Track) -> bool:
    """Tell whether the later of two tracks began upon the other's box: one vehicle was seen twice from then on."""
    earlier, later = sorted((a, b), key=lambda track: track.points[0].t_s)
    first = later.points[0]
    beside = next((p for p in reversed(earlier.points) if p.t_s <= first.t_s), None)
    alike = (a.label in TWO_WHEELERS) == (b.label in TWO_WHEELERS)
    return (
        alike
        and beside is not None
        and first.t_s - beside.t_s <= PARTED_S
        and shared(beside.box_xyxy, first.box_xyxy) >= PARTED_SHARE
    )


def key_frame(point: TrackPoint, caption: str, signals: Mapping[str, SignalState] | None = None) -> KeyFrame:
    """Make the picture of one sighting."""
    return KeyFrame(point.frame_index, point.t_s, point.box_xyxy, caption, dict(signals or {}))


def make_violation(
    rule_id: str,
    camera: Camera,
    track: Track,
    span: tuple[TrackPoint, TrackPoint],
    key_frames: Sequence[KeyFrame],
    measured: Mapping[str, float | str],
    parameters: Parameters,
    speed: tuple[float, float] | None = None,
) -> Violation:
    """Put a finding together. ``speed`` is (km/h, half width of its 95% interval)."""
    return Violation(
        id=violation_id(camera.id, rule_id, track.began_at, track.id),
        rule=rule_id,
        camera_id=camera.id,
        track_id=track.id,
        vehicle_class=track.label,
        track_began_at=track.began_at,
        started_at=span[0].captured_at,
        ended_at=span[1].captured_at,
        start_s=span[0].t_s,
        end_s=span[1].t_s,
        key_frames=tuple(key_frames),
        measured=dict(measured),
        parameters=parameters.written(),
        speed_kmh=None if speed is None else speed[0],
        speed_uncertainty_kmh=None if speed is None else speed[1],
    )
