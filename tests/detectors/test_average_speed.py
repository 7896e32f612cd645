"""`average_speed` before one camera: who passes the line, when, and who is not handed on."""

from __future__ import annotations

import pytest
from hand_made import BEGAN, Noise, Vehicle, along, camera, camera_data, run, straight
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.camera import CameraFileError
from detectors.rules.average_speed import AverageSpeed
from detectors.rules.base import LetPass, SeenPlate
from detectors.rules.registry import build_rules

ENFORCE = {"average_speed": {}}
# Far enough on that a whole bus is in the picture before it.
LINE_Y = 10.0
LINE = {"road": [(-7, LINE_Y), (0, LINE_Y)], "lanes": ["left", "straight"]}
GIVEN = camera(enforce=ENFORCE, section_line=LINE)


def crossed_s(violation) -> float:
    return (violation.started_at - BEGAN).total_seconds()


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["car", "motorcycle", "bus", "truck"]),
    st.floats(30, 130),
    st.integers(0, 1000),
)
def test_the_moment_of_crossing_lies_within_its_interval(label, kmh, seed) -> None:
    noise = Noise(seed, jitter_px=1.0)
    (passage,) = run([Vehicle(label, straight(kmh, -1.75, -15))], given=GIVEN, noise=noise)
    assert abs(crossed_s(passage) - (LINE_Y + 15) / kmh * 3.6) <= passage.measured["moment_doubt_s"] <= 1.0
    assert passage.started_at == passage.ended_at and passage.measured["lane"] == "straight"


def test_two_side_by_side_pass_each_once() -> None:
    both = [Vehicle("car", straight(60, -1.75, -15)), Vehicle("car", straight(60, -5.25, -18))]
    assert sorted(p.measured["lane"] for p in run(both, given=GIVEN)) == ["left", "straight"]


def test_the_oncoming_who_turns_before_the_line_and_who_stops_on_it_do_not_pass() -> None:
    oncoming = Vehicle("car", lambda t: (1.75, 30 - 12 * t, 3.14159) if t < 4 else None)
    waits = Vehicle("car", along([0, 2, 30], [-15, 8, 8], -1.75))
    stands = Vehicle("car", along([0, 2, 7, 9], [-15, 12.0, 12.0, 40], -5.25))
    assert not run([oncoming, waits, stands], given=GIVEN)


def test_where_the_clock_is_not_fit_nobody_passes() -> None:
    car = [Vehicle("car", straight(60, -1.75, -15))]
    assert not run(car, given=GIVEN, clock_fit=lambda t: not 0.4 < t < 0.5)
    assert len(run(car, given=GIVEN, clock_fit=lambda t: t < 5)) == 1


def test_a_replay_gives_the_same_passage() -> None:
    car = [Vehicle("car", straight(60, -1.75, -15))]
    assert run(car, given=GIVEN) == run(car, given=GIVEN)


@pytest.mark.parametrize("plate", [None, SeenPlate("B1234ABC", False, "white"), SeenPlate(None, True, None)])
def test_a_plate_in_doubt_is_let_pass(plate) -> None:
    (passage,) = run([Vehicle("car", straight(60, -1.75, -15))], given=GIVEN)
    rule = AverageSpeed(GIVEN, {})
    assert isinstance(rule.judge(passage, plate), LetPass)
    assert rule.judge(passage, SeenPlate("B1234ABC", True, None)) is passage


def test_a_line_that_is_missing_runs_along_the_road_or_has_two_directions_is_refused() -> None:
    with pytest.raises(CameraFileError, match="section_line: missing, and enforce"):
        camera(enforce=ENFORCE, section_line=None)
    for line, what in (
        ({"road": [(0, -20), (0, 0)], "lanes": ["straight"]}, r"section_line\.road: runs along lane"),
        ({"road": [(-7, 0), (3.5, 0)], "lanes": ["straight", "oncoming"]}, "lanes of one direction"),
        ({"road": [(-7, 0), (3.5, 0)], "lanes": []}, "lanes of one direction"),
    ):
        with pytest.raises(CameraFileError, match=what):
            build_rules(camera(enforce=ENFORCE, section_line=line))
    with pytest.raises(CameraFileError, match="section_line: no such lane: nowhere"):
        camera(section_line={"road": camera_data()["section_line"]["road"], "lanes": ["nowhere"]})
