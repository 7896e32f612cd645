"""Where the number stands in a plate crop: straightens the plate, cuts its lines out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from plate_reader.base import Image

_WORK_HEIGHT = 96
# Rows of the number line as shares of the plate's height, a little more than Perpol 7/2021 draws it.
_NUMBER_ROWS = (0.05, 0.66)
_EXPIRY_ROWS = (0.62, 0.95)


@dataclass(frozen=True)
class PlateLines:
    """The lines of one crop.

    ``numbers`` are independent cuts of the number line (h, w, 3), best first, and ``spans`` says from where
    to where each reaches across the crop, as shares 0..1 of its width. ``expiry`` is the line below,
    ``base`` what tells the plate's colour: number and expiry line without their margins. ``width_px`` is the
    plate's width in the given crop.
    """

    numbers: tuple[Image, ...]
    spans: tuple[tuple[float, float], ...]
    expiry: Image
    base: tuple[Image, Image]
    width_px: float


def cut_lines(crop: Image, pad: float = 0.12) -> PlateLines:
    """Cut a crop (h, w, 3) uint8 BGR, padded by about ``pad`` of the plate's box on each side."""
    scale = max(1.0, _WORK_HEIGHT / crop.shape[0])
    large = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) if scale > 1 else crop
    corners = find_plate(large)
    # Half of the margin stays: a detector's box may be too tight.
    spare = pad / (1 + 2 * pad) / 2
    upright = _trim(_level(large), spare)
    (top, bottom), around = _number_rows(upright), (spare, 1 - spare)
    slack = round(0.14 * (bottom - top))
    band = upright[max(0, top - slack) : bottom + slack]
    if corners is None:
        inner = _columns(upright, (spare + 0.02, 0.98 - spare))
        below = inner[bottom + 1 : max(bottom + 5, bottom + round(0.4 * (bottom - top)))]
        width = crop.shape[1] / (1 + 2 * pad)
        lines = (band, _rows(upright, _NUMBER_ROWS))
        return PlateLines(
            lines, (around, around), _rows(upright, _EXPIRY_ROWS), (inner[top:bottom], below), width
        )
    plate = _warp(large, corners)
    rows = _rows(plate, _NUMBER_ROWS)
    inner = _columns(plate, (0.05, 0.95))
    base = (_rows(inner, (0.1, 0.63)), _rows(inner, (0.64, 0.93)))
    width = float(np.linalg.norm(corners[1] - corners[0])) / scale
    across = (float(corners[:, 0].min()) / large.shape[1], float(corners[:, 0].max()) / large.shape[1])
    return PlateLines((rows, band), (across, around), _rows(plate, _EXPIRY_ROWS), base, width)


def find_plate(image: Image) -> NDArray[np.float32] | None:
    """Find the plate's corners, clockwise from top left, (4, 2) pixels; None where no outline is clear."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (3, 3), 0)
    _, light = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    best: tuple[float, NDArray[np.float32] | None] = (0.0, None)
    for mask in (light, cv2.bitwise_not(light)):
        # Letters are closed over, so that the plate is one body.
        closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            score, corners = _as_plate(contour, image.shape[:2])
            if score > best[0]:
                best = (score, corners)
    return best[1]


def _as_plate(contour: NDArray[np.int32], shape: tuple[int, int]) -> tuple[float, NDArray[np.float32] | None]:
    hull = cv2.convexHull(contour)
    area = cv2.contourArea(hull)
    whole = shape[0] * shape[1]
    if not 0.35 * whole < area < 0.9 * whole or cv2.contourArea(contour) < 0.8 * area:
        return 0.0, None
    around = cv2.boxPoints(cv2.minAreaRect(hull))
    if area < 0.88 * cv2.contourArea(around):
        return 0.0, None
    four = cv2.approxPolyDP(hull, 0.04 * cv2.arcLength(hull, True), True)
    corners = _clockwise(four.reshape(-1, 2) if len(four) == 4 else around)
    width = float(np.linalg.norm(corners[1] - corners[0]))
    height = float(np.linalg.norm(corners[3] - corners[0]))
    if not 1.8 < width / max(1.0, height) < 5.5:
        return 0.0, None
    centre = (shape[1] / 2, shape[0] / 2)
    if cv2.pointPolygonTest(corners.reshape(-1, 1, 2), centre, False) < 0:
        return 0.0, None
    return float(area), corners


def _clockwise(points: NDArray[np.float32]) -> NDArray[np.float32]:
    by_sum, by_difference = points.sum(axis=1), points[:, 0] - points[:, 1]
    chosen = [by_sum.argmin(), by_difference.argmax(), by_sum.argmax(), by_difference.argmin()]
    return points[chosen].astype(np.float32)


def _warp(image: Image, corners: NDArray[np.float32]) -> Image:
    width = max(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[3]))
    height = max(np.linalg.norm(corners[3] - corners[0]), np.linalg.norm(corners[2] - corners[1]))
    w, h = max(16, round(float(width))), max(8, round(float(height)))
    target = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    out: Image = cv2.warpPerspective(
        image, cv2.getPerspectiveTransform(corners, target), (w, h), borderMode=cv2.BORDER_REPLICATE
    )
    return out


def _level(image: Image) -> Image:
    """Turn the picture so that its text lies level: where rows of ink and rows of gap part most sharply."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    shrink = min(1.0, 160 / grey.shape[1])
    small = cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    ink = np.abs(cv2.Sobel(small, cv2.CV_32F, 1, 0, ksize=3))
    height, width = ink.shape
    sharpness = {}
    for degrees in range(-12, 13, 2):
        shear = np.array(
            [[1, 0, 0], [np.tan(np.radians(degrees)), 1, -np.tan(np.radians(degrees)) * width / 2]]
        )
        rows = cv2.warpAffine(ink, shear, (width, height)).sum(axis=1)
        sharpness[degrees] = float(np.square(np.diff(rows)).sum())
    degrees = max(sharpness, key=lambda d: (sharpness[d] * (1.0 if d else 1.1), -abs(d)))
    if degrees == 0:
        return image
    slope = float(np.tan(np.radians(degrees)))
    shear = np.array([[1, 0, 0], [slope, 1, -slope * image.shape[1] / 2]])
    out: Image = cv2.warpAffine(
        image, shear, (image.shape[1], image.shape[0]), borderMode=cv2.BORDER_REPLICATE
    )
    return out


def _trim(image: Image, share: float) -> Image:
    dy, dx = round(image.shape[0] * share), round(image.shape[1] * share)
    return image[dy : image.shape[0] - dy, dx : image.shape[1] - dx]


def _number_rows(plate: Image) -> tuple[int, int]:
    """Give the rows of the tallest line of text, found by its upright strokes."""
    grey = cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY)
    height, width = grey.shape
    edge = round(0.06 * width)
    ink = np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3))[:, edge : width - edge].mean(axis=1)
    ink = cv2.GaussianBlur(ink.reshape(-1, 1), (1, 0), 0, sigmaY=max(0.6, height / 50)).ravel()
    strong = ink > 0.5 * float(np.percentile(ink, 90))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], strong.astype(int), [0]])))
    bands = [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
    top, bottom = max(bands, key=lambda band: float(ink[band[0] : band[1]].sum()), default=(0, 0))
    if not 0.25 * height < bottom - top < 0.75 * height:
        return round(_NUMBER_ROWS[0] * height), round(_NUMBER_ROWS[1] * height)
    return top, bottom


def _rows(plate: Image, share: tuple[float, float]) -> Image:
    height = plate.shape[0]
    return plate[round(share[0] * height) : max(round(share[1] * height), round(share[0] * height) + 4)]


def _columns(image: Image, share: tuple[float, float]) -> Image:
    width = image.shape[1]
    return image[:, round(share[0] * width) : max(round(share[1] * width), round(share[0] * width) + 4)]
