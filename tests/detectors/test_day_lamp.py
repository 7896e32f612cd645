"""`no_day_lamp`: off unless accepted; one lit look frees; doubt, rear views, distance, dusk and night never count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hand_made import BEGAN, SIZES, Vehicle, camera
from hypothesis import given
from hypothesis import strategies as st

from detectors.camera import CameraFileError
from detectors.day_lamp import LampWatch, told
from detectors.kinematics import contact
from detectors.lamp_network import LampState, lamp_box
from detectors.rules.registry import build_rules
from detectors.types import LampSighting, Scene, Track, TrackPoint, Violation

OFF, LIT, UNCLEAR = (
    LampSighting(1, True, 1.0),
    LampSighting(1, True, 0.0),
    LampSighting(1, False, 0.0, "cannot be told"),
)


def watch(looks: list[LampSighting], label: str = "motorcycle", hour: int = 10) -> list[Violation]:
    rule = build_rules(camera(enforce={"no_day_lamp": {"accept_unproven": True}}))[0]
    began = BEGAN + timedelta(hours=hour - 10)
    points: list[TrackPoint] = []
    for i, seen in enumerate(looks):
        at = began + timedelta(seconds=i / 12)
        points.append(TrackPoint(i, i / 12, at, (100.0, 100.0, 200.0, 300.0), 0.9, (0.0, float(-i))))
        rule.update(Scene(i, i / 12, at, (Track(1, label, True, tuple(points)),), lamps=(seen,)))
    return rule.finish()


def test_the_rule_is_off_unless_the_camera_file_accepts_that_nothing_real_proves_it() -> None:
    with pytest.raises(CameraFileError, match=r"enforce\.no_day_lamp: is off"):
        build_rules(camera(enforce={"no_day_lamp": {}}))


def test_a_lamp_off_in_every_clear_look_is_one_violation() -> None:
    (found,) = watch([OFF] * 14 + [UNCLEAR] * 3)
    assert (found.rule, found.measured["clear_looks"], found.measured["looks"]) == ("no_day_lamp", 14.0, 17.0)


@pytest.mark.parametrize(
    "looks", [[OFF] * 9, [OFF] * 40 + [LIT], [OFF] * 12 + [UNCLEAR] * 12, [UNCLEAR] * 60]
)
def test_too_few_one_lit_or_too_many_unclear_looks_are_nothing(looks: list[LampSighting]) -> None:
    assert not watch(looks)


@given(st.lists(st.sampled_from([OFF, UNCLEAR]), max_size=40), st.integers(0, 40))
def test_whoever_was_seen_with_a_lit_lamp_once_is_never_flagged(looks: list[LampSighting], at: int) -> None:
    assert not watch([*looks[:at], LIT, *looks[at:]])


@pytest.mark.parametrize("hour", [5, 6, 17, 18, 22])
def test_by_dusk_and_night_nothing_counts(hour: int) -> None:
    assert not watch([OFF] * 30, hour=hour)


@pytest.mark.parametrize(
    ("fit", "jumps", "flagged"), [(True, False, True), (False, False, False), (True, True, False)]
)
def test_where_the_clock_is_unfit_or_the_track_jumps_looks_begin_anew(
    fit: bool, jumps: bool, flagged: bool
) -> None:
    """Whoever is seen at last would be ticketed for the one before: the plate is read from the last pictures."""
    rule = build_rules(camera(enforce={"no_day_lamp": {"accept_unproven": True}}))[0]
    points: list[TrackPoint] = []
    for i in range(25):
        at = BEGAN + timedelta(seconds=i / 12)
        y = (60.0 if jumps and i >= 20 else 0.0) - i / 2
        points.append(TrackPoint(i, i / 12, at, (900.0, 700.0, 1000.0, 900.0), 0.9, (0.0, y)))
        looks = (OFF if i < 20 else UNCLEAR,)
        scene = Scene(
            i, i / 12, at, (Track(1, "motorcycle", True, tuple(points)),), lamps=looks, clock_fit=fit
        )
        rule.update(scene)
    assert bool(rule.finish()) is flagged


def test_who_is_not_seen_while_the_clock_is_unfit_is_looked_at_anew_too() -> None:
    rule = build_rules(camera(enforce={"no_day_lamp": {"accept_unproven": True}}))[0]
    points: list[TrackPoint] = []
    for i in range(25):
        at = BEGAN + timedelta(seconds=i / 12)
        points.append(TrackPoint(i, i / 12, at, (900.0, 700.0, 1000.0, 900.0), 0.9, (0.0, -i / 2)))
        hidden = i == 20
        tracks = () if hidden else (Track(1, "motorcycle", True, tuple(points)),)
        looks = () if hidden else (OFF if i < 20 else UNCLEAR,)
        rule.update(Scene(i, i / 12, at, tracks, lamps=looks, clock_fit=not hidden))
    assert not rule.finish()


def test_no_other_vehicle_is_judged() -> None:
    assert not watch([OFF] * 30, label="car")


def chances(lit: float, off: float) -> dict[LampState, float]:
    return {LampState.LIT: lit, LampState.OFF: off, LampState.UNTOLD: 1 - lit - off}


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_lamp_is_off_where_that_is_sure_and_lit_where_it_may_be(share: float, rest: float) -> None:
    lit, off = share * rest, (1 - share) * rest
    look = told(1, chances(lit, off))
    assert (look.clear and look.off > 0) == (off >= 0.9)
    assert (look.clear and look.off == 0) == (off < 0.9 and lit >= 0.3)
    assert look.clear or look.why_not == "cannot be told"


def ridden(towards: bool, label: str = "motorcycle") -> Track:
    cam, points = camera(), []
    for i in range(10):
        y = -2 - 0.5 * i if towards else -14 + 0.5 * i
        place = (-1.0, y, np.pi) if towards else (-1.0, y + SIZES[label][0], 0.0)
        box = Vehicle(label, lambda t, at=place: at).box(0.0)
        assert box is not None
        at = BEGAN + timedelta(seconds=i / 12)
        x, y = cam.homography.to_road(np.array([contact(box)]))[0]
        points.append(TrackPoint(i, i / 12, at, box, 0.9, (float(x), float(y))))
    return Track(7, label, True, tuple(points))


@pytest.fixture
def network_says(monkeypatch: pytest.MonkeyPatch) -> Callable[[LampState], list[np.ndarray]]:
    """Have the network say one thing of every lamp; give what it was shown."""

    def says(state: LampState) -> list[np.ndarray]:
        shown: list[np.ndarray] = []

        def network(regions: list[np.ndarray]) -> list[dict[LampState, float]]:
            shown.extend(regions)
            return [{one: float(one is state) for one in LampState} for _ in regions]

        monkeypatch.setattr("detectors.day_lamp.probabilities", network)
        return shown

    return says


def looked_at(picture: np.ndarray, *tracks: Track, **changed: Any) -> tuple[Any, ...]:
    return LampWatch(camera(**changed)).look(picture, tracks)


DAY = np.full((1080, 1920, 3), 120, np.uint8)
Says = Callable[[LampState], list[np.ndarray]]


@pytest.mark.parametrize(("state", "off"), [(LampState.OFF, 1.0), (LampState.LIT, 0.0)])
def test_only_a_motorcycle_that_comes_towards_the_camera_is_looked_at(
    network_says: Says, state: LampState, off: float
) -> None:
    shown, coming = network_says(state), ridden(towards=True)
    (seen,) = looked_at(DAY, coming, ridden(towards=False), ridden(towards=True, label="car"))
    assert (seen.track_id, seen.clear, seen.off) == (7, True, off)
    x1, y1, x2, y2 = (round(v) for v in lamp_box(coming.points[-1].box_xyxy))
    assert [crop.shape for crop in shown] == [(y2 - y1, x2 - x1, 3)]


@pytest.mark.parametrize(("state", "told_behind"), [(LampState.OFF, False), (LampState.LIT, True)])
def test_behind_a_signal_head_no_lamp_is_told_unlit(
    network_says: Says, state: LampState, told_behind: bool
) -> None:
    network_says(state)
    coming = ridden(towards=True)
    x1, y1, x2, y2 = coming.points[-1].box_xyxy
    beside, before = (x2 + 1, y1, x2 + 40, y2), (x1 + 0.7 * (x2 - x1), y1, x2 + 10, y2)
    for region, clear in ((beside, True), (before, told_behind)):
        signals = [{"id": "S1", "region": region, "lanes": ["left", "straight"]}]
        assert [look.clear for look in looked_at(DAY, coming, signals=signals)] == [clear]


def test_who_is_too_far_away_is_not_looked_at(network_says: Says) -> None:
    network_says(LampState.OFF)
    coming = ridden(towards=True)
    x1, y1, x2, y2 = coming.points[-1].box_xyxy
    small = replace(coming.points[-1], box_xyxy=(x1, y1, x1 + 30, y1 + 30 * (y2 - y1) / (x2 - x1)))
    assert looked_at(DAY, coming)
    assert not looked_at(DAY, replace(coming, points=(*coming.points[:-1], small)))


def test_a_dark_picture_is_no_day_whatever_the_clock_says() -> None:
    assert not looked_at(np.full((1080, 1920, 3), 35, np.uint8), ridden(towards=True))
