"""`lane_marking`: a solid line crossed, a turn from a wrong lane, and what only looks like it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hand_made import Noise, Vehicle, camera, camera_data, rules_of, run, run_tracks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors.camera import CameraFileError
from detectors.rules.registry import build_rules

SOLID = {"id": "M1", "road": [(-3.5, -20), (-3.5, 45)]}
Front = Callable[[float], tuple[float, float, float] | None]


def marked(**changes: object):
    return camera(enforce={"lane_marking": {}}, markings=[SOLID | changes])


GIVEN = marked()


def change(
    start: float, end: float, at_s: float = 1.6, during_s: float = 2.2, kmh: float = 30.0, y0: float = -18.0
) -> Front:
    """Drive along +y and move from one x to another on the way."""

    def front(t: float) -> tuple[float, float, float] | None:
        y = y0 + kmh / 3.6 * t
        share = float(np.clip((t - at_s) / during_s, 0, 1))
        x = start + (end - start) * (3 - 2 * share) * share**2
        slope = (end - start) * 6 * share * (1 - share) / during_s / (kmh / 3.6)
        return (x, y, -float(np.arctan(slope))) if y < 45 else None

    return front


@pytest.mark.parametrize("label", ["car", "motorcycle"])
@pytest.mark.parametrize(("start", "end"), [(-5.3, -1.75), (-1.75, -5.3)])
def test_crossing_a_solid_line_is_flagged_once(label: str, start: float, end: float) -> None:
    found = run([Vehicle(label, change(start, end))], given=GIVEN, seconds=7)
    assert rules_of(found) == ["lane_marking"]
    assert found[0].measured["marking"] == "M1"
    assert len(found[0].key_frames) == 3
    assert float(found[0].measured["metres_beyond"]) > 0.3


def test_crossing_there_and_back_is_one_violation() -> None:
    out, back = change(-5.3, -1.75, 1.2, 2.0, kmh=22), change(-1.75, -5.3, 4.2, 2.0, kmh=22)
    found = run([Vehicle("car", lambda t: out(t) if t < 4 else back(t))], given=GIVEN, seconds=9)
    assert rules_of(found) == ["lane_marking"]


def test_a_dashed_line_may_be_crossed() -> None:
    dashed = camera(
        enforce={"lane_marking": {}},
        markings=[SOLID | {"kind": "dashed"}, SOLID | {"id": "far", "road": [(30, 0), (30, 9)]}],
    )
    assert not run([Vehicle("car", change(-5.3, -1.75))], given=dashed, seconds=7)


def test_a_double_line_may_be_crossed_from_its_dashed_side_only() -> None:
    from_left = marked(crossable_from="left")
    assert not run([Vehicle("car", change(-5.3, -1.75))], given=from_left, seconds=7)
    assert rules_of(run([Vehicle("car", change(-1.75, -5.3))], given=from_left, seconds=7)) == [
        "lane_marking"
    ]


def test_avoiding_a_stopped_vehicle_is_not_flagged() -> None:
    stopped = Vehicle("truck", lambda t: (-5.3, 18.0, 0.0))
    assert not run([stopped, Vehicle("car", change(-5.3, -1.75, 1.5, 2.0))], given=GIVEN, seconds=7)


def test_avoiding_a_motorcycle_that_stands_hidden_before_it_is_not_flagged() -> None:
    stopped = Vehicle("motorcycle", lambda t: (-5.3, 14.0, 0.0))
    assert not run([stopped, Vehicle("truck", change(-5.3, -1.75, 1.5, 2.0))], given=GIVEN, seconds=7)


def test_a_motorcycle_that_drives_on_hidden_before_it_is_no_excuse() -> None:
    ahead = Vehicle("motorcycle", lambda t: (-5.3, -2.0 + 30 / 3.6 * t, 0.0))
    found = run([ahead, Vehicle("car", change(-5.3, -1.75, 1.5, 2.0))], given=GIVEN, seconds=6)
    assert rules_of(found) == ["lane_marking"]


def test_what_comes_to_stand_ahead_once_it_is_on_the_line_is_no_excuse() -> None:
    later = Vehicle("car", lambda t: (-5.3, 30.0, 0.0) if t > 2.9 else None)
    found = run([later, Vehicle("car", change(-5.3, -1.75, 1.5, 2.0))], given=GIVEN, seconds=7)
    assert rules_of(found) == ["lane_marking"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    label=st.sampled_from(["car", "motorcycle", "truck", "bus"]),
    own=st.sampled_from(["car", "motorcycle", "truck"]),
    at=st.floats(10, 20),
    noise=st.builds(Noise, seed=st.integers(0, 9999), jitter_px=st.floats(0, 1.5), dropout=st.floats(0, 0.2)),
)
def test_whoever_avoids_a_vehicle_that_stands_before_it(
    label: str, own: str, at: float, noise: Noise
) -> None:
    stopped = Vehicle(label, lambda t: (-5.3, at, 0.0))
    assert not run([stopped, Vehicle(own, change(-5.3, -1.75, 1.2, 2.0))], None, 7, noise=noise, given=GIVEN)


def seen_from(begins_s: float, ends_s: float, kmh: float) -> Vehicle:
    """A motorcycle in the lane that is left, 18 m ahead and more, that is in sight for a time only."""

    def front(t: float) -> tuple[float, float, float] | None:
        return (-5.3, 14.0 + kmh / 3.6 * t, 0.0) if begins_s <= t < ends_s else None

    return Vehicle("motorcycle", front)


@pytest.mark.parametrize(("kmh", "flagged"), [(30.0, ["lane_marking"]), (0.0, [])])
def test_who_comes_into_sight_ahead_is_an_excuse_unless_it_drives_on(kmh: float, flagged: list[str]) -> None:
    found = run(
        [seen_from(1.0, 9.0, kmh), Vehicle("car", change(-5.3, -1.75, 1.5, 2.0))], None, 7, given=GIVEN
    )
    assert rules_of(found) == flagged


def test_a_glimpse_of_something_ahead_is_no_excuse() -> None:
    found = run(
        [seen_from(1.0, 1.1, 0.0), Vehicle("car", change(-5.3, -1.75, 1.5, 2.0))], None, 7, given=GIVEN
    )
    assert rules_of(found) == ["lane_marking"]


def test_a_vehicle_that_stands_in_the_other_lane_is_no_excuse() -> None:
    stopped = Vehicle("car", lambda t: (-0.6, 25.0, 0.0))
    found = run([stopped, Vehicle("motorcycle", change(-5.3, -1.75, 1.5, 2.0))], given=GIVEN, seconds=7)
    assert rules_of(found) == ["lane_marking"]


def test_driving_on_the_line_and_back_is_not_flagged() -> None:
    out, back = change(-5.3, -3.9, 1.0, 1.2), change(-3.9, -5.3, 3.5, 1.2)
    assert not run([Vehicle("car", lambda t: out(t) if t < 3 else back(t))], given=GIVEN, seconds=7)


def test_crossing_beyond_the_lines_end_is_not_flagged() -> None:
    ends = marked(road=[(-3.5, -20), (-3.5, -6)])
    assert not run([Vehicle("car", change(-5.3, -1.75, 2.0))], given=ends, seconds=7)


def test_driving_straight_across_the_road_is_not_flagged() -> None:
    across = Vehicle("car", lambda t: (-14 + 6 * t, 5.0, -np.pi / 2))
    assert not run([across], given=GIVEN, seconds=6)


def test_a_track_that_hops_to_the_neighbour_makes_no_crossing() -> None:
    left = Vehicle("car", lambda t: (-5.3, -15 + 6 * t, 0.0))
    right = Vehicle("car", lambda t: (-1.75, -15 + 6 * t, 0.0))

    def hops(t: float):
        return (left if t < 2.5 or t > 4.5 else right).box(t)

    assert not run_tracks([hops], "car", seconds=7, given=GIVEN)


def test_a_clock_that_jumps_between_the_two_sides_makes_no_crossing() -> None:
    found = run(
        [Vehicle("car", change(-5.3, -1.75))], given=GIVEN, seconds=7, clock_fit=lambda t: not 2.5 < t < 2.9
    )
    assert not found


def test_the_rule_needs_a_solid_line_or_arrows() -> None:
    with pytest.raises(CameraFileError, match="none is solid and no lane has turns"):
        build_rules(camera(enforce={"lane_marking": {}}, markings=[]))


TURNS = [
    lane | {"turns": ways}
    for lane, ways in zip(camera_data()["lanes"], (["left"], ["straight"], [], []), strict=True)
]
ARROWS = camera(enforce={"lane_marking": {}}, markings=[], lanes=TURNS)


def turning(x: float, way: int, radius: float = 6.0, kmh: float = 18.0, from_y: float = 3.0) -> Front:
    """Drive along +y, then through a quarter circle: ``way`` +1 to the left, -1 to the right."""

    def front(t: float) -> tuple[float, float, float] | None:
        s = -19 + kmh / 3.6 * t - from_y
        angle = float(np.clip(s / radius, 0, np.pi / 2))
        rest = max(0.0, s - radius * np.pi / 2)
        return (
            x - way * (radius * (1 - np.cos(angle)) + rest),
            from_y + (s if s < 0 else radius * np.sin(angle)),
            way * angle,
        )

    return front


def test_turning_left_from_the_lane_for_straight_on_is_flagged() -> None:
    found = run([Vehicle("motorcycle", turning(-1.75, 1))], given=ARROWS, seconds=9)
    assert rules_of(found) == ["lane_marking"]
    assert (found[0].measured["lane"], found[0].measured["went"]) == ("straight", "left")


def test_turning_right_from_the_lane_for_the_left_turn_is_flagged() -> None:
    found = run([Vehicle("motorcycle", turning(-5.3, -1, 8.0))], given=ARROWS, seconds=9)
    assert [(v.measured["lane"], v.measured["went"]) for v in found] == [("left", "right")]


def test_going_where_the_arrow_leads_is_not_flagged() -> None:
    vehicles = [
        Vehicle("motorcycle", turning(-5.3, 1)),
        Vehicle("car", lambda t: (-1.75, -19 + 6 * t, 0.0)),
    ]
    assert not run(vehicles, given=ARROWS, seconds=9)


def test_straight_on_from_the_lane_for_the_left_turn_is_flagged() -> None:
    found = run([Vehicle("motorcycle", lambda t: (-5.3, -19 + 6 * t, 0.0))], given=ARROWS, seconds=9)
    assert [v.measured["went"] for v in found] == ["straight"]


def test_turning_from_the_edge_between_two_lanes_is_not_flagged() -> None:
    assert not run([Vehicle("motorcycle", turning(-3.4, 1))], given=ARROWS, seconds=9)


def test_arrows_on_a_lane_without_a_stop_line_are_refused() -> None:
    lanes = [lane | {"turns": ["straight"]} for lane in camera_data()["lanes"]]
    with pytest.raises(CameraFileError, match=r"stop_line\.lanes: must hold every lane with turns"):
        build_rules(camera(enforce={"lane_marking": {}}, lanes=lanes))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    label=st.sampled_from(["car", "motorcycle", "bus", "truck"]),
    side=st.sampled_from([-1.0, 1.0]),
    nearest=st.floats(0.0, 1.6),
    sway_s=st.floats(1.5, 6),
    kmh=st.floats(8, 60),
    noise=st.builds(
        Noise, seed=st.integers(0, 9999), jitter_px=st.floats(0, 2.5), dropout=st.sampled_from([0.0, 0.2])
    ),
    fps=st.sampled_from([8.0, 12.0, 25.0]),
)
def test_whoever_keeps_on_their_side_of_the_line_however_near(
    label: str, side: float, nearest: float, sway_s: float, kmh: float, noise: Noise, fps: float
) -> None:
    """The vehicle's middle stays on its side, its flank may hang over the line, and it sways."""

    def front(t: float) -> tuple[float, float, float] | None:
        y = -18 + kmh / 3.6 * t
        x = -3.5 + side * (nearest + 0.4 * (1 + np.sin(2 * np.pi * t / sway_s)))
        return (x, y, 0.0) if y < 45 else None

    assert not run(
        [Vehicle(label, front)], given=GIVEN, seconds=min(60 / (kmh / 3.6), 9), fps=fps, noise=noise
    )
