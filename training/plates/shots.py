"""A plate in a camera's crop: pose, surroundings, light, lens, sensor, compression; fast enough to draw while training.

`training.render.degrade` models a camera on a mast in linear light and is what tracks are judged on. This one goes
further and cheaper, in grey: phones, dashcams, over- and underexposure, hard shadow, sharpened and enlarged pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.plates.sheets import Sheet
from training.plates.wear import cloud

Grey = NDArray[np.uint8]
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Shot:
    """A crop (h, w) uint8 and where the plate's corners are in it: (4, 2) float32 pixels, clockwise from top left."""

    crop: Grey
    corners: Floats


def shoot_plainly(sheet: Sheet, rng: np.random.Generator) -> Shot:
    """Photograph a plate large, straight on and in good light: what a network learns its letters from."""
    grey = cv2.GaussianBlur(sheet.grey, (0, 0), float(rng.uniform(0.3, 1.2)))
    height, width = grey.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return Shot(grey, corners)


def shoot(sheet: Sheet, rng: np.random.Generator) -> Shot:
    """Photograph a plate."""
    width = float(np.exp(rng.uniform(np.log(36), np.log(260))))
    fine = 2.0 if width < 130 else 1.0
    corners = _pose(sheet.grey.shape[1] / sheet.grey.shape[0], rng) * np.float32(width * fine)
    low, high = corners.min(axis=0), corners.max(axis=0)
    # What a detector draws around a plate is never exact; at times it cuts into it.
    margin, spread = (0.11, 0.07) if rng.random() < 0.75 else (0.26, 0.1)
    margins = rng.normal(margin, spread, 4).clip(-0.02, 0.5) * np.tile(high - low, 2)
    margins = margins.astype(np.float32)
    size = np.ceil(high - low + margins[:2] + margins[2:]).astype(int).clip(12)
    at = (corners - low + margins[:2]).astype(np.float32)
    around = _surroundings(rng, (int(size[1]), int(size[0])), float(sheet.grey.mean()))
    if rng.random() < 0.3:
        _frame(around, at, rng)
    shrink = min(1.0, 1.5 * width * fine / sheet.grey.shape[1])
    grey = cv2.resize(sheet.grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    source = np.array(
        [[0, 0], [grey.shape[1], 0], [grey.shape[1], grey.shape[0]], [0, grey.shape[0]]], np.float32
    )
    matrix = cv2.getPerspectiveTransform(source, at)
    whole = (int(size[0]), int(size[1]))
    warped = cv2.warpPerspective(grey, matrix, whole, flags=cv2.INTER_LINEAR).astype(np.float32)
    inside = cv2.warpPerspective(np.full(grey.shape, 255, np.uint8), matrix, whole, flags=cv2.INTER_LINEAR)
    alpha = inside.astype(np.float32) / 255
    picture = around * (1 - alpha) + warped * alpha
    if rng.random() < 0.1:
        _cover(picture, at, rng)
    picture = _light(picture, rng)
    picture = _lens(picture, width, fine, rng)
    out = (max(10, round(size[0] / fine)), max(6, round(size[1] / fine)))
    picture = cv2.resize(picture, out, interpolation=cv2.INTER_AREA)
    crop = _sensor(picture, rng)
    scale = np.array([crop.shape[1] / size[0], crop.shape[0] / size[1]], np.float32)
    return Shot(crop, at * scale)


def _pose(aspect: float, rng: np.random.Generator) -> Floats:
    """Give the corners of a plate one wide, turned about its middle."""
    half = np.array(
        [[-0.5, -0.5 / aspect, 0], [0.5, -0.5 / aspect, 0], [0.5, 0.5 / aspect, 0], [-0.5, 0.5 / aspect, 0]]
    )
    wild = rng.random() < 0.35
    yaw = rng.uniform(-52, 52) if wild else rng.normal(0, 16)
    pitch = rng.uniform(-25, 40) if wild else rng.normal(6, 9)
    # A motorcycle leans, and its plate hangs from a handlebar that is turned.
    roll = rng.uniform(-22, 22) if wild or rng.random() < 0.2 else rng.normal(0, 4)
    a, b, c = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    turned = half @ (about_z @ about_x @ about_y).T
    seen = turned[:, :2] / (1 + turned[:, 2:] / float(rng.uniform(4, 30)))
    out: Floats = (seen / np.ptp(seen[:, 0])).astype(np.float32)
    return out


def _surroundings(rng: np.random.Generator, shape: tuple[int, int], plate: float) -> Grey:
    """Bodywork, grilles, tarmac: tone, slopes, bars, and things as light as the plate itself."""
    tone = plate + float(rng.normal(0, 12)) if rng.random() < 0.2 else float(rng.uniform(5, 245))
    out: Floats = tone + (cloud(rng, shape, int(rng.integers(3, 12))) - 0.5) * float(rng.exponential(45))
    for _ in range(int(rng.poisson(1.2))):
        other = float(rng.uniform(0, 255))
        y, thick = (
            float(rng.uniform(-0.1, 1.1)) * shape[0],
            max(1, round(float(rng.uniform(0.02, 0.3)) * shape[0])),
        )
        lean = float(rng.normal(0, 0.08)) * shape[1]
        cv2.line(out, (0, round(y)), (shape[1], round(y + lean)), other, thick)
    if rng.random() < 0.12:
        step = max(3, round(shape[1] * float(rng.uniform(0.02, 0.06))))
        out[:, ::step] *= float(rng.uniform(0.3, 0.8))
    return np.clip(out, 0, 255).astype(np.uint8)


def _frame(picture: Grey, corners: Floats, rng: np.random.Generator) -> None:
    """A dealer's holder around the plate: a dark, light or chromed band, wider below, with an advertisement."""
    middle = corners.mean(axis=0)
    grown = middle + (corners - middle) * (1 + rng.uniform(0.03, 0.12, (1, 2)) * np.array([1.0, 1.8]))
    if rng.random() < 0.5:
        grown[2:] += (corners[3] - corners[0]) * float(rng.uniform(0.02, 0.2))
    cv2.fillConvexPoly(
        picture,
        np.round(grown).astype(np.int32),
        float(rng.choice([rng.uniform(5, 60), rng.uniform(120, 250)])),
    )
    if rng.random() < 0.5:
        begin = corners[3] + (corners[2] - corners[3]) * 0.25 + (corners[3] - corners[0]) * 0.1
        size = float(np.linalg.norm(corners[1] - corners[0])) / 700
        word = "".join(rng.choice(list("ABCDEFGHIKLMNORSTUW "), 14))
        cv2.putText(
            picture,
            word,
            (int(begin[0]), int(begin[1])),
            cv2.FONT_HERSHEY_SIMPLEX,
            size,
            float(rng.uniform(0, 255)),
            1,
        )


def _cover(picture: Floats, corners: Floats, rng: np.random.Generator) -> None:
    """Something narrow before the plate: a cable, a twig, a bar. It hides part of a character, seldom all of it."""
    along = corners[1] - corners[0]
    a = corners[0] + along * float(rng.uniform(0, 1))
    b = corners[3] + along * float(rng.uniform(0, 1))
    thick = max(1, round(float(np.linalg.norm(along)) * float(rng.uniform(0.004, 0.02))))
    cv2.line(
        picture,
        (int(a[0]), int(a[1])),
        (int(b[0]), int(b[1])),
        float(rng.uniform(0, 255)),
        thick,
        cv2.LINE_AA,
    )


def _light(picture: Floats, rng: np.random.Generator) -> Floats:
    height, width = picture.shape
    if rng.random() < 0.3:
        # A hard shadow's edge runs across, or a slope of light.
        x, y = np.meshgrid(
            np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
        )
        angle, at = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(-0.8, 0.8))
        side = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle)) - np.float32(at)
        soft = np.float32(rng.choice([0.02, 0.1, 0.6, 1.5]))
        picture = picture * (
            1 - np.float32(rng.uniform(0.1, 0.7)) / (1 + np.exp(np.clip(-side / soft, -30, 30)))
        )
    if rng.random() < 0.12:
        # Glare: a lamp or the sun in the paint.
        x, y = np.meshgrid(
            np.linspace(0, 1, width, dtype=np.float32), np.linspace(0, 1, height, dtype=np.float32)
        )
        cx, cy, r = rng.uniform(-0.1, 1.1), rng.uniform(-0.1, 1.1), rng.uniform(0.08, 0.5)
        picture = picture + np.exp(-(((x - cx) ** 2 + ((y - cy) * 0.4) ** 2) / r**2)).astype(
            np.float32
        ) * float(rng.uniform(40, 240))
    if rng.random() < 0.12:
        # The sun in a plate that is bent or aslant: half a character drowns in light while the other half stands.
        lit = cloud(rng, picture.shape, int(rng.integers(2, 7)))
        return picture * (1 + lit.astype(np.float32) * float(rng.uniform(0.3, 2.0)))
    kind = rng.random()
    if kind < 0.22:  # night, deep shade
        picture = picture * float(rng.uniform(0.06, 0.45)) + float(rng.uniform(0, 25))
    elif kind < 0.4:  # overexposed, to the end of the scale or into the soft shoulder before it
        picture = picture * float(rng.uniform(1.1, 2.2)) + float(rng.uniform(0, 60))
        if rng.random() < 0.4:
            picture = 255 * (1 - np.exp(-picture / 255 * float(rng.uniform(1.2, 2.5))))
    elif kind < 0.5:  # haze, rain, low contrast
        strength = float(rng.uniform(0.15, 0.6))
        picture = picture * strength + float(rng.uniform(20, 240)) * (1 - strength)
    elif kind < 0.8:
        picture = 255 * (np.clip(picture, 0, 255) / 255) ** float(rng.uniform(0.5, 2.0))
    return picture


def _lens(picture: Floats, width: float, fine: float, rng: np.random.Generator) -> Floats:
    # Blur is felt by the size of a character: about a twelfth of the plate.
    most = min(3.5, width / 45)
    sigma = float(rng.uniform(0.2, 0.8) if rng.random() < 0.6 else rng.uniform(0.3, max(0.5, most)))
    picture = cv2.GaussianBlur(picture, (0, 0), max(0.1, sigma * fine))
    if rng.random() < 0.25:
        reach = round(float(rng.uniform(1, max(1.5, 2.2 * most))) * fine)
        if reach > 1:
            kernel = np.zeros((reach, reach), np.float32)
            angle, middle = float(rng.uniform(0, np.pi)), (reach - 1) / 2
            step = np.array([np.cos(angle), np.sin(angle)]) * middle
            a, b = np.round(middle - step).astype(int), np.round(middle + step).astype(int)
            cv2.line(kernel, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), 1.0)
            picture = cv2.filter2D(picture, -1, kernel / max(1.0, float(kernel.sum())))
    return picture


def _sensor(picture: Floats, rng: np.random.Generator) -> Grey:
    noise = float(rng.exponential(4))
    picture = picture + rng.normal(0, 1, picture.shape).astype(np.float32) * noise
    if rng.random() < 0.3:
        soft = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.7, 1.8)))
        picture = picture + (picture - soft) * float(rng.uniform(0.3, 1.8))
    if rng.random() < 0.25:
        # Sent through something that shrank and enlarged it again.
        f = float(rng.uniform(0.5, 0.95))
        small = cv2.resize(picture, None, fx=f, fy=f, interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_CUBIC)
    elif rng.random() < 0.2:
        f = float(rng.uniform(1.2, 2.5))
        picture = cv2.resize(picture, None, fx=f, fy=f, interpolation=cv2.INTER_CUBIC)
    grey = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.65:
        _, coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(22, 92))])
        grey = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return grey
