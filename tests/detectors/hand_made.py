"""Builders: a camera by its numbers, vehicles as solid boxes that drive, and the scenes they make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from detectors.camera import Camera, parse_camera
from detectors.kinematics import contact
from detectors.rules.registry import NEEDS, UNPROVEN, build_rules
from detectors.types import Box, Detection, Scene, SignalState, Track, TrackPoint, Violation
from pipeline.tracking import VehicleTracker

BEGAN = datetime(2026, 8, 17, 3, 0, tzinfo=UTC)
FPS = 12.0
WORKDAYS = ["mon", "tue", "wed", "thu", "fri"]
WIDTH, HEIGHT = 1920, 1080
FOCAL, CAMERA_AT, PITCH = 1500.0, np.array([-1.0, -25.0, 6.0]), np.radians(9.0)
SIZES = {
    "car": (4.3, 1.75, 1.5),
    "motorcycle": (1.95, 0.75, 1.6),
    "bus": (10.5, 2.4, 3.1),
    "truck": (7.0, 2.2, 2.7),
    "bicycle": (1.8, 0.6, 1.7),
}


def project(points: Iterable[Iterable[float]]) -> np.ndarray:
    """Road metres (x, y, z) to pixels: a pinhole camera that looks along +y, tilted down."""
    d = np.asarray(list(points), float) - CAMERA_AT
    forward = d[:, 1] * np.cos(PITCH) - d[:, 2] * np.sin(PITCH)
    up = d[:, 1] * np.sin(PITCH) + d[:, 2] * np.cos(PITCH)
    return np.column_stack([WIDTH / 2 + FOCAL * d[:, 0] / forward, HEIGHT / 2 - FOCAL * up / forward])


def strip(left: float, right: float, near: float = -20.0, far: float = 45.0) -> list[tuple[float, float]]:
    """A part of the road that runs along it."""
    return [(left, near), (right, near), (right, far), (left, far)]


def camera_data(**changes: Any) -> dict[str, Any]:
    """A camera file's content: one approach of two lanes (the left may turn left on red), one oncoming
    lane."""
    survey = [(-6.0, -8.0), (3.0, -8.0), (-6.0, 0.0), (3.0, 0.0), (-6.0, 25.0), (3.0, 25.0), (-1.5, 10.0)]
    data: dict[str, Any] = {
        "id": "junction-1",
        "name": "Simpang",
        "office": "Satlantas",
        "location": {"street": "Jalan", "latitude": -7.8, "longitude": 110.4},
        "timezone": "Asia/Jakarta",
        "frame_size": [WIDTH, HEIGHT],
        "calibration": {
            "points": [{"image": project([(x, y, 0.0)])[0].tolist(), "road": [x, y]} for x, y in survey],
            "image_sigma_px": 0.5,
        },
        "lanes": [
            {
                "id": "left",
                "polygon": [(-7, -20), (-3.5, -20), (-3.5, 0), (-7, 0)],
                "direction": (0, 1),
                "left_turn_on_red": True,
            },
            {"id": "straight", "polygon": [(-3.5, -20), (0, -20), (0, 0), (-3.5, 0)], "direction": (0, 1)},
            {"id": "oncoming", "polygon": [(0, -20), (3.5, -20), (3.5, 0), (0, 0)], "direction": (0, -1)},
            {"id": "beyond", "polygon": [(-7, 16), (0, 16), (0, 60), (-7, 60)], "direction": (0, 1)},
        ],
        "stop_line": {"road": [(-7, 0), (0, 0)], "lanes": ["left", "straight"]},
        "junction": [(-9, 2), (9, 2), (9, 16), (-9, 16)],
        "signals": [{"id": "S1", "region": (100, 100, 130, 190), "lanes": ["left", "straight"]}],
        "measuring_zone": [(-7, -14), (0, -14), (0, 0), (-7, 0)],
        "speed_limit_kmh": 50,
        "speed_device": {"id": "D1", "certificate": "C-1", "valid_until": "2027-01-01"},
        "markings": [{"id": "centre", "road": [(0, -20), (0, 0)]}],
        "zones": [
            {"id": "bus", "kind": "bus_lane", "polygon": strip(4.0, 7.5), "direction": (0, 1)},
            {"id": "verge", "kind": "shoulder_use", "polygon": strip(-10.5, -7.0), "direction": (0, 1)},
            {"id": "ban", "kind": "motorcycle_ban", "polygon": strip(7.5, 11.0), "direction": (0, 1)},
            {
                "id": "evening",
                "kind": "odd_even",
                "polygon": strip(-3.5, 0.0),
                "direction": (0, 1),
                "hours": [{"days": WORKDAYS, "start": "16:00", "end": "21:00", "on_holidays": False}],
            },
        ],
        "section_line": {"road": [(-7, 0), (0, 0)], "lanes": ["left", "straight"]},
        # It flags nobody by itself: a passage is no finding.
        "enforce": {rule: {} for rule in NEEDS if rule not in UNPROVEN | {"average_speed"}},
    }
    return data | changes


def camera(**changes: Any) -> Camera:
    return parse_camera(camera_data(**changes), "camera.yaml", "0" * 64, NEEDS)


@dataclass
class Vehicle:
    """A solid box on the road. ``front`` gives (x, y, heading) of the middle of its front at a time, or
    None."""

    label: str
    front: Callable[[float], tuple[float, float, float] | None]
    heads: tuple[str, ...] = ()

    def box(self, t: float) -> Box | None:
        place = self.front(t)
        if place is None:
            return None
        length, width, height = SIZES[self.label]
        x, y, heading = place
        forward = np.array([-np.sin(heading), np.cos(heading)])
        right = np.array([np.cos(heading), np.sin(heading)])
        corners = [
            (*(np.array([x, y]) + forward * back + right * side * width / 2), z)
            for back in (0, -length)
            for side in (-1, 1)
            for z in (0.0, height)
        ]
        if min(c[1] for c in corners) < CAMERA_AT[1] + 4:
            return None
        p = project(corners)
        (x1, y1), (x2, y2) = p.min(axis=0), p.max(axis=0)
        x1, x2 = float(np.clip(x1, 0, WIDTH)), float(np.clip(x2, 0, WIDTH))
        y1, y2 = float(np.clip(y1, 0, HEIGHT)), float(np.clip(y2, 0, HEIGHT))
        return (x1, y1, x2, y2) if x2 - x1 > 4 and y2 - y1 > 4 else None


def straight(speed_kmh: float, x: float, front_at_0: float, until: float = 45.0):
    """Drive at one speed along +y from where the front is at t = 0."""

    def front(t: float) -> tuple[float, float, float] | None:
        y = front_at_0 + speed_kmh / 3.6 * t
        return (x, y, 0.0) if y < until else None

    return front


def along(times: Iterable[float], places: Iterable[float], x: float):
    """Drive along +y so that the front is at ``places`` at ``times``, smoothly between."""
    ts, ys = list(times), list(places)
    return lambda t: (x, float(np.interp(t, ts, ys)), 0.0) if ts[0] <= t <= ts[-1] else None


@dataclass
class Noise:
    """How badly the detector sees: jitter of each edge in pixels, share of frames missed."""

    seed: int = 0
    jitter_px: float = 0.0
    dropout: float = 0.0


@dataclass
class Signal:
    """A signal's plan: pairs of (from second, state)."""

    plan: list[tuple[float, SignalState]] = field(default_factory=lambda: [(0.0, SignalState.RED)])

    def at(self, t: float) -> SignalState:
        return [state for since, state in self.plan if since <= t][-1]


def run(
    vehicles: list[Vehicle],
    signal: Signal | None = None,
    seconds: float = 10.0,
    fps: float = FPS,
    noise: Noise | None = None,
    given: Camera | None = None,
    clock_fit: Callable[[float], bool] = lambda t: True,
) -> list[Violation]:
    """Drive the vehicles past the camera, track them and apply the rules that it enforces."""
    cam, noise, signal = given or camera(), noise or Noise(), signal or Signal()
    rng = np.random.default_rng(noise.seed)
    tracker, rules = VehicleTracker(cam, fps), build_rules(cam)
    found: list[Violation] = []
    for i in range(round(seconds * fps)):
        t = i / fps
        at = BEGAN + timedelta(seconds=t)
        detections: list[Detection] = []
        for vehicle in vehicles:
            box = vehicle.box(t)
            if box is None or rng.random() < noise.dropout:
                continue
            noisy = np.asarray(box) + rng.normal(0, noise.jitter_px, 4) * (noise.jitter_px > 0)
            box = (float(noisy[0]), float(noisy[1]), float(noisy[2]), float(noisy[3]))
            detections.append(Detection(vehicle.label, 0.9, box))
            detections += [Detection(h, 0.8, head) for h, head in _heads(vehicle, box)]
        update = tracker.update(i, t, at, detections)
        loose = tuple(d for d in detections if d.label.startswith("head"))
        states: Mapping[str, SignalState] = {"S1": signal.at(t)}
        scene = Scene(i, t, at, update.live, update.ended, loose, states, clock_fit(t))
        for rule in rules:
            found += rule.update(scene)
    last = tracker.finish().ended
    scene = Scene(i + 1, t + 1 / fps, at, (), last, (), {"S1": signal.at(t)})
    for rule in rules:
        found += rule.update(scene) + rule.finish()
    return found


def run_tracks(
    followed: list[Callable[[float], Box | None]],
    label: str = "car",
    signal: Signal | None = None,
    seconds: float = 10.0,
    given: Camera | None = None,
) -> list[Violation]:
    """Apply the rules to tracks given outright: each entry says which box its track holds at a time."""
    cam, signal = given or camera(), signal or Signal()
    rules = build_rules(cam)
    points: list[list[TrackPoint]] = [[] for _ in followed]
    found: list[Violation] = []
    for i in range(round(seconds * FPS)):
        t = i / FPS
        at, live = BEGAN + timedelta(seconds=t), []
        for k, box_at in enumerate(followed):
            if (box := box_at(t)) is None:
                continue
            clipped = box[0] <= 2 or box[2] >= WIDTH - 2 or box[3] >= HEIGHT - 2
            road = cam.homography.to_road(np.array([contact(box)]))[0]
            points[k].append(TrackPoint(i, t, at, box, 0.9, (float(road[0]), float(road[1])), clipped))
            live.append(Track(k, label, True, tuple(points[k])))
        scene = Scene(i, t, at, tuple(live), (), (), {"S1": signal.at(t)})
        for rule in rules:
            found += rule.update(scene)
    return found + [v for rule in rules for v in rule.finish()]


def _heads(vehicle: Vehicle, box: Box) -> list[tuple[str, Box]]:
    out = []
    for i, label in enumerate(vehicle.heads):
        size = 0.17 * (box[3] - box[1])
        x = (box[0] + box[2]) / 2
        y = box[1] + 0.22 * i * (box[3] - box[1])
        out.append((label, (x - size / 2, y, x + size / 2, y + size)))
    return out


def rules_of(found: list[Violation]) -> list[str]:
    return sorted(v.rule for v in found)
