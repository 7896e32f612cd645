"""Examples for the road detector: pictures with labels, cut, scaled and disturbed as cameras do, one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.types import CLASSES, Image

CROP = 480
# Long side that a whole picture would have in the network; cameras run at 960.
LONG_SIDE = (560, 1500)
WHOLE_SHARE = 0.15
REAL_SHARE = 0.35
# The rendered scenes have riders but say nothing of people, so nothing is learned of "person" from them.
RENDERED_CLASSES = tuple(c for c in CLASSES if c not in ("person", "bicycle"))


POSITIVES_ONLY = -1.0
# How often a crop is laid around a thing, against 1 for others: bare heads are rare, and a pillion's hides a helmet.
FOCUS = np.array([{"head_bare": 4.0, "head_helmet": 1.5}.get(c, 1.0) for c in CLASSES] + [0.25])


@dataclass(frozen=True)
class Source:
    """One labelled picture. ``labels`` (n, 5) float32: class number, then xyxy as shares of the picture (a class beyond
    `CLASSES` is a place where nothing is learned of heads); ``known`` (classes,) float32: 1 where labels are complete,
    `POSITIVES_ONLY` where some are missing, 0 where there are none.
    """

    path: Path
    labels: NDArray[np.float32]
    known: NDArray[np.float32]


def _read(folder: Path, known_by_name: dict[str, tuple[str, ...]] | None) -> list[Source]:
    out = []
    for path in sorted((folder / "images").iterdir()):
        if known_by_name is not None and path.stem not in known_by_name:
            continue
        text = (folder / "labels" / f"{path.stem}.txt").read_text()
        rows = np.array([[float(v) for v in line.split()] for line in text.splitlines()], np.float32)
        rows = rows.reshape(-1, 5)
        middle, half = rows[:, 1:3].copy(), rows[:, 3:5] / 2
        rows[:, 1:3], rows[:, 3:5] = middle - half, middle + half
        names = RENDERED_CLASSES if known_by_name is None else known_by_name[path.stem]
        known = np.array(
            [1.0 if c in names else POSITIVES_ONLY if f"{c}+" in names else 0.0 for c in CLASSES], np.float32
        )
        allowed = np.append(known, 1.0)
        out.append(Source(path, rows[allowed[rows[:, 0].astype(int)] != 0], known))
    return out


def read_sources(rendered: Path, real: Path) -> tuple[list[Source], list[Source]]:
    """Give (rendered, real) pictures."""
    lines = [line.split() for line in (real / "classes.txt").read_text().splitlines()]
    return _read(rendered, None), _read(real, {name: tuple(classes.split(",")) for name, classes in lines})


def _disturb(image: Image, rng: np.random.Generator) -> Image:
    out = image.astype(np.float32)
    out *= np.float32(rng.uniform(0.55, 1.35)) * rng.uniform(0.9, 1.1, 3).astype(np.float32)
    if rng.random() < 0.15:
        out[:] = out.mean(axis=2, keepdims=True)
    if rng.random() < 0.25:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.4, 1.3)))
    if rng.random() < 0.3:
        out += rng.normal(0, rng.uniform(2, 10), (*image.shape[:2], 1)).astype(np.float32)
    picture = np.asarray(np.clip(out, 0, 255), np.uint8)
    if rng.random() < 0.4:
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 85))])
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return picture


def example(source: Source, rng: np.random.Generator) -> tuple[Image, NDArray[np.float32]]:
    """Give a (CROP, CROP, 3) uint8 BGR picture and its (n, 5) float32 labels: class, xyxy in its pixels."""
    image = cv2.imread(str(source.path))
    if image is None:
        raise OSError(f"{source.path}: cannot be read as a picture")
    h, w = image.shape[:2]
    low, high = LONG_SIDE
    whole = rng.random() < WHOLE_SHARE
    long_side = CROP if whole else float(np.exp(rng.uniform(np.log(low), np.log(high))))
    scale = long_side / max(h, w)
    boxes = source.labels[:, 1:] * np.array([w, h, w, h], np.float32)
    cut = CROP / scale
    if len(boxes) and not whole and rng.random() < 0.8:
        weight = FOCUS[source.labels[:, 0].astype(int)]
        box = boxes[rng.choice(len(boxes), p=weight / weight.sum())]
        x0 = rng.uniform(box[2] - cut, box[0]) if box[2] - box[0] < cut else box[0]
        y0 = rng.uniform(box[3] - cut, box[1]) if box[3] - box[1] < cut else box[1]
    else:
        x0, y0 = rng.uniform(0, max(w - cut, 1)), rng.uniform(0, max(h - cut, 1))
    x0, y0 = (min(max(v, 0.0), max(n - cut, 0.0)) for v, n in ((x0, w), (y0, h)))
    x1, y1 = min(w, x0 + cut), min(h, y0 + cut)
    part = image[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))]
    size = (
        min(CROP, max(1, round(part.shape[1] * scale))),
        min(CROP, max(1, round(part.shape[0] * scale))),
    )
    resized = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    picture = np.full((CROP, CROP, 3), 114, np.uint8)
    picture[: size[1], : size[0]] = _disturb(resized, rng)
    shift = np.array([int(x0), int(y0)] * 2, np.float32)
    moved = (boxes - shift) * scale
    clipped = moved.copy()
    clipped[:, 0::2] = clipped[:, 0::2].clip(0, size[0])
    clipped[:, 1::2] = clipped[:, 1::2].clip(0, size[1])
    area = np.prod(moved[:, 2:] - moved[:, :2], axis=1)
    left = np.prod(clipped[:, 2:] - clipped[:, :2], axis=1)
    sides = clipped[:, 2:] - clipped[:, :2]
    keep = (left > 0.3 * area) & (sides.min(axis=1) >= 3)
    rows = np.concatenate([source.labels[keep, :1], clipped[keep]], axis=1)
    if rng.random() < 0.5:
        picture = np.ascontiguousarray(picture[:, ::-1])
        rows[:, [1, 3]] = CROP - rows[:, [3, 1]]
    return picture, rows
