"""What lies between a plate and a camera's crop of it: pose, light, lens, motion, sensor, compression."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Shot:
    """How a plate is seen. Angles in degrees, lengths in pixels of the crop.

    ``width_px`` is the plate's own width in the crop; ``exposure`` multiplies linear light; ``noise`` is one
    sigma in grey levels; ``jpeg`` the quality, 1..100; ``pad`` the crop's margin as a share of the plate's
    box.
    """

    width_px: float
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    blur_px: float = 0.5
    motion_px: float = 0.0
    motion_angle: float = 0.0
    exposure: float = 1.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    noise: float = 2.0
    jpeg: int = 85
    pad: float = 0.12


def random_shot(rng: np.random.Generator, width_px: float) -> Shot:
    """Draw lots for how a roadside camera sees a plate: mostly fair, at times dark, blurred, far off axis."""
    night = rng.random() < 0.3
    return Shot(
        width_px=width_px,
        yaw=float(np.clip(rng.normal(0, 12), -28, 28)),
        pitch=float(rng.uniform(-5, 22)),
        roll=float(np.clip(rng.normal(0, 3), -9, 9)),
        blur_px=float(rng.uniform(0.3, 0.9) + (rng.exponential(0.4) if rng.random() < 0.3 else 0)),
        motion_px=float(rng.exponential(1.5)) if rng.random() < 0.4 else 0.0,
        motion_angle=float(rng.uniform(0, 180)),
        exposure=float(rng.uniform(0.12, 0.5) if night else rng.uniform(0.55, 1.25)),
        tint=(float(rng.uniform(0.7, 1.0)), float(rng.uniform(0.85, 1.0)), 1.0) if night else (1.0, 1.0, 1.0),
        noise=float(rng.uniform(3, 11) if night else rng.uniform(1, 5)),
        jpeg=int(rng.integers(40, 95)),
        pad=float(rng.uniform(0.08, 0.17)),
    )


def next_shot(shot: Shot, rng: np.random.Generator, growth: float) -> Shot:
    """Give the same plate some frames later: larger by ``growth``, pose and blur a little other."""
    return Shot(
        width_px=shot.width_px * growth,
        yaw=shot.yaw + float(rng.normal(0, 1.5)),
        pitch=shot.pitch + float(rng.normal(0, 1.0)),
        roll=shot.roll + float(rng.normal(0, 0.7)),
        blur_px=float(max(0.2, shot.blur_px + rng.normal(0, 0.1))),
        motion_px=float(max(0.0, shot.motion_px * rng.uniform(0.6, 1.4))),
        motion_angle=shot.motion_angle,
        exposure=shot.exposure * float(rng.uniform(0.95, 1.05)),
        tint=shot.tint,
        noise=shot.noise,
        jpeg=int(np.clip(shot.jpeg + rng.integers(-8, 9), 25, 95)),
        pad=float(rng.uniform(0.08, 0.17)),
    )


def photograph(plate: Image, shot: Shot, rng: np.random.Generator) -> Image:
    """Take the picture: ``plate`` (h, w, 3) BGR seen straight on, drawn larger than ``shot.width_px``.

    Returns the crop around the plate's box with its margin, (H, W, 3) uint8 BGR.
    """
    fine = 3.0
    corners = _project(plate.shape[1] / plate.shape[0], shot) * fine
    low, high = corners.min(axis=0), corners.max(axis=0)
    # A detector's box is never exact.
    margin = (high - low) * (shot.pad + rng.uniform(-0.03, 0.03, 2))
    size = np.ceil(high - low + 2 * margin).astype(int)
    target = (corners - low + margin).astype(np.float32)
    height, width = plate.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    shrink = min(1.0, fine * shot.width_px / width)
    small = (
        cv2.resize(plate, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else plate
    )
    matrix = cv2.getPerspectiveTransform(source * np.float32(small.shape[1] / width), target)
    canvas = _body(rng, (int(size[1]), int(size[0])))
    warped = cv2.warpPerspective(small, matrix, (int(size[0]), int(size[1])), flags=cv2.INTER_LINEAR)
    inside = cv2.warpPerspective(
        np.full(small.shape[:2], 255, np.uint8), matrix, (int(size[0]), int(size[1])), flags=cv2.INTER_LINEAR
    )
    alpha = inside[:, :, None].astype(np.float32) / 255
    light = (canvas * (1 - alpha) + warped * alpha) / 255
    light = (light**2.2) * shot.exposure * np.array(shot.tint, np.float32)
    light = _lens(light.astype(np.float32), shot, fine)
    out = cv2.resize(
        light, (max(8, int(size[0] / fine)), max(4, int(size[1] / fine))), interpolation=cv2.INTER_AREA
    )
    grey = 255 * np.clip(out, 0, 1) ** (1 / 2.2) + rng.normal(0, shot.noise, out.shape)
    _, coded = cv2.imencode(
        ".jpg", np.clip(grey, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, shot.jpeg]
    )
    picture = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return np.asarray(picture, np.uint8)


def _project(aspect: float, shot: Shot) -> NDArray[np.float64]:
    half = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], float) * [0.5, 0.5 / aspect, 0]
    yaw, pitch, roll = np.radians([shot.yaw, shot.pitch, shot.roll])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    turned = half @ (about_z @ about_x @ about_y).T
    # Seen from 25 plate widths away, as a camera on a mast sees a car.
    seen = turned[:, :2] / (1 + turned[:, 2:] / 25)
    out: NDArray[np.float64] = seen * shot.width_px / np.ptp(seen[:, 0])
    return out


def _body(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    tone = rng.uniform(10, 240) + rng.normal(0, 8, 3)
    coarse = rng.normal(0, rng.uniform(2, 35), (rng.integers(2, 6), rng.integers(2, 8), 1)) + tone
    out: NDArray[np.float32] = cv2.resize(
        np.clip(coarse, 0, 255).astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR
    )
    return out


def _lens(light: NDArray[np.float32], shot: Shot, fine: float) -> NDArray[np.float32]:
    out: NDArray[np.float32] = cv2.GaussianBlur(light, (0, 0), max(0.05, shot.blur_px * fine))
    reach = round(shot.motion_px * fine)
    if reach > 1:
        kernel = np.zeros((reach, reach), np.float32)
        middle = (reach - 1) / 2
        step = (
            np.array([np.cos(np.radians(shot.motion_angle)), np.sin(np.radians(shot.motion_angle))]) * middle
        )
        a, b = np.round(middle - step).astype(int), np.round(middle + step).astype(int)
        cv2.line(kernel, (int(a[0]), int(a[1])), (int(b[0]), int(b[1])), 1.0)
        out = cv2.filter2D(out, -1, kernel / max(1.0, float(kernel.sum())))
    return out
