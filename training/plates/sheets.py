"""Plates for training as they are met, not as the regulation draws them: grey, seen straight on.

`training.render.plates` draws one plate to regulation for scenes. Here chance lays out what workshops, years and
owners make of it: other faces, gaps, bolts beside and in the number, leaning letters, faded and painted-over ink.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from plate_reader.grammar import LETTERS
from plate_reader.regions import REGIONS
from training.plates.typefaces import CAP_PX, Typeface, as_stamped
from training.render.plates import random_plate

Grey = NDArray[np.uint8]
Floats = NDArray[np.floating]

WIDTH_PX = 336
HIDDEN = "?"
HIDDEN_SHARE = 0.16
# Letters and digits that a blur makes one of: a quarter of the numbers are of one such family.
LOOK_ALIKE = ("OQDGCU", "IJTLY", "HNMWK", "VYXUA", "BERPFS")
ALIKE_DIGITS = ("24", "689", "35", "17", "83")
# How light base and ink are to a camera, and how often such plates are met.
_TONES = {
    "white": (225, 35, 0.40),
    "black": (34, 225, 0.40),
    "yellow": (175, 35, 0.10),
    "red": (75, 225, 0.05),
    "green": (120, 32, 0.05),
}
# Blue, green, red of the base as shares of its tone.
_TINTS = {
    "white": (1.0, 1.0, 1.0),
    "black": (1.05, 1.0, 0.98),
    "yellow": (0.2, 1.05, 1.3),
    "red": (0.5, 0.45, 2.4),
    "green": (0.6, 1.25, 0.35),
}


@dataclass(frozen=True)
class Sheet:
    """One plate (h, w) uint8.

    ``text`` is its NRKB without spaces, ``shown`` the same with `HIDDEN` for each character that something covers;
    ``expiry`` is its month and year as ``MMYY``, or empty where none can be seen, ``expiry_rows`` from where to where
    that line reaches, as shares of the height; ``scheme`` is the base colour: white, black, yellow, red, green.
    """

    grey: Grey
    scheme: str
    text: str
    shown: str
    expiry: str
    expiry_rows: tuple[float, float]


def random_sheet(rng: np.random.Generator, own: list[Typeface], files: list[Typeface]) -> Sheet:
    """Draw one plate."""
    face = own[rng.integers(len(own))] if rng.random() < 0.55 else files[rng.integers(len(files))]
    face = as_stamped(face, rng)
    groups = _groups(rng)
    motorcycle = rng.random() < 0.45
    height = round(WIDTH_PX / float(rng.uniform(2.3, 2.75) if motorcycle else rng.uniform(2.75, 3.4)))
    names = list(_TONES)
    scheme = str(rng.choice(names, p=[_TONES[n][2] for n in names]))
    base, ink, _ = _TONES[scheme]
    ink_mask = np.zeros((height, WIDTH_PX), np.uint8)
    top, cap = height * float(rng.uniform(0.07, 0.17)), height * float(rng.uniform(0.43, 0.55))
    slots, glyphs = _number(ink_mask, groups, face, top, cap, rng)
    if rng.random() < 0.85:
        _border(ink_mask, rng)
    expiry, rows = "", (top + cap) / height
    if rng.random() < 0.92:
        expiry = f"{rng.integers(1, 13):02d}{rng.integers(19, 33):02d}"
        rows = _expiry(ink_mask, expiry, face, top + cap, motorcycle, rng)
    grey = _ink(ink_mask, base, ink, rng)
    if rng.random() < 0.5:
        _bolts(grey, slots, top, cap, rng)
    if rng.random() < 0.3:
        _emblem(grey, rng, ink)
    hidden = _hide(grey, glyphs, top, cap, rng) if rng.random() < HIDDEN_SHARE else set()
    if rng.random() < 0.12:
        grey = _lean(grey, float(rng.uniform(-0.15, 0.25)))
    text = "".join(groups)
    shown = "".join(HIDDEN if i in hidden else c for i, c in enumerate(text))
    return Sheet(grey, scheme, text, shown, expiry, (rows - 0.02, min(1.0, rows + 0.34)))


def coloured(sheet: Sheet) -> NDArray[np.uint8]:
    """Give the plate in colour, (h, w, 3) uint8 BGR: its base tinted, its ink as it is."""
    base, ink, _ = _TONES[sheet.scheme]
    share = np.clip((sheet.grey.astype(np.float32) - ink) / (base - ink), 0, 1)[:, :, None]
    tint = 1 + (np.array(_TINTS[sheet.scheme], np.float32) - 1) * share
    return np.clip(sheet.grey[:, :, None] * tint, 0, 255).astype(np.uint8)


def _groups(rng: np.random.Generator) -> list[str]:
    if rng.random() < 0.5:
        vehicle = str(rng.choice(["car", "motorcycle", "truck"]))
        return random_plate(rng, vehicle).nrkb.split(" ")
    # Any legal number alike: what is rare on the road must be read as well as what is not.
    region = str(rng.choice(sorted(REGIONS)))
    digits = int(rng.choice([1, 2, 3, 4], p=[0.06, 0.1, 0.2, 0.64]))
    letters = int(rng.choice([0, 1, 2, 3], p=[0.03, 0.2, 0.47, 0.3]))
    number = str(rng.integers(10 ** (digits - 1), 10**digits))
    suffix = "".join(rng.choice(list(LETTERS), letters))
    if rng.random() < 0.5:
        number = "".join(rng.choice(list(str(rng.choice(ALIKE_DIGITS))), digits))
        suffix = "".join(rng.choice(list(str(rng.choice(LOOK_ALIKE))), letters))
    return [part for part in (region, number, suffix) if part]


def _number(
    mask: Grey, groups: list[str], face: Typeface, top: float, cap: float, rng: np.random.Generator
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Letter the number; give from where to where each group reaches, and each character, in pixels."""
    width = mask.shape[1]
    margin = width * float(rng.uniform(0.025, 0.09))
    room = width - 2 * margin
    spacing = cap * float(rng.uniform(0.07, 0.24))
    scale = cap / CAP_PX
    stretch = float(rng.uniform(0.8, 1.25))
    natural = [
        sum(face.glyph(c).shape[1] * scale * stretch for c in g) + spacing * (len(g) - 1) for g in groups
    ]
    gaps = len(groups) - 1
    least = cap * float(rng.uniform(0.22, 0.5))
    squeeze = min(1.0, (room - least * gaps) / sum(natural))
    widths = [n * squeeze for n in natural]
    between = (room - sum(widths)) / max(1, gaps)
    if rng.random() < 0.5:
        between = min(between, cap * float(rng.uniform(0.4, 1.3)))
    x = margin + (room - sum(widths) - between * gaps) * float(rng.choice([0.5, rng.random()]))
    slots, glyphs = [], []
    for group, length in zip(groups, widths, strict=True):
        begin = x
        for character in group:
            glyph = face.glyph(character)
            w = max(2, round(glyph.shape[1] * scale * stretch * squeeze))
            _paste(mask, cv2.resize(glyph, (w, round(cap)), interpolation=cv2.INTER_AREA), x, top)
            glyphs.append((x, x + w))
            x += w + spacing * squeeze
        slots.append((begin, begin + length))
        x = begin + length + between
    return slots, glyphs


def _paste(mask: Grey, glyph: Grey, x: float, y: float) -> None:
    left, upper = round(x), round(y)
    h, w = min(glyph.shape[0], mask.shape[0] - upper), min(glyph.shape[1], mask.shape[1] - left)
    if h <= 0 or w <= 0 or left < 0 or upper < 0:
        return
    part = mask[upper : upper + h, left : left + w]
    np.maximum(part, glyph[:h, :w], out=part)


def _border(mask: Grey, rng: np.random.Generator) -> None:
    height, width = mask.shape
    inset, thick = round(height * float(rng.uniform(0.0, 0.06))), int(rng.integers(1, 5))
    cv2.rectangle(mask, (inset, inset), (width - 1 - inset, height - 1 - inset), 255, thick, cv2.LINE_AA)


def _expiry(
    mask: Grey, expiry: str, face: Typeface, below: float, motorcycle: bool, rng: np.random.Generator
) -> float:
    """Letter month and year; give the row where that line begins, as a share of the height."""
    height, width = mask.shape
    room = height - below
    cap = min(height * float(rng.uniform(0.12, 0.2)), room * 0.62)
    y = below + (room - cap) * float(rng.uniform(0.3, 0.6))
    scale, spacing = cap / CAP_PX, cap * float(rng.uniform(0.15, 0.5))
    glyphs = [
        cv2.resize(
            g, (max(2, round(g.shape[1] * scale * 1.2)), max(3, round(cap))), interpolation=cv2.INTER_AREA
        )
        for g in (face.glyph(c) for c in expiry)
    ]
    dot = cap * float(rng.uniform(0.4, 1.0))
    length = sum(g.shape[1] for g in glyphs) + 3 * spacing + dot
    spare = width - length
    place = rng.uniform(0.62, 0.95) if motorcycle and rng.random() < 0.7 else rng.uniform(0.4, 0.6)
    x = max(4.0, spare * float(place))
    for i, glyph in enumerate(glyphs):
        _paste(mask, glyph, x, y)
        x += glyph.shape[1] + spacing
        if i == 1:
            if rng.random() < 0.8:
                cv2.circle(
                    mask,
                    (round(x + dot / 2 - spacing / 2), round(y + cap * 0.55)),
                    max(1, round(cap * 0.1)),
                    255,
                    -1,
                )
            x += dot
    return float(below / height)


def _ink(mask: Grey, base: int, ink: int, rng: np.random.Generator) -> Grey:
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


def _bolts(
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


def _hide(
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


def _emblem(grey: Grey, rng: np.random.Generator, ink: int) -> None:
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


def _lean(grey: Grey, shear: float) -> Grey:
    height, width = grey.shape
    matrix = np.array([[1, -shear, shear * height / 2], [0, 1, 0]], np.float32)
    out: Grey = cv2.warpAffine(grey, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return out


def cloud(rng: np.random.Generator, shape: tuple[int, int], cells: int) -> Floats:
    """Give smooth noise in about 0..1 over ``shape``, ``cells`` blobs across."""
    grid = rng.uniform(0, 1, (max(2, cells // 3), cells)).astype(np.float32)
    out: Floats = cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return out
