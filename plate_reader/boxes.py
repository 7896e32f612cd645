"""Boxes of plates put in order: a detector often finds one plate whole and in pieces."""

from __future__ import annotations

from collections.abc import Sequence

from plate_reader.types import Box

# Pieces of one plate stand at one height, are about as high, and touch; together they are no longer than a plate.
_LEVEL, _AS_HIGH, _LONGEST = 0.5, 0.6, 6.0


def whole_plates(boxes: Sequence[Box]) -> list[Box]:
    """Join boxes ``xyxy``, the surest first, that are pieces of one plate; give one box for each plate.

    A plate of which only a piece is cut out reads as another, shorter number.
    """
    out: list[Box] = []
    for box in boxes:
        home = next((i for i, other in enumerate(out) if _one_plate(other, box)), None)
        if home is None:
            out.append(box)
        else:
            out[home] = _around(out[home], box)
    return out


def _one_plate(a: Box, b: Box) -> bool:
    height_a, height_b = a[3] - a[1], b[3] - b[1]
    level = min(a[3], b[3]) - max(a[1], b[1])
    touch = min(a[2], b[2]) - max(a[0], b[0])
    if touch <= 0 or level < _LEVEL * min(height_a, height_b):
        return False
    inside = touch >= 0.9 * (b[2] - b[0]) and level >= 0.9 * height_b
    if inside:
        return True
    x1, _, x2, _ = _around(a, b)
    alike = _AS_HIGH < height_a / max(height_b, 1e-6) < 1 / _AS_HIGH
    return alike and x2 - x1 <= _LONGEST * max(height_a, height_b)


def _around(a: Box, b: Box) -> Box:
    return (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
