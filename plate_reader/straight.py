"""A plate warped straight: the pictures that the TNKB recogniser reads."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from plate_reader.base import Image

READ = (192, 64)
"""Width and height in pixels of what the recogniser reads."""
MARGIN = 0.04
"""How much of the surroundings stays at each side, as a share of that side."""


def stretched(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Give a grey picture as float32 in -1..1, its darkest and lightest fiftieth cut off: night is read as day is."""
    low, high = (float(v) for v in np.percentile(grey, (2, 98)))
    # A flat picture stays flat: it holds nothing to read.
    spread = max(high - low, 16.0)
    out: NDArray[np.float32] = np.clip((grey.astype(np.float32) - low) / spread * 2 - 1, -1.0, 1.0)
    return out


def straightened(
    crop: Image,
    corners: NDArray[np.float32],
    size: tuple[int, int] = READ,
    margin: float = MARGIN,
    rows: tuple[float, float] = (0.0, 1.0),
) -> Image:
    """Warp a plate straight.

    Args:
        crop: (h, w, 3) or (h, w) uint8.
        corners: (4, 2) float32 pixels, clockwise from top left.
        size: width and height of what comes out.
        margin: surroundings kept at each side, as a share of it.
        rows: from where to where of the plate's height, 0..1.
    """
    w, h = size
    inner_w, inner_h = w / (1 + 2 * margin), h / (1 + 2 * margin)
    left, top = (w - inner_w) / 2, (h - inner_h) / 2
    begin, end = rows
    source = np.array(
        [
            corners[0] + (corners[3] - corners[0]) * begin,
            corners[1] + (corners[2] - corners[1]) * begin,
            corners[1] + (corners[2] - corners[1]) * end,
            corners[0] + (corners[3] - corners[0]) * end,
        ],
        np.float32,
    )
    target = np.array(
        [[left, top], [left + inner_w, top], [left + inner_w, top + inner_h], [left, top + inner_h]],
        np.float32,
    )
    # Shrinking by more than half would skip pixels: shrink by area first.
    length = max(float(np.linalg.norm(source[1] - source[0])), float(np.linalg.norm(source[2] - source[3])))
    shrink = min(1.0, 1.5 * inner_w / max(length, 1.0))
    if shrink < 1.0:
        crop = cv2.resize(crop, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        source = source * np.float32(shrink)
    matrix = cv2.getPerspectiveTransform(source, target)
    out: Image = cv2.warpPerspective(
        crop, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return out
