"""What years, workshops and owners do to a plate once it is lettered: paint, dirt, bolts, badges, what covers it."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Floats = NDArray[np.floating]


def painted(mask: Grey, base: int, ink: int, rng: np.random.Generator) -> Grey:
    """Paint base and ink, pressed, faded, dirty."""
    height = mask.shape[0]
    wear = float(rng.beta(1.2, 2.5))
    bold = float(rng.uniform(-0.25, 0.35))
    alpha: Floats = mask.astype(np.float32) / 255
    if bold > 0.1:
        alpha = cv2.dilate(alpha, np.ones((2, 2), np.uint8))
    contrast = 1.0 if rng.random() < 0.5 else float(rng.uniform(0.25, 1.0))
    tone = float(base) + float(rng.normal(0, 14))
    ink_tone = tone + (float(ink) - tone) * contrast
    if wear > 0.25:
        chips = cloud(rng, mask.shape, 60) * 0.6 + cloud(rng, mask.shape, 18) * 0.4
        alpha = alpha * (1 - np.clip((chips - (1.05 - 0.35 * wear)) * 6, 0, 1))
    if rng.random() < 0.15:
        # A brush went over the letters: their ink differs from group to group, or in a wave.
        alpha = alpha * (0.55 + 0.45 * cloud(rng, mask.shape, 5))
    out: Floats = tone * (1 - alpha) + ink_tone * alpha
    if rng.random() < 0.7:
        soft = cv2.GaussianBlur(alpha, (0, 0), 1.6)
        slope = soft - np.roll(soft, (1, 1), (0, 1))
        out = out + slope * float(rng.normal(0, 45))
    if rng.random() < 0.6:
        dirt = (
            np.clip(cloud(rng, mask.shape, 8) * 1.2 - 0.6, 0, 1) * wear * np.linspace(0.4, 1, height)[:, None]
        )
        out = out * (1 - dirt) + float(rng.uniform(60, 130)) * dirt
    return np.clip(out, 0, 255).astype(np.uint8)


def add_bolts(
    grey: Grey, slots: list[tuple[float, float]], top: float, cap: float, rng: np.random.Generator
) -> None:
    """Bolts hold a plate right beside its number, or through it."""
    height, width = grey.shape
    tone = float(rng.choice([rng.uniform(10, 80), rng.uniform(150, 255)]))
    radius = height * float(rng.uniform(0.018, 0.055) if rng.random() < 0.7 else rng.uniform(0.05, 0.085))
    smear = float(rng.uniform(0.5, 3.0)) if rng.random() < 0.3 else 0.0
    kind = rng.random()
    if kind < 0.55 and len(slots) > 1:
        y = top + cap * float(rng.uniform(0.0, 1.2))
        xs = [(slots[0][1] + slots[1][0]) / 2, (slots[-2][1] + slots[-1][0]) / 2]
        xs = [x + float(rng.normal(0, 0.012)) * width for x in xs]
    else:
        y = (
            float(rng.choice([rng.uniform(0.02, 0.1), rng.uniform(0.85, 0.96), rng.uniform(0.3, 0.7)]))
            * height
        )
        x = width * float(rng.uniform(0.12, 0.36))
        xs = [x, width - x]
    for x in xs:
        centre = (round(x), round(y + float(rng.normal(0, 1))))
        cv2.circle(grey, centre, max(1, round(radius)), tone, -1, cv2.LINE_AA)
        if smear:
            # Rust or a shadow runs from it.
            end = (
                round(x + smear * radius * rng.normal(0, 1)),
                round(y + smear * radius * rng.uniform(-0.3, 1)),
            )
            cv2.line(grey, centre, end, tone, max(1, round(radius)), cv2.LINE_AA)
        if radius > 4 and rng.random() < 0.5:
            cv2.circle(grey, centre, round(radius * 0.5), float(rng.uniform(20, 230)), -1, cv2.LINE_AA)


def cover(
    grey: Grey, glyphs: list[tuple[float, float]], top: float, cap: float, rng: np.random.Generator
) -> set[int]:
    """Cover a character, seldom two, or a place where none is; give the numbers of those that are lost to reading."""
    height, width = grey.shape
    at = int(rng.integers(len(glyphs)))
    begin, end = glyphs[at]
    if rng.random() < 0.15 and at + 1 < len(glyphs):
        end = glyphs[at + 1][1]
    if rng.random() < 0.25:
        # Between two groups, or beside the number: nothing is lost, and nothing must be doubted.
        gaps = [(a[1], b[0]) for a, b in pairwise(glyphs) if b[0] - a[1] > 0.3 * cap]
        gaps += [(0.0, glyphs[0][0]), (glyphs[-1][1], float(width))]
        begin, end = gaps[int(rng.integers(len(gaps)))]
        begin, end = begin + 0.1 * (end - begin), end - 0.1 * (end - begin)
    else:
        spare = cap * float(rng.uniform(-0.02, 0.1))
        begin, end = begin - spare, end + spare
    base = float(np.median(grey))
    tone = float(rng.uniform(0, 255))
    if abs(tone - base) < 30:
        tone = base + 60 if base < 128 else base - 60
    kind = rng.random()
    if kind < 0.5:
        lean = float(rng.normal(0, 0.04)) * width
        shape = [[begin, -2], [end, -2], [end + lean, height + 2], [begin + lean, height + 2]]
        begin, end = max(begin, begin + lean * 0.7), min(end, end + lean * 0.7)
    else:
        y1, y2 = top - cap * float(rng.uniform(0.0, 0.15)), top + cap * float(rng.uniform(0.95, 1.3))
        angles = np.linspace(0, 2 * np.pi, 14, endpoint=False) + np.pi / 14
        middle, half = (
            np.array([(begin + end) / 2, (y1 + y2) / 2]),
            np.array([(end - begin) / 2, (y2 - y1) / 2]),
        )
        power = 4.0 if kind < 0.8 else 2.6
        round_ = (np.abs(np.cos(angles)) ** power + np.abs(np.sin(angles)) ** power) ** (-1 / power)
        shape = middle + np.column_stack([np.cos(angles), np.sin(angles)]) * round_[:, None] * half * 1.12
    cv2.fillPoly(grey, [np.round(np.array(shape)).astype(np.int32)], tone, cv2.LINE_AA)
    if rng.random() < 0.5:
        shadow = np.round(np.array(shape) + np.array([3, 3])).astype(np.int32)
        cv2.fillPoly(grey, [shadow], tone * 0.8, cv2.LINE_AA)
    lost = set()
    for i, (a, b) in enumerate(glyphs):
        covered = min(b, end) - max(a, begin)
        if covered > 0.6 * (b - a):
            lost.add(i)
    return lost


def add_emblem(grey: Grey, rng: np.random.Generator, ink: int) -> None:
    """The traffic corps' badge at the lower left, a workshop's sign, a sticker."""
    height, width = grey.shape
    x = round(width * float(rng.choice([rng.uniform(0.03, 0.12), rng.uniform(0.85, 0.95)])))
    y, r = (
        round(height * float(rng.uniform(0.76, 0.9))),
        max(2, round(height * float(rng.uniform(0.04, 0.09)))),
    )
    tone = float(np.clip(ink + rng.normal(0, 60), 0, 255))
    if rng.random() < 0.3:
        cv2.rectangle(grey, (x - r, y - r), (x + 2 * r, y + r), tone, -1)
        return
    angles = np.linspace(0, 2 * np.pi, 10, endpoint=False) + float(rng.uniform(0, 1))
    radii = r * rng.uniform(0.6, 1.1, 10)
    points = np.column_stack([x + radii * np.cos(angles), y + radii * np.sin(angles)])
    cv2.fillPoly(grey, [points.astype(np.int32)], tone, cv2.LINE_AA)


def leaning(grey: Grey, shear: float) -> Grey:
    """Give a plate whose letters lean: ``shear`` is how far aside they go per height."""
    height, width = grey.shape
    matrix = np.array([[1, -shear, shear * height / 2], [0, 1, 0]], np.float32)
    out: Grey = cv2.warpAffine(grey, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return out


def cloud(rng: np.random.Generator, shape: tuple[int, int], cells: int) -> Floats:
    """Give smooth noise in about 0..1 over ``shape``, ``cells`` blobs across."""
    grid = rng.uniform(0, 1, (max(2, cells // 3), cells)).astype(np.float32)
    out: Floats = cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return out
