"""Signal heads to learn from: real crops turned into what they do not show (amber, off, two lamps), and drawn ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.signal_network import STATES
from detectors.types import Image, SignalState

LABELS = {"red": SignalState.RED, "yellow": SignalState.AMBER, "green": SignalState.GREEN}
LAMPS = (SignalState.RED, SignalState.AMBER, SignalState.GREEN)
# Hue ranges in OpenCV's half degrees that lamps have, across makers and cameras.
_HUES = {SignalState.RED: (-10, 9), SignalState.AMBER: (10, 30), SignalState.GREEN: (42, 98)}
REAL_SHARE = 0.6


@dataclass(frozen=True)
class Head:
    """A real crop (h, w, 3) uint8 BGR and the state it shows."""

    image: Image
    state: SignalState


def read_heads(folder: Path) -> tuple[list[Head], list[Head]]:
    """Give (heads that may train, heads held out): of each state the last quarter by number is held out."""
    train, held = [], []
    for name, state in LABELS.items():
        files = sorted((folder / name).glob("*.jpg"))
        heads = [Head(np.asarray(cv2.imread(str(file)), np.uint8), state) for file in files]
        cut = len(heads) - round(len(heads) / 4)
        train += heads[:cut]
        held += heads[cut:]
    return train, held


def example(
    heads: list[Head], backgrounds: list[Image], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], int]:
    """Give a crop (h, w, 3) uint8 BGR and the index of its state in `STATES`."""
    kind = rng.random()
    if kind < 0.1:
        return _disturbed(_background(backgrounds, rng), rng), STATES.index(SignalState.UNKNOWN)
    lit = _lit(rng)
    state = _state(lit)
    if rng.random() < REAL_SHARE:
        # Few real heads show amber: each state is drawn as often as the others, then a head of that state.
        own = [head for head in heads if head.state is LAMPS[lit[0]]] if lit else heads
        head = own[rng.integers(len(own))]
        image = _relit(head, lit)
    else:
        image = _drawn(lit, rng)
    image = _framed(image, backgrounds, rng)
    if state is not SignalState.OFF and rng.random() < 0.04:
        image, state = _flipped(image), SignalState.UNKNOWN
    return _disturbed(image, rng), STATES.index(state)


def _lit(rng: np.random.Generator) -> list[int]:
    kind = rng.random()
    if kind < 0.78:
        return [int(rng.integers(3))]
    if kind < 0.88:
        return []
    return [[0, 1], [0, 2], [1, 2], [0, 1, 2]][int(rng.integers(4))]


def _state(lit: list[int]) -> SignalState:
    if not lit:
        return SignalState.OFF
    if len(lit) == 1:
        return LAMPS[lit[0]]
    # Red with amber announces green: it is amber to a rule, which makes no violation of it.
    return SignalState.AMBER if lit == [0, 1] else SignalState.UNKNOWN


def _relit(head: Head, lit: list[int]) -> Image:
    """Switch lamps of a real head: a lit lamp's third is copied and its hue turned, a dark one's put over it."""
    own = LAMPS.index(head.state)
    if lit == [own]:
        return head.image
    h, w = head.image.shape[:2]
    third = h // 3
    parts = [head.image[i * third : (i + 1) * third].copy() for i in range(3)]
    bright, dark = parts[own], parts[2 if own == 0 else 0]
    for i in range(3):
        if i in lit:
            parts[i] = bright if i == own else _hued(bright, LAMPS[own], LAMPS[i])
        else:
            parts[i] = dark if i == own else parts[i]
    return np.concatenate(parts, axis=0)[:, :w]


def _hued(part: Image, own: SignalState, wanted: SignalState) -> Image:
    hsv = cv2.cvtColor(part, cv2.COLOR_BGR2HSV)
    turn = sum(_HUES[wanted]) // 2 - sum(_HUES[own]) // 2
    colourful = hsv[..., 1] > 60
    hsv[..., 0] = np.where(colourful, (hsv[..., 0].astype(int) + turn) % 180, hsv[..., 0]).astype(np.uint8)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR), np.uint8)


def _drawn(lit: list[int], rng: np.random.Generator) -> Image:
    """Draw a head: housing, backboard, hoods, lamps of a hue that cameras make of them, bloom by night."""
    w, h = 48, int(rng.integers(112, 160))
    image = np.full((h, w, 3), rng.uniform(5, 120), np.float32) + rng.normal(0, 5, 3).astype(np.float32)
    glow = np.zeros_like(image)
    for i in range(3):
        centre = (round(w / 2 + rng.normal(0, 1)), round(h * (i + 0.5) / 3 + rng.normal(0, 1)))
        radius = round(w * rng.uniform(0.26, 0.42))
        low, high = _HUES[LAMPS[i]]
        hue = int(rng.integers(low, high + 1)) % 180
        pixel = np.array([[[hue, int(rng.integers(120, 256)), 255]]], np.uint8)
        colour = cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0].astype(np.float32)
        if i not in lit:
            dull = colour * float(rng.uniform(0.0, 0.28)) + float(rng.uniform(0, 60))
            cv2.circle(image, centre, radius, tuple(float(v) for v in dull), -1, cv2.LINE_AA)
            continue
        shade = tuple(float(v) for v in colour * rng.uniform(0.55, 1.1))
        if rng.random() < 0.12:
            _arrow(image, centre, radius, shade, rng)
        else:
            cv2.circle(image, centre, radius, shade, -1, cv2.LINE_AA)
        if rng.random() < 0.45:
            cv2.circle(image, centre, round(radius * rng.uniform(0.3, 0.8)), (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(glow, centre, round(radius * rng.uniform(1.0, 1.6)), tuple(float(v) for v in colour), -1)
    if rng.random() < 0.4:
        image += cv2.GaussianBlur(glow, (0, 0), float(rng.uniform(4, 12))) * float(rng.uniform(0.2, 0.8))
    return np.clip(image, 0, 255).astype(np.uint8)


def _arrow(
    image: NDArray[np.float32],
    centre: tuple[int, int],
    radius: int,
    shade: tuple[float, ...],
    rng: np.random.Generator,
) -> None:
    angle = float(rng.choice([0, np.pi / 2, np.pi]))
    step = np.array([np.cos(angle), -np.sin(angle)]) * radius * 0.8
    a, b = np.round(np.array(centre) - step), np.round(np.array(centre) + step)
    cv2.arrowedLine(
        image,
        (int(a[0]), int(a[1])),
        (int(b[0]), int(b[1])),
        shade,
        max(2, radius // 3),
        cv2.LINE_AA,
        tipLength=0.45,
    )


def _framed(image: Image, backgrounds: list[Image], rng: np.random.Generator) -> Image:
    """Lay the region around the head as a person does: a little wide, a little off, at times a little tight."""
    h, w = image.shape[:2]
    behind: Image = cv2.resize(_background(backgrounds, rng), (2 * w, 2 * h))
    y, x = h // 2, w // 2
    behind[y : y + h, x : x + w] = image
    wide = rng.uniform(0.92, 1.25)
    cw, ch = round(w * wide * rng.uniform(0.92, 1.12)), round(h * wide)
    left, top = round(w - cw / 2 + rng.normal(0, 0.05) * w), round(h - ch / 2 + rng.normal(0, 0.025) * h)
    return behind[max(0, top) : top + ch, max(0, left) : left + cw]


def _background(backgrounds: list[Image], rng: np.random.Generator) -> Image:
    picture = backgrounds[rng.integers(len(backgrounds))]
    h = int(rng.integers(24, 160))
    w = max(8, round(h / rng.uniform(2.0, 3.0)))
    y, x = rng.integers(0, picture.shape[0] - h), rng.integers(0, picture.shape[1] - w)
    return picture[y : y + h, x : x + w].copy()


def _flipped(image: Image) -> Image:
    """Turn a head upside down: its light is then of the wrong hue for its place, or it is no such head."""
    return np.ascontiguousarray(image[::-1])


def _disturbed(image: Image, rng: np.random.Generator) -> Image:
    width = int(np.exp(rng.uniform(np.log(8), np.log(60))))
    height = max(18, round(width * image.shape[0] / image.shape[1]))
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    if rng.random() < 0.5:
        small = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.3, 0.2 + width / 25)))
    small = small * float(rng.uniform(0.45, 1.5)) * rng.uniform(0.88, 1.12, 3).astype(np.float32)
    if rng.random() < 0.3:
        strength = float(rng.uniform(0.4, 1))
        small = small * strength + float(rng.uniform(120, 250)) * (1 - strength)
    small += rng.normal(0, float(rng.exponential(4)), small.shape).astype(np.float32)
    out = np.clip(small, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        _, coded = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 95))])
        out = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return out if rng.random() < 0.5 else np.ascontiguousarray(out[:, ::-1])
