"""Right of way: a beacon that flashes on the roof is seen; paint, brake lamps and a steady light are none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.beacon import PRIVILEGED, flashing
from detectors.rules.registry import RULES

BLUE, RED, AMBER = (255, 90, 30), (40, 40, 255), (20, 170, 255)
FPS = 12.0


def car(paint: tuple[int, int, int] = (90, 90, 90), seed: int = 0, size: int = 120) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 6, (size, size, 3))
    return np.clip(np.full((size, size, 3), paint, float) + noise, 0, 255).astype(np.uint8)


def lamp(crop: np.ndarray, colour: tuple[int, int, int], y: float, side: int = 8) -> np.ndarray:
    middle, at = crop.shape[1] // 2, round(y * crop.shape[0])
    cv2.rectangle(crop, (middle - side, at), (middle + side, at + side), colour, -1)
    return crop


def watched(draw, frames: int = 30, fps: float = FPS) -> str | None:
    times = [i / fps for i in range(frames)]
    return flashing([draw(i, t) for i, t in enumerate(times)], times)


@pytest.mark.parametrize(("colour", "name"), [(BLUE, "blue"), (RED, "red")])
@pytest.mark.parametrize("hz", [2.0, 3.0])
def test_a_beacon_that_flashes_on_the_roof_is_seen(colour, name, hz) -> None:
    assert (
        watched(lambda i, t: lamp(car(seed=i), colour, 0.04) if (t * hz) % 1 < 0.5 else car(seed=i)) == name
    )


@pytest.mark.parametrize(
    "draw",
    [
        lambda i, t: car(seed=i),
        lambda i, t: lamp(car(seed=i), BLUE, 0.04),
        lambda i, t: car((40, 40, 215), seed=i),
        lambda i, t: lamp(car(seed=i), RED, 0.7) if i % 6 < 3 else car(seed=i),
        lambda i, t: lamp(car(seed=i), AMBER, 0.04) if i % 6 < 3 else car(seed=i),
        lambda i, t: lamp(car(seed=i), BLUE, 0.04) if i == 12 else car(seed=i),
    ],
    ids=["ordinary", "steady sign", "red paint", "brake lamp or indicator", "amber", "one glint"],
)
def test_what_is_no_flashing_beacon_has_no_right_of_way(draw) -> None:
    assert watched(draw) is None


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(0, 255)] * 3), st.integers(0, 1000))
def test_no_paint_flashes(paint, seed) -> None:
    assert watched(lambda i, _: car(paint, seed + i, size=40)) is None


def test_too_few_or_too_small_looks_say_nothing() -> None:
    flash = lambda i, t: lamp(car(seed=i), BLUE, 0.04) if i % 4 < 2 else car(seed=i)  # noqa: E731
    assert watched(flash, frames=9) is None
    assert watched(lambda i, t: cv2.resize(flash(i, t), (20, 20))) is None


def test_a_helmet_is_worn_with_right_of_way_too() -> None:
    assert set(RULES) >= PRIVILEGED
    assert not PRIVILEGED & {
        "no_helmet",
        "overcrowded_motorcycle",
        "no_seat_belt",
        "phone_use",
        "no_day_lamp",
    }
