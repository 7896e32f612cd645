"""`red_light`: driving past the stop line and into the junction on red. UU 22/2009 art. 287 (2) with 106 (4)
c."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from pydantic import Field

from detectors.camera import Camera, CameraFileError
from detectors.geometry import inside
from detectors.rules.approach import Approach, approaches
from detectors.rules.common import (
    Flagged,
    Parameters,
    SignalHistory,
    distance_inside,
    fresh,
    key_frame,
    make_violation,
    parse_parameters,
)
from detectors.rules.jumps import jumped
from detectors.types import Scene, SignalState, Track, TrackPoint, Violation


class RedLightParameters(Parameters):
    """``grace_s``: so long into red a crossing is let pass. ``inside_m``: so far past the line the vehicle's
    rear must certainly be. ``straight_m``: so far past the line it must be before "did not turn left" is
    believed."""

    grace_s: float = Field(0.5, ge=0, le=10)
    inside_m: float = Field(3.0, ge=0, le=50)
    straight_m: float = Field(8.0, ge=1, le=60)


@dataclass
class _Crossing:
    """What is known of one vehicle: the last sighting certainly before the line, the first certainly past it,
    …"""

    approach: Approach | None = None
    heads: SignalHistory | None = None
    before: TrackPoint | None = None
    before_count: int = 0
    past: TrackPoint | None = None
    past_count: int = 0
    inside: TrackPoint | None = None
    front_s: float | None = None
    seen_until_s: float = -np.inf
    done: bool = False
    states: dict[int, Mapping[str, SignalState]] = field(default_factory=dict)

    def forget(self) -> None:
        self.before = self.past = self.inside = self.front_s = None
        self.before_count = self.past_count = 0


class RedLight:
    """Flags a vehicle whose front was certainly before the line while it was red, and that then drove in on
    red.

    Certain means: with the shortest or longest vehicle of its class, two sigma of jitter and calibration,
    whichever favours the driver. Never flagged: crossing on amber; a front over the line before red; a signal
    unknown or off between the picture before the line and the one inside the junction; waiting past the line
    and going on green; a left turn where the lane permits it on red, or while that is still possible.
    """

    rule_id = "red_light"

    def __init__(self, camera: Camera, parameters: Mapping[str, object]) -> None:
        self.parameters = parse_parameters(RedLightParameters, self.rule_id, camera, parameters)
        self._camera = camera
        if not camera.file.junction:
            raise CameraFileError(
                f"camera {camera.id}: junction: missing, and enforce.{self.rule_id} needs it"
            )
        self._junction = tuple(camera.file.junction)
        self._approaches = [(a, SignalHistory(heads)) for a, heads in approaches(camera, self.rule_id)]
        self._tracks: dict[int, _Crossing] = {}
        self._flagged = Flagged()

    def update(self, scene: Scene) -> list[Violation]:
        """Take in one moment; give the violations that it completes."""
        for _, history in self._approaches:
            history.update(scene)
        self._flagged.follow(scene)
        found = []
        for track in scene.tracks:
            state = self._tracks.setdefault(track.id, _Crossing())
            state.states[scene.frame_index] = scene.signals
            if not scene.clock_fit:
                state.forget()
                state.seen_until_s = scene.t_s
            if not track.confirmed or state.done:
                continue
            for i in range(fresh(track, state.seen_until_s), len(track.points)):
                self._see(state, track, i)
            state.seen_until_s = track.points[-1].t_s
            if state.inside is not None and (violation := self._decide(state, track)) is not None:
                found.append(violation)
        for track in scene.ended:
            self._tracks.pop(track.id, None)
        return found

    def finish(self) -> list[Violation]:
        """Nothing waits for the end: what was certain has been given."""
        return []

    def _see(self, state: _Crossing, track: Track, i: int) -> None:
        point = track.points[i]
        if not point.measurable:
            # It says that the vehicle was there, and is no ground to measure what follows from.
            state.before_count += self._approach_of(point, track.label) is not None
            return
        if jumped(track.points[: i + 1], self._camera.homography):
            state.forget()
        approach = self._approach_of(point, track.label)
        if approach is not None:
            state.approach, state.heads = approach
            state.before, state.before_count = point, state.before_count + 1
            state.past = state.inside = state.front_s = None
            state.past_count = 0
            return
        if state.approach is None or state.before is None:
            return
        reach = state.approach.reach(point, track.label)
        if state.front_s is None and reach.front > 0:
            state.front_s = point.t_s
        if reach.rear_min <= 0 or not -0.1 <= state.approach.across(point.road_xy) <= 1.1:
            if state.past is None:
                state.past_count = 0
        else:
            state.past_count += 1
            if state.past is None and state.past_count >= 2:
                state.past = point
        entered = reach.rear_min >= self.parameters.inside_m and inside(self._junction, point.road_xy)
        if state.past is not None and state.inside is None and entered:
            state.inside = point

    def _approach_of(self, point: TrackPoint, label: str) -> tuple[Approach, SignalHistory] | None:
        """Give the approach in whose lane the vehicle stands with its front certainly before the line."""
        here = [
            (distance_inside(a.lane.polygon, point.road_xy), a.lane.id, a, h) for a, h in self._approaches
        ]
        depth, _, approach, history = max(here, key=lambda x: x[:2])
        if depth < 0 or not approach.certainly_before(point, label):
            return None
        return approach, history

    def _decide(self, state: _Crossing, track: Track) -> Violation | None:
        before, past, entered = state.before, state.past, state.inside
        assert state.approach is not None and state.heads is not None
        assert before is not None and past is not None and entered is not None
        since = state.heads.red_since(before.t_s)
        certain = (
            since is not None
            and before.t_s - since >= self.parameters.grace_s
            and state.before_count >= 2
            and state.heads.red_through(before.t_s, entered.t_s)
        )
        if since is None or not certain:
            state.forget()
            return None
        if state.approach.lane.left_turn_on_red:
            turned_left = state.approach.turned_left(past, track, self.parameters.straight_m)
            if turned_left is None:
                return None
            if turned_left:
                state.forget()
                return None
        state.done = True
        if self._flagged.knows(track):
            return None
        self._flagged.add(track)
        return self._violation(state, track, before, past, entered, since)

    def _violation(
        self,
        state: _Crossing,
        track: Track,
        before: TrackPoint,
        past: TrackPoint,
        entered: TrackPoint,
        since: float,
    ) -> Violation:
        pictures = [
            (before, "Sebelum garis henti / Before the stop line"),
            (past, "Melewati garis henti / Past the stop line"),
            (entered, "Di dalam simpang / Inside the junction"),
        ]
        frames = [
            key_frame(p, f"{text}: {p.t_s - since:.1f} s merah / s into red", state.states.get(p.frame_index))
            for p, text in pictures
        ]
        assert state.approach is not None
        measured: dict[str, float | str] = {
            "seconds_into_red": round((state.front_s or past.t_s) - since, 2),
            "seconds_into_red_at_least": round(before.t_s - since, 2),
            "metres_past_line": round(state.approach.past(entered.road_xy), 2),
            "lane": state.approach.lane.id,
        }
        return make_violation(
            self.rule_id, self._camera, track, (before, entered), frames, measured, self.parameters
        )
