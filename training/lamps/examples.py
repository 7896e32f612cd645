"""Lamps to learn from: real ones of a roadside camera, told by eye, and rendered ones; lit ones put out and others lit.

`REAL` lists motorcycles of ``helmets-th`` (CC BY 4.0, Roboflow hi-xnpr5/helmet-detection-zrrim v5) with what a person
could tell of each lamp; who could not be told by eye is left out. Of them those whose pictures may train do
(`training.detector.real_set.split`).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.boxes import crop_region
from detectors.lamp_network import STATES, LampState, lamp_box
from detectors.types import Box, Image
from training.detector.real_set import split
from training.lamps.rendered import MARGIN, around

REAL = Path(__file__).with_name("helmets_th.csv")
REAL_SET = "helmets-th"
KEPT_WIDTH = 160
LEAST_WIDTH_PX = 24
HIDDEN_SHARE = 0.12


@dataclass(frozen=True)
class Lamp:
    """A cut (h, w, 3) uint8 BGR around a motorcycle's box with `MARGIN` of its sides; ``group`` says when it was seen,
    0..1 of its set, nought for rendered ones."""

    image: Image
    state: LampState
    group: float = 0.0

    @property
    def box(self) -> Box:
        """The motorcycle's box in the cut."""
        h, w = self.image.shape[:2]
        x, y = w * MARGIN / (1 + 2 * MARGIN), h * MARGIN / (1 + 2 * MARGIN)
        return x, y, w - x, h - y


def real_lamps(data: Path, *, held_out: bool = False) -> list[Lamp]:
    """Give the lamps of the real set below ``data`` that may train, or those that must not."""
    pictures = split(data, REAL_SET)[held_out]
    number = {picture.stem: i for i, picture in enumerate(pictures)}
    with REAL.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["picture"] in number]
    out = []
    for row in rows:
        at = number[row["picture"]]
        image = cv2.imread(str(pictures[at]))
        if image is None:
            raise FileNotFoundError(f"{pictures[at]}: is no picture; fetch helmets-th anew")
        x1, y1, x2, y2 = around([float(row[k]) for k in ("x1", "y1", "x2", "y2")])
        pad = max(x2 - x1, y2 - y1)
        padded = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
        cut = np.asarray(padded[y1 + pad : y2 + pad, x1 + pad : x2 + pad], np.uint8)
        out.append(Lamp(_kept(cut), LampState(row["state"]), at / len(pictures)))
    return out


def rendered_lamps(folder: Path) -> list[Lamp]:
    """Give what `training.lamps.rendered` wrote."""
    out = []
    for file in sorted((folder / "lamps").glob("*.png")):
        image = cv2.imread(str(file))
        assert image is not None
        out.append(Lamp(_kept(np.asarray(image, np.uint8)), LampState(file.stem.rsplit("-", 1)[1])))
    return out


def _kept(cut: Image) -> Image:
    scale = KEPT_WIDTH / cut.shape[1]
    if scale >= 1:
        return cut.copy()
    return np.asarray(cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def plainly(lamp: Lamp) -> Image:
    """Give the lamp's place as `detectors.day_lamp` cuts it."""
    return crop_region(lamp.image, lamp_box(lamp.box))


def example(lamp: Lamp, rng: np.random.Generator) -> tuple[Image, int]:
    """Give a lamp's place, its box as badly placed as a detector's, disturbed as cameras do; and its state's number."""
    x1, y1, x2, y2 = lamp.box
    width, height = x2 - x1, y2 - y1
    off = rng.normal(0, 0.05, 4) * [width, height, width, height]
    box = (x1 + off[0], y1 + off[1], x2 + off[2], y2 + off[3])
    image, state = lamp.image, lamp.state
    if rng.random() < 0.5:
        # Seen from farther away.
        scale = max(LEAST_WIDTH_PX / width, float(rng.uniform(0.25, 1.0)))
        if scale < 1:
            h, w = image.shape[:2]
            small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            image = np.asarray(cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR), np.uint8)
    region = crop_region(image, lamp_box(box))
    if not region.size:
        region = plainly(lamp)
    if rng.random() < 0.5:
        region = region[:, ::-1]
    lit = state is LampState.LIT
    if state is not LampState.UNTOLD and rng.random() < HIDDEN_SHARE:
        region, state = _covered(region, rng), LampState.UNTOLD
    return _disturb(region, rng, most_light=1.25 if lit else 1.05), STATES.index(state)


def _covered(region: Image, rng: np.random.Generator) -> Image:
    """Put something of one colour before all of a lamp's place but its edges."""
    out = region.copy()
    h, w = out.shape[:2]
    left, right = rng.uniform(0, 0.15, 2) * w
    top, bottom = rng.uniform(0, 0.15) * h, rng.uniform(0, 0.25) * h
    shade = np.linspace(1, float(rng.uniform(0.6, 1)), max(1, round(h - bottom) - round(top)))
    part = out[round(top) : round(h - bottom), round(left) : round(w - right)]
    part[:] = (rng.uniform(10, 250) * rng.uniform(0.7, 1.0, 3) * shade[: len(part), None, None]).astype(
        np.uint8
    )
    return out


def _disturb(region: Image, rng: np.random.Generator, most_light: float) -> Image:
    # A lamp that fills the sensor does so in less light too: only what does not is made darker or brighter.
    full = (region.min(axis=2, keepdims=True).astype(np.float32) - 225) / 30
    full = np.clip(full, 0, 1)
    light = np.float32(rng.uniform(0.55, most_light)) * rng.uniform(0.9, 1.1, 3).astype(np.float32)
    out = region.astype(np.float32) * (full + (1 - full) * light)
    if rng.random() < 0.2:
        out[:] = out.mean(axis=2, keepdims=True)
    if rng.random() < 0.25:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.4, 1.4)))
    if rng.random() < 0.3:
        out += rng.normal(0, rng.uniform(2, 10), (*out.shape[:2], 1)).astype(np.float32)
    picture: NDArray[np.uint8] = np.asarray(np.clip(out, 0, 255), np.uint8)
    if rng.random() < 0.4:
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))])
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return picture
