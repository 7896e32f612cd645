"""Rendered tracks of plate crops with exact truth: all that the thresholds are chosen on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from plate_reader.photo import padded_crop
from training.render.degrade import next_shot, photograph, random_shot
from training.render.plates import PlateSpec, draw_plate, random_plate

Image = NDArray[np.uint8]
_VEHICLES = (("car", 0.4), ("motorcycle", 0.4), ("bus", 0.1), ("truck", 0.1))
# How much of its surroundings a photo's plate has around it here, as a share of its box, and how a detector's box errs.
_PHOTO_PAD, _BOX_SIGMA = 0.5, 0.03


@dataclass(frozen=True)
class RenderedTrack:
    """Crops (h, w, 3) BGR of one vehicle's plate in time order, or of one photo as it is cut; ``widths_px`` is the
    plate's width in each.

    ``mishap`` names what was done to it beyond weather and camera: "", "cut" (a crop, or a photo's box, that lost its
    end), "switched" (a crop of another vehicle), "covered" (something hangs over the plate in every crop).
    """

    spec: PlateSpec
    crops: tuple[Image, ...]
    widths_px: tuple[float, ...]
    mishap: str


def rendered_tracks(seed: int, count: int) -> Iterator[RenderedTrack]:
    """Draw ``count`` tracks; the same seed gives the same ones."""
    for index in range(count):
        yield rendered_track(np.random.default_rng([seed, index]))


def rendered_track(rng: np.random.Generator) -> RenderedTrack:
    """Draw one track of 3 to 6 crops, first 35 to 130 px wide and growing as the vehicle comes near."""
    spec = _plate(rng)
    wear = float(rng.beta(1, 3))
    plate = draw_plate(spec, 480, wear, int(rng.integers(1 << 30)))
    mishap = str(rng.choice(["", "cut", "switched", "covered"], p=[0.85, 0.06, 0.05, 0.04]))
    if mishap == "covered":
        plate = _cover(plate, rng)
    shot = random_shot(rng, float(np.exp(rng.uniform(np.log(35), np.log(130)))))
    crops, widths = [], []
    for _ in range(int(rng.integers(3, 7))):
        crops.append(photograph(plate, shot, rng))
        widths.append(shot.width_px)
        shot = next_shot(shot, rng, float(rng.uniform(1.0, 1.2)))
    if mishap == "switched":
        # The other vehicle's plate may well be the larger one.
        other = draw_plate(_plate(rng), 480, wear, 1)
        at = int(rng.integers(len(crops)))
        crops[at] = photograph(other, random_shot(rng, widths[at] * float(rng.uniform(0.8, 1.5))), rng)
    if mishap == "cut":
        for at in range(len(crops)):
            if rng.random() < 0.7:
                crops[at] = _cut(crops[at], rng)
    return RenderedTrack(spec, tuple(crops), tuple(widths), mishap)


def rendered_photos(seed: int, count: int, pads: tuple[float, ...]) -> Iterator[RenderedTrack]:
    """Draw ``count`` photos, each cut once for each of ``pads``; the same seed gives the same ones."""
    for index in range(count):
        yield rendered_photo(np.random.default_rng([seed, 1, index]), pads)


def rendered_photo(rng: np.random.Generator, pads: tuple[float, ...]) -> RenderedTrack:
    """Draw a plate 60 to 270 px wide in one photo, aslant as motorcycles' are, and cut it with these margins."""
    spec = _plate(rng)
    plate = draw_plate(spec, 810, float(rng.beta(1, 3)), int(rng.integers(1 << 30)))
    mishap = str(rng.choice(["", "cut", "covered"], p=[0.9, 0.06, 0.04]))
    if mishap == "covered":
        plate = _cover(plate, rng)
    width = float(np.exp(rng.uniform(np.log(60), np.log(270))))
    roll = float(np.clip(rng.normal(0, 6), -20, 20))
    picture = photograph(plate, replace(random_shot(rng, width), roll=roll, pad=_PHOTO_PAD), rng)
    size = np.array(picture.shape[1::-1]) / (1 + 2 * _PHOTO_PAD)
    box = np.concatenate([size * _PHOTO_PAD, size * (1 + _PHOTO_PAD)])
    box += rng.normal(0, _BOX_SIGMA, 4) * np.tile(size, 2)
    if mishap == "cut":
        lost = float(rng.uniform(0.12, 0.35)) * size[0]
        if rng.random() < 0.4:
            box[0] += lost
        else:
            box[2] -= lost
    x1, y1, x2, y2 = (float(v) for v in box)
    crops = tuple(padded_crop(picture, (x1, y1, x2, y2), pad)[0] for pad in pads)
    return RenderedTrack(spec, crops, (width,) * len(crops), mishap)


def _plate(rng: np.random.Generator) -> PlateSpec:
    return random_plate(rng, str(rng.choice([v for v, _ in _VEHICLES], p=[p for _, p in _VEHICLES])))


def _cover(plate: Image, rng: np.random.Generator) -> Image:
    """Hang a strap or a leaf over one place of the number."""
    out = plate.copy()
    height, width = plate.shape[:2]
    x = float(rng.uniform(0.05, 0.95)) * width
    half = float(rng.uniform(0.02, 0.05)) * width
    tone = tuple(float(v) for v in rng.uniform(20, 160, 3))
    lean = float(rng.normal(0, 0.05)) * width
    shape = np.array([[x - half, 0], [x + half, 0], [x + half + lean, height], [x - half + lean, height]])
    cv2.fillPoly(out, [shape.astype(np.int32)], tone, cv2.LINE_AA)
    return out


def _cut(crop: Image, rng: np.random.Generator) -> Image:
    """Take away one end of the crop, as a box that was drawn too small does."""
    lost = round(float(rng.uniform(0.12, 0.35)) * crop.shape[1])
    return crop[:, lost:] if rng.random() < 0.4 else crop[:, : crop.shape[1] - lost]
