"""A track that turns about quicker than a vehicle can went over to another one, and nothing else is taken for it."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from drawn import RECORDED, WRONG_WAY, Mover, camera
from hypothesis import given, settings
from hypothesis import strategies as st
from test_loop import Ran

from detectors.types import TrackPoint
from pipeline.handover import HandoverWatch

FPS = 12


@pytest.fixture(scope="module")
def road(tmp_path_factory):
    return camera(tmp_path_factory.mktemp("road")).homography


def seen(x_of, road, seconds=6.0, sigma_px=0.0, seed=0, hidden=(9.0, 9.0)):
    """A car that drives along the lane, seen from above: its sightings; between two moments its lower edge is
    hidden."""
    rng = np.random.default_rng(seed)
    points = []
    for i in range(round(seconds * FPS)):
        t = i / FPS
        x, y = rng.normal(0, sigma_px, 2) if sigma_px else (0.0, 0.0)
        box = (10 * x_of(t) + x, 160 + y, 10 * x_of(t) + 60 + x, 204 + y)
        at = road.to_road(np.array([[(box[0] + box[2]) / 2, box[3]]]))[0]
        occluded = hidden[0] <= t <= hidden[1]
        here = (float(at[0]), float(at[1]))
        points.append(TrackPoint(i, t, RECORDED + timedelta(seconds=t), box, 0.9, here, occluded=occluded))
    return points


def handovers(points, road) -> list[tuple[float, float]]:
    """Give each handover: until when it was surely the first vehicle's, from when on surely the second's."""
    watch, found = HandoverWatch(road), []
    for point in points:
        if (last_s := watch.add(point)) is not None:
            found.append((last_s, point.t_s))
            watch = HandoverWatch(road)
            watch.add(point)
    return found


@settings(max_examples=60, deadline=None)
@given(
    pace=st.floats(4, 20),
    other=st.floats(4, 20),
    met_s=st.floats(1.5, 4.0),
    hidden_s=st.floats(0, 1.0),
    seed=st.integers(0, 99),
)
def test_wherever_two_that_meet_change_tracks_it_is_found_around_that_moment(
    road, pace, other, met_s, hidden_s, seed
):
    def x(t):
        return 60 - pace * t if t < met_s else 60 - pace * met_s + other * (t - met_s)

    points = seen(x, road, 6.0, 1.0, seed, (met_s - hidden_s / 2, met_s + hidden_s / 2))
    ((last_s, first_s),) = handovers(points, road)
    assert last_s <= met_s <= first_s
    assert first_s - last_s < 2.5


@settings(max_examples=80, deadline=None)
@given(
    pace=st.floats(0, 20),
    brake=st.floats(0.3, 2.4),
    stands_s=st.floats(1.0, 3.0),
    pull=st.floats(0.3, 2.4),
    seed=st.integers(0, 99),
)
def test_who_brakes_and_reverses_as_vehicles_can_keeps_its_track(road, pace, brake, stands_s, pull, seed):
    stopped_s = pace / brake

    def x(t):
        before = min(t, stopped_s)
        since = max(0.0, t - stopped_s - stands_s)
        return 60 - (pace * before - brake * before**2 / 2) + min(pull * since, 8.0) * since / 2

    assert handovers(seen(x, road, stopped_s + 6.0, 1.0, seed), road) == []


def test_a_lower_edge_that_comes_out_from_behind_something_is_no_turn(road):
    points = [
        replace(p, road_xy=(p.road_xy[0] + (14 * (p.t_s - 2) if 2 <= p.t_s <= 3 else 0.0), p.road_xy[1]))
        for p in seen(lambda t: 60 - 5 * t, road)
    ]
    assert handovers(points, road) == []


def meeting(met_s):
    """A car on the wrong side, and from some moment on one that drives away from the same place."""

    def x(t):
        return WRONG_WAY.x(min(t, met_s)) + 110 * max(0.0, t - met_s)

    return [Mover(x, WRONG_WAY.y)]


def test_the_second_vehicle_goes_on_under_an_id_of_its_own(tmp_path):
    ran = Ran(tmp_path, meeting(3.0), seconds=6.0)
    first, second = sorted(ran.vehicles, key=lambda t: t.points[0].t_s)
    assert first.id != second.id
    assert first.points[-1].t_s < second.points[0].t_s
    assert second.points[-1].road_xy[0] > second.points[0].road_xy[0]


@pytest.mark.parametrize("met_s", [3.0, 4.5, 5.5, 7.2, 7.6, 8.5])
def test_a_flagged_track_that_goes_over_to_an_oncoming_car_never_takes_its_plate(tmp_path, met_s):
    """The first has no plate; it is flagged before it meets the second, whose plate is seen well."""

    def first(t):
        return 590 - 60 * t if t < met_s else None

    def second(t):
        return None if t < met_s else 590 - 60 * met_s + 60 * (t - met_s)

    movers = [Mover(first, WRONG_WAY.y, plate=False), Mover(second, WRONG_WAY.y)]
    ran = Ran(tmp_path, movers, seconds=met_s + 3.5)
    (finding,) = ran.findings
    assert finding.violation.rule == "wrong_way"
    assert not finding.crops
    assert finding.reading is None
    assert max(p.t_s for p in finding.path) < met_s


@pytest.mark.parametrize("after_s", [0.35, 0.45, 0.6])
def test_a_track_that_is_lost_soon_after_it_went_over_does_not_take_the_others_plate(tmp_path, after_s):
    met_s = 5.0

    def first(t):
        return 590 - 60 * t if t < met_s else None

    def second(t):
        return 590 - 60 * met_s + 60 * (t - met_s) if met_s <= t < met_s + after_s else None

    movers = [Mover(first, WRONG_WAY.y, plate=False), Mover(second, WRONG_WAY.y)]
    (finding,) = Ran(tmp_path, movers, seconds=8.0).findings
    assert not finding.crops


def test_a_car_that_turns_about_on_the_road_keeps_its_track(road):
    pace, radius = 3.5, 5.0

    def place(t):
        angle = np.clip((t - 2) * pace / radius, 0, np.pi)
        there = (
            40 - pace * min(t, 2.0) - radius * np.sin(angle) + pace * max(0.0, t - 2 - np.pi * radius / pace)
        )
        return there, radius * (1 - np.cos(angle))

    points = []
    for p in seen(lambda t: place(t)[0], road, 9.0):
        y, (x1, y1, x2, y2) = place(p.t_s)[1], p.box_xyxy
        box = (x1, y1 + 10 * y, x2, y2 + 10 * y)
        points.append(replace(p, box_xyxy=box, road_xy=(p.road_xy[0], p.road_xy[1] - y)))
    assert handovers(points, road) == []


def test_who_may_have_gone_over_before_it_was_flagged_is_let_pass_and_counted(tmp_path):
    ran = Ran(tmp_path, meeting(1.6), seconds=5.0)
    assert ran.findings == []
    assert ran.counters.let_pass == {"two vehicles that met may have changed tracks": 1}
    assert ran.counters.flagged["wrong_way"] == 0
