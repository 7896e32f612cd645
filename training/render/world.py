"""The junction that stands still: road, markings, kerbs, houses, trees, signal poles.

World frame, which is also the road frame of the camera file: metres, origin on the stop line at the centre line of
the road, x right, y forward along the approach, z up. Traffic keeps left. The approach has a kerb lane L1 and a
centre lane L2; opposing lanes lie right of x=0; the crossing road spans y 6…20.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.types import Image, SignalState
from training.render.light import Light, shade
from training.render.mesh import Colour, Mesh, box, ellipsoid, join, quad, rod
from training.render.rasterizer import View, draw, mean_of

KERB_X, CENTRE_X, LANE_X = -6.9, 0.0, -3.4
CROSS_Y = (6.0, 20.0)
ZEBRA_Y = (1.6, 4.4)
SOLID_Y = (26.3, 70.0)
# A paved shoulder beyond the opposing lanes' edge line: its outer kerb, and where along the road it runs.
SHOULDER_X, SHOULDER_Y = 9.3, (27.0, 110.0)
SIGNAL_POLES = ((-7.7, 0.4), (0.35, 0.4))
LAMP_HEIGHTS = {SignalState.RED: 3.05, SignalState.AMBER: 2.72, SignalState.GREEN: 2.39}
NEAR, FAR = 80, 20
EXTENT = (-26.0, -16.0, 22.0, 110.0)


@dataclass(frozen=True)
class Layout:
    """What differs between junctions. ``solid``: the line between the lanes beyond the junction is, not dashed;
    ``shoulder``: the opposing road has a paved one."""

    solid: bool = False
    shoulder: bool = False


@dataclass(frozen=True)
class Backdrop:
    """The empty junction as a camera sees it: picture (H, W, 3) uint8, 1/depth (H, W) float32, where it is road."""

    picture: Image
    depth: NDArray[np.float32]
    ground: NDArray[np.bool_]


def _ground_texture(rng: np.random.Generator, scale: int, light: Light, layout: Layout) -> Image:
    x0, y0, x1, y1 = EXTENT
    w, h = int((x1 - x0) * scale), int((y1 - y0) * scale)

    def px(x: float, y: float) -> tuple[int, int]:
        return round((x - x0) * scale), round((y - y0) * scale)

    def grain(cell_m: float, strength: float) -> NDArray[np.float32]:
        shape = (max(2, int((y1 - y0) / cell_m)), max(2, int((x1 - x0) / cell_m)))
        coarse = rng.normal(0, strength, shape).astype(np.float32)
        return np.asarray(cv2.resize(coarse, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)

    wet = 0.72 if light.rain else 1.0
    asphalt = (np.array([78.0, 76.0, 75.0]) * wet).astype(np.float32)
    img = np.empty((h, w, 3), np.float32)
    img[:] = (96, 112, 108)
    img += (grain(0.5, 7) + grain(3.0, 8))[..., None]
    tile = np.full((h, w), 0, np.uint8)
    cv2.rectangle(tile, px(-10.5, y0), px(10.5, y1), 255, -1)
    cv2.rectangle(tile, px(x0, CROSS_Y[0] - 3), px(x1, CROSS_Y[1] + 3), 255, -1)
    walk = tile > 0
    img[walk] = (128, 136, 150)
    for step in np.arange(y0, y1, 0.4):
        cv2.line(img, px(-10.5, step), px(KERB_X, step), (110, 116, 128), 1)
    img[walk] += (grain(0.4, 6))[walk][:, None]
    road = np.zeros((h, w), np.uint8)
    cv2.rectangle(road, px(KERB_X, y0), px(-KERB_X, y1), 255, -1)
    cv2.rectangle(road, px(x0, CROSS_Y[0]), px(x1, CROSS_Y[1]), 255, -1)
    if layout.shoulder:
        cv2.rectangle(road, px(-KERB_X, SHOULDER_Y[0]), px(SHOULDER_X, SHOULDER_Y[1]), 255, -1)
    for cx, cy in ((KERB_X, CROSS_Y[0]), (-KERB_X, CROSS_Y[0]), (KERB_X, CROSS_Y[1]), (-KERB_X, CROSS_Y[1])):
        cv2.circle(road, px(cx, cy), int(2.2 * scale), 255, -1)
    on_road = road > 0
    surface = asphalt + (grain(2.0 / scale, 7) + grain(0.25, 4) + grain(4.0, 5))[..., None]
    for _ in range(14):
        a, b = rng.uniform(x0, x1), rng.uniform(y0, 40)
        cv2.ellipse(
            surface,
            px(a, b),
            (int(rng.uniform(0.4, 1.6) * scale), int(rng.uniform(0.5, 3) * scale)),
            0,
            0,
            360,
            (asphalt * rng.uniform(0.8, 0.95)).tolist(),
            -1,
        )
    for lane_mid in (-5.1, -1.75, 1.75, 5.1):
        for side in (-0.75, 0.75):
            cv2.line(
                surface,
                px(lane_mid + side, y0),
                px(lane_mid + side, y1),
                (asphalt * 0.9).tolist(),
                int(0.5 * scale),
            )
    surface = cv2.GaussianBlur(surface, (0, 0), 0.02 * scale + 0.4)
    img[on_road] = surface[on_road]
    marks = np.zeros((h, w), np.uint8)

    def bar(ax: float, ay: float, bx: float, by: float) -> None:
        cv2.rectangle(marks, px(min(ax, bx), min(ay, by)), px(max(ax, bx), max(ay, by)), 255, -1)

    bar(KERB_X + 0.15, -0.3, CENTRE_X - 0.12, 0.0)
    bar(CENTRE_X + 0.12, CROSS_Y[1] + 6.0, -KERB_X - 0.15, CROSS_Y[1] + 6.3)
    for y_lo, y_hi in (ZEBRA_Y, (CROSS_Y[1] + 1.6, CROSS_Y[1] + 4.4)):
        for x in np.arange(KERB_X + 0.5, -KERB_X - 0.5, 1.0):
            bar(x, y_lo, x + 0.5, y_hi)
    for seg in ((y0, 0.0), (CROSS_Y[1] + 6.3, y1)):
        bar(-0.18, seg[0], -0.06, seg[1])
        bar(0.06, seg[0], 0.18, seg[1])
        for x in (KERB_X + 0.2, -KERB_X - 0.32):
            bar(x, seg[0], x + 0.12, seg[1])
        for y in np.arange(seg[0], seg[1], 5.0):
            for x in (LANE_X, -LANE_X):
                bar(x - 0.06, y, x + 0.06, min(y + 3.0, seg[1]))
    if layout.solid:
        bar(LANE_X - 0.06, SOLID_Y[0], LANE_X + 0.06, SOLID_Y[1])
    for x in (-5.1, -1.75):
        tip = np.array(
            [
                px(x, -6.2),
                px(x - 0.4, -7.6),
                px(x - 0.12, -7.6),
                px(x - 0.12, -9.8),
                px(x + 0.12, -9.8),
                px(x + 0.12, -7.6),
                px(x + 0.4, -7.6),
            ]
        )
        cv2.fillPoly(marks, [tip], 255)
    wear = np.clip(0.82 + grain(0.15, 0.12) + grain(1.0, 0.1), 0.25, 0.95)
    alpha = (cv2.GaussianBlur(marks, (0, 0), 0.6).astype(np.float32) / 255 * wear)[..., None]
    img = img * (1 - alpha) + np.array([205.0, 210.0, 212.0], np.float32) * wet * alpha
    return np.asarray(np.clip(img, 0, 255), np.uint8)


def _scenery(rng: np.random.Generator, shoulder: bool) -> Mesh:
    parts = [
        quad(
            (-400, -40, -0.05),
            (400, -40, -0.05),
            (400, 900, -0.05),
            (-400, 900, -0.05),
            (0.36, 0.42, 0.4),
            0.0,
        )
    ]
    for side in (-1, 1):
        x = side * 6.9
        for lo, hi in ((-16, CROSS_Y[0] - 2.4), (CROSS_Y[1] + 2.4, 110)):
            for i, y in enumerate(np.arange(lo, hi, 1.2)):
                shade_of: Colour = (0.8, 0.8, 0.8) if i % 2 else (0.12, 0.12, 0.12)
                kerb = SHOULDER_X if shoulder and side > 0 and y >= SHOULDER_Y[0] else x
                parts.append(
                    box(
                        (min(kerb, kerb + side * 0.2), y, 0),
                        (max(kerb, kerb + side * 0.2), min(y + 1.2, hi), 0.18),
                        shade_of,
                        0.1,
                    )
                )
        for y in np.arange(-12, 110, 12.0):
            if CROSS_Y[0] - 8 < y < CROSS_Y[1] + 2:
                continue
            w, d, h = rng.uniform(5, 9), rng.uniform(6, 11), rng.uniform(3.5, 9)
            tone = tuple(float(c) for c in rng.uniform(0.45, 0.85, 3) * np.array([0.9, 0.97, 1.0]))
            inner = side * 11.5
            lo_x, hi_x = min(inner, inner + side * w), max(inner, inner + side * w)
            parts.append(box((lo_x, y, 0), (hi_x, y + d, h), (tone[0], tone[1], tone[2]), 0.05))
            parts.append(
                box((lo_x - 0.3, y - 0.3, h), (hi_x + 0.3, y + d + 0.3, h + 0.35), (0.25, 0.3, 0.45), 0.05)
            )
            sign = tuple(float(c) for c in rng.uniform(0.2, 0.9, 3))
            face = inner - side * 0.02
            for z in np.arange(1.2, h - 1.2, 2.8):
                for k in np.arange(y + 0.8, y + d - 1.2, 2.2):
                    parts.append(
                        quad(
                            (face, k, z),
                            (face, k + 1.3, z),
                            (face, k + 1.3, z + 1.4),
                            (face, k, z + 1.4),
                            (0.2, 0.18, 0.16),
                            0.9,
                        )
                    )
            parts.append(
                box(
                    (min(face, face - side * 0.15), y + 0.5, 2.7),
                    (max(face, face - side * 0.15), y + d - 0.5, 3.3),
                    (sign[0], sign[1], sign[2]),
                    0.2,
                )
            )
            for k in np.arange(lo_x + 0.6, hi_x - 1.2, 2.0):
                for z in np.arange(1.2, h - 1.2, 2.8):
                    parts.append(
                        quad(
                            (k, y - 0.02, z),
                            (k + 1.2, y - 0.02, z),
                            (k + 1.2, y - 0.02, z + 1.4),
                            (k, y - 0.02, z + 1.4),
                            (0.2, 0.18, 0.16),
                            0.9,
                        )
                    )
        for y in np.arange(-9, 100, 9.5):
            # None before the stop line: a tree there hides the signal from the camera.
            if y < CROSS_Y[1] + 3:
                continue
            tx, ty = side * rng.uniform(8.6, 9.8), y + rng.uniform(-2, 2)
            if shoulder and side > 0:
                tx += 1.3
            trunk = rng.uniform(2.4, 3.6)
            parts.append(rod((tx, ty, 0), (tx, ty, trunk + 0.6), 0.16, 0.1, (0.2, 0.28, 0.35), 0.02))
            for _ in range(9):
                leaf: Colour = tuple(float(c) for c in np.array([0.14, 0.36, 0.2]) * rng.uniform(0.6, 1.3))  # type: ignore[assignment]
                parts.append(
                    ellipsoid(
                        (tx + rng.normal(0, 0.7), ty + rng.normal(0, 0.7), trunk + 0.9 + rng.normal(0, 0.5)),
                        tuple(rng.uniform(0.5, 1.0, 3)),
                        leaf,
                        0.02,
                        5,
                    )
                )
    for px, py in SIGNAL_POLES:
        parts.append(rod((px, py, 0), (px, py, 3.5), 0.07, 0.06, (0.35, 0.38, 0.36), 0.2, 10))
        parts.append(box((px - 0.24, py - 0.12, 2.15), (px + 0.24, py + 0.12, 3.3), (0.05, 0.05, 0.05), 0.1))
        for z in LAMP_HEIGHTS.values():
            parts.append(rod((px, py - 0.13, z), (px, py - 0.125, z), 0.15, 0.15, (0.1, 0.1, 0.1), 0.4, 18))
            parts.append(
                box(
                    (px - 0.17, py - 0.34, z + 0.15),
                    (px + 0.17, py - 0.12, z + 0.17),
                    (0.05, 0.05, 0.05),
                    0.05,
                )
            )
    return join(parts)


def lamps(state: SignalState) -> Mesh:
    """Give the lit lamps of both signal heads."""
    colour: dict[SignalState, Colour] = {
        SignalState.RED: (0.16, 0.14, 1.0), SignalState.AMBER: (0.1, 0.65, 1.0), SignalState.GREEN: (0.6, 0.95, 0.15),
    }  # fmt: skip
    z = LAMP_HEIGHTS[state]
    return join(
        [
            part
            for px, py in SIGNAL_POLES
            for part in (
                _disc(px, py - 0.14, z, 0.14, colour[state]),
                _disc(px, py - 0.145, z, 0.07, tuple(min(1.0, c + 0.35) for c in colour[state])),  # type: ignore[arg-type]
            )
        ]
    )


def _disc(x: float, y: float, z: float, radius: float, colour: Colour) -> Mesh:
    angle = np.linspace(0, 2 * np.pi, 21)
    return join([
        quad((x, y, z), (x, y, z), (x + radius * float(np.cos(a)), y, z + radius * float(np.sin(a))),
             (x + radius * float(np.cos(b)), y, z + radius * float(np.sin(b))), colour, 0.0, 1.0)
        for a, b in itertools.pairwise(angle)
    ])  # fmt: skip


def to_screen(mesh: Mesh, view: View) -> NDArray[np.float32]:
    """Project a mesh: (N, 3, 3) float32 of x, y in pixels and 1/distance; corners behind the camera get -1."""
    points = view.project(mesh.vertices)
    depth = points[..., 2]
    points[..., 2] = np.where(depth > 0.3, 1 / np.maximum(depth, 0.3), -1.0)
    return points.astype(np.float32)


NO_ATLAS: Image = np.zeros((2, 2, 3), np.uint8)


def backdrop(view: View, light: Light, seed: int, layout: Layout) -> Backdrop:
    """Render the empty junction once for a camera that stands still."""
    rng = np.random.default_rng([seed, 7])
    near, far = _ground_texture(rng, NEAR, light, layout), None
    far = cv2.resize(near, None, fx=FAR / NEAR, fy=FAR / NEAR, interpolation=cv2.INTER_AREA)
    tone = np.asarray(light.sky) * 0.95 + np.asarray(light.sun_colour) * max(light.sun[2], 0.0)
    pixels = np.stack(np.meshgrid(np.arange(view.width) + 0.5, np.arange(view.height) + 0.5), -1).reshape(
        -1, 2
    )
    back = np.linalg.inv(view.ground_homography())
    hom = np.column_stack([pixels, np.ones(len(pixels))]) @ back.T
    ground_xy = (hom[:, :2] / hom[:, 2:]).reshape(view.height, view.width, 2)
    ahead = (hom[:, 2] * np.sign(hom[-1, 2]) > 1e-9).reshape(view.height, view.width)
    x, y = ground_xy[..., 0], ground_xy[..., 1]
    inside = ahead & (x > EXTENT[0]) & (x < EXTENT[2]) & (y > EXTENT[1]) & (y < EXTENT[3])
    layers = []
    for texture, scale in ((near, NEAR), (far, FAR)):
        u = ((x - EXTENT[0]) * scale - 0.5).astype(np.float32)
        v = ((y - EXTENT[1]) * scale - 0.5).astype(np.float32)
        layers.append(cv2.remap(texture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    blend = np.clip((y - 2) / 12, 0, 1)[..., None]
    paved = layers[0] * (1 - blend) + layers[1] * blend
    distance = np.hypot(np.hypot(x - view.position[0], y - view.position[1]), view.position[2])[..., None]
    paved = paved * (tone + light.lamp * np.clip(18 / distance, 0.3, 1.2))
    picture = np.zeros((view.height, view.width, 3), np.uint8)
    picture[:] = np.clip(np.asarray(light.sky) * 255 * (1.0 if light.night else 1.5), 0, 255)
    picture[inside] = np.clip(paved, 0, 255)[inside]
    axis = view.matrix[2]
    w = axis[0] * x + axis[1] * y + axis[3]
    flat = np.where(inside & (w > 0.3), 1 / np.maximum(w, 0.3), 0).astype(np.float32)
    scenery = _scenery(rng, layout.shoulder)
    colours, screen = shade(scenery, view.position, light), to_screen(scenery, view)
    samples, depth = [], flat
    for dx, dy in ((-0.25, -0.25), (0.25, -0.25), (0.25, 0.25), (-0.25, 0.25)):
        sample, depth, ids = picture.copy(), flat.copy(), np.full(flat.shape, -1, np.int32)
        draw(
            sample,
            depth,
            ids,
            screen,
            colours,
            np.zeros(len(screen), np.int32),
            scenery.uv,
            scenery.textured,
            NO_ATLAS,
            dx,
            dy,
        )
        samples.append(sample)
    whole = mean_of(samples)
    grit = rng.normal(0, 2.2, whole.shape[:2])[..., None]
    return Backdrop(np.asarray(np.clip(whole + grit, 0, 255), np.uint8), depth, ids < 0)
