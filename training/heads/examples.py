"""Heads to learn from: real ones of a roadside camera and rendered ones, disturbed as cameras do.

`ADDED` lists heads of ``helmets-th`` (CC BY 4.0, Roboflow hi-xnpr5/helmet-detection-zrrim v5) that its makers did not
label, told by eye in pictures that may train.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.head_network import BARE, HELMET, head_square
from detectors.head_network import CLASSES as NETWORK_CLASSES
from detectors.heads import AROUND, SIDE
from detectors.types import CLASSES, Box, Image

ADDED = Path(__file__).with_name("helmets_th.csv")
REAL_SET = "helmets-th"
REAL_SHARE = 0.6
# The rest of a cut lies around the square that the network sees, so that the square can be moved.
MARGIN = 1.6
KEPT_SIDE = 240
LABEL_OF = {CLASSES.index("head_bare"): BARE, CLASSES.index("head_helmet"): HELMET}


@dataclass(frozen=True)
class Head:
    """A cut (h, w, 3) uint8 BGR whose middle is a head ``side`` pixels large; ``label`` as in `head_network.CLASSES`;
    ``group`` says when it was seen, 0..1 of its recording."""

    image: Image
    side: float
    label: int
    group: float


def read_heads(folder: Path, prefix: str = "") -> list[Head]:
    """Give the heads of a folder of ``images`` and YOLO ``labels``, numbered as in `detectors.types.CLASSES`, and what
    `ADDED` adds to them."""
    files = sorted(p for p in (folder / "images").iterdir() if p.name.startswith(prefix))
    added = added_heads(ADDED)
    out = []
    for number, file in enumerate(files):
        rows = [line.split() for line in (folder / "labels" / f"{file.stem}.txt").read_text().splitlines()]
        rows = [row for row in rows if row and int(row[0]) in LABEL_OF]
        name = file.stem.removeprefix(f"{REAL_SET}-") if file.stem.startswith(REAL_SET) else ""
        more = [(NETWORK_CLASSES.index(label), box) for label, box in added.get(name, ())]
        image = cv2.imread(str(file)) if rows or more else None
        if image is None:
            continue
        h, w = image.shape[:2]
        for row in rows:
            x, y, bw, bh = (float(v) * n for v, n in zip(row[1:5], (w, h, w, h), strict=True))
            more.append((LABEL_OF[int(row[0])], (x - bw / 2, y - bh / 2, x + bw / 2, y + bh / 2)))
        out += [_head(np.asarray(image, np.uint8), label, box, number / len(files)) for label, box in more]
    return out


def added_heads(file: Path) -> dict[str, list[tuple[str, Box]]]:
    """Give class and box ``xyxy`` in pixels of the heads that a list like `ADDED` adds, by the picture's name."""
    out: dict[str, list[tuple[str, Box]]] = {}
    with file.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            box = (float(row["x1"]), float(row["y1"]), float(row["x2"]), float(row["y2"]))
            out.setdefault(row["picture"], []).append((row["class"], box))
    return out


def _head(image: Image, label: int, box: Box, group: float) -> Head:
    x1, y1, x2, y2 = box
    x, y, side = (x1 + x2) / 2, (y1 + y2) / 2, max(x2 - x1, y2 - y1)
    reach = side * AROUND * MARGIN / 2
    left, top = round(x - reach), round(y - reach)
    size = pad = max(2, round(2 * reach))
    padded = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    cut = padded[top + pad : top + pad + size, left + pad : left + pad + size]
    if size > KEPT_SIDE:
        cut = cv2.resize(cut, (KEPT_SIDE, KEPT_SIDE), interpolation=cv2.INTER_AREA)
        side *= KEPT_SIDE / size
    return Head(np.asarray(cut, np.uint8).copy(), side, label, group)


def example(head: Head, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Give a (96, 96, 3) uint8 BGR square, its box as badly placed as a detector's."""
    h, w = head.image.shape[:2]
    side = head.side * float(np.exp(rng.normal(0, 0.12)))
    x, y = w / 2 + rng.normal(0, 0.06) * head.side, h / 2 + rng.normal(0, 0.06) * head.side
    image = head.image
    if rng.random() < 0.4:
        # Seen from farther away.
        seen = max(7.0, head.side * float(rng.uniform(0.25, 1.0)))
        small = cv2.resize(
            image, None, fx=seen / head.side, fy=seen / head.side, interpolation=cv2.INTER_AREA
        )
        image = np.asarray(cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR), np.uint8)
    if rng.random() < 0.5:
        turn = cv2.getRotationMatrix2D((x, y), float(rng.normal(0, 8)), 1.0)
        image = np.asarray(cv2.warpAffine(image, turn, (w, h), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    square = head_square(image, (x - side / 2, y - side / 2, x + side / 2, y + side / 2))
    if rng.random() < 0.5:
        square = square[:, ::-1]
    return _disturb(square, rng)


def _disturb(square: Image, rng: np.random.Generator) -> NDArray[np.uint8]:
    out = square.astype(np.float32) * np.float32(rng.uniform(0.5, 1.5))
    out *= rng.uniform(0.85, 1.15, 3).astype(np.float32)
    if rng.random() < 0.3:
        out = 255 * (np.clip(out, 0, 255) / 255) ** np.float32(rng.uniform(0.6, 1.6))
    if rng.random() < 0.2:
        out[:] = out.mean(axis=2, keepdims=True)
    if rng.random() < 0.3:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.5, 3.0)))
    if rng.random() < 0.15:
        length = int(rng.integers(3, 13))
        out = cv2.blur(out, (length, 1) if rng.random() < 0.6 else (1, length))
    if rng.random() < 0.3:
        out += rng.normal(0, rng.uniform(2, 14), (SIDE, SIDE, 1)).astype(np.float32)
    if rng.random() < 0.4:
        # Somebody or something before a part of it.
        w, h = rng.integers(8, SIDE // 2, 2)
        x, y = int(rng.integers(0, SIDE - w)), int(rng.integers(0, SIDE - h))
        away = abs(x + w / 2 - SIDE / 2) + abs(y + h / 2 - SIDE / 2)
        if away > SIDE / 3:
            out[y : y + h, x : x + w] = rng.uniform(0, 255, 3)
    picture = np.asarray(np.clip(out, 0, 255), np.uint8)
    if rng.random() < 0.4:
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 85))])
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return picture
