"""One violation per vehicle: a second track of a flagged vehicle is known, and nobody else is taken for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hand_made import BEGAN
from hypothesis import given
from hypothesis import strategies as st

from detectors.rules.common import Flagged
from detectors.types import Scene, Track, TrackPoint

STEP_S = 1 / 12


def track(
    track_id: int, began_s: float, at_m: float, mps: float, seconds: float = 1.0, x: float = 0.0
) -> Track:
    points = []
    for i in range(round(seconds / STEP_S)):
        t = began_s + i * STEP_S
        road = (x, at_m + mps * i * STEP_S)
        points.append(TrackPoint(i, t, BEGAN + timedelta(seconds=t), (100.0, 100.0, 150.0, 200.0), 0.9, road))
    return Track(track_id, "motorcycle", True, tuple(points))


def flagged_one() -> Flagged:
    """It drives along +y at 10 m/s and is last seen at 10 m after one second."""
    flagged, gone = Flagged(), track(1, 0.0, 0.0, 10.0)
    flagged.add(gone)
    flagged.follow(Scene(12, 1.0, BEGAN, (gone,)))
    return flagged


def test_who_takes_up_where_a_flagged_vehicle_vanished_is_known() -> None:
    assert flagged_one().knows(track(2, 1.5, 15.0, 10.0))


def test_who_brakes_after_the_gap_is_known() -> None:
    assert flagged_one().knows(track(2, 1.5, 14.0, 3.0))


def test_who_stands_where_a_flagged_vehicle_vanished_is_known() -> None:
    assert flagged_one().knows(track(2, 1.5, 12.0, 0.0))


def test_who_seemed_to_slow_down_while_it_became_hidden_and_comes_out_fast_is_known() -> None:
    """As a rendered motorcycle did behind a lorry: 2 m/s before the gap of 0.4 s, 6 m farther on at 5 m/s after it."""
    flagged, gone = Flagged(), track(1, 0.0, 0.0, 2.1)
    flagged.add(gone)
    ended = gone.points[-1]
    assert flagged.knows(track(2, ended.t_s + 0.42, ended.road_xy[1] + 6.1, 4.8))
    assert not flagged.knows(track(2, ended.t_s + 0.42, ended.road_xy[1] + 9.0, 4.8))


def test_who_stood_when_a_lorry_hid_him_and_stands_there_again_is_the_same() -> None:
    flagged, hidden = Flagged(), track(1, 0.0, 5.0, 0.0, 2.0)
    flagged.add(hidden)
    assert flagged.knows(track(2, 12.0, 5.6, 0.0))
    assert not flagged.knows(track(2, 12.0, 8.0, 0.0))
    assert not flagged.knows(track(2, 12.0, 5.6, 4.0))
    assert not flagged.knows(track(2, 60.0, 5.6, 0.0))


def test_who_comes_the_other_way_at_that_place_is_somebody_else() -> None:
    assert not flagged_one().knows(track(2, 1.5, 15.0, -10.0))


@pytest.mark.parametrize(("hidden_s", "is_known"), [(1.2, False), (1.95, True), (2.6, True)])
def test_who_comes_the_other_way_from_behind_a_lorry_is_somebody_else(
    hidden_s: float, is_known: bool
) -> None:
    """As a crowded motorcycle did that came in two seconds after another one had left at that side; hidden for longer,
    it could be the first one that has turned round."""
    coming = track(2, 1.5, 15.0, -5.0, 4.0)
    points = tuple(replace(p, occluded=p.t_s < 1.5 + hidden_s) for p in coming.points)
    assert flagged_one().knows(replace(coming, points=points)) is is_known


def beyond(one: Track, hidden: range, aside_m: float) -> Track:
    """A lorry hides its lower edge in these sightings: it seems so far aside of where it is."""
    points = tuple(
        replace(p, occluded=True, road_xy=(aside_m, p.road_xy[1])) if i in hidden else p
        for i, p in enumerate(one.points)
    )
    return replace(one, points=points)


def test_who_comes_out_from_behind_a_lorry_is_known_by_where_it_is_seen_whole() -> None:
    again = beyond(track(2, 1.4, 14.0, 10.0, 2.0), range(4), 20.0)
    assert flagged_one().knows(again)


def test_who_was_hidden_when_last_seen_is_known_though_nobody_knows_where_it_was() -> None:
    flagged, gone = Flagged(), beyond(track(1, 0.0, 0.0, 10.0, 2.0), range(10, 24), 9.0)
    flagged.add(gone)
    assert flagged.knows(track(2, 2.4, 24.0, 10.0))
    assert not flagged.knows(track(2, 2.4, 44.0, 10.0))


@given(gap_s=st.floats(0.1, 1.9), off_m=st.floats(-3.5, 3.5), mps=st.floats(0, 20), x=st.floats(-1, 1))
def test_a_track_that_goes_on_in_the_same_direction_is_never_a_second_vehicle(gap_s, off_m, mps, x) -> None:
    again = track(2, 11 / 12 + gap_s, 10.0 * 11 / 12 + 10.0 * gap_s + off_m, mps, x=x)
    assert flagged_one().knows(again)


def beside(
    track_id: int, began: int, frames: int, box: tuple[float, float, float, float], label: str = "motorcycle"
) -> Track:
    """A track of one clip's frames, whose box does not move."""
    times = [i * STEP_S for i in range(began, began + frames)]
    points = [
        TrackPoint(began + k, t, BEGAN + timedelta(seconds=t), box, 0.9, (0.0, 4.0 * t))
        for k, t in enumerate(times)
    ]
    return Track(track_id, label, True, tuple(points))


WHOLE, FRONT_HALF, NEXT_TO_IT = (
    (100.0, 100.0, 180.0, 240.0),
    (95.0, 100.0, 140.0, 180.0),
    (170.0, 100.0, 250.0, 240.0),
)


@pytest.mark.parametrize("first_flagged", [0, 1])
def test_a_track_that_begins_upon_a_flagged_ones_box_is_the_same_vehicle_seen_twice(
    first_flagged: int,
) -> None:
    both = [beside(1, 0, 40, WHOLE), beside(2, 20, 40, FRONT_HALF)]
    flagged = Flagged()
    flagged.add(both[first_flagged])
    assert flagged.knows(both[1 - first_flagged])


def test_who_drives_beside_a_flagged_vehicle_is_somebody_else() -> None:
    flagged = Flagged()
    flagged.add(beside(1, 0, 40, WHOLE))
    assert not flagged.knows(beside(2, 20, 40, NEXT_TO_IT))
    assert not flagged.knows(beside(2, 20, 40, FRONT_HALF, "car"))
