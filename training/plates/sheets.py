"""Plates for training as they are met, not as the regulation draws them: grey, seen straight on.

`training.render.plates` draws one plate to regulation for scenes. Here chance lays out what workshops, years and
owners make of it: other faces, gaps, bolts beside and in the number, leaning letters, faded and painted-over ink.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from plate_reader.grammar import LETTERS
from plate_reader.regions import REGIONS
from training.plates.typefaces import CAP_PX, Typeface, as_stamped
from training.plates.wear import add_bolts, add_emblem, cover, leaning, painted
from training.render.plates import random_plate

Grey = NDArray[np.uint8]

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
    # On motorcycles' plates letters are smaller and stand further apart, and the month and year are larger.
    wide = motorcycle and rng.random() < 0.6
    if wide:
        cap = height * float(rng.uniform(0.36, 0.48))
    spacing = cap * float(rng.uniform(0.18, 0.42) if wide else rng.uniform(0.07, 0.24))
    slots, glyphs = _number(ink_mask, groups, face, top, cap, spacing, rng)
    if rng.random() < 0.85:
        _border(ink_mask, rng)
    expiry, rows = "", (top + cap) / height
    if rng.random() < 0.92:
        expiry = f"{rng.integers(1, 13):02d}{rng.integers(19, 33):02d}"
        expiry_cap = height * float(rng.uniform(0.16, 0.27) if wide else rng.uniform(0.12, 0.2))
        rows = _expiry(ink_mask, expiry, face, top + cap, expiry_cap, motorcycle, rng)
    grey = painted(ink_mask, base, ink, rng)
    if rng.random() < 0.5:
        add_bolts(grey, slots, top, cap, rng)
    if rng.random() < 0.3:
        add_emblem(grey, rng, ink)
    hidden = cover(grey, glyphs, top, cap, rng) if rng.random() < HIDDEN_SHARE else set()
    if rng.random() < 0.12:
        grey = leaning(grey, float(rng.uniform(-0.15, 0.25)))
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
    mask: Grey,
    groups: list[str],
    face: Typeface,
    top: float,
    cap: float,
    spacing: float,
    rng: np.random.Generator,
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Letter the number; give from where to where each group reaches, and each character, in pixels."""
    width = mask.shape[1]
    margin = width * float(rng.uniform(0.025, 0.09))
    room = width - 2 * margin
    scale = cap / CAP_PX
    stretch = float(rng.uniform(0.8, 1.25))
    natural = [
        sum(face.glyph(c).shape[1] * scale * stretch for c in g) + spacing * (len(g) - 1) for g in groups
    ]
    gaps = len(groups) - 1
    least = max(cap * float(rng.uniform(0.22, 0.5)), 1.6 * spacing)
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
    mask: Grey,
    expiry: str,
    face: Typeface,
    below: float,
    cap: float,
    motorcycle: bool,
    rng: np.random.Generator,
) -> float:
    """Letter month and year; give the row where that line begins, as a share of the height."""
    height, width = mask.shape
    room = height - below
    cap = min(cap, room * 0.62)
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
