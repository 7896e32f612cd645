"""Reading a signal head that was drawn, and doubting one that cannot be read."""

from __future__ import annotations

from datetime import timedelta

import cv2
import numpy as np
import pytest
from hand_made import BEGAN

from detectors.camera import SignalHead
from detectors.signal import SignalReader, read_head
from detectors.types import Frame, Image, SignalState

COLOURS = {0: (40, 40, 250), 1: (30, 170, 250), 2: (160, 230, 40)}
RED, AMBER, GREEN = SignalState.RED, SignalState.AMBER, SignalState.GREEN


def drawn(*lit: int, size: tuple[int, int] = (30, 90), housing: int = 35, gain: float = 1.0) -> Image:
    width, height = size
    image = np.full((height, width, 3), housing, np.uint8)
    for lamp in range(3):
        at = (width // 2, round(height * (lamp + 0.5) / 3))
        colour = COLOURS[lamp] if lamp in lit else tuple(round(c * 0.18) for c in COLOURS[lamp])
        cv2.circle(image, at, round(width * 0.36), colour, -1)
    image = np.clip(image.astype(float) * gain, 0, 255).astype(np.uint8)
    return cv2.GaussianBlur(image, (3, 3), 0)


@pytest.mark.parametrize(("lamp", "state"), [(0, RED), (1, AMBER), (2, GREEN)])
@pytest.mark.parametrize("size", [(8, 24), (16, 48), (30, 90), (80, 240)])
@pytest.mark.parametrize("gain", [0.6, 1.0])
def test_one_lit_lamp_is_read(lamp: int, state: SignalState, size: tuple[int, int], gain: float) -> None:
    assert read_head(drawn(lamp, size=size, gain=gain)).state is state


@pytest.mark.parametrize(("lamp", "state"), [(0, RED), (1, AMBER), (2, GREEN)])
def test_a_lamp_with_a_burnt_out_white_core_is_read_by_its_rim(lamp: int, state: SignalState) -> None:
    image = drawn(lamp)
    cv2.circle(image, (15, round(90 * (lamp + 0.5) / 3)), 6, (255, 255, 255), -1)
    assert read_head(image).state is state


def test_a_dark_head_is_off() -> None:
    assert read_head(drawn()).state is SignalState.OFF


@pytest.mark.parametrize("lit", [(0, 2), (1, 2), (0, 1, 2)])
def test_two_lamps_lit_are_unknown(lit: tuple[int, ...]) -> None:
    assert read_head(drawn(*lit)).state is SignalState.UNKNOWN


def test_red_with_amber_is_never_red() -> None:
    assert read_head(drawn(0, 1)).state is AMBER


def test_light_of_the_wrong_hue_for_its_place_is_unknown() -> None:
    assert read_head(drawn(0)[::-1]).state is SignalState.UNKNOWN
    assert read_head(drawn(2)[::-1]).state is SignalState.UNKNOWN


def test_a_washed_out_head_is_unknown() -> None:
    white = np.full((90, 30, 3), 250, np.uint8)
    assert read_head(white).state is SignalState.UNKNOWN


def test_a_red_tail_lamp_over_the_whole_region_is_unknown() -> None:
    assert read_head(np.full((90, 30, 3), (40, 40, 250), np.uint8)).state is SignalState.UNKNOWN


@pytest.mark.parametrize("shape", [(0, 0, 3), (5, 5, 3), (90, 3, 3)])
def test_a_region_too_small_or_outside_the_picture_is_unknown(shape: tuple[int, int, int]) -> None:
    assert read_head(np.zeros(shape, np.uint8)).state is SignalState.UNKNOWN


def frames(heads: list[Image], feed: SignalState | None = None) -> list[Frame]:
    out = []
    for i, head in enumerate(heads):
        image = np.full((200, 200, 3), 90, np.uint8)
        image[20 : 20 + head.shape[0], 50 : 50 + head.shape[1]] = head
        states = {} if feed is None else {"S1": feed}
        out.append(Frame("c", i, i / 12, BEGAN + timedelta(seconds=i / 12), image, states))
    return out


def read(heads: list[Image], source: str = "image", feed: SignalState | None = None) -> list[SignalState]:
    reader = SignalReader([SignalHead(id="S1", region=(50, 20, 80, 110), lanes=("a",), source=source)])
    return [reader.update(frame)["S1"] for frame in frames(heads, feed)]


def test_a_state_is_believed_when_three_frames_agree() -> None:
    assert read([drawn(0)] * 4) == [SignalState.UNKNOWN, SignalState.UNKNOWN, RED, RED]


def test_red_is_never_held_longer_than_it_was_seen() -> None:
    states = read([drawn(0)] * 4 + [drawn(2)] * 4)
    assert states[4:] == [SignalState.UNKNOWN, SignalState.UNKNOWN, GREEN, GREEN]


def test_one_flash_does_not_make_a_state() -> None:
    assert RED not in read([drawn(2)] * 3 + [drawn(0)] * 2 + [drawn(2)] * 3)


def test_a_wired_signal_is_taken_from_its_feed() -> None:
    assert read([drawn(2)], source="feed", feed=RED) == [RED]
    assert read([drawn(2)], source="feed") == [SignalState.UNKNOWN]
