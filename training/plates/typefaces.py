"""The typefaces that plates for training are lettered in: the project's own strokes, and free block faces.

The TNKB's typeface has no known name or file, and workshops stamp their own; a reader that has seen one face only
would learn that face. ``fetch`` takes the faces (SIL Open Font Licence) from the npm registry's ``@fontsource``
packages. They train only: nothing of them is shipped.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from training.render.glyphs import advance, draw_text

Mask = NDArray[np.uint8]

CAP_PX = 72
VERSION = "5.3.0"
# Narrow sans-serif capitals, near to what plates are stamped with; package → weights.
FACES = {
    "barlow-condensed": (400, 500, 600, 700),
    "barlow-semi-condensed": (500, 700),
    "saira-condensed": (400, 500, 700),
    "saira-semi-condensed": (500, 700),
    "oswald": (400, 500),
    "dosis": (500, 700),
    "roboto-condensed": (400, 600),
    "sofia-sans-condensed": (500, 700),
    "rajdhani": (500, 700),
    "archivo-narrow": (500, 700),
    "asap-condensed": (500, 700),
    "overpass": (500, 700),
    "m-plus-rounded-1c": (500, 700),
    "pt-sans-narrow": (400, 700),
    "ibm-plex-sans-condensed": (500, 700),
    "encode-sans-condensed": (500, 700),
    "khand": (400, 600),
    "teko": (400, 500),
    "antonio": (400, 600),
    "share-tech": (400,),
    "bebas-neue": (400,),
    "pathway-gothic-one": (400,),
}
CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Glyph = Callable[[str], Mask]
"""Gives a character's mask (CAP_PX, w) uint8, 255 where there is ink, cut to the ink from left to right."""


@dataclass(frozen=True)
class Typeface:
    """A face by name; ``glyph`` gives each of `CHARACTERS`."""

    name: str
    glyph: Glyph


def fetch(folder: Path) -> list[Path]:
    """Give the files of all `FACES` below ``folder``, fetched with ``npm pack`` where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for package, weights in FACES.items():
        wanted = [folder / f"{package}-{weight}.woff" for weight in weights]
        if not all(file.exists() for file in wanted):
            name = f"@fontsource/{package}@{VERSION}"
            subprocess.run(["npm", "pack", "--silent", name], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607
            archive = folder / f"fontsource-{package}-{VERSION}.tgz"
            with tarfile.open(archive) as opened:
                for file, weight in zip(wanted, weights, strict=True):
                    member = opened.extractfile(f"package/files/{package}-latin-{weight}-normal.woff")
                    if member is None:
                        raise ValueError(f"{archive}: holds no weight {weight}")
                    file.write_bytes(member.read())
            archive.unlink()
        out += wanted
    return out


def drawn(stroke: float) -> Typeface:
    """Give the project's own face, its strokes ``stroke`` cap heights thick (rounded to hundredths)."""
    return Typeface(f"own-{stroke:.2f}", lambda character: _drawn_glyph(character, round(100 * stroke)))


def from_file(file: Path) -> Typeface:
    """Give the face in a font file."""
    return Typeface(file.stem, _FileGlyphs(file.read_bytes()))


def as_stamped(face: Typeface, rng: np.random.Generator) -> Typeface:
    """Give the face with the letters that plates tell from digits, as Samsat offices stamp them or do not.

    The letter O is mostly a nought with a stroke through it, or a nought; I often has bars above and below; Q may be a
    nought with a tail.
    """
    made: dict[str, Mask] = {}
    thick = max(3, round(CAP_PX * float(rng.uniform(0.07, 0.13))))
    kind = rng.random()
    if kind < 0.75:
        made["O"] = _slashed(face.glyph("0"), thick) if kind < 0.6 else face.glyph("0")
    if rng.random() < 0.35:
        made["4"] = _closed_four(thick)
    if rng.random() < 0.5:
        made["I"] = _barred(face.glyph("I"), thick)
    if rng.random() < 0.6:
        made["Q"] = _tailed(face.glyph("0"), thick, rng)
    return Typeface(
        face.name, lambda character: made[character] if character in made else face.glyph(character)
    )


def _slashed(nought: Mask, thick: int) -> Mask:
    out = nought.copy()
    h, w = out.shape
    cv2.line(
        out, (round(0.12 * w), round(0.86 * h)), (round(0.88 * w), round(0.14 * h)), 255, thick, cv2.LINE_AA
    )
    return out


def _tailed(nought: Mask, thick: int, rng: np.random.Generator) -> Mask:
    h, w = nought.shape
    wide = np.zeros((h, w + thick), np.uint8)
    wide[:, :w] = nought
    begin = (round(float(rng.uniform(0.42, 0.68)) * w), round(float(rng.uniform(0.66, 0.84)) * h))
    end = (round(float(rng.uniform(0.88, 1.08)) * w), round(float(rng.uniform(0.94, 1.0)) * (h - 1)))
    cv2.line(wide, begin, end, 255, max(2, round(thick * float(rng.uniform(0.6, 1.1)))), cv2.LINE_AA)
    return wide[:, : int(np.flatnonzero(wide.any(axis=0))[-1]) + 1]


def _closed_four(thick: int) -> Mask:
    """Draw a 4 whose stem goes all the way up."""
    h, w = CAP_PX, round(0.5 * CAP_PX)
    out = np.zeros((h, w), np.uint8)
    stem, bar, edge = round(0.72 * w), round(0.7 * h), thick // 2
    cv2.line(out, (stem, edge), (stem, h - 1), 255, thick, cv2.LINE_AA)
    cv2.line(out, (stem, edge), (edge, bar), 255, thick, cv2.LINE_AA)
    cv2.line(out, (edge, bar), (w - 1, bar), 255, thick, cv2.LINE_AA)
    return out


def _barred(stroke: Mask, thick: int) -> Mask:
    h, w = stroke.shape
    wide = max(w, round(0.36 * CAP_PX))
    out = np.zeros((h, wide), np.uint8)
    left = (wide - w) // 2
    out[:, left : left + w] = stroke
    out[:thick] = 255
    out[h - thick :] = 255
    return out


@lru_cache(maxsize=4096)
def _drawn_glyph(character: str, hundredths: int) -> Mask:
    stroke = hundredths / 100
    width = advance(character) * (1 - stroke) + stroke
    mask = np.zeros((CAP_PX, max(2, round(width * CAP_PX) + 1)), np.uint8)
    draw_text(mask, character, (0.0, 0.0), CAP_PX - 1.0, stroke=stroke, gap=0.0)
    return mask


class _FileGlyphs:
    def __init__(self, data: bytes) -> None:
        font = ImageFont.truetype(io.BytesIO(data), 200)
        _, top, _, bottom = font.getbbox("H")
        self._font = ImageFont.truetype(io.BytesIO(data), round(200 * CAP_PX / (bottom - top)))
        self._made: dict[str, Mask] = {}

    def __call__(self, character: str) -> Mask:
        if character not in self._made:
            _, top, _, bottom = self._font.getbbox("H")
            canvas = PillowImage.new("L", (3 * CAP_PX, 3 * CAP_PX), 0)
            ImageDraw.Draw(canvas).text((CAP_PX, CAP_PX - top), character, 255, self._font)
            grey = np.asarray(canvas)
            columns = np.flatnonzero(grey.max(axis=0) > 32)
            # Round letters overshoot the capitals' height a little; a tail may hang below it.
            cut = grey[CAP_PX - 2 : CAP_PX + bottom - top + 2, columns[0] : columns[-1] + 1]
            self._made[character] = cv2.resize(cut, (cut.shape[1], CAP_PX), interpolation=cv2.INTER_AREA)
        return self._made[character]


def all_typefaces(folder: Path) -> tuple[list[Typeface], list[Typeface]]:
    """Give (own faces, faces from files)."""
    own = [drawn(s) for s in np.arange(0.07, 0.19, 0.01)]
    return own, [from_file(file) for file in fetch(folder)]
