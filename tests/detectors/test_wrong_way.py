"""`wrong_way`, and what only looks like it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hand_made import BEGAN, Noise, Vehicle, camera, rules_of, run, run_tracks

from detectors.rules.common import Flagged
from detectors.types import Track, TrackPoint

GIVEN = camera(enforce={"wrong_way": {}})


@pytest.mark.parametrize("label", ["car", "motorcycle", "truck"])
def test_driving_against_the_lane_is_flagged_once(label: str) -> None:
    found = run([Vehicle(label, lambda t: (1.75, -18 + 5 * t, 0.0) if t < 5 else None)], given=GIVEN)
    assert rules_of(found) == ["wrong_way"]
    assert float(found[0].measured["metres_against_at_least"]) >= 8.0
    assert found[0].measured["lane"] == "oncoming"


def test_coming_towards_the_camera_in_the_approach_is_flagged() -> None:
    found = run([Vehicle("motorcycle", lambda t: (-1.75, 20 - 6 * t, np.pi))], given=GIVEN)
    assert rules_of(found) == ["wrong_way"]


def test_driving_with_the_lane_is_not_flagged() -> None:
    vehicles = [
        Vehicle("car", lambda t: (-1.75, -18 + 8 * t, 0.0)),
        Vehicle("car", lambda t: (1.75, 30 - 8 * t, np.pi)),
    ]
    assert not run(vehicles, given=GIVEN)


@pytest.mark.parametrize("metres", [2.0, 4.0, 6.0])
def test_reversing_a_few_metres_is_not_flagged(metres: float) -> None:
    def front(t: float) -> tuple[float, float, float]:
        return (-1.75, -4 - metres * np.clip((t - 3) / 3, 0, 1), 0.0)

    assert not run([Vehicle("car", front)], given=GIVEN)


def test_a_parked_vehicle_is_not_flagged_however_its_box_jitters() -> None:
    parked = Vehicle("car", lambda t: (1.75, -3.0, 0.0))
    assert not run([parked], given=GIVEN, seconds=25, noise=Noise(seed=5, jitter_px=4.0, dropout=0.2))


# It came the lawful way; what then comes back on the same track is the vehicle that met it.
MET = Vehicle("motorcycle", lambda t: (-1.75, -18 + 8 * t if t < 4 else 14 - 5 * (t - 4), 0.0))


def test_a_track_handed_on_where_two_vehicles_meet_is_not_flagged() -> None:
    assert not run_tracks([MET.box], label="motorcycle", given=GIVEN, seconds=9)


def test_who_was_met_is_flagged_under_an_id_of_its_own() -> None:
    (violation,) = run([MET], given=GIVEN, seconds=9)
    assert violation.track_began_at > BEGAN + timedelta(seconds=4)


def test_crossing_the_lanes_slantwise_is_not_flagged() -> None:
    crossing = Vehicle("car", lambda t: (-12 + 6 * t, -5.0 + 0.6 * t, -np.pi / 2))
    assert not run([crossing], given=GIVEN)


def test_driving_on_the_edge_between_two_lanes_is_not_flagged() -> None:
    edge = Vehicle("motorcycle", lambda t: (0.15, -18 + 6 * t, 0.0))
    assert not run([edge], given=GIVEN)


def test_a_flagged_vehicle_that_vanished_behind_another_is_known_when_it_comes_out() -> None:
    # The crossing car hides its lower edge: from 20 m on it seems to stand at 33 m.
    seen = [(35.0 - 0.4 * i, False) for i in range(38)] + [(33.5, True)] * 5
    points = tuple(
        TrackPoint(
            i,
            i / 12,
            BEGAN + timedelta(seconds=i / 12),
            (0.0, 0.0, 9.0, 9.0),
            0.9,
            (-6.3, y),
            occluded=occluded,
        )
        for i, (y, occluded) in enumerate(seen)
    )
    again = (replace(points[0], frame_index=48, t_s=4.0, road_xy=(-6.3, 15.8)),)
    flagged = Flagged()
    flagged.add(Track(1, "motorcycle", True, points))
    assert flagged.knows(Track(2, "motorcycle", True, again))
    hidden = tuple(replace(p, occluded=i > 20) for i, p in enumerate(points))
    flagged = Flagged()
    flagged.add(Track(1, "motorcycle", True, hidden))
    entered = replace(points[0], t_s=1.9, box_xyxy=(30.0, 0.0, 39.0, 9.0), road_xy=hidden[20].road_xy)
    assert not flagged.knows(Track(4, "motorcycle", True, (entered,)))
    assert not flagged.knows(Track(3, "motorcycle", True, (replace(again[0], road_xy=(-6.3, 60.0)),)))
