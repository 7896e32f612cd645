"""`bus_lane`, `shoulder_use`, `motorcycle_ban`, `odd_even`: travel along a closed zone, and what is let pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hand_made import BEGAN, WORKDAYS, Noise, Vehicle, along, camera, rules_of, run, strip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectors.camera import Camera, CameraFileError
from detectors.kinematics import contact
from detectors.rules.base import LetPass, PlateRule, SeenPlate
from detectors.rules.odd_even import OddEven, forbidden_parity, parity
from detectors.rules.registry import build_rules
from detectors.types import Scene, Track, TrackPoint, Violation

# BEGAN is a Monday, 10:00 WIB.
MORNING = [{"days": WORKDAYS, "start": "06:00", "end": "10:30", "on_holidays": False}]
HOLIDAYS = {2026: [date(2026, 8, 18)]}


def with_zone(kind: str, left: float = -3.5, right: float = 0.0, **changes: Any) -> Camera:
    file = {name: changes.pop(name) for name in ("holidays",) if name in changes}
    zone = {"id": "Z1", "kind": kind, "polygon": strip(left, right), "direction": (0, 1)} | changes
    return camera(enforce={kind: {}}, zones=[zone], **file)


def driven(label: str = "car", x: float = -1.75, kmh: float = 36.0) -> Vehicle:
    return Vehicle(label, lambda t: (x, -19 + kmh / 3.6 * t, 0.0) if kmh * t < 230 else None)


BUS, SHOULDER, BAN = with_zone("bus_lane"), with_zone("shoulder_use"), with_zone("motorcycle_ban")


@pytest.mark.parametrize(
    ("given_", "label"),
    [(BUS, "car"), (BUS, "motorcycle"), (SHOULDER, "truck"), (SHOULDER, "car"), (BAN, "motorcycle")],
)
def test_driving_along_a_closed_zone_is_flagged_once(given_: Camera, label: str) -> None:
    found = run([driven(label)], given=given_, seconds=8)
    assert rules_of(found) == [next(iter(given_.file.enforce))]
    assert found[0].measured["zone"] == "Z1"
    assert float(found[0].measured["metres_along_at_least"]) >= 15.0


@pytest.mark.parametrize("clock_fit", [True, False])
@pytest.mark.parametrize(("before_m", "after_m"), [(10, 10), (24, 10), (10, 24)])
def test_a_track_that_jumps_is_judged_no_more(before_m: float, after_m: float, clock_fit: bool) -> None:
    """Whose class it was is settled by two vehicles."""
    parted_s = before_m / 8
    first = Vehicle("motorcycle", lambda t: (-1.75, 8 * t - 8, 0.0))
    other = Vehicle("motorcycle", lambda t: (-1.75, 8 * t + 4, 0.0))
    rule, points, found = build_rules(BAN)[0], [], []
    for i in range(round(12 * (before_m + after_m) / 8)):
        t = i / 12
        box = (first if t < parted_s else other).box(t)
        assert box is not None
        x, y = BAN.homography.to_road(np.array([contact(box)]))[0]
        at = BEGAN + timedelta(seconds=t)
        points.append(TrackPoint(i, t, at, box, 0.9, (float(x), float(y))))
        fit = clock_fit or not 0 <= t - parted_s < 1 / 12
        found += rule.update(Scene(i, t, at, (Track(1, "motorcycle", True, tuple(points)),), clock_fit=fit))
    assert not found + rule.finish()


@pytest.mark.parametrize(
    ("given_", "label"), [(BUS, "bus"), (BUS, "truck"), (BAN, "car"), (SHOULDER, "bicycle")]
)
def test_a_class_that_the_zone_is_open_to_is_not_flagged(given_: Camera, label: str) -> None:
    assert not run([driven(label)], given=given_, seconds=8)


def test_the_zone_may_name_its_classes() -> None:
    assert rules_of(run([driven("truck")], given=with_zone("bus_lane", classes=["truck"]), seconds=8)) == [
        "bus_lane"
    ]


def test_crossing_a_zone_is_not_flagged() -> None:
    across = Vehicle("car", lambda t: (-14 + 7 * t, 8.0, -np.pi / 2))
    slantwise = Vehicle("car", lambda t: (-10 + 4 * t, -10 + 5 * t, -0.67))
    for given_ in (BUS, SHOULDER):
        assert not run([across], given=given_, seconds=6)
        assert not run([slantwise], given=given_, seconds=6)


def test_driving_in_an_opening_is_not_flagged() -> None:
    open_end = with_zone("bus_lane", openings=[strip(-3.5, 0.0, near=-9.0, far=45.0)])
    assert not run([driven()], given=open_end, seconds=8)


def test_driving_beside_the_zone_is_not_flagged() -> None:
    for x in (-5.3, -3.5, 0.2, 1.75):
        assert not run([driven(x=x)], given=BUS, seconds=8)


def test_outside_its_hours_a_zone_is_open() -> None:
    assert not run(
        [driven()], given=with_zone("bus_lane", hours=[{"start": "16:00", "end": "21:00"}]), seconds=8
    )
    in_force = with_zone("bus_lane", hours=[{"start": "06:00", "end": "10:30"}])
    assert rules_of(run([driven()], given=in_force, seconds=8)) == ["bus_lane"]


@pytest.mark.parametrize("holidays", [{2026: [date(2026, 8, 17)]}, {2025: [date(2025, 8, 17)]}, {}])
def test_on_a_holiday_and_in_a_year_whose_holidays_are_not_listed_a_zone_is_open(holidays: Any) -> None:
    given_ = with_zone("bus_lane", hours=MORNING, holidays=holidays)
    assert not run([driven()], given=given_, seconds=8)


def test_on_a_workday_whose_year_is_listed_a_zone_is_closed() -> None:
    given_ = with_zone("bus_lane", hours=MORNING, holidays=HOLIDAYS)
    assert rules_of(run([driven()], given=given_, seconds=8)) == ["bus_lane"]


def test_stopping_on_the_shoulder_and_pulling_away_from_it_are_not_flagged() -> None:
    slowing = along([0, 1, 2, 3, 4, 5, 6, 9], [-22, -11, -1, 7, 13, 17, 18, 18], -1.75)
    leaving = along([0, 3, 4, 5, 6, 7, 8], [-14, -14, -12, -6, 3, 15, 30], -1.75)
    for front in (slowing, leaving):
        assert not run([Vehicle("car", front)], given=SHOULDER, seconds=10)


def test_a_breakdown_pushed_along_the_shoulder_is_not_flagged() -> None:
    assert not run([driven(kmh=12)], given=SHOULDER, seconds=15)


def test_a_motorcycle_pushed_by_hand_is_not_flagged() -> None:
    assert not run([driven("motorcycle", kmh=5)], given=BAN, seconds=25)


def test_a_zone_of_another_kind_is_refused_by_name() -> None:
    with pytest.raises(CameraFileError, match="none is of kind bus_lane"):
        zone = {"id": "Z1", "kind": "shoulder_use", "polygon": strip(-3.5, 0.0), "direction": (0, 1)}
        build_rules(camera(enforce={"bus_lane": {}}, zones=[zone]))


def test_hours_without_quotes_and_over_midnight_are_refused() -> None:
    with pytest.raises(CameraFileError, match="in quotes"):
        with_zone("bus_lane", hours=[{"start": 960, "end": 1260}])
    with pytest.raises(CameraFileError, match="two entries"):
        with_zone("bus_lane", hours=[{"start": "22:00", "end": "04:00"}])
    with pytest.raises(CameraFileError, match="an odd-even zone needs them"):
        with_zone("odd_even")


ODD_EVEN = with_zone("odd_even", hours=MORNING, holidays=HOLIDAYS)


def candidate() -> tuple[OddEven, Violation]:
    (found,) = run([driven()], given=ODD_EVEN, seconds=8)
    rule = build_rules(ODD_EVEN)[0]
    assert isinstance(rule, OddEven) and isinstance(rule, PlateRule)
    return rule, found


def test_an_even_plate_on_an_odd_day_is_flagged() -> None:
    rule, found = candidate()
    assert found.measured["forbidden_parity"] == "even"
    judged = rule.judge(found, SeenPlate("B1234ABC", True, "white"))
    assert isinstance(judged, Violation)
    assert (judged.id, judged.measured["plate_parity"]) == (found.id, "even")


@pytest.mark.parametrize(
    "plate",
    [
        None,
        SeenPlate(None, False, None),
        SeenPlate("B1234ABC", False, "white"),
        SeenPlate("B1235ABC", True, "white"),
        SeenPlate("B1234ABC", True, None),
        SeenPlate("B1234ABC", True, "yellow"),
        SeenPlate("B1234ABC", True, "red"),
        SeenPlate("B1234ZZP", True, "black"),
        SeenPlate("RI2", True, "black"),
        SeenPlate("123400", True, "green"),
    ],
)
def test_a_plate_in_doubt_exempt_or_of_the_other_parity_is_let_pass(plate: SeenPlate | None) -> None:
    rule, found = candidate()
    assert isinstance(rule.judge(found, plate), LetPass)


@pytest.mark.parametrize("label", ["motorcycle", "bus", "bicycle"])
def test_motorcycles_and_public_transport_are_no_candidates(label: str) -> None:
    assert not run([driven(label)], given=ODD_EVEN, seconds=8)


def test_on_an_odd_day_even_plates_are_forbidden_and_the_reverse() -> None:
    assert forbidden_parity(date(2026, 8, 17)) == "even"
    assert forbidden_parity(date(2026, 8, 18)) == "odd"
    assert (parity("B10AB"), parity("AD1CX"), parity("CD1234"), parity("B0ABC")) == (
        "even",
        "odd",
        None,
        None,
    )


@given(day=st.dates(date(2019, 1, 1), date(2039, 1, 1)), number=st.integers(1, 9999))
def test_whoever_drives_on_their_own_day_is_never_flagged(day: date, number: int) -> None:
    rule, found = RULE_AND_CANDIDATE
    on_that_day = replace(found, measured={**found.measured, "forbidden_parity": forbidden_parity(day)})
    judged = rule.judge(on_that_day, SeenPlate(f"B{number}XYZ", True, "white"))
    assert isinstance(judged, LetPass) == (number % 2 == day.day % 2)


RULE_AND_CANDIDATE = candidate()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(["bus_lane", "shoulder_use", "motorcycle_ban"]),
    label=st.sampled_from(["car", "motorcycle", "truck", "bus"]),
    outside=st.floats(0.0, 3.0),
    right=st.booleans(),
    kmh=st.floats(8, 70),
    noise=st.builds(
        Noise, seed=st.integers(0, 9999), jitter_px=st.floats(0, 2.5), dropout=st.sampled_from([0.0, 0.2])
    ),
    fps=st.sampled_from([8.0, 12.0, 25.0]),
)
def test_whoever_keeps_outside_the_zone_by_their_middle_is_not_flagged(
    kind: str, label: str, outside: float, right: bool, kmh: float, noise: Noise, fps: float
) -> None:
    given_ = {"bus_lane": BUS, "shoulder_use": SHOULDER, "motorcycle_ban": BAN}[kind]
    x = 0.0 + outside if right else -3.5 - outside
    assert not run(
        [driven(label, x, kmh)], given=given_, seconds=min(60 / (kmh / 3.6), 9), fps=fps, noise=noise
    )
