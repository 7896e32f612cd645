"""Where the traffic of the rendered junction may drive, and a vehicle's run along such a path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.types import SignalState
from training.render.people import Person
from training.render.plates import PlateSpec

STEP_S = 0.05
BUS_LANE = "opposing:5.02"
# Along the shoulder, then back into the bus lane over so many metres before the junction; or to a halt on it.
SHOULDER, HALT, ON_SHOULDER_X, MERGE_Y = "shoulder", "opposing:8.05", 8.05, (28.5, 41.0)
LIMIT_KMH = 50.0
SIZES = {
    "car": (4.35, 1.72),
    "motorcycle": (1.93, 0.75),
    "bus": (11.0, 2.44),
    "truck": (6.0, 2.0),
    "bicycle": (1.7, 0.6),
}
LANES = {"M1": -6.42, "L1": -5.02, "M2": -3.52, "L2": -1.78, "B2": -1.70}
TURN_FROM, TURN_RADIUS, WIDE_RADIUS = 3.4, 4.8, 6.4


@dataclass(frozen=True)
class Program:
    """A fixed-time signal: red, then green, then amber; ``offset`` seconds into the cycle at the clip's start."""

    red_s: float
    green_s: float
    amber_s: float
    offset: float

    def at(self, t: float) -> tuple[SignalState, float]:
        """Give the state at ``t`` and for how many seconds it has held."""
        phase = (t + self.offset) % (self.red_s + self.green_s + self.amber_s)
        if phase < self.red_s:
            return SignalState.RED, phase
        if phase < self.red_s + self.green_s:
            return SignalState.GREEN, phase - self.red_s
        return SignalState.AMBER, phase - self.red_s - self.green_s


@dataclass(frozen=True)
class Driver:
    """One vehicle's whole run. ``front_m`` (T,) along its path from ``began_s`` on, every `STEP_S`.

    ``path``: a lane of `LANES` (B2: a motorcycle in the middle of L2), "left" (turns left from M1), "left2" (from L2),
    "change:y:m" (from L2 to L1 over m metres from y on), "wrong", "opposing:x", "shoulder" (and back into
    the bus lane), "east:y" or "west:y".
    """

    label: str
    kind: str
    path: str
    intent: str
    length: float
    plate: PlateSpec | None
    people: tuple[Person, ...]
    look: int
    began_s: float
    front_m: NDArray[np.float64]

    def front(self, t: float) -> float | None:
        """Give the front's place along the path at ``t`` seconds, or None while the vehicle is not there."""
        k = (t - self.began_s) / STEP_S
        if k < 0 or k > len(self.front_m) - 1:
            return None
        i = min(int(k), len(self.front_m) - 2)
        return float(self.front_m[i] + (self.front_m[i + 1] - self.front_m[i]) * (k - i))

    def pose(self, t: float) -> tuple[float, float, float] | None:
        """Give x, y of the vehicle's middle in metres and its heading (0 = forward, anticlockwise, radians)."""
        front = self.front(t)
        return None if front is None else place(self.path, front - self.length / 2)

    def speed(self, t: float) -> float:
        """Give the speed in m/s at ``t`` seconds."""
        a, b = self.front(t - STEP_S), self.front(t + STEP_S)
        return 0.0 if a is None or b is None else (b - a) / (2 * STEP_S)


def place(path: str, s: float) -> tuple[float, float, float]:
    """Map a path and a distance along it to x, y and heading."""
    if path in LANES:
        return LANES[path], s, 0.0
    if path in ("left", "left2"):
        x0, radius = (LANES["M1"], TURN_RADIUS) if path == "left" else (LANES["L2"], WIDE_RADIUS)
        if s <= TURN_FROM:
            return x0, s, 0.0
        angle = (s - TURN_FROM) / radius
        if angle < np.pi / 2:
            x = x0 - radius * (1 - np.cos(angle))
            return float(x), float(TURN_FROM + radius * np.sin(angle)), angle
        rest = s - TURN_FROM - radius * np.pi / 2
        return x0 - radius - rest, TURN_FROM + radius, np.pi / 2
    if path.startswith("change:"):
        y0, metres = (float(v) for v in path.split(":")[1:])
        share = float(np.clip((s - y0) / metres, 0, 1))
        aside = LANES["L1"] - LANES["L2"]
        slope = aside * 6 * share * (1 - share) / metres
        return LANES["L2"] + aside * (3 - 2 * share) * share**2, s, -float(np.arctan(slope))
    if path == "wrong":
        return -6.3, -s, np.pi
    if path == SHOULDER:
        metres, aside = MERGE_Y[1] - MERGE_Y[0], float(BUS_LANE.split(":")[1]) - ON_SHOULDER_X
        share = float(np.clip((MERGE_Y[1] + s) / metres, 0, 1))
        slope = aside * 6 * share * (1 - share) / metres
        return ON_SHOULDER_X + aside * (3 - 2 * share) * share**2, -s, np.pi + float(np.arctan(slope))
    way, at = path.split(":")
    if way == "opposing":
        return float(at), -s, np.pi
    if way == "east":
        return s, float(at), -np.pi / 2
    return -s, float(at), np.pi / 2
