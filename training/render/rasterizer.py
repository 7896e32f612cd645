"""A small software rasteriser: triangles with a depth buffer, on the CPU, without display or GPU.

Why our own and no library: `docs/decisions/0002-renderer.md`. Pictures are (H, W, 3) uint8 BGR; depth
is (H, W) float32 holding 1/distance along the optical axis (0 = nothing there, larger = nearer);
ids are (H, W) int32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from detectors.types import Image


@dataclass(frozen=True)
class View:
    """A pinhole camera without distortion. World: metres, x right, y forward, z up.

    ``matrix`` (3, 4) float64 maps homogeneous world points to (u·w, v·w, w) with u, v in pixels and w the
    distance along the optical axis in metres. Source: Hartley and Zisserman, section 6.1.
    """

    width: int
    height: int
    position: NDArray[np.float64]
    matrix: NDArray[np.float64]
    focal_px: float

    @classmethod
    def looking(
        cls,
        width: int,
        height: int,
        position: tuple[float, float, float],
        target: tuple[float, float, float],
        hfov_deg: float,
    ) -> View:
        """Build a level camera at ``position`` that looks at ``target``."""
        p = np.asarray(position, float)
        forward = np.asarray(target, float) - p
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        focal = width / 2 / np.tan(np.radians(hfov_deg) / 2)
        k = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
        rotation = np.stack([right, down, forward])
        return cls(width, height, p, k @ np.column_stack([rotation, -rotation @ p]), focal)

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map (..., 3) metres to (..., 3): pixel x, pixel y, distance along the axis in metres."""
        homogeneous = points @ self.matrix[:, :3].T + self.matrix[:, 3]
        w = homogeneous[..., 2:]
        return np.concatenate([homogeneous[..., :2] / np.where(np.abs(w) < 1e-9, 1e-9, w), w], axis=-1)

    def ground_homography(self) -> NDArray[np.float64]:
        """Give the 3x3 map from the road plane z=0 in metres to pixels."""
        return self.matrix[:, [0, 1, 3]]


@numba.njit(cache=True, fastmath=True)
def _span(a: float, b: float, c: float, size: int) -> tuple[int, int]:
    low = max(0, int(np.ceil(min(a, b, c) - 0.5)))
    return low, min(size - 1, int(np.floor(max(a, b, c) - 0.5)))


@numba.njit(cache=True, fastmath=True)
def draw(
    picture: NDArray[np.uint8],
    depth: NDArray[np.float32],
    ids: NDArray[np.int32],
    points: NDArray[np.float32],
    colours: NDArray[np.float32],
    triangle_ids: NDArray[np.int32],
    uv: NDArray[np.float32],
    textured: NDArray[np.bool_],
    atlas: NDArray[np.uint8],
    shift_x: float,
    shift_y: float,
) -> None:
    """Draw triangles into ``picture``, ``depth`` and ``ids``, in place.

    Args:
        picture: (H, W, 3) uint8 BGR.
        depth: (H, W) float32, 1/m.
        ids: (H, W) int32.
        points: (N, 3, 3) float32: x, y in pixels, 1/distance.
        colours: (N, 3, 3) float32 BGR 0..255, lit, one for each corner.
        triangle_ids: (N,) int32, written where the triangle is nearest.
        uv: (N, 3, 2) float32 pixels of ``atlas``, used where ``textured``.
        textured: (N,) bool; a textured triangle is seen from its front only.
        atlas: (h, w, 3) uint8 BGR; the texel multiplies the lit colour as a share of white.
        shift_x: subpixel jitter of this sample, pixels.
        shift_y: likewise.
    """
    height, width = depth.shape
    ah, aw = atlas.shape[0], atlas.shape[1]
    for i in range(points.shape[0]):
        x0, y0, q0 = points[i, 0, 0] + shift_x, points[i, 0, 1] + shift_y, points[i, 0, 2]
        x1, y1, q1 = points[i, 1, 0] + shift_x, points[i, 1, 1] + shift_y, points[i, 1, 2]
        x2, y2, q2 = points[i, 2, 0] + shift_x, points[i, 2, 1] + shift_y, points[i, 2, 2]
        if q0 <= 0 or q1 <= 0 or q2 <= 0:
            continue
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(area) < 1e-6 or (textured[i] and area > 0):
            continue
        lo_x, hi_x = _span(x0, x1, x2, width)
        lo_y, hi_y = _span(y0, y1, y2, height)
        if lo_x > hi_x or lo_y > hi_y:
            continue
        inverse = 1.0 / area
        for y in range(lo_y, hi_y + 1):
            py = y + 0.5
            for x in range(lo_x, hi_x + 1):
                px = x + 0.5
                w1 = ((px - x0) * (y2 - y0) - (x2 - x0) * (py - y0)) * inverse
                w2 = ((x1 - x0) * (py - y0) - (px - x0) * (y1 - y0)) * inverse
                w0 = 1.0 - w1 - w2
                if w0 < 0 or w1 < 0 or w2 < 0:
                    continue
                q = w0 * q0 + w1 * q1 + w2 * q2
                if q <= depth[y, x]:
                    continue
                depth[y, x] = q
                ids[y, x] = triangle_ids[i]
                b = w0 * colours[i, 0, 0] + w1 * colours[i, 1, 0] + w2 * colours[i, 2, 0]
                g = w0 * colours[i, 0, 1] + w1 * colours[i, 1, 1] + w2 * colours[i, 2, 1]
                r = w0 * colours[i, 0, 2] + w1 * colours[i, 1, 2] + w2 * colours[i, 2, 2]
                if textured[i]:
                    a0, a1, a2 = w0 * q0 / q, w1 * q1 / q, w2 * q2 / q
                    u = a0 * uv[i, 0, 0] + a1 * uv[i, 1, 0] + a2 * uv[i, 2, 0]
                    v = a0 * uv[i, 0, 1] + a1 * uv[i, 1, 1] + a2 * uv[i, 2, 1]
                    u = min(max(u, 0.0), aw - 2.0)
                    v = min(max(v, 0.0), ah - 2.0)
                    ui, vi = int(u), int(v)
                    fu, fv = u - ui, v - vi
                    for k in range(3):
                        t = (atlas[vi, ui, k] * (1 - fu) + atlas[vi, ui + 1, k] * fu) * (1 - fv) + (
                            atlas[vi + 1, ui, k] * (1 - fu) + atlas[vi + 1, ui + 1, k] * fu
                        ) * fv
                        c = (b if k == 0 else (g if k == 1 else r)) * t / 255.0
                        picture[y, x, k] = np.uint8(min(max(c, 0.0), 255.0))
                else:
                    picture[y, x, 0] = np.uint8(min(max(b, 0.0), 255.0))
                    picture[y, x, 1] = np.uint8(min(max(g, 0.0), 255.0))
                    picture[y, x, 2] = np.uint8(min(max(r, 0.0), 255.0))


@numba.njit(cache=True, fastmath=True)
def draw_mask(mask: NDArray[np.uint8], points: NDArray[np.float32]) -> None:
    """Fill triangles (N, 3, 2) float32 pixels into ``mask`` (H, W) uint8 with 255, in place."""
    height, width = mask.shape
    for i in range(points.shape[0]):
        x0, y0 = points[i, 0, 0], points[i, 0, 1]
        x1, y1 = points[i, 1, 0], points[i, 1, 1]
        x2, y2 = points[i, 2, 0], points[i, 2, 1]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(area) < 1e-6 or not np.isfinite(area):
            continue
        lo_x, hi_x = _span(x0, x1, x2, width)
        lo_y, hi_y = _span(y0, y1, y2, height)
        inverse = 1.0 / area
        for y in range(lo_y, hi_y + 1):
            for x in range(lo_x, hi_x + 1):
                w1 = ((x + 0.5 - x0) * (y2 - y0) - (x2 - x0) * (y + 0.5 - y0)) * inverse
                w2 = ((x1 - x0) * (y + 0.5 - y0) - (x + 0.5 - x0) * (y1 - y0)) * inverse
                if w1 >= 0 and w2 >= 0 and w1 + w2 <= 1:
                    mask[y, x] = 255


@numba.njit(cache=True)
def count_ids(ids: NDArray[np.int32], largest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the pixels of each id 0..largest in (H, W) int32; give their (largest+1, 4) int64 xyxy boxes."""
    counts = np.zeros(largest + 1, np.int64)
    boxes = np.zeros((largest + 1, 4), np.int64)
    boxes[:, :2] = 1 << 30
    boxes[:, 2:] = -1
    for y in range(ids.shape[0]):
        for x in range(ids.shape[1]):
            k = ids[y, x]
            if 0 <= k <= largest:
                counts[k] += 1
                boxes[k, 0] = min(boxes[k, 0], x)
                boxes[k, 1] = min(boxes[k, 1], y)
                boxes[k, 2] = max(boxes[k, 2], x + 1)
                boxes[k, 3] = max(boxes[k, 3], y + 1)
    return counts, boxes


def mean_of(samples: list[Image]) -> Image:
    """Average equally sized pictures (each (H, W, 3) uint8)."""
    total = np.zeros(samples[0].shape, np.uint16)
    for sample in samples:
        total += sample
    return np.asarray(total // len(samples), np.uint8)
