"""Indonesian plates (TNKB) drawn to regulation.

Source: Perpol 7/2021 for layout and colours; sizes as issued since April 2011.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from plate_reader.regions import REGIONS
from training.render.glyphs import draw_text, text_width

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

PLATE_MM = {"car": (430, 135), "motorcycle": (275, 110)}
"""Width and height of a plate in millimetres by its format."""

# Base, ink (BGR). Retro-reflective white is not pure, black paint is not either.
_SCHEMES: dict[str, tuple[Colour, Colour]] = {
    "white": ((232, 236, 236), (28, 26, 26)),
    "black": ((30, 27, 26), (232, 234, 234)),
    "yellow": ((28, 190, 244), (26, 26, 28)),
    "red": ((38, 34, 190), (236, 238, 238)),
    "green": ((70, 140, 30), (24, 26, 24)),
}
_BLUE: Colour = (176, 96, 24)
_STROKE, _GAP = 0.13, 0.13
# Weights are our own estimate of how often each code is met on a road in Java.
_JAVA = {
    "A": 4, "B": 30, "D": 9, "E": 3, "F": 6, "T": 3, "Z": 3, "G": 3, "H": 5, "K": 2, "R": 2,
    "AA": 2, "AD": 4, "AB": 5, "L": 7, "M": 2, "N": 5, "P": 2, "S": 2, "W": 4, "AE": 3, "AG": 3,
}  # fmt: skip
_JAKARTA_DISTRICTS = "PSTUBKEZCGNVW"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class PlateSpec:
    """What stands on a plate.

    ``nrkb`` with spaces (``B 1234 ABC``); ``expiry`` ``MM.YY``; ``scheme`` is the base colour: white, black,
    yellow, red or green; ``vehicle`` the plate's format: car (buses, trucks too) or motorcycle; ``electric``
    puts the expiry line on a blue strip.
    """

    nrkb: str
    expiry: str
    scheme: str = "white"
    vehicle: str = "car"
    electric: bool = False

    def __post_init__(self) -> None:
        if self.scheme not in _SCHEMES:
            raise ValueError(f"no such plate colour: {self.scheme}; known: {', '.join(_SCHEMES)}")
        if self.vehicle not in PLATE_MM:
            raise ValueError(f"no such plate format: {self.vehicle}; known: {', '.join(PLATE_MM)}")

    @property
    def text(self) -> str:
        """The NRKB without spaces, as `PlateReading.text` has it."""
        return self.nrkb.replace(" ", "")

    @property
    def size_m(self) -> tuple[float, float]:
        """Width and height in metres."""
        width, height = PLATE_MM[self.vehicle]
        return width / 1000, height / 1000


def draw_plate(spec: PlateSpec, width_px: int, wear: float = 0.0, seed: int = 0) -> Image:
    """Draw a plate, seen straight on, edge to edge.

    Args:
        spec: what stands on it.
        width_px: width of the picture; its height follows the plate's format.
        wear: 0 new … 1 badly worn: dirt, scratches, faded ink, uneven light.
        seed: of the wear; the same spec, width, wear and seed give the same bytes.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    width_mm, height_mm = PLATE_MM[spec.vehicle]
    height_px = max(1, round(width_px * height_mm / width_mm))
    # Drawn large, then shrunk by area: that is what makes the edges smooth at any size.
    scale = max(2.0, 2.0 * width_px / width_mm)
    size = (round(width_mm * scale), round(height_mm * scale))
    base, ink = _SCHEMES[spec.scheme]
    plate = np.full((size[1], size[0], 3), base, np.uint8)
    mask = _ink_mask(spec, size, scale)
    if spec.electric:
        top = round((0.66 if spec.vehicle == "car" else 0.62) * size[1])
        plate[top:] = _BLUE
    ink_layer = np.full_like(plate, ink)
    if spec.electric:
        ink_layer[top:] = (240, 240, 240)
    plate = _blend(plate, ink_layer, mask)
    plate = _emboss(plate, mask, scale)
    _bolts(plate, spec, scale)
    if wear > 0:
        plate = _weather(
            plate, mask, base, wear, np.random.default_rng([seed, zlib.crc32(spec.nrkb.encode())])
        )
    out: Image = cv2.resize(plate, (width_px, height_px), interpolation=cv2.INTER_AREA)
    return out


def _ink_mask(spec: PlateSpec, size: tuple[int, int], scale: float) -> Image:
    mask: Image = np.zeros((size[1], size[0]), np.uint8)
    car = spec.vehicle == "car"
    margin, cap, top = (20.0, 66.0, 15.0) if car else (14.0, 50.0, 14.0)
    _border(mask, scale, inset=4.5 if car else 4.0, thick=3.0 if car else 2.5)
    width_mm, _ = PLATE_MM[spec.vehicle]
    room = width_mm - 2 * margin
    groups = spec.nrkb.split(" ")
    natural = [text_width(g, _STROKE, _GAP) * cap for g in groups]
    least_gap = 0.32 * cap
    # Letters narrow before groups touch; strokes keep their width.
    inked = sum(len(g) for g in groups) * _STROKE * cap
    free = room - least_gap * (len(groups) - 1) - inked
    stretch = min(1.0, free / (sum(natural) - inked))
    widths = [
        (n - len(g) * _STROKE * cap) * stretch + len(g) * _STROKE * cap
        for n, g in zip(natural, groups, strict=True)
    ]
    spare = room - sum(widths)
    between = spare / (len(groups) - 1)
    shorten = min(between, (1.05 if car else 0.8) * cap)
    x = margin + (between - shorten) * (len(groups) - 1) / 2
    for group, width in zip(groups, widths, strict=True):
        draw_text(
            mask, group, (x * scale, top * scale), cap * scale, stroke=_STROKE, gap=_GAP, stretch=stretch
        )
        x += width + shorten
    small = 22.0 if car else 19.0
    stroke, gap = 0.15, 0.38
    width = text_width(spec.expiry, stroke, gap) * small
    left = (width_mm - width) / 2 if car else width_mm - margin - 8 - width
    y = 97.0 if car else 76.0
    draw_text(mask, spec.expiry, (left * scale, y * scale), small * scale, stroke=stroke, gap=gap)
    return mask


def _border(mask: Image, scale: float, *, inset: float, thick: float) -> None:
    height, width = mask.shape
    i, r, t = inset * scale, 7 * scale, max(1, round(thick * scale))
    corners = [
        (i + r, i + r, 180),
        (width - i - r, i + r, 270),
        (width - i - r, height - i - r, 0),
        (i + r, height - i - r, 90),
    ]
    points = [
        (cx + r * np.cos(a), cy + r * np.sin(a))
        for cx, cy, start in corners
        for a in np.radians(np.linspace(start, start + 90, 9))
    ]
    cv2.polylines(
        mask, [np.round(np.array(points) * 16).astype(np.int32)], True, 255, t, cv2.LINE_AA, shift=4
    )


def _blend(plate: Image, layer: Image, mask: Image) -> Image:
    alpha = mask[:, :, None].astype(np.float32) / 255
    out: Image = (plate * (1 - alpha) + layer * alpha).astype(np.uint8)
    return out


def _emboss(plate: Image, mask: Image, scale: float) -> Image:
    soft = cv2.GaussianBlur(mask, (0, 0), 1.2 * scale).astype(np.float32)
    slope = cv2.Sobel(soft, cv2.CV_32F, 0, 1, ksize=3) / max(1.0, 60.0 / scale)
    out: Image = np.clip(plate + np.clip(slope, -22, 22)[:, :, None], 0, 255).astype(np.uint8)
    return out


def _bolts(plate: Image, spec: PlateSpec, scale: float) -> None:
    width_mm, height_mm = PLATE_MM[spec.vehicle]
    code = zlib.crc32(spec.nrkb.encode())
    edge = 12.0 if spec.vehicle == "car" else 10.0
    x = width_mm * (0.2 + 0.08 * (code % 7) / 7)
    # Most plates are held near the edge, between number line and border or beside the expiry line.
    y = height_mm - edge if code // 7 % 4 else edge * 0.75
    radius = 4.2 if spec.vehicle == "car" else 3.4
    for bx in (x, width_mm - x):
        if spec.vehicle == "motorcycle" and bx > width_mm / 2 and y > height_mm / 2:
            y = edge * 0.75
        centre = (round(bx * scale), round(y * scale))
        cv2.circle(plate, centre, round(radius * scale), (96, 98, 100), -1, cv2.LINE_AA)
        cv2.circle(plate, centre, round(radius * 0.6 * scale), (140, 144, 146), -1, cv2.LINE_AA)


def _weather(plate: Image, mask: Image, base: Colour, wear: float, rng: np.random.Generator) -> Image:
    height, width = plate.shape[:2]
    out: NDArray[np.floating] = plate.astype(np.float32)
    # Ink fades and chips first; the base shows through.
    chips = _cloud(rng, (height, width), 90) * 0.6 + _cloud(rng, (height, width), 24) * 0.4
    bare = np.clip((chips - (1.08 - 0.28 * wear)) * 6, 0, 1) + rng.uniform(0, 0.3 * wear)
    alpha = (np.clip(bare, 0, 1) * mask / 255)[:, :, None]
    out = out * (1 - alpha) + np.array(base, np.float32) * alpha
    dirt = np.clip(_cloud(rng, (height, width), 8) * 1.2 - 0.7, 0, 1) * wear * 0.7
    low = np.linspace(0.3, 1.0, height)[:, None]
    dirt = (dirt * low)[:, :, None]
    out = out * (1 - dirt) + np.array((60, 82, 100), np.float32) * dirt
    for _ in range(int(rng.poisson(5 * wear))):
        a = rng.uniform(0, 1, 2) * (width, height)
        b = a + rng.normal(0, 0.12, 2) * width
        tone = float(rng.uniform(70, 200))
        cv2.line(
            out,
            (int(a[0]), int(a[1])),
            (int(b[0]), int(b[1])),
            (tone, tone, tone),
            max(1, round(width / 500)),
            cv2.LINE_AA,
        )
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    slope = rng.normal(0, 0.15 * wear, 2)
    light = 1 + slope[0] * x + slope[1] * y + 0.12 * wear * (_cloud(rng, (height, width), 3) - 0.5)
    worn: Image = np.clip(out * light[:, :, None], 0, 255).astype(np.uint8)
    return worn


def _cloud(rng: np.random.Generator, shape: tuple[int, int], cells: int) -> NDArray[np.float32]:
    grid = rng.uniform(0, 1, (max(2, cells // 3), cells)).astype(np.float32)
    out: NDArray[np.float32] = cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return out


def random_plate(rng: np.random.Generator, vehicle: str) -> PlateSpec:
    """Draw lots for a plate that such a vehicle could carry on a road in Java around 2026.

    Args:
        rng: where chance comes from; the same state gives the same plate.
        vehicle: car, motorcycle, bus or truck. Number blocks by kind of vehicle and the share of
            base colours follow practice, not law: other numbers occur.
    """
    if rng.random() < 0.9:
        weights = np.array(list(_JAVA.values()), float)
        region = str(rng.choice(list(_JAVA), p=weights / weights.sum()))
    else:
        region = str(rng.choice(sorted(set(REGIONS) - set(_JAVA))))
    scheme = _scheme(rng, vehicle)
    number = _number(rng, vehicle, jakarta=region == "B")
    count = int(rng.choice([1, 2, 3], p=[0.04, 0.46, 0.5] if region != "B" else [0.0, 0.05, 0.95]))
    letters = "".join(rng.choice(list(_LETTERS), count))
    if region == "B" and letters:
        letters = str(rng.choice(list(_JAKARTA_DISTRICTS))) + letters[1:]
    month, year = int(rng.integers(1, 13)), int(rng.integers(26, 32))
    electric = scheme in ("white", "black") and vehicle in ("car", "motorcycle") and rng.random() < 0.03
    return PlateSpec(
        nrkb=f"{region} {number} {letters}".strip(),
        expiry=f"{month:02d}.{year:02d}",
        scheme="white" if electric else scheme,
        vehicle="motorcycle" if vehicle == "motorcycle" else "car",
        electric=electric,
    )


def _scheme(rng: np.random.Generator, vehicle: str) -> str:
    # Shares of white, black, yellow, red, green.
    shares = {
        "car": [0.60, 0.30, 0.06, 0.03, 0.01],
        "motorcycle": [0.50, 0.46, 0.0, 0.03, 0.01],
        "bus": [0.12, 0.08, 0.74, 0.05, 0.01],
        "truck": [0.30, 0.20, 0.47, 0.02, 0.01],
    }
    if vehicle not in shares:
        raise ValueError(f"no plates are known for a {vehicle}; known: {', '.join(shares)}")
    return str(rng.choice(["white", "black", "yellow", "red", "green"], p=shares[vehicle]))


def _number(rng: np.random.Generator, vehicle: str, *, jakarta: bool) -> int:
    if rng.random() < 0.04:
        return int(rng.integers(1, 1000))
    blocks = {
        "car": [(1000, 2999), (8000, 8999)] if jakarta else [(1000, 1999)],
        "motorcycle": [(3000, 6999)] if jakarta else [(2000, 6999)],
        "bus": [(7000, 7999)],
        "truck": [(9000, 9999)] if jakarta else [(8000, 9999)],
    }[vehicle]
    low, high = blocks[0] if len(blocks) == 1 or rng.random() < 0.75 else blocks[1]
    return int(rng.integers(low, high + 1))
