"""`stop_line`: standing past the stop line on red. UU 22/2009 art. 287 (1) with 106 (4) a, b."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from pydantic import Field

from detectors.camera import Camera
from detectors.kinematics import is_standing, path
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
from detectors.types import Scene, Track, TrackPoint, Violation

MINIMUM_POINTS = 4
STRAIGHT_M = 8.0


class StopLineParameters(Parameters):
    """``tolerance_m``: so far over the line a bumper may stand. ``standing_s``: so long it must stand.
    ``beyond_m``: who stands further past the line than this is in the junction and waits there for another
    reason."""

    tolerance_m: float = Field(0.5, ge=0, le=10)
    standing_s: float = Field(1.0, gt=0, le=60)
    beyond_m: float = Field(6.0, gt=0, le=30)


@dataclass
class _Stand:
    approach: Approach | None = None
    heads: SignalHistory | None = None
    before: TrackPoint | None = None
    before_count: int = 0
    seen_until_s: float = -np.inf
    done: bool = False
    stood: tuple[TrackPoint, Violation] | None = None

    def forget(self) -> None:
        self.before, self.before_count, self.stood = None, 0, None


class StopLineRule:
    """Flags a vehicle that, seen certainly before the line during this red, then stands certainly past it.

    A vehicle that was over the line before it turned red (caught by a jam) is never flagged, nor one whose
    bumper may be within the tolerance with the shortest vehicle of its class. Where the lane may turn left on
    red, who stands past the line may be waiting to turn: it is flagged once it has gone another way, and never
    where it turned or was lost from sight before that.
    """

    rule_id = "stop_line"

    def __init__(self, camera: Camera, parameters: Mapping[str, object]) -> None:
        self.parameters = parse_parameters(StopLineParameters, self.rule_id, camera, parameters)
        self._camera = camera
        self._approaches = [(a, SignalHistory(heads)) for a, heads in approaches(camera, self.rule_id)]
        self._tracks: dict[int, _Stand] = {}
        self._flagged = Flagged()

    def update(self, scene: Scene) -> list[Violation]:
        """Take in one moment; give the violations that it completes."""
        for _, history in self._approaches:
            history.update(scene)
        self._flagged.follow(scene)
        found = []
        for track in scene.tracks:
            state = self._tracks.setdefault(track.id, _Stand())
            if not scene.clock_fit:
                state.forget()
                state.seen_until_s = scene.t_s
            if not track.confirmed or state.done:
                continue
            for i in range(fresh(track, state.seen_until_s), len(track.points)):
                self._see(state, track, i)
            state.seen_until_s = track.points[-1].t_s
            if state.stood is not None:
                found += self._went_on(state, track)
            elif state.before is not None and (violation := self._decide(state, track, scene)) is not None:
                found.append(violation)
        for track in scene.ended:
            self._tracks.pop(track.id, None)
        return found

    def finish(self) -> list[Violation]:
        """Nothing waits for the end: what was certain has been given."""
        return []

    def _see(self, state: _Stand, track: Track, i: int) -> None:
        point = track.points[i]
        if jumped(track.points[: i + 1], self._camera.homography):
            state.forget()
        here = [
            (distance_inside(a.lane.polygon, point.road_xy), a.lane.id, a, h) for a, h in self._approaches
        ]
        depth, _, approach, history = max(here, key=lambda x: x[:2])
        if depth < 0 or not approach.certainly_before(point, track.label):
            return
        if history.red_since(point.t_s) is None:
            # Still before the line on green or amber says nothing about where it was when red began.
            state.forget()
            return
        if not point.measurable:
            # It says that the vehicle was there, and is no ground to measure what follows from.
            state.before_count += 1
            return
        state.approach, state.heads = approach, history
        state.before, state.before_count = point, state.before_count + 1

    def _decide(self, state: _Stand, track: Track, scene: Scene) -> Violation | None:
        assert state.approach is not None and state.heads is not None and state.before is not None
        if state.before_count < 2 or not state.heads.red_through(state.before.t_s, scene.t_s):
            return None
        last = self._standing(state.before, track, scene.t_s)
        if not last:
            return None
        along = path(last, self._camera.homography, state.approach.axis)
        if not is_standing(along, last[0].t_s):
            return None
        reaches = [state.approach.reach(p, track.label) for p in last]
        front = float(np.median([r.front_min for r in reaches]))
        on_line = -0.05 <= state.approach.across(last[-1].road_xy) <= 1.05
        if not on_line or not self.parameters.tolerance_m < front <= self.parameters.beyond_m:
            return None
        since = state.heads.red_since(scene.t_s)
        into_red = scene.t_s - (scene.t_s if since is None else since)
        frames = [
            key_frame(
                state.before, "Sebelum garis henti saat merah / Before the stop line on red", scene.signals
            ),
            key_frame(last[0], "Berhenti melewati garis henti / Standing past the stop line", scene.signals),
            key_frame(
                last[-1],
                f"Tetap berhenti, {into_red:.1f} s merah / Still standing, s into red",
                scene.signals,
            ),
        ]
        measured: dict[str, float | str] = {
            "metres_past_line_at_least": round(front, 2),
            "metres_past_line": round(float(np.median([r.front for r in reaches])), 2),
            "standing_s": round(last[-1].t_s - last[0].t_s, 2),
            "seconds_into_red": round(into_red, 2),
            "lane": state.approach.lane.id,
        }
        violation = make_violation(
            self.rule_id, self._camera, track, (last[0], last[-1]), frames, measured, self.parameters
        )
        if state.approach.lane.left_turn_on_red:
            state.stood = (last[-1], violation)
            return None
        return violation if self._once(state, track) else None

    def _went_on(self, state: _Stand, track: Track) -> list[Violation]:
        """Give what waited for the vehicle to show that it does not turn left."""
        assert state.approach is not None and state.stood is not None
        stood, violation = state.stood
        turned_left = state.approach.turned_left(stood, track, STRAIGHT_M)
        if turned_left is None:
            return []
        if turned_left or not self._once(state, track):
            state.done = True
            return []
        return [replace(violation, measured={**violation.measured, "then": "did not turn left"})]

    def _once(self, state: _Stand, track: Track) -> bool:
        state.done = True
        if self._flagged.knows(track):
            return False
        self._flagged.add(track)
        return True

    def _standing(self, before: TrackPoint, track: Track, now_s: float) -> list[TrackPoint]:
        """Give the sightings over which it has now stood for long enough, or none."""
        # Where nothing moves, pictures are looked at less often: then four of them may span a longer time.
        later = [p for p in track.points if p.t_s > before.t_s and p.measurable]
        recent = [p for p in later if p.t_s >= now_s - self.parameters.standing_s - 1e-6]
        last = recent if len(recent) >= MINIMUM_POINTS else later[-MINIMUM_POINTS:]
        if len(last) < MINIMUM_POINTS or last[-1].t_s - last[0].t_s < 0.8 * self.parameters.standing_s:
            return []
        return last
