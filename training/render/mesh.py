"""Meshes from a few primitives: boxes, lofts, ellipsoids and rods, each with material and part number.

Local frame of a vehicle: metres, x right, y forward, z up, origin on the ground under its middle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Colour = tuple[float, float, float]
Vec = tuple[float, float, float]


@dataclass(frozen=True)
class Mesh:
    """Triangles with what is needed to light them.

    vertices, normals (N, 3, 3) float64; colour (N, 3) BGR 0..1; gloss (N,) 0..1; glow (N,) 0..;
    part (N,) int32; uv (N, 3, 2) float32 atlas pixels where ``textured`` (N,) bool.
    """

    vertices: NDArray[np.float64]
    normals: NDArray[np.float64]
    colour: NDArray[np.float64]
    gloss: NDArray[np.float64]
    glow: NDArray[np.float64]
    part: NDArray[np.int32]
    uv: NDArray[np.float32]
    textured: NDArray[np.bool_]

    def moved(self, offset: Vec, yaw: float = 0.0, roll: float = 0.0) -> Mesh:
        """Rotate about y by ``roll``, about z by ``yaw`` (radians, anticlockwise), then shift (metres)."""
        cr, sr, cy, sy = np.cos(roll), np.sin(roll), np.cos(yaw), np.sin(yaw)
        lean = np.array([[cr, 0, sr], [0, 1, 0], [-sr, 0, cr]])
        turn = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1.0]])
        rotation = (turn @ lean).T
        return replace(
            self, vertices=self.vertices @ rotation + np.asarray(offset), normals=self.normals @ rotation
        )

    def as_part(self, part: int) -> Mesh:
        """Give the same mesh with another part number."""
        return replace(self, part=np.full(len(self.part), part, np.int32))


def join(meshes: list[Mesh]) -> Mesh:
    """Put meshes together."""
    return Mesh(*(np.concatenate([getattr(m, f) for m in meshes]) for f in Mesh.__dataclass_fields__))


def triangles(
    vertices: NDArray[np.float64],
    colour: Colour,
    gloss: float = 0.1,
    glow: float = 0.0,
    normals: NDArray[np.float64] | None = None,
) -> Mesh:
    """Make a mesh of one material from (N, 3, 3) corners; flat normals unless given."""
    n = len(vertices)
    if normals is None:
        flat = np.cross(vertices[:, 1] - vertices[:, 0], vertices[:, 2] - vertices[:, 0])
        flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
        normals = np.repeat(flat[:, None], 3, axis=1)
    return Mesh(
        np.asarray(vertices, float),
        normals,
        np.tile(np.asarray(colour, float), (n, 1)),
        np.full(n, gloss),
        np.full(n, glow),
        np.zeros(n, np.int32),
        np.zeros((n, 3, 2), np.float32),
        np.zeros(n, bool),
    )


def quad(a: Vec, b: Vec, c: Vec, d: Vec, colour: Colour, gloss: float = 0.1, glow: float = 0.0) -> Mesh:
    """Make a flat quad a-b-c-d, anticlockwise seen from outside."""
    return triangles(np.array([[a, b, c], [a, c, d]], float), colour, gloss, glow)


def panel(
    a: Vec, b: Vec, c: Vec, d: Vec, uv: NDArray[np.float32], gloss: float = 0.05, glow: float = 0.0
) -> Mesh:
    """Make a textured quad; ``uv`` (4, 2) atlas pixels for a, b, c, d."""
    flat = quad(a, b, c, d, (1.0, 1.0, 1.0), gloss, glow)
    return replace(
        flat, uv=np.stack([uv[[0, 1, 2]], uv[[0, 2, 3]]]).astype(np.float32), textured=np.ones(2, bool)
    )


def box(lo: Vec, hi: Vec, colour: Colour, gloss: float = 0.1, glow: float = 0.0) -> Mesh:
    """Make an axis-aligned box."""
    (x0, y0, z0), (x1, y1, z1) = lo, hi
    p = [
        (x0, y0, z0),
        (x1, y0, z0),
        (x1, y1, z0),
        (x0, y1, z0),
        (x0, y0, z1),
        (x1, y0, z1),
        (x1, y1, z1),
        (x0, y1, z1),
    ]
    faces = [(0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7), (4, 5, 6, 7), (3, 2, 1, 0)]
    return join([quad(p[a], p[b], p[c], p[d], colour, gloss, glow) for a, b, c, d in faces])


def loft(rings: NDArray[np.float64], colour: Colour, gloss: float = 0.5, crease_deg: float = 50.0) -> Mesh:
    """Skin rings (S, R, 3) of equally many points, in order, closed around, capped, smoothly shaded.

    Corners whose faces meet at more than ``crease_deg`` stay sharp.
    """
    s, r = rings.shape[:2]
    i, j = np.meshgrid(np.arange(s - 1), np.arange(r), indexing="ij")
    k = (j + 1) % r
    a, b, c, d = rings[i, j], rings[i, k], rings[i + 1, k], rings[i + 1, j]
    sides = np.concatenate(
        [np.stack([a, b, c], 2).reshape(-1, 3, 3), np.stack([a, c, d], 2).reshape(-1, 3, 3)]
    )
    caps = []
    for ring, order in ((rings[0], -1), (rings[-1], 1)):
        middle = ring.mean(axis=0)
        caps.append(np.stack([np.tile(middle, (r, 1)), ring, np.roll(ring, -1, 0)][::1], 1)[:, ::order])
    vertices = np.concatenate([sides, *caps])
    return triangles(vertices, colour, gloss, normals=_creased(vertices, crease_deg))


def ellipsoid(
    centre: Vec, radii: Vec, colour: Colour, gloss: float = 0.1, detail: int = 8, tilt: float = 0.0
) -> Mesh:
    """Make an ellipsoid with ``2·detail`` meridians, tilted about x by ``tilt`` radians."""
    theta = np.linspace(0, np.pi, detail + 1)
    phi = np.linspace(0, 2 * np.pi, 2 * detail, endpoint=False)
    t, p = np.meshgrid(theta, phi, indexing="ij")
    unit = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], -1)
    rings = unit * np.asarray(radii)
    normals = unit / np.asarray(radii)
    ct, st = np.cos(tilt), np.sin(tilt)
    turn = np.array([[1, 0, 0], [0, ct, -st], [0, st, ct]]).T
    rings, normals = rings @ turn + np.asarray(centre), normals @ turn
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)

    def skin(grid: NDArray[np.float64]) -> NDArray[np.float64]:
        i, j = np.meshgrid(np.arange(detail), np.arange(2 * detail), indexing="ij")
        k = (j + 1) % (2 * detail)
        a, b, c, d = grid[i, j], grid[i + 1, j], grid[i + 1, k], grid[i, k]
        return np.concatenate(
            [np.stack([a, b, c], 2).reshape(-1, 3, 3), np.stack([a, c, d], 2).reshape(-1, 3, 3)]
        )

    return triangles(skin(rings), colour, gloss, normals=skin(normals))


def rod(
    a: Vec, b: Vec, radius_a: float, radius_b: float, colour: Colour, gloss: float = 0.1, sides: int = 8
) -> Mesh:
    """Make a (tapered) rod with flat ends between two points."""
    p, q = np.asarray(a, float), np.asarray(b, float)
    axis = (q - p) / max(float(np.linalg.norm(q - p)), 1e-9)
    side = np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    other = np.cross(axis, side)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
    ring = np.cos(angle) * side + np.sin(angle) * other
    return loft(np.stack([p + ring * radius_a, q + ring * radius_b]), colour, gloss, crease_deg=60)


def _creased(vertices: NDArray[np.float64], crease_deg: float) -> NDArray[np.float64]:
    """Average the face normals around each corner over the faces within the crease angle."""
    flat = np.cross(vertices[:, 1] - vertices[:, 0], vertices[:, 2] - vertices[:, 0])
    unit = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    corners = vertices.reshape(-1, 3)
    _, group = np.unique(np.round(corners, 4), axis=0, return_inverse=True)
    owner = np.repeat(np.arange(len(vertices)), 3)
    order = np.argsort(group, kind="stable")
    bounds = np.flatnonzero(np.diff(group[order])) + 1
    out = np.empty((len(corners), 3))
    limit = np.cos(np.radians(crease_deg))
    for members in np.split(order, bounds):
        faces = owner[members]
        near = unit[faces] @ unit[faces].T > limit
        out[members] = near @ flat[faces]
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
    return out.reshape(-1, 3, 3)
