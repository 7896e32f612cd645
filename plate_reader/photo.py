"""Reads every plate of a photo: by a plate detector where one is given, else by where there is text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from plate_reader.base import FindPlates, Image, PlateReaderError
from plate_reader.lines import PlateLines, cut_lines, find_plate
from plate_reader.rapid import TextFinder
from plate_reader.reader import PlateReader
from plate_reader.types import Box, PlateReading

Quad = NDArray[np.float32]

_LEAST_CONFIDENCE = 0.02
# A picture of these proportions and no wider may itself be a crop of a plate.
_CROP_ASPECT, _CROP_WIDTH_PX = (1.6, 6.0), 800
_LINE_HEIGHT_PX = 48
# Numbers with few characters stand far apart: by so many heights of their line, in the regulation's layout.
_WIDEST_GAP = 2.2


class PhotoReader:
    """Finds and reads plates in photos, see `plate_reader.base.PhotoPlateReader`."""

    def __init__(self, reader: PlateReader | None = None, find: FindPlates | None = None) -> None:
        """Take the crop reader and, where there is one, a plate detector.

        Raises:
            PlateReaderError: a model cannot be loaded.
        """
        self._reader = reader or PlateReader()
        self._find = find
        self._text = None if find else TextFinder(self._reader.config.threads)
        # Text boxes end where the text does, so nothing can be told from how far it is to their edge.
        self._rules = replace(self._reader.config.single, edge=-1.0, lopsided=1.0)

    def read(self, image: Image) -> list[PlateReading]:
        """Find and read plates in (H, W, 3) uint8 BGR; boxes in its pixels, most confident first.

        Raises:
            PlateReaderError: ``image`` is no such picture.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise PlateReaderError(
                f"a photo must be (H, W, 3) uint8 BGR, given was {image.shape} {image.dtype}"
            )
        readings = self._by_boxes(image) if self._find else self._by_text(image)
        return sorted(readings, key=lambda reading: -reading.confidence)

    def _by_boxes(self, image: Image) -> list[PlateReading]:
        assert self._find is not None
        out = []
        for box in self._find(image):
            crop = padded_crop(image, box, self._reader.config.pad)
            out.append(replace(self._reader.read_crop(crop), box_xyxy=box))
        return out

    def _by_text(self, image: Image) -> list[PlateReading]:
        assert self._text is not None
        out = []
        for quad in join_lines(self._text.find(image)):
            reading = self._reader.read_lines(
                [_around(image, quad)], self._rules, _plate_box(quad, image.shape)
            )
            if reading.text is not None and reading.confidence >= _LEAST_CONFIDENCE:
                out.append(reading)
        height, width = image.shape[:2]
        if _CROP_ASPECT[0] < width / height < _CROP_ASPECT[1] and 20 <= width <= _CROP_WIDTH_PX:
            whole: Box = (0.0, 0.0, float(width), float(height))
            reading = self._reader.read_lines([cut_lines(image, pad=0.0)], self._rules, whole)
            if reading.text is not None and reading.confidence > max(
                (r.confidence for r in out), default=0.0
            ):
                out = [reading]
        return out


def padded_crop(image: Image, box: Box, pad: float) -> Image:
    """Cut a plate's box out of a picture with a margin of ``pad`` of its size, where there is room."""
    x1, y1, x2, y2 = box
    dx, dy = (x2 - x1) * pad, (y2 - y1) * pad
    height, width = image.shape[:2]
    left, top = max(0, round(x1 - dx)), max(0, round(y1 - dy))
    return image[top : min(height, round(y2 + dy)), left : min(width, round(x2 + dx))]


def join_lines(quads: Sequence[Quad]) -> list[Quad]:
    """Join text boxes that stand side by side: a plate's gaps often part its number in two or three.

    Boxes and lines are (4, 2) pixels, clockwise from top left.
    """
    lines: list[list[Quad]] = []
    for quad in sorted(quads, key=lambda q: float(q[:, 0].min())):
        home = next((line for line in lines if _goes_on(line[-1], quad)), None)
        if home is None:
            lines.append([quad])
        else:
            home.append(quad)
    return [_line_quad(line) for line in lines]


def _goes_on(left: Quad, right: Quad) -> bool:
    left_height, right_height = _height(left), _height(right)
    if not 0.6 < left_height / max(1.0, right_height) < 1.67:
        return False
    gap = float(right[[0, 3], 0].mean() - left[[1, 2], 0].mean())
    drop = float(right[[0, 3], 1].mean() - left[[1, 2], 1].mean())
    tall = max(left_height, right_height)
    return -0.5 * tall < gap < _WIDEST_GAP * tall and abs(drop) < 0.4 * tall


def _line_quad(line: Sequence[Quad]) -> Quad:
    first, last = line[0], line[-1]
    return np.array([first[0], last[1], last[2], first[3]], np.float32)


def _height(quad: Quad) -> float:
    return float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2


def _around(image: Image, quad: Quad) -> PlateLines:
    """Make a plate's lines from where its number was found: by the plate's outline where that is clear."""
    tight, wide = (_cut(image, quad, beside, 0.05) for beside in (0.06, 0.25))
    width = float(np.linalg.norm(quad[1] - quad[0]))
    height = _height(quad)
    x1, y1 = quad.min(axis=0)
    x2, y2 = quad.max(axis=0)
    reach = (x1 - 0.9 * height, y1 - 0.5 * height, x2 + 0.9 * height, y2 + 1.1 * height)
    region = padded_crop(image, tuple(float(v) for v in reach), 0.0)  # type: ignore[arg-type]
    scale = max(1.0, 96 / region.shape[0])
    large = (
        cv2.resize(region, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) if scale > 1 else region
    )
    if find_plate(large) is not None:
        found = cut_lines(region)
        views = (found.numbers[0], tight)
        return PlateLines(views, ((0.0, 1.0), (0.0, 1.0)), found.expiry, found.base, found.width_px)
    below = quad + (quad[[3, 2, 2, 3]] - quad[[0, 1, 1, 0]]) * np.array(
        [[1.0], [1.0], [0.3], [0.3]], np.float32
    )
    strip = _cut(image, below, 0.0, 0.0)
    # Without an outline nobody knows what below the number is plate and what is bumper: no colour is told.
    nowhere = strip[:0]
    return PlateLines((tight, wide), ((0.0, 1.0), (0.0, 1.0)), strip, (nowhere, nowhere), width * 1.1)


def _cut(image: Image, quad: Quad, beside: float, above: float) -> Image:
    """Cut a line out straight, with margins as shares of its height."""
    along, down = quad[1] - quad[0], quad[3] - quad[0]
    height = max(2.0, _height(quad))
    out_along = along / max(1.0, float(np.linalg.norm(along))) * height * beside
    out_down = down / max(1.0, float(np.linalg.norm(down))) * height * above
    corners = quad + np.array(
        [-out_along - out_down, out_along - out_down, out_along + out_down, -out_along + out_down]
    )
    width = float(np.linalg.norm(corners[1] - corners[0]))
    tall = float(np.linalg.norm(corners[3] - corners[0]))
    h = _LINE_HEIGHT_PX
    w = max(16, round(h * width / max(1.0, tall)))
    target = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    out: Image = cv2.warpPerspective(
        image, matrix, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return out


def _plate_box(quad: Quad, shape: tuple[int, ...]) -> Box:
    """Give the whole plate's box from its number line: by regulation the line holds the upper part of it."""
    height = _height(quad)
    x1, x2 = float(quad[:, 0].min()) - 0.15 * height, float(quad[:, 0].max()) + 0.15 * height
    y1, y2 = float(quad[:, 1].min()) - 0.1 * height, float(quad[:, 1].max()) + 0.55 * height
    return (max(0.0, x1), max(0.0, y1), min(float(shape[1]), x2), min(float(shape[0]), y2))
