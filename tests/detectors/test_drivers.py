"""`no_seat_belt`, `phone_use`: off unless accepted; clear looks vote, glare and tint do not; the driver's half only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hand_made import BEGAN, SIZES, Vehicle, camera

from detectors.camera import CameraFileError
from detectors.kinematics import contact
from detectors.rules.registry import build_rules
from detectors.types import DriverSighting, Scene, Track, TrackPoint, Violation
from detectors.windscreen import DriverLook, DriverWatch, driver_box, why_unclear

RULES = ["no_seat_belt", "phone_use"]


def with_rule(rule: str, **parameters: Any):
    return camera(enforce={rule: {"accept_unproven": True} | parameters})


def look(probability: float, clear: bool = True, rule: str = "no_seat_belt") -> DriverSighting:
    belt = probability if rule == "no_seat_belt" else 0.0
    return DriverSighting(1, clear, belt, probability - belt if rule == "phone_use" else 0.0)


def watch(rule: str, looks: list[DriverSighting], label: str = "car", **parameters: Any) -> list[Violation]:
    judge = build_rules(with_rule(rule, **parameters))[0]
    points: list[TrackPoint] = []
    for i, seen in enumerate(looks):
        at = BEGAN + timedelta(seconds=i / 12)
        points.append(TrackPoint(i, i / 12, at, (100.0, 100.0, 300.0, 300.0), 0.9, (0.0, float(-i))))
        track = Track(1, label, True, tuple(points))
        judge.update(Scene(i, i / 12, at, (track,), drivers=(seen,)))
    return judge.finish()


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_is_off_unless_the_camera_file_accepts_that_nothing_proves_it(rule: str) -> None:
    with pytest.raises(CameraFileError, match=f"enforce.{rule}: is off"):
        build_rules(camera(enforce={rule: {}}))


@pytest.mark.parametrize("rule", RULES)
def test_many_clear_looks_are_one_violation(rule: str) -> None:
    (found,) = watch(rule, [look(0.97, rule=rule)] * 14)
    assert found.rule == rule
    assert found.measured["looks_against"] == 14.0


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "looks",
    [
        [(0.97, True)] * 7,
        [(0.8, True)] * 30,
        [(0.97, False)] * 30,
        [(0.97, True)] * 9 + [(0.97, False)] * 20,
        [(0.97, True), (0.97, True), (0.97, True), (0.2, True)] * 8,
    ],
)
def test_few_doubtful_unclear_or_divided_looks_are_not_flagged(rule: str, looks) -> None:
    assert not watch(rule, [look(p, clear, rule) for p, clear in looks])


def test_the_other_rules_looks_do_not_count() -> None:
    assert not watch("phone_use", [look(0.97, rule="no_seat_belt")] * 20)
    assert not watch("no_seat_belt", [look(0.97, rule="phone_use")] * 20)


def test_only_cars_are_judged() -> None:
    assert not watch("no_seat_belt", [look(0.97)] * 20, label="truck")


def test_the_drivers_half_holds_nothing_of_the_passengers() -> None:
    """The car comes towards the camera: its right, where the driver sits, is on the picture's left."""
    x1, y1, x2, y2 = driver_box((100.0, 50.0, 300.0, 250.0))
    assert 100 < x1 < x2 < 200
    assert 50 < y1 < y2 < 150


def noise(low: int, high: int, size: int = 80) -> np.ndarray:
    return np.random.default_rng(1).integers(low, high, (size, size, 3), dtype=np.uint8)


def test_glare_tint_fog_and_smallness_are_said_to_be_unclear() -> None:
    glare = noise(40, 200)
    glare[:30, :30] = 255
    assert why_unclear(noise(40, 200)) is None
    assert why_unclear(glare) == "glare"
    assert why_unclear(noise(0, 25)) == "tint"
    assert why_unclear(noise(120, 124)) == "no contrast"
    assert why_unclear(noise(40, 200, 30)) == "too small"


class Always:
    """Says the same of every crop, and keeps what it was shown."""

    def __init__(self) -> None:
        self.crops: list[np.ndarray] = []

    def judge(self, crops: Sequence[np.ndarray]) -> list[DriverLook]:
        self.crops += crops
        return [DriverLook(0.9, 0.1) for _ in crops]


def driven(towards: bool, label: str = "car", frames: int = 10) -> Track:
    cam = camera()
    length = SIZES[label][0]
    points = []
    for i in range(frames):
        y = -6 - 0.5 * i if towards else -14 + 0.5 * i
        place = (-1.0, y, np.pi) if towards else (-1.0, y + length, 0.0)
        box = Vehicle(label, lambda t, at=place: at).box(0.0)
        assert box is not None
        road = cam.homography.to_road(np.array([contact(box)]))[0]
        at = BEGAN + timedelta(seconds=i / 12)
        points.append(TrackPoint(i, i / 12, at, box, 0.9, (float(road[0]), float(road[1]))))
    return Track(7, label, True, tuple(points))


def test_only_a_car_whose_front_is_turned_to_the_camera_is_looked_into() -> None:
    eyes = Always()
    watcher = DriverWatch(camera(), eyes)
    picture = np.random.default_rng(0).integers(40, 200, (1080, 1920, 3), dtype=np.uint8)
    (seen,) = watcher.look(picture, [driven(towards=True)])
    assert (seen.track_id, seen.clear, seen.belt_off) == (7, True, 0.9)
    assert len(eyes.crops) == 1 and min(eyes.crops[0].shape[:2]) >= 48
    assert not watcher.look(picture, [driven(towards=False), driven(towards=True, label="motorcycle")])


def test_unclear_glass_is_not_even_shown_to_the_classifier() -> None:
    eyes = Always()
    (seen,) = DriverWatch(camera(), eyes).look(np.zeros((1080, 1920, 3), np.uint8), [driven(towards=True)])
    assert (seen.clear, seen.why_not, seen.belt_off) == (False, "tint", 0.0)
    assert not eyes.crops
