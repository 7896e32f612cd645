"""What the recognisers are shown of one plate: its crop warped straight, whole and line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from plate_reader.base import Image
from plate_reader.corners import CornerFinder, Corners
from plate_reader.straight import straightened

# Rows of the lines as shares of the plate's height: the number stands above, month and year below.
_NUMBER_ROWS, _EXPIRY_ROWS = (-0.02, 0.70), (0.60, 1.0)
_BASE_NUMBER, _BASE_EXPIRY = (0.1, 0.62), (0.66, 0.92)
_LINE_SIZE, _BASE_SIZE = (256, 48), (160, 32)
# The second look is at a plate that the first has straightened, with so much around it.
_LOOK_SIZE, _LOOK_MARGIN = (256, 112), 0.22
# A whole plate stands inside its crop, for a crop has a margin: one nearer to its edge than this share may go on.
_INSIDE = 0.015
# Corners that no plate has: sides of such proportions are something else, and the crop is read as it stands.
_ASPECT = (1.2, 7.0)


@dataclass(frozen=True)
class PlateViews:
    """One crop's views.

    ``plates`` (64, 192, 3) are the whole plate straightened by the first and by the second look; ``number``
    (48, 256, 3) its number line alone, for a peer that reads lines; ``expiry`` (64, 192, 3) the line below; ``base``
    number and expiry line without their margins, which tell the colour. ``corners`` (4, 2) float32 are the plate's in
    the given crop, in its pixels, ``width_px`` its width there; ``cut_off`` tells that it seems to reach beyond it.
    """

    plates: tuple[Image, ...]
    number: Image
    expiry: Image
    base: tuple[Image, Image]
    corners: Corners
    width_px: float
    cut_off: bool


def view_plates(crops: Sequence[Image], finder: CornerFinder) -> list[PlateViews]:
    """Straighten crops (h, w, 3) uint8 BGR, each with one plate and some of its surroundings."""
    first = [_plausible(c, crop) for c, crop in zip(finder.find(crops), crops, strict=True)]
    looks = [straightened(crop, c, _LOOK_SIZE, _LOOK_MARGIN) for crop, c in zip(crops, first, strict=True)]
    second = [
        _plausible(_back(found, c), crop)
        for found, c, crop in zip(finder.find(looks), first, crops, strict=True)
    ]
    return [_views(crop, a, b) for crop, a, b in zip(crops, first, second, strict=True)]


def number_line(crop: Image, corners: Corners) -> Image:
    """Give a plate's number line alone, (48, 256, 3), or (48, 256) of a grey crop."""
    return straightened(crop, corners, _LINE_SIZE, 0.03, _NUMBER_ROWS)


def _views(crop: Image, first: Corners, second: Corners) -> PlateViews:
    plates = (straightened(crop, first), straightened(crop, second))
    number = number_line(crop, second)
    expiry = straightened(crop, second, rows=_EXPIRY_ROWS)
    base = (
        straightened(crop, second, _BASE_SIZE, -0.03, _BASE_NUMBER),
        straightened(crop, second, _BASE_SIZE, -0.03, _BASE_EXPIRY),
    )
    height, width = crop.shape[:2]
    shares = second / np.array([width, height], np.float32)
    cut_off = bool(shares[:, 0].min() < _INSIDE or shares[:, 0].max() > 1 - _INSIDE)
    return PlateViews(plates, number, expiry, base, second, _width(second), cut_off)


def _back(found: Corners, corners: Corners) -> Corners:
    """Give corners that were found in the second look as pixels of the crop."""
    w, h = _LOOK_SIZE
    inner_w, inner_h = w / (1 + 2 * _LOOK_MARGIN), h / (1 + 2 * _LOOK_MARGIN)
    left, top = (w - inner_w) / 2, (h - inner_h) / 2
    target = np.array(
        [[left, top], [left + inner_w, top], [left + inner_w, top + inner_h], [left, top + inner_h]],
        np.float32,
    )
    matrix = cv2.getPerspectiveTransform(target, corners)
    out: NDArray[np.float32] = cv2.perspectiveTransform(found[None], matrix)[0]
    return out.astype(np.float32)


def _plausible(corners: Corners, crop: Image) -> Corners:
    """Give the corners, or the crop's own where they are no plate's."""
    tall = (np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])) / 2
    area = float(cv2.contourArea(corners)) / (crop.shape[0] * crop.shape[1])
    convex = bool(cv2.isContourConvex(np.round(corners * 16).astype(np.int32)))
    if convex and 0.12 < area < 1.6 and _ASPECT[0] < _width(corners) / max(1.0, float(tall)) < _ASPECT[1]:
        return corners
    height, width = crop.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def _width(corners: Corners) -> float:
    return float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2
