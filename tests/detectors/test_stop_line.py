"""`stop_line`, and the lawful stops beside it."""

from __future__ import annotations

import pytest
from hand_made import Noise, Signal, Vehicle, along, camera, rules_of, run, run_tracks

from detectors.types import SignalState

RED, AMBER, GREEN = SignalState.RED, SignalState.AMBER, SignalState.GREEN
GIVEN = camera(enforce={"stop_line": {}})
X = -1.75


def stops_at(place: float, at_s: float = 3.0):
    return along([0, at_s - 1, at_s, 30], [-25, place - 3, place, place], X)


@pytest.mark.parametrize(("label", "place"), [("car", 3.0), ("motorcycle", 1.8)])
def test_standing_past_the_line_on_red_is_flagged_once(label: str, place: float) -> None:
    found = run([Vehicle(label, stops_at(place))], given=GIVEN)
    assert rules_of(found) == ["stop_line"]
    assert 0.5 < float(found[0].measured["metres_past_line_at_least"]) <= place
    assert float(found[0].measured["standing_s"]) >= 0.8


@pytest.mark.parametrize("label", ["car", "motorcycle", "bus", "truck"])
@pytest.mark.parametrize("place", [-2.0, -0.2, 0.0, 0.45])
def test_a_bumper_before_the_line_or_within_the_tolerance_is_not_flagged(label: str, place: float) -> None:
    noise = Noise(seed=1, jitter_px=1.5)
    assert not run([Vehicle(label, stops_at(place))], given=GIVEN, noise=noise)


def test_a_vehicle_over_the_line_before_red_is_not_flagged() -> None:
    signal = Signal([(0, GREEN), (4, AMBER), (6, RED)])
    assert not run([Vehicle("car", stops_at(3.0))], signal, given=GIVEN, seconds=12)


def test_a_vehicle_caught_by_a_jam_that_creeps_on_during_red_is_not_flagged() -> None:
    signal = Signal([(0, GREEN), (3, RED)])
    creeps = along([0, 2, 5, 6, 20], [-20, 1.0, 1.0, 3.0, 3.0], X)
    assert not run([Vehicle("car", creeps)], signal, given=GIVEN, seconds=12)


def test_standing_past_the_line_on_green_is_not_flagged() -> None:
    assert not run([Vehicle("car", stops_at(3.0))], Signal([(0, GREEN)]), given=GIVEN)


def test_rolling_past_the_line_is_not_standing() -> None:
    rolls = along([0, 2, 20], [-20, 1.0, 13.0], X)
    assert not run([Vehicle("car", rolls)], given=GIVEN)


def test_waiting_inside_the_junction_is_not_flagged() -> None:
    assert not run([Vehicle("car", stops_at(9.0))], given=GIVEN)


def test_the_vehicle_that_also_runs_the_light_later_is_one_of_each() -> None:
    both = camera(enforce={"stop_line": {}, "red_light": {}})
    stands_then_goes = along([0, 3, 6, 9], [-25, 3, 3, 30], X)
    assert rules_of(run([Vehicle("car", stands_then_goes)], given=both)) == ["red_light", "stop_line"]


def test_the_vehicle_that_runs_the_light_without_standing_is_red_light_only() -> None:
    both = camera(enforce={"stop_line": {}, "red_light": {}})
    goes = along([0, 3, 6], [-25, 3, 30], X)
    assert rules_of(run([Vehicle("car", goes)], given=both)) == ["red_light"]


def test_standing_is_seen_where_pictures_are_looked_at_less_often_because_nothing_moves() -> None:
    stands = Vehicle("car", stops_at(3.0))
    seldom = [lambda t: stands.box(t) if t < 3.5 or round(t * 12) % 5 == 0 else None]
    assert rules_of(run_tracks(seldom, given=GIVEN)) == ["stop_line"]
