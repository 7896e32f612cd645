"""One frame of a scene: the cast in its places, lit, drawn, shadowed and photographed, with its exact boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.types import Image, SignalState
from training.render.light import Light, shade
from training.render.mesh import Colour, Mesh, join
from training.render.plates import draw_plate
from training.render.rasterizer import View, count_ids, draw, draw_mask, mean_of
from training.render.traffic import Driver
from training.render.truth import BY_DAY
from training.render.vehicles import CARS, FIRST_HEAD, PAINTS, Model, bicycle, bus, car, motorcycle, truck
from training.render.world import Layout, backdrop, lamps, to_screen

PARTS = 8
PLATE_PX = 220
JITTER = ((-0.25, -0.25), (0.25, 0.25), (0.25, -0.25), (-0.25, 0.25))


class Cast:
    """The built vehicles of a scene, and the one atlas that holds their plates."""

    def __init__(self, drivers: tuple[Driver, ...], seed: int) -> None:
        self.drivers = drivers
        rows: list[Image] = []
        self.models: list[Model] = []
        height = 0
        for number, driver in enumerate(drivers):
            rng, wear, paint = looks(driver)
            uv = np.zeros((4, 2), np.float32)
            if driver.plate is not None:
                plate = draw_plate(driver.plate, PLATE_PX, wear=wear, seed=seed + number)
                h, w = plate.shape[:2]
                uv = np.array(
                    [
                        [0.5, height + h - 1.5],
                        [w - 1.5, height + h - 1.5],
                        [w - 1.5, height + 0.5],
                        [0.5, height + 0.5],
                    ],
                    np.float32,
                )
                rows.append(plate)
                height += h
            self.models.append(_build(driver, PAINTS[paint], rng, uv))
        self.atlas: Image = np.concatenate([*rows, np.zeros((2, PLATE_PX, 3), np.uint8)])


def looks(driver: Driver) -> tuple[np.random.Generator, float, int]:
    """Give what a driver's vehicle looks like: the generator of the rest, its plate's wear, its paint's number."""
    rng = np.random.default_rng(driver.look)
    wear = float(rng.uniform(0, 0.35)) if driver.plate is not None else 0.0
    return rng, wear, int(rng.integers(len(PAINTS)))


def _build(driver: Driver, paint: Colour, rng: np.random.Generator, uv: NDArray[np.float32]) -> Model:
    if driver.label == "car":
        assert driver.kind in CARS
        return car(driver.kind, paint, uv)
    if driver.label == "bus":
        return bus(paint, PAINTS[rng.integers(len(PAINTS))], driver.length, uv)
    if driver.label == "truck":
        return truck(paint, PAINTS[rng.integers(len(PAINTS))], driver.kind == "box", driver.length, uv)
    if driver.label == "bicycle":
        return bicycle(paint, driver.people[0])
    return motorcycle(paint, bool(rng.random() < 0.65), driver.people, uv)


@dataclass(frozen=True)
class _Placed:
    driver: int
    mesh: Mesh
    velocity: NDArray[np.float64]
    pose: tuple[float, float, float]


class Studio:
    """Photographs a cast on the standing junction with one camera in one light."""

    def __init__(self, view: View, light: Light, seed: int, cast: Cast, layout: Layout = Layout()) -> None:
        self.view, self.light, self.cast = view, light, cast
        self.backdrop = backdrop(view, light, seed, layout)
        rng = np.random.default_rng([seed, 11])
        self._grain = rng.normal(0, light.noise, (view.height + 64, view.width + 64, 3)).astype(np.float32)
        self._seed = seed

    def shoot(self, t: float, signal: SignalState) -> tuple[Image, list[dict[str, Any]]]:
        """Take the picture of second ``t``; give it (H, W, 3) uint8 BGR with the truth of what it shows."""
        placed = self._placed(t)
        base = self.backdrop.picture.copy()
        self._shadows(base, placed)
        signs = lamps(signal)
        meshes = [signs, *(p.mesh for p in placed)]
        whole = join(meshes)
        moving = np.concatenate([np.zeros((len(signs.part), 1, 3))] + [
            np.broadcast_to(p.velocity, (len(p.mesh.part), 1, 3)) for p in placed
        ])  # fmt: skip
        numbers = np.concatenate([np.full(len(signs.part), -1)] + [
            p.driver * PARTS + p.mesh.part for p in placed
        ]).astype(np.int32)  # fmt: skip
        colours = shade(whole, self.view.position, self.light)
        samples, ids = [], np.full(self.backdrop.depth.shape, -1, np.int32)
        for k, (dx, dy) in enumerate(JITTER):
            picture, depth = base.copy(), self.backdrop.depth.copy()
            ids = np.full(depth.shape, -1, np.int32)
            shifted = Mesh(whole.vertices + moving * (self.light.shutter_s * (k / 4 - 0.375)), *(
                getattr(whole, f) for f in list(Mesh.__dataclass_fields__)[1:]
            ))  # fmt: skip
            screen = to_screen(shifted, self.view)
            draw(
                picture,
                depth,
                ids,
                screen,
                colours,
                numbers,
                whole.uv,
                whole.textured,
                self.cast.atlas,
                dx,
                dy,
            )
            samples.append(picture)
        picture = self._photograph(mean_of(samples), placed, depth, t)
        return picture, self._truth(placed, ids, t)

    def _placed(self, t: float) -> list[_Placed]:
        out = []
        for i, driver in enumerate(self.cast.drivers):
            pose, later = driver.pose(t), driver.pose(t + 0.05)
            if pose is None:
                continue
            x, y, heading = pose
            ahead = self.view.project(np.array([[x, y, 0.8]]))[0]
            if ahead[2] < 8 or not -900 < ahead[0] < self.view.width + 900 or y > 75:
                continue
            velocity = np.zeros(3) if later is None else np.array([later[0] - x, later[1] - y, 0.0]) / 0.05
            out.append(_Placed(i, self.cast.models[i].mesh.moved((x, y, 0.0), heading), velocity, pose))
        return out

    def _shadows(self, picture: Image, placed: list[_Placed]) -> None:
        """Darken the road under and beside the vehicles: where the sun is hidden, and close beneath them."""
        if not placed:
            return
        size = (self.view.height // 2, self.view.width // 2)
        vertices = np.concatenate([p.mesh.vertices for p in placed])
        dark = np.ones(size, np.float32)
        for direction, strength, blur in (
            (np.asarray(self.light.sun), self.light.shadow, 1.2),
            (np.array([0, 0, 1.0]), 0.45, 6.0),
        ):
            if not strength:
                continue
            flat = vertices - direction * (vertices[..., 2:] / max(direction[2], 0.15))
            screen = self.view.project(flat)
            screen[screen[..., 2] < 1.0] = np.nan
            mask = np.zeros(size, np.uint8)
            draw_mask(mask, (screen[..., :2] / 2).astype(np.float32))
            dark *= 1 - strength * cv2.GaussianBlur(mask, (0, 0), blur).astype(np.float32) / 255
        full = cv2.resize(dark, (self.view.width, self.view.height))
        full[~self.backdrop.ground] = 1.0
        np.multiply(picture, full[..., None], out=picture, casting="unsafe")

    def _photograph(
        self, picture: Image, placed: list[_Placed], depth: NDArray[np.float32], t: float
    ) -> Image:
        """Add what the lens, the weather and the sensor add."""
        out = picture.astype(np.float32)
        rng = np.random.default_rng([self._seed, round(t * 1000)])
        out += self._glow(placed, depth)
        if self.light.rain:
            streaks = np.zeros(picture.shape[:2], np.uint8)
            for _ in range(int(500 * self.light.rain)):
                x, y = int(rng.integers(self.view.width)), int(rng.integers(self.view.height))
                long = int(rng.integers(14, 40))
                cv2.line(
                    streaks, (x, y), (x - long // 8, y + long), int(rng.integers(25, 60)), 1, cv2.LINE_AA
                )
            out += streaks[..., None]
            out = out * (1 - 0.12 * self.light.rain) + 150 * 0.12 * self.light.rain
        x, y = rng.integers(0, 64, 2)
        out += self._grain[y : y + self.view.height, x : x + self.view.width]
        return np.asarray(np.clip(out, 0, 255), np.uint8)

    def _glow(self, placed: list[_Placed], depth: NDArray[np.float32]) -> NDArray[np.float32]:
        """Light of head and tail lamps: a core and a halo at each lamp that the camera sees. By day motorcycles have
        theirs on, as the law wants, but for those who mean to break it."""
        small = np.zeros((self.view.height // 2, self.view.width // 2, 3), np.float32)
        for p in placed:
            model = self.cast.models[p.driver]
            x, y, heading = p.pose
            turn = np.array([[np.cos(heading), -np.sin(heading)], [np.sin(heading), np.cos(heading)]])
            driver = self.cast.drivers[p.driver]
            day = self.light.name == "day"
            off = driver.intent == "no_lamp" and self.light.name in BY_DAY
            lit_by_day = driver.label == "motorcycle"
            for lamps_of, colour, power in (
                (() if off or (day and not lit_by_day) else model.head_lamps, (0.85, 0.95, 1.0), 1.0),
                (() if day else model.tail_lamps, (0.15, 0.12, 1.0), 0.4),
            ):
                for lamp in lamps_of:
                    xy = turn @ np.array(lamp[:2]) + (x, y)
                    facing = np.dot(turn @ np.array([0, np.sign(lamp[1])]), self.view.position[:2] - xy)
                    u, v, w = self.view.project(np.array([[xy[0], xy[1], lamp[2]]]))[0]
                    if facing <= 0 or w < 2 or not (0 <= u < self.view.width and 0 <= v < self.view.height):
                        continue
                    if depth[int(v), int(u)] > 1.03 / max(w - 0.35, 0.5):
                        continue
                    radius = self.view.focal_px / w * 0.05
                    cv2.circle(
                        small,
                        (int(u / 2), int(v / 2)),
                        max(1, int(radius)),
                        tuple(c * 255 * power for c in colour),
                        -1,
                    )
        # An exposure for daylight shows little of what shines around a lamp; the lamp itself fills the sensor from any
        # distance (247 to 255 of 255 in all of 107 lit ones of a roadside camera, `training.lamps.examples`).
        around = 0.2 if self.light.name == "day" else 1.6
        core = 1.0 if self.light.name in BY_DAY else 0.0
        halo = (
            small * core
            + cv2.GaussianBlur(small, (0, 0), 2) * 0.9
            + cv2.GaussianBlur(small, (0, 0), 12) * around
        )
        return np.asarray(cv2.resize(halo, (self.view.width, self.view.height)), np.float32)

    def _truth(self, placed: list[_Placed], ids: NDArray[np.int32], t: float) -> list[dict[str, Any]]:
        counts, boxes = count_ids(ids, len(self.cast.drivers) * PARTS)
        out: list[dict[str, Any]] = []
        for p in placed:
            driver, first = self.cast.drivers[p.driver], p.driver * PARTS
            screen = self.view.project(p.mesh.vertices.reshape(-1, 3))
            if np.any(screen[:, 2] < 1):
                continue
            lo, hi = screen[:, :2].min(axis=0), screen[:, :2].max(axis=0)
            box = [
                max(0.0, lo[0]),
                max(0.0, lo[1]),
                min(float(self.view.width), hi[0]),
                min(float(self.view.height), hi[1]),
            ]
            seen = int(counts[first : first + PARTS].sum())
            if box[2] - box[0] < 4 or box[3] - box[1] < 4 or not seen:
                continue
            hull = cv2.contourArea(cv2.convexHull(screen[:, :2].astype(np.float32)))
            mine = boxes[first : first + PARTS][counts[first : first + PARTS] > 0]
            row: dict[str, Any] = {
                "vehicle": p.driver, "class": driver.label, "box": _rounded(box),
                "seen": _rounded([*mine[:, :2].min(axis=0), *mine[:, 2:].max(axis=0)]),
                "visible": round(min(1.0, seen / max(hull * (0.62 if driver.people else 0.9), 1.0)), 3),
                "speed_kmh": round(driver.speed(t) * 3.6, 2), "plates": [], "heads": [],
            }  # fmt: skip
            for part in (1, 2):
                if counts[first + part] >= 30 and driver.plate is not None:
                    quad = screen.reshape(-1, 3, 3)[p.mesh.part == part][:, :, :2].reshape(-1, 2)
                    area = cv2.contourArea(cv2.convexHull(quad.astype(np.float32)))
                    row["plates"].append({
                        "text": driver.plate.nrkb.replace(" ", ""), "colour": driver.plate.scheme,
                        "box": _rounded(boxes[first + part]),
                        "visible": round(counts[first + part] / max(area, 1.0), 3),
                    })  # fmt: skip
            for k, person in enumerate(driver.people):
                number = first + FIRST_HEAD + k
                if counts[number] >= 20:
                    points = screen.reshape(-1, 3, 3)[p.mesh.part == FIRST_HEAD + k][:, :, :2].reshape(-1, 2)
                    whole = [*points.min(axis=0), *points.max(axis=0)]
                    area = (whole[2] - whole[0]) * (whole[3] - whole[1]) * 0.75
                    row["heads"].append({
                        "class": "head_helmet" if person.helmeted else "head_bare", "box": _rounded(whole),
                        "visible": round(float(min(1.0, counts[number] / max(area, 1.0))), 3),
                    })  # fmt: skip
            out.append(row)
        return out


def _rounded(box: Any) -> list[float]:
    return [round(float(v), 1) for v in box]
