"""Examples for the road detector: pictures with labels, cut, scaled and disturbed as cameras do, one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.types import CLASSES, Image
from training.plates.sheets import coloured, random_sheet
from training.plates.typefaces import drawn

CROP = 480
# Long side that a whole picture would have in the network; cameras run at 960, photos at their own size.
LONG_SIDE = (420, 2300)
WHOLE_SHARE = 0.15
REAL_SHARE = 0.55
# A plate that the picture is laid around is seen from far and from near alike.
CLOSE_SHARE, PLATE_PX, MOST_ENLARGED = 0.5, (22.0, 300.0), 6.0
PASTE_SHARE, LEAST_HUNG_PX = 0.7, 12.0
# Motorcycles lean on their stand or are photographed aslant; white plates burn out in the sun and in lamps.
ASLANT_SHARE, MOST_TURNED_DEG, OVEREXPOSED_SHARE = 0.4, 28.0, 0.15
PLATE, PASTED_FROM = CLASSES.index("plate"), "plates-eu-dashcam"
TWO_WHEELERS = (CLASSES.index("motorcycle"), CLASSES.index("bicycle"))
_FACES = [drawn(stroke) for stroke in (0.08, 0.1, 0.12, 0.14, 0.16)]
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
        rows = rows[~_on_foot(rows)]
        names = RENDERED_CLASSES if known_by_name is None else known_by_name[path.stem]
        known = np.array(
            [1.0 if c in names else POSITIVES_ONLY if f"{c}+" in names else 0.0 for c in CLASSES], np.float32
        )
        if known_by_name is not None and known[PLATE] == 0:
            # Nobody labelled its plates; those that `example` hangs on its motorcycles are right.
            known[PLATE] = POSITIVES_ONLY
        allowed = np.append(known, 1.0)
        out.append(Source(path, rows[allowed[rows[:, 0].astype(int)] != 0], known))
    return out


def _on_foot(rows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which rows are unlabelled heads of people who ride nothing: a head counts only on a two-wheeler."""
    riding = rows[np.isin(rows[:, 0], TWO_WHEELERS), 1:]
    x, y = (rows[:, 1] + rows[:, 3]) / 2, (rows[:, 2] + rows[:, 4]) / 2
    across = (x[:, None] > riding[:, 0]) & (x[:, None] < riding[:, 2])
    inside = across & (y[:, None] > riding[:, 1]) & (y[:, None] < riding[:, 3])
    out: NDArray[np.bool_] = (rows[:, 0] >= len(CLASSES)) & ~inside.any(axis=1)
    return out


def read_sources(rendered: Path, real: Path) -> tuple[list[Source], list[Source]]:
    """Give (rendered, real) pictures."""
    lines = [line.split() for line in (real / "classes.txt").read_text().splitlines()]
    return _read(rendered, None), _read(real, {name: tuple(classes.split(",")) for name, classes in lines})


def _disturb(image: Image, rng: np.random.Generator) -> Image:
    out = image.astype(np.float32)
    out *= np.float32(rng.uniform(0.55, 1.35)) * rng.uniform(0.82, 1.18, 3).astype(np.float32)
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


def _where_plates_hang(boxes: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Give a place for a plate on each of (n, 4) motorcycles, front or rear, xyxy."""
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    x = (boxes[:, 0] + boxes[:, 2]) / 2 + width * rng.normal(0, 0.06, len(boxes))
    y = boxes[:, 1] + height * rng.uniform(0.52, 0.74, len(boxes))
    half = width * rng.uniform(0.13, 0.22, len(boxes))
    return np.column_stack([x - half, y - half / 2.6, x + half, y + half / 2.6]).astype(np.float32)


def _paste_plates(
    picture: Image, boxes: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Hang Indonesian plates over others, in place; give the (n, 4) boxes xyxy pixels of what hangs there now."""
    out = boxes.copy()
    for i, (x1, y1, x2, y2) in enumerate(boxes):
        width = float(x2 - x1) * float(rng.uniform(0.95, 1.25))
        if width < 10:
            continue
        sheet = random_sheet(rng, _FACES, _FACES)
        plate = coloured(sheet)
        aspect = plate.shape[1] / plate.shape[0]
        height = max(width / aspect * float(rng.uniform(0.85, 1.1)), float(y2 - y1) * 1.02)
        centre, lean = np.array([(x1 + x2) / 2, (y1 + y2) / 2]), float(rng.normal(0, 0.05))
        half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2, height / 2]
        corners = half + half[:, [0]] * [0, lean] + rng.normal(0, 0.02, (4, 2)) * [width, height]
        if rng.random() < ASLANT_SHARE:
            turn = np.radians(rng.uniform(-MOST_TURNED_DEG, MOST_TURNED_DEG))
            corners = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        corners = corners + centre
        old = picture[max(0, int(y1)) : int(y2) + 1, max(0, int(x1)) : int(x2) + 1]
        light = float(np.clip(np.percentile(old, 85) / 210, 0.15, 1.2)) if old.size else 1.0
        if rng.random() < OVEREXPOSED_SHARE:
            light *= float(rng.uniform(1.2, 2.2))
        small = cv2.resize(
            plate, (max(4, round(width)), max(3, round(height))), interpolation=cv2.INTER_AREA
        ).astype(np.float32)
        small = cv2.GaussianBlur(small * light, (0, 0), float(rng.uniform(0.3, 0.6 + width / 180)))
        source = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * [small.shape[1], small.shape[0]]
        matrix = cv2.getPerspectiveTransform(source.astype(np.float32), corners.astype(np.float32))
        size = (picture.shape[1], picture.shape[0])
        warped = cv2.warpPerspective(small, matrix, size)
        alpha = cv2.warpPerspective(np.ones(small.shape[:2], np.float32), matrix, size)[:, :, None]
        picture[:] = np.clip(picture * (1 - alpha) + warped * alpha, 0, 255).astype(np.uint8)
        out[i] = (*corners.min(axis=0), *corners.max(axis=0))
    return out


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
    focus = None
    if len(boxes) and not whole and rng.random() < 0.8:
        weight = FOCUS[source.labels[:, 0].astype(int)]
        focus = int(rng.choice(len(boxes), p=weight / weight.sum()))
        if source.labels[focus, 0] == PLATE and rng.random() < CLOSE_SHARE:
            wanted = float(np.exp(rng.uniform(*np.log(PLATE_PX))))
            scale = min(MOST_ENLARGED, wanted / max(4.0, float(boxes[focus, 2] - boxes[focus, 0])))
    cut = CROP / scale
    if focus is not None:
        box = boxes[focus]
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
    shift = np.array([int(x0), int(y0)] * 2, np.float32)
    moved = (boxes - shift) * scale
    labels = source.labels
    plates = labels[:, 0] == PLATE
    motorcycles = labels[:, 0] == TWO_WHEELERS[0]
    if source.known[PLATE] == POSITIVES_ONLY and motorcycles.any() and rng.random() < PASTE_SHARE:
        places = _where_plates_hang(moved[motorcycles], rng)
        hung = _paste_plates(resized, places[places[:, 2] - places[:, 0] >= LEAST_HUNG_PX], rng)
        moved = np.concatenate([moved, hung])
        labels = np.concatenate([labels, np.column_stack([np.full(len(hung), PLATE), hung])]).astype(
            np.float32
        )
    elif source.path.name.startswith(PASTED_FROM) and plates.any() and rng.random() < PASTE_SHARE:
        moved[plates] = _paste_plates(resized, moved[plates], rng)
    picture = np.full((CROP, CROP, 3), 114, np.uint8)
    picture[: size[1], : size[0]] = _disturb(resized, rng)
    clipped = moved.copy()
    clipped[:, 0::2] = clipped[:, 0::2].clip(0, size[0])
    clipped[:, 1::2] = clipped[:, 1::2].clip(0, size[1])
    area = np.prod(moved[:, 2:] - moved[:, :2], axis=1)
    left = np.prod(clipped[:, 2:] - clipped[:, :2], axis=1)
    sides = clipped[:, 2:] - clipped[:, :2]
    keep = (left > 0.3 * area) & (sides.min(axis=1) >= 3)
    rows = np.concatenate([labels[keep, :1], clipped[keep]], axis=1)
    if rng.random() < 0.5:
        picture = np.ascontiguousarray(picture[:, ::-1])
        rows[:, [1, 3]] = CROP - rows[:, [3, 1]]
    return picture, rows
