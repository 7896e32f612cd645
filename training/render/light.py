"""Light and weather: what colours a mesh takes, by day, dusk, night and in rain.

Colours are BGR shares of full exposure; the model is Lambert and Blinn-Phong lit at the corners, with a sky that glossy
faces mirror by Schlick's approximation (Schlick 1994, An inexpensive BRDF model).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.render.mesh import Mesh

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Light:
    """One time of day. ``sun`` points towards the sun; ``lamp`` is the camera's own illuminator (0 = off)."""

    name: str
    sun: Triple
    sun_colour: Triple
    sky: Triple
    ground: Triple
    lamp: float
    shadow: float
    night: bool
    rain: float
    noise: float
    shutter_s: float


def random_light(rng: np.random.Generator, name: str) -> Light:
    """Draw the light of ``name``: day, dusk, night or rain."""
    azimuth = rng.uniform(0, 2 * np.pi)
    height = {"day": rng.uniform(35, 75), "dusk": rng.uniform(12, 25)}.get(name, 60.0)
    e = np.radians(height)
    sun = (float(np.cos(e) * np.cos(azimuth)), float(np.cos(e) * np.sin(azimuth)), float(np.sin(e)))
    k = float(rng.uniform(0.9, 1.1))
    if name == "day":
        return Light(
            name,
            sun,
            (0.62 * k, 0.7 * k, 0.75 * k),
            (0.5, 0.46, 0.43),
            (0.25, 0.25, 0.26),
            0,
            0.5,
            False,
            0,
            2.0,
            1 / 500,
        )
    if name == "dusk":
        return Light(
            name,
            sun,
            (0.18 * k, 0.28 * k, 0.42 * k),
            (0.42, 0.36, 0.34),
            (0.18, 0.18, 0.2),
            0.1,
            0.2,
            False,
            0,
            4.0,
            1 / 200,
        )
    if name == "rain":
        return Light(
            name,
            sun,
            (0.0, 0.0, 0.0),
            (0.66 * k, 0.64 * k, 0.62 * k),
            (0.3, 0.3, 0.3),
            0,
            0.3,
            False,
            float(rng.uniform(0.4, 1.0)),
            3.5,
            1 / 250,
        )
    return Light(
        name,
        sun,
        (0.0, 0.0, 0.0),
        (0.15, 0.12, 0.11),
        (0.05, 0.06, 0.07),
        0.62 * k,
        0.12,
        True,
        0,
        6.0,
        1 / 250,
    )


def shade(mesh: Mesh, eye: NDArray[np.float64], light: Light) -> NDArray[np.float32]:
    """Light a mesh whose vertices are in the world; give (N, 3, 3) float32 BGR 0..255, one for each corner."""
    to_eye = eye - mesh.vertices
    distance = np.linalg.norm(to_eye, axis=-1, keepdims=True)
    to_eye /= distance
    n = np.where(np.sum(mesh.normals * to_eye, -1, keepdims=True) < 0, -mesh.normals, mesh.normals)
    up = 0.5 + 0.5 * n[..., 2:]
    near_ground = np.clip(0.55 + mesh.vertices[..., 2:] * 0.6, 0.55, 1.0)
    diffuse = (np.asarray(light.sky) * up + np.asarray(light.ground) * (1 - up)) * near_ground
    sun = np.asarray(light.sun)
    diffuse = diffuse + np.asarray(light.sun_colour) * np.maximum(n @ sun, 0)[..., None]
    facing = np.maximum(np.sum(n * to_eye, -1, keepdims=True), 0)
    if light.lamp:
        diffuse = diffuse + light.lamp * (0.35 + 0.65 * facing) * np.clip(18 / distance, 0.35, 1.2)
    gloss = mesh.gloss[:, None, None]
    mirrored = 2 * np.sum(n * to_eye, -1, keepdims=True) * n - to_eye
    fresnel = gloss * (0.05 + 0.95 * (1 - facing) ** 5)
    sky = np.asarray(light.sky) * 1.5 * np.clip(0.5 + mirrored[..., 2:], 0, 1)
    half = sun + to_eye
    half /= np.linalg.norm(half, axis=-1, keepdims=True)
    spark = gloss * np.asarray(light.sun_colour) * np.maximum(np.sum(n * half, -1, keepdims=True), 0) ** 50
    base = mesh.colour[:, None, :]
    lit = base * diffuse * (1 - 0.5 * fresnel) + fresnel * sky + spark + mesh.glow[:, None, None] * base
    return np.asarray(np.clip(lit, 0, 1) * 255, np.float32)
