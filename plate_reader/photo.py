"""Reads every plate of a photo: where a plate detector finds one, and where there is text like one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from plate_reader.base import FindPlates, Image, PlateReaderError
from plate_reader.boxes import whole_plates
from plate_reader.rapid import TextFinder
from plate_reader.reader import OFFERED, PlateReader
from plate_reader.types import Box, PlateReading, Quad

Line = NDArray[np.float32]
"""Corners of a line of text, (4, 2) pixels, clockwise from top left."""

_LEAST_CONFIDENCE, _HEARD = 0.02, 0.1
# A picture of these proportions and no wider may itself be a crop of a plate.
_CROP_ASPECT, _CROP_WIDTH_PX, _CROP_PAD = (1.6, 6.0), 800, 0.1
# How far a plate reaches beyond its number, in heights of the number's line: left and right, above, below.
_BESIDE, _ABOVE, _BELOW = 0.7, 0.5, 1.15
# Numbers with few characters stand far apart: by so many heights of their line, in the regulation's layout.
_WIDEST_GAP = 2.2
_SAME = 0.3
WIDE_PAD = 0.26
"""Margin of a photo's second cut, as a share of the plate's box: where the first cut off an end, this one shows it."""
# A picture in which nothing was read is looked at again, turned by so many degrees and so much smaller: a plate that
# hangs aslant, or fills half of it, is unlike most of what a detector has learned.
_AGAIN = ((0.0, 0.6), (-15.0, 0.6), (15.0, 0.6), (-15.0, 1.0), (15.0, 1.0))


class PhotoReader:
    """Finds and reads plates in photos, see `plate_reader.base.PhotoPlateReader`."""

    def __init__(self, reader: PlateReader | None = None, find: FindPlates | None = None) -> None:
        """Take the crop reader and, where there is one, a plate detector.

        Raises:
            PlateReaderError: a model cannot be loaded.
        """
        self._reader = reader or PlateReader()
        self._find = find
        self._text = TextFinder(self._reader.config.threads)

    def read(self, image: Image) -> list[PlateReading]:
        """Find and read plates in (H, W, 3) uint8 BGR; boxes in its pixels, most confident first.

        Where the detector finds nothing that can be read it looks again, and last text is looked for.

        Raises:
            PlateReaderError: ``image`` is no such picture.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise PlateReaderError(
                f"a photo must be (H, W, 3) uint8 BGR, given was {image.shape} {image.dtype}"
            )
        boxes = whole_plates(self._find(image)) if self._find else []
        readings = [self._read_box(image, box) for box in boxes]
        height, width = image.shape[:2]
        if _CROP_ASPECT[0] < width / height < _CROP_ASPECT[1] and 20 <= width <= _CROP_WIDTH_PX:
            readings.append(self._read_whole(image))
        for look in (self._look_again, self._look_for_text):
            if all(r.text is None or r.confidence < OFFERED for r in readings):
                readings += look(image)
        return _apart([r for r in readings if r.text is not None and r.confidence >= _LEAST_CONFIDENCE])

    def _look_again(self, image: Image) -> list[PlateReading]:
        if self._find is None:
            return []
        size, middle = image.shape[1::-1], np.array(image.shape[1::-1]) / 2
        out = []
        for angle, shrunk in _AGAIN:
            turn, small = (cv2.getRotationMatrix2D(tuple(middle), angle, scale) for scale in (1.0, shrunk))
            boxes = whole_plates(self._find(np.asarray(cv2.warpAffine(image, small, size), np.uint8)))
            turned = np.asarray(cv2.warpAffine(image, turn, size), np.uint8) if boxes else image
            for box in boxes:
                x1, y1, x2, y2 = (np.array(box).reshape(2, 2) - middle).ravel() / shrunk + np.tile(middle, 2)
                reading = self._read_box(turned, (float(x1), float(y1), float(x2), float(y2)))
                out.append(
                    replace(reading, corners=_warped(reading.corners, cv2.invertAffineTransform(turn)))
                )
        return out

    def _look_for_text(self, image: Image) -> list[PlateReading]:
        return [self._read_box(image, _around(quad)) for quad in join_lines(self._text.find(image))]

    def _read_box(self, image: Image, box: Box) -> PlateReading:
        """Read a box twice, cut narrow and wide: where it leaves out an end of the number, the two disagree."""
        cut = [padded_crop(image, box, pad) for pad in (self._reader.config.pad, WIDE_PAD)]
        left, top = cut[0][1]
        return _moved(self._reader.read_views([crop for crop, _ in cut]), left, top)

    def _read_whole(self, image: Image) -> PlateReading:
        dy, dx = round(image.shape[0] * _CROP_PAD), round(image.shape[1] * _CROP_PAD)
        padded = np.asarray(cv2.copyMakeBorder(image, dy, dy, dx, dx, cv2.BORDER_REPLICATE), np.uint8)
        return _moved(self._reader.read_crop(padded), -dx, -dy)


def padded_crop(image: Image, box: Box, pad: float) -> tuple[Image, tuple[int, int]]:
    """Cut a plate's box out of a picture with a margin of ``pad`` of its size, where there is room.

    Gives the crop and where its left upper corner is in the picture.
    """
    x1, y1, x2, y2 = box
    dx, dy = (x2 - x1) * pad, (y2 - y1) * pad
    height, width = image.shape[:2]
    left, top = max(0, round(x1 - dx)), max(0, round(y1 - dy))
    return image[top : min(height, round(y2 + dy)), left : min(width, round(x2 + dx))], (left, top)


def join_lines(quads: Sequence[Line]) -> list[Line]:
    """Join text boxes that stand side by side: a plate's gaps often part its number in two or three.

    Boxes and lines are (4, 2) pixels, clockwise from top left.
    """
    lines: list[list[Line]] = []
    for quad in sorted(quads, key=lambda q: float(q[:, 0].min())):
        home = next((line for line in lines if _goes_on(line[-1], quad)), None)
        if home is None:
            lines.append([quad])
        else:
            home.append(quad)
    return [_line_quad(line) for line in lines]


def _goes_on(left: Line, right: Line) -> bool:
    left_height, right_height = _height(left), _height(right)
    if not 0.6 < left_height / max(1.0, right_height) < 1.67:
        return False
    gap = float(right[[0, 3], 0].mean() - left[[1, 2], 0].mean())
    drop = float(right[[0, 3], 1].mean() - left[[1, 2], 1].mean())
    tall = max(left_height, right_height)
    return -0.5 * tall < gap < _WIDEST_GAP * tall and abs(drop) < 0.4 * tall


def _line_quad(line: Sequence[Line]) -> Line:
    first, last = line[0], line[-1]
    return np.array([first[0], last[1], last[2], first[3]], np.float32)


def _height(quad: Line) -> float:
    return float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2


def _around(quad: Line) -> Box:
    """Give a box that holds the whole plate whose number line this is."""
    height = _height(quad)
    (x1, y1), (x2, y2) = quad.min(axis=0), quad.max(axis=0)
    return (
        float(x1) - _BESIDE * height,
        float(y1) - _ABOVE * height,
        float(x2) + _BESIDE * height,
        float(y2) + _BELOW * height,
    )


def _moved(reading: PlateReading, left: float, top: float) -> PlateReading:
    return replace(reading, corners=_warped(reading.corners, np.array([[1.0, 0, left], [0, 1, top]])))


def _warped(corners: Quad, matrix: NDArray[np.floating]) -> Quad:
    """Give corners in another picture; ``matrix`` (2, 3) takes points of this one there."""
    a, b, c, d = ((float(x), float(y)) for x, y in cv2.transform(np.array([corners]), matrix)[0])
    return (a, b, c, d)


def _apart(readings: Sequence[PlateReading]) -> list[PlateReading]:
    """Keep the surest reading of each place, the surest first; of one text, the one that is accepted.

    A piece of a plate is read as a shorter number, as surely as the whole: the longer of two such texts stays, and
    casts doubt where it is itself too unsure.
    """
    kept: list[PlateReading] = []
    for reading in sorted(readings, key=lambda r: -r.confidence):
        home = next(
            (i for i, other in enumerate(kept) if _shared(reading.box_xyxy, other.box_xyxy) >= _SAME), None
        )
        if home is None:
            kept.append(reading)
        elif reading.confidence >= _HEARD and _goes_beyond(reading.text, kept[home].text):
            why = f"another look reads {reading.text}"
            doubted = replace(kept[home], accepted=False, reason=why) if kept[home].accepted else kept[home]
            kept[home] = reading if reading.confidence >= OFFERED else doubted
        elif reading.accepted and reading.text == kept[home].text and not kept[home].accepted:
            kept[home] = reading
    return sorted(kept, key=lambda r: -r.confidence)


def _goes_beyond(text: str | None, other: str | None) -> bool:
    return bool(
        text and other and len(text) > len(other) and (text.startswith(other) or text.endswith(other))
    )


def _shared(a: Box, b: Box) -> float:
    """Give the boxes' common area as a share of the smaller one's."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / max(1e-6, min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])))
