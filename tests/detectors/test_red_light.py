"""`red_light`, and the lawful crossings beside it."""

from __future__ import annotations

import numpy as np
import pytest
from hand_made import Noise, Signal, Vehicle, along, camera, rules_of, run, run_tracks, straight

from detectors.types import SignalState

RED, AMBER, GREEN = SignalState.RED, SignalState.AMBER, SignalState.GREEN
ONLY_RED_LIGHT = camera(enforce={"red_light": {}})
STRAIGHT_X, LEFT_X = -1.75, -5.2


@pytest.mark.parametrize("label", ["car", "motorcycle", "bus", "truck", "bicycle"])
def test_driving_through_on_red_is_flagged_once(label: str) -> None:
    signal = Signal([(0, GREEN), (1, AMBER), (2, RED)])
    found = run([Vehicle(label, straight(30, STRAIGHT_X, -45))], signal, given=ONLY_RED_LIGHT)
    assert rules_of(found) == ["red_light"]
    violation = found[0]
    crossed_s = 45 / (30 / 3.6)
    assert float(violation.measured["seconds_into_red"]) == pytest.approx(crossed_s - 2, abs=0.9)
    assert float(violation.measured["seconds_into_red_at_least"]) <= crossed_s - 2
    assert len(violation.key_frames) == 3
    assert violation.key_frames[0].caption.startswith("Sebelum garis henti / Before the stop line")
    assert violation.key_frames[2].signals["S1"] is RED
    assert violation.vehicle_class == label


def test_a_replay_gives_the_same_violation() -> None:
    vehicles = [Vehicle("car", straight(40, STRAIGHT_X, -40))]
    noise = Noise(seed=3, jitter_px=1.5, dropout=0.1)
    assert run(vehicles, noise=noise, given=ONLY_RED_LIGHT) == run(
        vehicles, noise=noise, given=ONLY_RED_LIGHT
    )


@pytest.mark.parametrize("fps", [6, 12, 30])
def test_it_is_flagged_at_any_frame_rate(fps: float) -> None:
    found = run([Vehicle("car", straight(36, STRAIGHT_X, -45))], fps=fps, given=ONLY_RED_LIGHT)
    assert rules_of(found) == ["red_light"]


def test_two_vehicles_are_two_violations() -> None:
    vehicles = [
        Vehicle("car", straight(36, STRAIGHT_X, -40)),
        Vehicle("car", straight(36, STRAIGHT_X, -58)),
    ]
    found = run(vehicles, given=ONLY_RED_LIGHT)
    assert rules_of(found) == ["red_light", "red_light"]
    assert len({v.id for v in found}) == 2


def test_crossing_on_amber_is_not_flagged() -> None:
    signal = Signal([(0, GREEN), (2.5, AMBER), (4.9, RED)])
    assert not run([Vehicle("car", straight(36, STRAIGHT_X, -45))], signal, given=ONLY_RED_LIGHT)


def test_a_front_over_the_line_before_red_is_not_flagged() -> None:
    signal = Signal([(0, GREEN), (2, AMBER), (4.6, RED)])
    assert not run([Vehicle("bus", straight(36, STRAIGHT_X, -45))], signal, given=ONLY_RED_LIGHT)


def test_a_crossing_within_the_grace_is_not_flagged() -> None:
    signal = Signal([(0, GREEN), (2, AMBER), (4.2, RED)])
    assert not run([Vehicle("motorcycle", straight(36, STRAIGHT_X, -45))], signal, given=ONLY_RED_LIGHT)


def test_waiting_past_the_line_and_going_on_green_is_not_flagged() -> None:
    signal = Signal([(0, RED), (8, GREEN)])
    waits = along([0, 3, 9, 12], [-25, 3, 3, 30], STRAIGHT_X)
    assert not run([Vehicle("car", waits)], signal, seconds=12, given=ONLY_RED_LIGHT)


@pytest.mark.parametrize("doubt", [SignalState.UNKNOWN, SignalState.OFF])
def test_a_signal_that_cannot_be_read_while_it_matters_flags_nobody(doubt: SignalState) -> None:
    signal = Signal([(0, RED), (4, doubt), (5, RED)])
    assert not run([Vehicle("car", straight(36, STRAIGHT_X, -45))], signal, given=ONLY_RED_LIGHT)


def test_a_clock_that_jumps_while_it_matters_flags_nobody() -> None:
    found = run(
        [Vehicle("car", straight(36, STRAIGHT_X, -45))],
        given=ONLY_RED_LIGHT,
        clock_fit=lambda t: not 4.4 < t < 4.6,
    )
    assert not found


def turning(side: int):
    """Drive to the line, then turn with a radius of 6 m; side 1 is left."""

    def front(t: float) -> tuple[float, float, float] | None:
        s = 6.0 * t - 20.0
        if s < 1.0:
            return (LEFT_X, s, 0.0)
        angle = min((s - 1.0) / 6.0, np.pi / 2)
        rest = max(0.0, s - 1.0 - 6.0 * np.pi / 2)
        x = LEFT_X - side * (6.0 * (1 - np.cos(angle)) + rest)
        return (x, 1.0 + 6.0 * np.sin(angle), side * angle) if rest < 14 else None

    return front


@pytest.mark.parametrize("label", ["car", "motorcycle", "truck"])
def test_a_permitted_left_turn_on_red_is_not_flagged(label: str) -> None:
    assert not run([Vehicle(label, turning(1))], given=ONLY_RED_LIGHT)


def test_going_straight_from_the_lane_that_may_turn_left_is_flagged() -> None:
    found = run([Vehicle("motorcycle", straight(36, LEFT_X, -40))], given=ONLY_RED_LIGHT)
    assert rules_of(found) == ["red_light"]


def test_a_track_that_ends_while_a_left_turn_is_still_possible_is_not_flagged() -> None:
    found = run([Vehicle("car", straight(36, LEFT_X, -40, until=9.0))], given=ONLY_RED_LIGHT)
    assert not found


def test_an_unconfirmed_flicker_is_not_flagged() -> None:
    def flicker(t: float) -> tuple[float, float, float] | None:
        return (STRAIGHT_X, -20 + 10 * t, 0.0) if round(t * 12) % 40 in (0, 1, 2) else None

    assert not run([Vehicle("car", flicker)], given=ONLY_RED_LIGHT)


def test_a_waiting_vehicle_whose_id_jumps_to_cross_traffic_is_not_flagged() -> None:
    waiting = Vehicle("car", along([0, 2, 20], [-14, -3.0, -3.0], STRAIGHT_X))
    crossing = Vehicle("car", lambda t: (-14 + 6 * t, 9.0, -np.pi / 2))
    for jump_s in np.arange(1.0, 4.0, 0.25):
        found = run_tracks(
            [lambda t, j=jump_s: (waiting if t < j else crossing).box(t)], given=ONLY_RED_LIGHT
        )
        assert not found, f"id jumped at {jump_s} s"


def test_a_waiting_vehicle_whose_id_jumps_to_one_that_leaves_the_junction_is_not_flagged() -> None:
    waiting = Vehicle("car", along([0, 2, 20], [-14, -6.0, -6.0], STRAIGHT_X))
    leaving = Vehicle("car", along([0, 3, 8], [8, 8, 40], -2.5))
    found = run_tracks([lambda t: (waiting if t < 3 else leaving).box(t)], given=ONLY_RED_LIGHT)
    assert not found
