"""`speeding`: a measurement that holds, or none."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hand_made import BEGAN, Noise, Signal, Vehicle, camera, rules_of, run, run_tracks, straight

from detectors.kinematics import Axis, contact
from detectors.rules.speeding import Speeding
from detectors.speed import speed_over
from detectors.types import Box, SignalState, TrackPoint
from detectors.viewpoint import CalibrationSpread, viewpoint

ZONE = [(-7, -14), (0, -14), (0, 14), (-7, 14)]
LANES = [
    {"id": "straight", "polygon": [(-3.5, -20), (0, -20), (0, 40), (-3.5, 40)], "direction": (0, 1)},
    {"id": "left", "polygon": [(-7, -20), (-3.5, -20), (-3.5, 40), (-7, 40)], "direction": (0, 1)},
    {"id": "oncoming", "polygon": [(0, -20), (3.5, -20), (3.5, 40), (0, 40)], "direction": (0, -1)},
]
BOTH_WAYS = [(-7, -14), (3.5, -14), (3.5, 14), (-7, 14)]
GIVEN = camera(enforce={"speeding": {}}, measuring_zone=ZONE, lanes=LANES)
GREEN = Signal([(0, SignalState.GREEN)])


@pytest.mark.parametrize("label", ["car", "motorcycle", "bus", "truck"])
@pytest.mark.parametrize("kmh", [66.0, 80.0])
def test_a_vehicle_well_over_the_limit_is_flagged_with_its_speed(label: str, kmh: float) -> None:
    noise = Noise(seed=2, jitter_px=1.0)
    found = run([Vehicle(label, straight(kmh, -1.75, -30))], GREEN, given=GIVEN, noise=noise, seconds=6)
    assert rules_of(found) == ["speeding"]
    assert found[0].speed_kmh == pytest.approx(kmh, abs=2.0)
    assert found[0].speed_uncertainty_kmh is not None
    assert abs(found[0].speed_kmh - kmh) <= found[0].speed_uncertainty_kmh
    assert found[0].measured["certificate"] == "C-1"


def test_a_vehicle_coming_towards_the_camera_is_measured_too() -> None:
    both = camera(enforce={"speeding": {}}, measuring_zone=BOTH_WAYS, lanes=LANES)
    comes = Vehicle("car", lambda t: (1.75, 40 - 70 / 3.6 * t, np.pi))
    found = run([comes], GREEN, given=both, seconds=6)
    assert rules_of(found) == ["speeding"]
    assert found[0].speed_kmh == pytest.approx(70, abs=2.0)


@pytest.mark.parametrize("kmh", [45.0, 50.0, 53.0, 55.0])
@pytest.mark.parametrize("seed", range(4))
def test_up_to_limit_plus_tolerance_is_not_flagged(kmh: float, seed: int) -> None:
    noise = Noise(seed=seed, jitter_px=2.0, dropout=0.1)
    assert not run([Vehicle("car", straight(kmh, -1.75, -30))], GREEN, given=GIVEN, noise=noise, seconds=6)


def test_a_certificate_that_ran_out_makes_no_case() -> None:
    old = {"id": "D1", "certificate": "C-0", "valid_until": datetime.date(2026, 8, 16)}
    given = camera(enforce={"speeding": {}}, measuring_zone=ZONE, lanes=LANES, speed_device=old)
    assert not run([Vehicle("car", straight(80, -1.75, -30))], GREEN, given=given, seconds=6)


def test_the_certificates_last_day_counts_in_the_cameras_own_zone() -> None:
    last = {"id": "D1", "certificate": "C-0", "valid_until": datetime.date(2026, 8, 17)}
    given = camera(enforce={"speeding": {}}, measuring_zone=ZONE, lanes=LANES, speed_device=last)
    found = run([Vehicle("car", straight(80, -1.75, -30))], GREEN, given=given, seconds=6)
    assert rules_of(found) == ["speeding"]


def test_a_clock_that_jumped_during_the_passage_makes_no_case() -> None:
    found = run(
        [Vehicle("car", straight(80, -1.75, -30))],
        GREEN,
        given=GIVEN,
        seconds=6,
        clock_fit=lambda t: not 0.9 < t < 1.05,
    )
    assert not found


def test_a_growing_box_that_contradicts_the_way_makes_no_case() -> None:
    """As when a shadow or a second vehicle drags the box's lower edge along."""

    def points(stretch: float) -> list[TrackPoint]:
        out = []
        vehicle = Vehicle("car", straight(40, -1.75, -8))
        for i in range(18):
            t = i / 12
            box = vehicle.box(t)
            assert box is not None
            if stretch != 1.0:
                x, y = -1.75, -12.0 + 40 / 3.6 * t * stretch
                u, v = GIVEN.homography.to_image(np.array([[x, y]]))[0]
                w = box[2] - box[0]
                box = (u - w / 2, box[1], u + w / 2, v)
            road = GIVEN.homography.to_road(np.array([contact(box)]))[0]
            at = datetime.datetime(2026, 8, 17, tzinfo=datetime.UTC)
            out.append(TrackPoint(i, t, at, box, 0.9, (float(road[0]), float(road[1]))))
        return out

    axis, spread = Axis.of((-1.75, 0), (0, 1)), CalibrationSpread.of(GIVEN)
    view = viewpoint(GIVEN.homography.image_to_road, GIVEN.file.frame_size)
    honest = speed_over(points(1.0), "car", GIVEN, axis, spread, view)
    dragged = speed_over(points(1.8), "car", GIVEN, axis, spread, view)
    assert honest is not None and honest.agrees
    assert dragged is not None and not dragged.agrees


def test_no_case_is_made_where_the_two_estimates_disagree() -> None:
    """The box runs at 80 km/h along the road, yet keeps the size of a vehicle that goes 40."""
    slow, fast = Vehicle("car", straight(40, -1.75, -8)), Vehicle("car", straight(80, -1.75, -8))

    def dragged(t: float) -> Box | None:
        size, place = slow.box(t), fast.box(t)
        if size is None or place is None:
            return None
        middle, half = (place[0] + place[2]) / 2, (size[2] - size[0]) / 2
        return (middle - half, place[1], middle + half, place[3])

    assert rules_of(run_tracks([fast.box], signal=GREEN, given=GIVEN, seconds=6)) == ["speeding"]
    assert not run_tracks([dragged], signal=GREEN, given=GIVEN, seconds=6)


@pytest.mark.parametrize("jitter", [0.5, 1.5, 3.0])
def test_the_interval_covers_the_truth_as_often_as_it_says(jitter: float) -> None:
    axis, spread = Axis.of((-1.75, 0), (0, 1)), CalibrationSpread.of(GIVEN)
    vehicle, covered, n = Vehicle("car", straight(60, -1.75, -7)), 0, 120
    for seed in range(n):
        rng = np.random.default_rng(seed)
        points = []
        for i in range(14):
            box = vehicle.box(i / 12)
            assert box is not None
            noisy = tuple(float(v) for v in np.asarray(box) + rng.normal(0, jitter, 4))
            road = GIVEN.homography.to_road(np.array([contact(noisy)]))[0]
            at = datetime.datetime(2026, 8, 17, tzinfo=datetime.UTC)
            points.append(TrackPoint(i, i / 12, at, noisy, 0.9, (float(road[0]), float(road[1]))))
        speed = speed_over(points, "car", GIVEN, axis, spread, None)
        assert speed is not None
        covered += abs(speed.kmh - 60) <= speed.half_width_kmh
    assert covered / n >= 0.93


@pytest.mark.parametrize("acceleration", [-2.0, 2.0])
def test_who_pulls_away_or_brakes_is_measured_with_the_mean_speed_over_the_zone(acceleration: float) -> None:
    """Near sightings weigh most: a straight line through all would give the speed of the near side alone."""
    axis, spread = Axis.of((-1.75, 0), (0, 1)), CalibrationSpread.of(GIVEN)
    seconds = 17 / 12
    vehicle = Vehicle("car", lambda t: (-1.75, -7 + 14.0 * t + acceleration * t**2 / 2, 0.0))
    points = []
    for i in range(18):
        box = vehicle.box(i / 12)
        assert box is not None
        road = GIVEN.homography.to_road(np.array([contact(box)]))[0]
        at = datetime.datetime(2026, 8, 17, tzinfo=datetime.UTC)
        points.append(TrackPoint(i, i / 12, at, box, 0.9, (float(road[0]), float(road[1]))))
    speed = speed_over(points, "car", GIVEN, axis, spread, None)
    assert speed is not None
    assert speed.kmh == pytest.approx(3.6 * (14.0 + acceleration * seconds / 2), abs=0.5)


def test_a_track_too_short_to_know_is_not_measured() -> None:
    whole = straight(80, -1.75, -30)
    glimpse = Vehicle("car", lambda t: whole(t) if 0.75 < t < 1.3 else None)
    assert not run([glimpse], GREEN, given=GIVEN, seconds=6)


def test_who_turns_within_the_zone_is_not_measured_along_the_lane() -> None:
    rule = Speeding(GIVEN, {})
    angles = np.linspace(0, np.pi / 2, 20)
    points = [
        TrackPoint(
            i,
            i / 12,
            BEGAN,
            (900.0, 400.0, 1000.0, 500.0),
            0.9,
            (-7 + 8 * float(np.cos(a)), 8 * float(np.sin(a))),
        )
        for i, a in enumerate(angles)
    ]
    assert rule.measure(points, ["straight"] * len(points), "car") is None
