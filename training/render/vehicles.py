"""Vehicles as meshes: cars, motorcycles with riders, buses, trucks and bicycles.

Local frame as in `training.render.mesh`: metres, y forward, origin on the ground under the vehicle's middle. Parts:
0 the vehicle, 1 rear plate, 2 front plate, 3 and up the heads of rider and pillions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.render.mesh import Colour, Mesh, Vec, box, ellipsoid, join, loft, panel, quad, rod
from training.render.people import Person, rider

REAR_PLATE, FRONT_PLATE, FIRST_HEAD = 1, 2, 3
PAINTS: tuple[Colour, ...] = (
    (0.9, 0.9, 0.9), (0.06, 0.06, 0.06), (0.6, 0.6, 0.6), (0.35, 0.36, 0.37), (0.12, 0.12, 0.6),
    (0.45, 0.25, 0.12), (0.25, 0.35, 0.5), (0.75, 0.78, 0.8), (0.2, 0.35, 0.2), (0.15, 0.5, 0.7),
)  # fmt: skip
# The colours of `PAINTS` as an STNK names them.
PAINT_NAMES = ("putih", "hitam", "silver", "abu-abu", "merah", "biru", "cokelat", "putih", "hijau", "kuning")
assert len(PAINT_NAMES) == len(PAINTS)
GLASS: Colour = (0.12, 0.1, 0.09)
RUBBER: Colour = (0.045, 0.045, 0.045)
TAIL: Colour = (0.06, 0.06, 0.7)
# On photographs an unlit lens in the sun shows about six tenths of what white paint beside it does: behind clear glass
# stands a mirror that shows the road.
LAMP: Colour = (0.52, 0.54, 0.55)
DARK: Colour = (0.07, 0.07, 0.07)


@dataclass(frozen=True)
class Model:
    """A built vehicle: size in metres, the lamps for night scenes, the heads' centres, all in the local frame."""

    mesh: Mesh
    label: str
    length: float
    width: float
    height: float
    head_lamps: tuple[Vec, ...]
    tail_lamps: tuple[Vec, ...]
    heads: tuple[tuple[Vec, Person], ...] = ()


def _wheel(x: float, y: float, radius: float, width: float) -> Mesh:
    inner, outer = x - np.sign(x) * width / 2, x + np.sign(x) * width / 2
    hub = outer + np.sign(x) * 0.006
    parts = [
        rod((inner, y, radius), (outer, y, radius), radius, radius, RUBBER, 0.05, 18),
        rod((outer, y, radius), (hub, y, radius), radius * 0.66, radius * 0.62, (0.55, 0.55, 0.55), 0.6, 14),
        rod(
            (hub, y, radius),
            (hub + np.sign(x) * 0.004, y, radius),
            radius * 0.25,
            0.05,
            (0.3, 0.3, 0.3),
            0.3,
            10,
        ),
    ]
    return join(parts)


def _plates(
    rear: Vec, front: Vec, size: tuple[float, float], uv: NDArray[np.float32], tilt: float
) -> list[Mesh]:
    """Rear and front plate; ``uv`` (4, 2): lower left, lower right, upper right, upper left as one reads it."""
    w, h = size[0] / 2, size[1] / 2
    lean = h * np.sin(tilt)
    rx, ry, rz = rear
    fx, fy, fz = front
    back = panel(
        (rx - w, ry - lean, rz - h), (rx + w, ry - lean, rz - h), (rx + w, ry + lean, rz + h),
        (rx - w, ry + lean, rz + h), uv,
    )  # fmt: skip
    face = panel(
        (fx + w, fy + lean, fz - h), (fx - w, fy + lean, fz - h), (fx - w, fy - lean, fz + h),
        (fx + w, fy - lean, fz + h), uv,
    )  # fmt: skip
    return [back.as_part(REAR_PLATE), face.as_part(FRONT_PLATE)]


def _body(stations: list[tuple[float, float, float, float]], z0: float, colour: Colour) -> Mesh:
    """Loft a lower body from (y, half width, shoulder height, deck height) stations."""
    rings = []
    for y, w, shoulder, deck in stations:
        half = [
            (w * 0.86, z0), (w * 0.98, z0 + 0.1), (w, z0 + 0.32), (w * 0.985, shoulder * 0.6 + z0 * 0.4 + 0.1),
            (w * 0.95, shoulder), (w * 0.7, deck), (w * 0.25, deck + 0.015),
        ]  # fmt: skip
        ring = [(x, y, z) for x, z in half] + [(-x, y, z) for x, z in reversed(half)]
        rings.append(ring)
    return loft(np.array(rings), colour, 0.8)


CARS = {
    # length, width, height, sill, bonnet end, windscreen top, roof rear, rear glass base (shares of length), deck
    "mpv": (4.35, 1.7, 1.68, 0.24, 0.27, 0.37, 0.97, 0.995, 0.98),
    "hatchback": (3.75, 1.68, 1.5, 0.2, 0.27, 0.40, 0.93, 0.99, 0.93),
    "sedan": (4.55, 1.74, 1.45, 0.19, 0.30, 0.43, 0.74, 0.86, 0.93),
    "suv": (4.6, 1.82, 1.78, 0.3, 0.29, 0.39, 0.96, 0.99, 1.05),
    "minibus": (4.2, 1.66, 1.85, 0.24, 0.13, 0.25, 0.985, 0.998, 1.0),
}


def car(kind: str, paint: Colour, plate_uv: NDArray[np.float32]) -> Model:
    """Build a car of one of `CARS`."""
    length, width, height, sill, bonnet, screen, roof, glass_base, belt = CARS[kind]
    w, front, rear = width / 2, length / 2, -length / 2

    def at(share: float) -> float:
        return front - share * length

    nose, tail = belt - 0.16, belt - (0.0 if roof > 0.9 else 0.02)
    parts = [
        _body(
            [
                (rear, w * 0.9, tail - 0.1, tail - 0.03), (rear + 0.12, w * 0.97, tail - 0.04, tail),
                (at(0.8), w, belt - 0.05, belt), (0.0, w, belt - 0.06, belt), (at(bonnet), w, belt - 0.06, belt),
                (at(bonnet * 0.5), w * 0.985, nose + 0.04, belt - 0.07), (front - 0.14, w * 0.94, nose - 0.08, nose),
                (front, w * 0.82, nose - 0.22, nose - 0.12),
            ],
            sill, paint,
        )
    ]  # fmt: skip
    y_base, y_top, y_roof, y_rear = at(bonnet), at(screen), at(roof), at(glass_base)
    b, t = w * 0.93, w * 0.74
    z0, z1 = belt - 0.02, height - 0.05
    low = [(-b, y_base, z0), (b, y_base, z0), (b, y_rear, z0), (-b, y_rear, z0)]
    top = [(-t, y_top, z1), (t, y_top, z1), (t, y_roof, z1), (-t, y_roof, z1)]
    crown = [(x * 0.8, (y_top + y_roof) / 2 + (y - (y_top + y_roof) / 2) * 0.86, height) for x, y, _ in top]
    cabin = [low, top, crown]
    parts.append(loft(np.array(cabin)[:, ::-1], paint, 0.8, 40))

    def pane(i: int, j: int, lo: float, hi: float, left: float, right: float) -> Mesh:
        p = np.array([low[i], low[j], top[j], top[i]])
        normal = np.cross(p[1] - p[0], p[3] - p[0])
        out = normal / np.linalg.norm(normal) * 0.012
        if np.dot(out, p.mean(axis=0) - np.array([0, (y_base + y_rear) / 2, belt])) < 0:
            out = -out

        def point(u: float, v: float) -> Vec:
            q = (p[0] * (1 - u) + p[1] * u) * (1 - v) + (p[3] * (1 - u) + p[2] * u) * v + out
            return float(q[0]), float(q[1]), float(q[2])

        return quad(point(left, lo), point(right, lo), point(right, hi), point(left, hi), GLASS, 1.0)

    parts += [pane(0, 1, 0.08, 0.95, 0.06, 0.94), pane(2, 3, 0.16, 0.92, 0.08, 0.92)]
    for i, j in ((1, 2), (3, 0)):
        order = (0.04, 0.42, 0.47, 0.93) if i == 1 else (0.07, 0.53, 0.58, 0.96)
        parts += [pane(i, j, 0.1, 0.9, order[0], order[1]), pane(i, j, 0.1, 0.9, order[2], order[3])]
    lamp_z, plate_z = belt - 0.16, (belt - 0.2 if roof > 0.9 else belt - 0.22)
    high = roof > 0.9
    tails, lamps = [], []
    for side in (-1, 1):
        x = side * w
        inner, outer = side * w * 0.66, side * w * 0.91
        lo_z, hi_z = (belt - 0.32, belt + 0.06) if high else (belt - 0.24, belt - 0.06)
        parts.append(
            box((min(inner, outer), rear - 0.02, lo_z), (max(inner, outer), rear + 0.1, hi_z), TAIL, 0.7)
        )
        tails.append((side * w * 0.8, rear - 0.03, (lo_z + hi_z) / 2))
        parts.append(ellipsoid((side * w * 0.68, front - 0.1, nose - 0.12), (0.19, 0.13, 0.09), LAMP, 0.9, 5))
        lamps.append((side * w * 0.68, front + 0.02, nose - 0.12))
        parts.append(box((x * 1.0 - 0.02, at(bonnet) - 0.35, belt + 0.02), (x + side * 0.17 + 0.02, at(bonnet) - 0.2,
                         belt + 0.15), paint, 0.6))  # fmt: skip
        for y in (at(0.19), at(0.8)):
            parts.append(rod((x * 0.9, y, 0.34), (x * 1.004, y, 0.34), 0.38, 0.38, DARK, 0.02, 18))
            parts.append(_wheel(x * 0.93, y, 0.31, 0.2))
    parts += [
        box((-w * 0.88, rear - 0.05, sill + 0.06), (w * 0.88, rear + 0.15, sill + 0.3), paint, 0.6),
        box((-w * 0.6, rear - 0.055, sill + 0.02), (w * 0.6, rear + 0.1, sill + 0.14), DARK, 0.1),
        box((-0.3, rear - 0.02, plate_z - 0.11), (0.3, rear + 0.05, plate_z + 0.13), DARK, 0.3),
        box((-w * 0.5, front - 0.1, nose - 0.22), (w * 0.5, front + 0.012, nose - 0.09), DARK, 0.5),
        box((-w * 0.8, front - 0.2, sill + 0.02), (w * 0.8, front + 0.04, sill + 0.24), paint, 0.6),
        *_plates((0, rear - 0.035, plate_z), (0, front + 0.055, sill + 0.2), (0.43, 0.135), plate_uv, 0.12),
        box((-w * 0.8, rear + 0.3, 0.16), (w * 0.8, front - 0.3, sill + 0.1), DARK, 0.0),
    ]
    del lamp_z
    return Model(join(parts), "car", length, width, height, tuple(lamps), tuple(tails))


def bus(paint: Colour, stripe: Colour, length: float, plate_uv: NDArray[np.float32]) -> Model:
    """Build a city bus."""
    w, h, f, r = 1.22, 3.1, length / 2, -length / 2
    outline = [(w, 0.35), (w, 2.7), (w * 0.86, h), (-w * 0.86, h), (-w, 2.7), (-w, 0.35)]
    ends = ((r, 0.97), (r + 0.15, 1.0), (f - 0.2, 1.0), (f, 0.95))
    parts = [loft(np.array([[(x * k, y, z) for x, z in outline] for y, k in ends]), paint, 0.6, 35)]
    for side in (-1, 1):
        x = side * (w + 0.01)
        panes = int(length / 1.35)
        for i in range(panes):
            y0 = r + 0.5 + i * (length - 1.0) / panes
            y1 = y0 + (length - 1.0) / panes - 0.12
            parts.append(quad((x, y0, 1.45), (x, y1, 1.45), (x, y1, 2.45), (x, y0, 2.45), GLASS, 1.0))
        parts.append(
            quad((x, r + 0.1, 0.85), (x, f - 0.2, 0.85), (x, f - 0.2, 1.15), (x, r + 0.1, 1.15), stripe, 0.5)
        )
        for y in (r + 2.2, f - 2.0):
            parts.append(rod((side * w * 0.9, y, 0.5), (side * w * 1.004, y, 0.5), 0.56, 0.56, DARK, 0.0, 18))
            parts.append(_wheel(side * w * 0.94, y, 0.47, 0.28))
    tails, lamps = [], []
    for side in (-1, 1):
        parts.append(
            box((side * w * 0.8 - 0.12, r - 0.02, 0.75), (side * w * 0.8 + 0.12, r + 0.05, 1.15), TAIL, 0.6)
        )
        tails.append((side * w * 0.8, r - 0.03, 0.95))
        parts.append(ellipsoid((side * w * 0.72, f, 0.75), (0.17, 0.06, 0.12), LAMP, 0.9, 5))
        lamps.append((side * w * 0.72, f + 0.06, 0.75))
    parts += [
        quad((-w * 0.8, r - 0.012, 1.75), (w * 0.8, r - 0.012, 1.75), (w * 0.76, r - 0.012, 2.6),
             (-w * 0.76, r - 0.012, 2.6), GLASS, 1.0),
        quad((w * 0.9, f + 0.012, 1.2), (-w * 0.9, f + 0.012, 1.2), (-w * 0.86, f + 0.012, 2.55),
             (w * 0.86, f + 0.012, 2.55), GLASS, 1.0),
        box((-w, r - 0.06, 0.35), (w, r + 0.1, 0.6), DARK, 0.3),
        box((-w, f - 0.1, 0.35), (w, f + 0.05, 0.6), DARK, 0.3),
        box((-0.5, r - 0.015, 1.2), (0.5, r, 1.6), DARK, 0.2),
        *_plates((0, r - 0.07, 0.72), (0, f + 0.06, 0.52), (0.43, 0.135), plate_uv, 0.05),
    ]  # fmt: skip
    return Model(join(parts), "bus", length, 2 * w, h, tuple(lamps), tuple(tails))


def truck(paint: Colour, cargo: Colour, covered: bool, length: float, plate_uv: NDArray[np.float32]) -> Model:
    """Build a light truck with a box or an open bed."""
    w, f, r = 1.0, length / 2, -length / 2
    cab = [(w * 0.95, 0.5), (w, 1.2), (w * 0.9, 2.1), (-w * 0.9, 2.1), (-w, 1.2), (-w * 0.95, 0.5)]
    ends = ((f - 1.7, 1.0), (f - 0.35, 1.0), (f, 0.93))
    bed_top = 2.75 if covered else 1.6
    parts = [
        loft(np.array([[(x * k, y, z) for x, z in cab] for y, k in ends]), paint, 0.6, 35),
        box((-w * 1.03, r, 0.95), (w * 1.03, f - 1.85, bed_top), cargo, 0.15),
        box((-w * 0.4, r + 0.1, 0.5), (w * 0.4, f - 0.5, 0.95), DARK, 0.05),
        box((-w * 0.95, r - 0.03, 0.55), (w * 0.95, r + 0.08, 0.7), DARK, 0.2),
        quad((w * 0.85, f + 0.01, 1.25), (-w * 0.85, f + 0.01, 1.25), (-w * 0.8, f - 0.05, 1.98),
             (w * 0.8, f - 0.05, 1.98), GLASS, 1.0),
        box((-w * 0.6, f - 0.02, 0.75), (w * 0.6, f + 0.02, 1.0), DARK, 0.3),
    ]  # fmt: skip
    ribs = 5 if covered else 4
    for i in range(ribs):
        x = -w + 0.1 + i * (2 * w - 0.2) / (ribs - 1)
        shade = tuple(c * 0.75 for c in cargo)
        parts.append(box((x - 0.03, r - 0.015, 1.0), (x + 0.03, r, bed_top - 0.05), shade, 0.1))  # type: ignore[arg-type]
    tails, lamps = [], []
    for side in (-1, 1):
        parts.append(quad((side * (w + 0.01), f - 1.4, 1.3), (side * (w + 0.01), f - 0.5, 1.3),
                          (side * (w * 0.93), f - 0.55, 1.95), (side * (w * 0.93), f - 1.4, 1.95), GLASS, 1.0))  # fmt: skip
        parts.append(box((side * 0.75 - 0.13, r - 0.05, 0.72), (side * 0.75 + 0.13, r, 0.88), TAIL, 0.6))
        tails.append((side * 0.75, r - 0.06, 0.8))
        parts.append(ellipsoid((side * 0.75, f, 0.85), (0.14, 0.05, 0.1), LAMP, 0.9, 5))
        lamps.append((side * 0.75, f + 0.05, 0.85))
        for y in (r + 1.1, f - 0.8):
            parts.append(_wheel(side * (w - 0.14), y, 0.4, 0.24))
    parts += _plates((0, r - 0.06, 0.72), (0, f + 0.04, 0.62), (0.43, 0.135), plate_uv, 0.05)
    height = max(bed_top, 2.1)
    return Model(join(parts), "truck", length, 2 * w, height, tuple(lamps), tuple(tails))


def motorcycle(
    paint: Colour, scooter: bool, riders: tuple[Person, ...], plate_uv: NDArray[np.float32]
) -> Model:
    """Build a motorcycle, ridden by one person and up to two pillions."""
    f, r = 0.98, -0.95
    parts = []
    for y in (0.66, -0.62):
        parts.append(rod((-0.05, y, 0.29), (0.05, y, 0.29), 0.29, 0.29, RUBBER, 0.05, 16))
        parts.append(rod((-0.056, y, 0.29), (0.056, y, 0.29), 0.17, 0.17, (0.35, 0.35, 0.35), 0.5, 12))
    shade = tuple(c * 0.45 for c in paint)
    parts += [
        ellipsoid((0, -0.42, 0.66), (0.15, 0.46, 0.15), paint, 0.8, 7, tilt=-0.12),
        ellipsoid((0, -0.12, 0.42), (0.14, 0.34, 0.18), (0.2, 0.2, 0.2), 0.3, 6),
        box((-0.13, -0.68, 0.77), (0.13, 0.12, 0.83), (0.06, 0.06, 0.06), 0.15),
        rod((0.0, 0.66, 0.32), (0.0, 0.46, 0.95), 0.05, 0.045, (0.25, 0.25, 0.25), 0.5),
        ellipsoid((0, 0.5, 0.92), (0.17, 0.14, 0.15), paint, 0.8, 6),
        ellipsoid((0, 0.62, 0.94), (0.09, 0.05, 0.07), LAMP, 0.9, 5),
        rod((-0.34, 0.36, 1.03), (0.34, 0.36, 1.03), 0.022, 0.022, DARK, 0.4),
        box((-0.06, -0.92, 0.68), (0.06, -0.86, 0.78), TAIL, 0.7),
        box((-0.05, -0.97, 0.36), (0.05, -0.8, 0.66), DARK, 0.2),
        rod((0.16, -0.1, 0.32), (0.18, -0.85, 0.4), 0.04, 0.055, (0.4, 0.4, 0.4), 0.7),
        ellipsoid((0, 0.68, 0.6), (0.07, 0.2, 0.04), paint, 0.6, 5),
    ]
    if scooter:
        parts += [
            box((-0.19, 0.24, 0.35), (0.19, 0.34, 0.95), paint, 0.7),
            box((-0.16, -0.1, 0.3), (0.16, 0.3, 0.36), shade, 0.2),  # type: ignore[arg-type]
            ellipsoid((0, -0.5, 0.5), (0.17, 0.36, 0.16), paint, 0.8, 6),
        ]
    else:
        parts.append(ellipsoid((0, 0.12, 0.8), (0.13, 0.24, 0.12), paint, 0.8, 6))
    for side in (-1, 1):
        parts.append(ellipsoid((side * 0.3, 0.36, 1.22), (0.07, 0.02, 0.045), (0.2, 0.2, 0.2), 0.9, 4))
        parts.append(rod((side * 0.24, 0.36, 1.03), (side * 0.3, 0.36, 1.2), 0.008, 0.008, DARK))
        parts.append(ellipsoid((side * 0.13, -0.9, 0.7), (0.035, 0.03, 0.03), (0.1, 0.45, 0.9), 0.7, 4))
    plates = _plates((0, r - 0.03, 0.56), (0, 0.76, 0.8), (0.275, 0.11), plate_uv, 0.25)
    heads = []
    for i, person in enumerate(riders):
        seat = (0.0, 0.0 - 0.36 * i, 0.83 + 0.04 * i)
        hands = (
            ((-0.3, 0.33, 1.04), (0.3, 0.33, 1.04))
            if i == 0
            else ((-0.2, seat[1] + 0.3, 1.05), (0.2, seat[1] + 0.3, 1.05))
        )
        feet = (
            ((-0.17, 0.2, 0.36), (0.17, 0.2, 0.36))
            if i == 0
            else ((-0.2, seat[1] + 0.12, 0.34), (0.2, seat[1] + 0.12, 0.34))
        )
        body, centre = rider(person, seat, hands, feet, FIRST_HEAD + i)
        parts.append(body)
        heads.append((centre, person))
    return Model(
        join([*parts, *plates]),
        "motorcycle",
        f - r,
        0.75,
        1.6,
        ((0, 0.68, 0.94),),
        ((0, -0.94, 0.73),),
        tuple(heads),
    )


def bicycle(paint: Colour, person: Person) -> Model:
    """Build a ridden bicycle; it carries no plate."""
    parts = []
    for y in (0.52, -0.52):
        for a in np.linspace(0, 2 * np.pi, 14, endpoint=False):
            b = a + 2 * np.pi / 14
            p = (0.0, y + 0.33 * float(np.cos(a)), 0.34 + 0.33 * float(np.sin(a)))
            q = (0.0, y + 0.33 * float(np.cos(b)), 0.34 + 0.33 * float(np.sin(b)))
            parts.append(rod(p, q, 0.02, 0.02, RUBBER, 0.05, 5))
    for p, q in (
        ((0, -0.52, 0.34), (0, -0.1, 0.34)), ((0, -0.1, 0.34), (0, -0.22, 0.85)), ((0, -0.2, 0.75), (0, 0.38, 0.78)),
        ((0, -0.1, 0.34), (0, 0.38, 0.74)), ((0, 0.52, 0.34), (0, 0.36, 0.98)), ((-0.28, 0.34, 1.0), (0.28, 0.34, 1.0)),
    ):  # fmt: skip
        parts.append(rod(p, q, 0.02, 0.02, paint, 0.5, 6))
    body, centre = rider(
        person,
        (0, -0.2, 0.92),
        ((-0.26, 0.34, 1.02), (0.26, 0.34, 1.02)),
        ((-0.1, 0, 0.3), (0.1, 0, 0.45)),
        FIRST_HEAD,
    )
    return Model(join([*parts, body]), "bicycle", 1.7, 0.6, 1.75, (), (), ((centre, person),))
