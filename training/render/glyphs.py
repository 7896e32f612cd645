"""A stroke typeface in the manner of the TNKB's: narrow block capitals, round corners, one stroke width.

Drawn by us, since the regulation's typeface has no known name or file. A glyph is a list of strokes in units
of the cap height, y down: ``M x y`` starts a stroke, ``L x y`` draws on, ``A cx cy rx ry from to`` follows an
ellipse between two angles in degrees (0 right, 90 down).
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Stroke = NDArray[np.float64]

_PATHS = {
    "A": "M0 1 L.2 0 L.28 0 L.48 1 M.07 .7 L.41 .7",
    "B": "M0 0 L0 1 M0 0 L.2 0 A.2 .235 .21 .235 -90 90 L0 .47 M.2 .47 A.2 .735 .23 .265 -90 90 L0 1",
    "C": "M.44 .28 L.44 .22 A.22 .22 .22 .22 0 -180 L0 .78 A.22 .78 .22 .22 180 0 L.44 .72",
    "D": "M0 0 L0 1 L.2 1 A.2 .76 .25 .24 90 0 L.45 .24 A.2 .24 .25 .24 0 -90 L0 0",
    "E": "M.38 0 L0 0 L0 1 L.38 1 M0 .48 L.32 .48",
    "F": "M.38 0 L0 0 L0 1 M0 .48 L.32 .48",
    "G": "M.44 .27 L.44 .22 A.22 .22 .22 .22 0 -180 L0 .78 A.22 .78 .22 .22 180 0 L.44 .55 L.24 .55",
    "H": "M0 0 L0 1 M.45 0 L.45 1 M0 .48 L.45 .48",
    "I": "M0 0 L0 1",
    "J": "M.36 0 L.36 .8 A.18 .8 .18 .2 0 180 L0 .72",
    "K": "M0 0 L0 1 M.42 0 L0 .6 M.13 .42 L.45 1",
    "L": "M0 0 L0 1 L.38 1",
    "M": "M0 1 L0 0 L.28 .62 L.56 0 L.56 1",
    "N": "M0 1 L0 0 L.46 1 L.46 0",
    "O": "M.24 0 A.17 .17 .17 .17 -90 -180 L0 .83 A.17 .83 .17 .17 180 90 L.31 1 "
    "A.31 .83 .17 .17 90 0 L.48 .17 A.31 .17 .17 .17 0 -90 L.24 0",
    "P": "M0 1 L0 0 L.2 0 A.2 .27 .24 .27 -90 90 L0 .54",
    "Q": "M.24 0 A.17 .17 .17 .17 -90 -180 L0 .83 A.17 .83 .17 .17 180 90 L.31 1 "
    "A.31 .83 .17 .17 90 0 L.48 .17 A.31 .17 .17 .17 0 -90 L.24 0 M.26 .72 L.5 1.05",
    "R": "M0 1 L0 0 L.2 0 A.2 .27 .24 .27 -90 90 L0 .54 M.2 .54 L.45 1",
    "S": "M.42 .2 A.21 .235 .21 .235 -15 -270 A.21 .735 .22 .265 -90 165",
    "T": "M0 0 L.44 0 M.22 0 L.22 1",
    "U": "M0 0 L0 .78 A.22 .78 .22 .22 180 0 L.44 0",
    "V": "M0 0 L.23 1 L.46 0",
    "W": "M0 0 L.15 1 L.32 .22 L.49 1 L.64 0",
    "X": "M0 0 L.45 1 M.45 0 L0 1",
    "Y": "M0 0 L.23 .5 L.46 0 M.23 .5 L.23 1",
    "Z": "M0 0 L.42 0 L0 1 L.42 1",
    "0": "M.2 0 A.2 .22 .2 .22 -90 -180 L0 .78 A.2 .78 .2 .22 180 0 L.4 .22 A.2 .22 .2 .22 0 -90",
    "1": "M0 .2 L.17 0 L.17 1",
    "2": "M0 .25 A.2 .24 .2 .24 180 385 L0 1 L.41 1",
    "3": "M0 .2 A.2 .235 .2 .235 195 450 L.13 .47 M.2 .47 A.2 .735 .22 .265 -90 165",
    "4": "M.25 0 L0 .72 L.44 .72 M.33 .44 L.33 1",
    "5": "M.39 0 L.05 0 L.03 .45 A.2 .69 .22 .31 225 520",
    "6": "M.3 0 L.03 .58 M.42 .71 A.21 .71 .21 .29 0 360",
    "7": "M0 0 L.42 0 L.14 1",
    "8": "M.4 .235 A.21 .235 .19 .235 0 360 M.43 .735 A.21 .735 .22 .265 0 360",
    "9": "M.12 1 L.39 .42 M.42 .29 A.21 .29 .21 .29 0 360",
    ".": "M0 .55 L.02 .55",
}


@cache
def strokes(character: str) -> tuple[Stroke, ...]:
    """Give a character's strokes, each (N, 2) float in cap heights. Raises KeyError for one that it lacks."""
    out: list[Stroke] = []
    points: list[tuple[float, float]] = []
    words = _PATHS[character].replace("M", " M ").replace("L", " L ").replace("A", " A ").split()
    at = 0
    while at < len(words):
        command = words[at]
        n = 6 if command == "A" else 2
        values = [float(w) for w in words[at + 1 : at + 1 + n]]
        at += 1 + n
        if command == "M":
            if points:
                out.append(np.array(points))
            points = [(values[0], values[1])]
        elif command == "L":
            points.append((values[0], values[1]))
        else:
            cx, cy, rx, ry, a0, a1 = values
            angles = np.radians(np.linspace(a0, a1, 25))
            points += [(cx + rx * float(np.cos(a)), cy + ry * float(np.sin(a))) for a in angles]
    out.append(np.array(points))
    return tuple(out)


def advance(character: str) -> float:
    """Give a character's width in cap heights, between the centres of its outermost strokes."""
    return float(max(s[:, 0].max() for s in strokes(character)))


def text_width(text: str, stroke: float, gap: float) -> float:
    """Give a text's width in cap heights; ``stroke`` and ``gap`` (between inked edges) in cap heights too."""
    return sum(advance(c) + stroke for c in text) + gap * (len(text) - 1)


def draw_text(
    mask: NDArray[np.uint8],
    text: str,
    left_top: tuple[float, float],
    cap: float,
    *,
    stroke: float,
    gap: float,
    stretch: float = 1.0,
) -> None:
    """Ink ``text`` into ``mask`` (H, W) with 255. Positions and ``cap`` (the height of a capital) in pixels.

    ``left_top`` is the corner of the inked box; ``stretch`` widens or narrows the letters, not their strokes.
    """
    thick = max(1, round(stroke * cap))
    inner = cap - thick
    x, y = left_top[0] + thick / 2, left_top[1] + thick / 2
    for character in text:
        for line in strokes(character):
            points = np.column_stack([x + line[:, 0] * inner * stretch, y + line[:, 1] * inner])
            fixed = np.round(points * 16).astype(np.int32)
            cv2.polylines(mask, [fixed], False, 255, thick, cv2.LINE_AA, shift=4)
        x += advance(character) * inner * stretch + thick + gap * cap * stretch
