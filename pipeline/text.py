"""Text on pictures, in any script that DejaVu Sans knows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from detectors.types import Image
from ticketing.fonts import font_file


@cache
def font(size: int, style: str = "") -> ImageFont.FreeTypeFont:
    """Give DejaVu Sans (it ships with matplotlib) at a size in pixels; ``style`` is "", "Bold" or "Oblique"."""
    return ImageFont.truetype(str(font_file(style)), size)


def label(image: Image, text: str, at: tuple[float, float], size: int, colour: tuple[int, int, int]) -> Image:
    """Write a line on a dark plate, its lower left corner at ``at``, kept within the picture. BGR; a copy."""
    picture = Pillow.fromarray(image[:, :, ::-1])
    draw = ImageDraw.Draw(picture)
    x1, y1, x2, y2 = draw.textbbox((0, 0), text, font=font(size))
    w, h, pad = x2 - x1, y2 - y1, max(2, size // 5)
    x = float(np.clip(at[0], 0, max(0, image.shape[1] - w - 2 * pad)))
    y = float(np.clip(at[1] - h - 2 * pad, 0, max(0, image.shape[0] - h - 2 * pad)))
    draw.rectangle((x, y, x + w + 2 * pad, y + h + 2 * pad), fill=(16, 16, 16))
    draw.text((x + pad - x1, y + pad - y1), text, font=font(size), fill=colour[::-1])
    return np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])


def with_caption(image: Image, lines: Sequence[str]) -> Image:
    """Add a dark strip with lines of text below a picture (H, W, 3) BGR; a copy, the picture not covered."""
    size = max(12, image.shape[1] // 58)
    step = round(size * 1.45)
    strip = Pillow.new("RGB", (image.shape[1], step * len(lines) + size), (16, 16, 16))
    draw = ImageDraw.Draw(strip)
    for i, line in enumerate(lines):
        draw.text(
            (size, size // 2 + i * step),
            _fitted(draw, line, image.shape[1] - 2 * size, size),
            font=font(size),
            fill=(240, 240, 240),
        )
    bgr = np.asarray(strip)[:, :, ::-1]
    return np.ascontiguousarray(np.vstack([image, bgr]))


def _fitted(draw: ImageDraw.ImageDraw, line: str, width: float, size: int) -> str:
    if draw.textlength(line, font=font(size)) <= width:
        return line
    while line and draw.textlength(line + "…", font=font(size)) > width:
        line = line[:-1]
    return line + "…"
