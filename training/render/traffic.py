"""Traffic on the rendered junction: who drives where and when, lawfully or not.

Cars follow the Intelligent Driver Model (Treiber, Hennecke and Helbing 2000, Congested traffic states in empirical
observations and microscopic simulations, eq. 3). Positions are those of the front bumper along the path, in metres;
the stop line lies at 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.types import SignalState
from training.render.people import Person, random_person
from training.render.plates import PlateSpec, random_plate
from training.render.vehicles import CARS

STEP_S = 0.05
LIMIT_KMH = 50.0
SIZES = {
    "car": (4.35, 1.72),
    "motorcycle": (1.93, 0.75),
    "bus": (11.0, 2.44),
    "truck": (6.0, 2.0),
    "bicycle": (1.7, 0.6),
}
LANES = {"M1": -6.42, "L1": -5.02, "M2": -3.52, "L2": -1.78}
TURN_FROM, TURN_RADIUS = 3.4, 4.8


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

    ``path``: a lane of `LANES`, "left" (turns left from M1), "wrong", "opposing:x", "east:y" or "west:y".
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
    if path == "left":
        if s <= TURN_FROM:
            return LANES["M1"], s, 0.0
        angle = (s - TURN_FROM) / TURN_RADIUS
        if angle < np.pi / 2:
            x = LANES["M1"] - TURN_RADIUS * (1 - np.cos(angle))
            return float(x), float(TURN_FROM + TURN_RADIUS * np.sin(angle)), angle
        rest = s - TURN_FROM - TURN_RADIUS * np.pi / 2
        return LANES["M1"] - TURN_RADIUS - rest, TURN_FROM + TURN_RADIUS, np.pi / 2
    if path == "wrong":
        return -6.3, -s, np.pi
    way, at = path.split(":")
    if way == "opposing":
        return float(at), -s, np.pi
    if way == "east":
        return s, float(at), -np.pi / 2
    return -s, float(at), np.pi / 2


@dataclass
class _Plan:
    label: str
    path: str
    intent: str
    at_s: float
    wish_ms: float
    stop_at: float
    start_m: float = -75.0


def _vehicle(rng: np.random.Generator, plan: _Plan, began: float, fronts: list[float]) -> Driver:
    kinds = {"car": ("mpv", "mpv", "hatchback", "sedan", "suv", "minibus"), "truck": ("box", "bed")}
    kind = str(rng.choice(kinds.get(plan.label, (plan.label,))))
    bare = {"bare": 1.0}.get(plan.intent, 0.0)
    people: tuple[Person, ...] = ()
    if plan.label in ("motorcycle", "bicycle"):
        number = 2 if plan.label == "motorcycle" and rng.random() < 0.3 else 1
        people = tuple(
            # The camera sees the last of them: who sits before is hidden behind.
            random_person(rng, bare if i == number - 1 or rng.random() < 0.5 else 0.0, 0.3)
            for i in range(number)
        )
    length = CARS[kind][0] if kind in CARS else SIZES[plan.label][0]
    plate = None if plan.label == "bicycle" else random_plate(rng, plan.label)
    return Driver(
        plan.label,
        kind,
        plan.path,
        plan.intent,
        float(length),
        plate,
        people,
        int(rng.integers(1 << 30)),
        began,
        np.array(fronts),
    )


def _plans(rng: np.random.Generator, seconds: float, program: Program) -> list[_Plan]:
    plans: list[_Plan] = []

    def wish() -> float:
        return float(rng.uniform(36, 47)) / 3.6

    for lane, gap in (("L1", 5.5), ("L2", 5.0), ("M2", 6.0), ("M1", 7.0)):
        t = float(rng.uniform(-6, 2))
        while t < seconds:
            motor = lane.startswith("M")
            label = "motorcycle" if motor else str(rng.choice(["car", "car", "car", "car", "truck", "bus"]))
            if label == "bus" and lane == "L1":
                label = "car"
            path, intent, stop = lane, "", float(-rng.uniform(0.4, 1.6))
            draw = rng.random()
            if lane == "M1" and draw < 0.4:
                path = "left"
            elif motor and draw < 0.55:
                intent = "bare"
            elif draw > 0.93 and label != "bus":
                intent, stop = "tolerated", float(rng.uniform(0.05, 0.3))
            elif motor and draw > 0.86:
                intent, stop = "stop_over", float(rng.uniform(1.9, 2.8))
            plans.append(_Plan(label, path, intent, t, wish(), stop))
            t += float(rng.exponential(gap)) + (2.5 if not motor else 1.5)
    cycle = program.red_s + program.green_s + program.amber_s
    for k in range(int(seconds / cycle) + 2):
        red = k * cycle - program.offset
        green = red + program.red_s
        lane = str(rng.choice(["M1", "M2", "L2"]))
        label = "motorcycle" if lane[0] == "M" else "car"
        speed = float(rng.uniform(28, 42)) / 3.6
        arrive = red + float(rng.uniform(2.0, 4.5))
        plans.append(_Plan(label, lane, "run_red", arrive - 75 / speed, speed, 0.0))
        lane = str(rng.choice(["L1", "L2", "M2"]))
        fast = float(rng.uniform(70, 88)) / 3.6
        label = "motorcycle" if lane[0] == "M" else "car"
        plans.append(
            _Plan(
                label,
                lane,
                "speed",
                green + program.green_s - float(rng.uniform(1.5, 3.5)) - 75 / fast,
                fast,
                -0.8,
            )
        )
        over = (LIMIT_KMH + 3) / 3.6
        plans.append(_Plan("car", "L1", "near_limit", green + 8.0 - 75 / over, over, -0.8))
    if seconds >= 20 and rng.random() < 0.75:
        slow = float(rng.uniform(16, 26)) / 3.6
        plans.append(
            _Plan("motorcycle", "wrong", "wrong_way", float(rng.uniform(4, seconds - 12)), slow, 0.0, -34.0)
        )
    for x in (1.78, 5.02):
        t = float(rng.uniform(-4, 3))
        while t < seconds:
            label = str(rng.choice(["car", "motorcycle", "car", "motorcycle", "truck", "bus"]))
            plans.append(_Plan(label, f"opposing:{x}", "", t, wish(), -21.0 - 7.0, -95.0))
            t += float(rng.exponential(6.0)) + 3
    for way, y in (("east", 16.6), ("west", 9.4)):
        t = float(rng.uniform(0, 4))
        while t < seconds:
            label = str(rng.choice(["car", "motorcycle", "motorcycle", "car", "truck"]))
            plans.append(_Plan(label, f"{way}:{y}", "", t, wish(), -12.0, -45.0))
            t += float(rng.exponential(5.0)) + 3.5
    runners = {round(p.at_s + 75 / p.wish_ms, 3): p.path for p in plans if p.intent == "run_red"}
    for arrive, taken in runners.items():
        if rng.random() < 0.6:
            # Who stops over the line does so in a lane that nobody runs the light in.
            free = [lane for lane in ("M1", "M2", "L1") if lane != taken]
            lane, speed = str(rng.choice(free)), float(rng.uniform(28, 38)) / 3.6
            label, reach = ("car", (3.4, 4.2)) if lane == "L1" else ("motorcycle", (1.9, 2.8))
            at = arrive + float(rng.uniform(-1.0, 1.5)) - 75 / speed
            plans.append(_Plan(label, lane, "stop_over", at, speed, float(rng.uniform(*reach))))
    scripted = [p for p in plans if p.intent in ("speed", "run_red", "near_limit", "stop_over")]
    lead = {"speed": 5.5, "run_red": 4.0, "near_limit": 4.0, "stop_over": 6.0}
    return sorted(
        (
            p
            for p in plans
            if p in scripted
            or not any(
                _queue(q.path) == _queue(p.path) and q.at_s - lead[q.intent] < p.at_s < q.at_s + 1.5
                for q in scripted
            )
        ),
        key=lambda p: p.at_s,
    )


def simulate(rng: np.random.Generator, seconds: float, program: Program) -> list[Driver]:
    """Drive everybody through the clip; vehicles that would run into another are taken out."""
    plans = _plans(rng, seconds, program)
    warm_up = 16.0
    times = np.arange(-warm_up, seconds + 0.5, STEP_S)
    state: dict[int, dict[str, float]] = {}
    tracks: dict[int, tuple[float, list[float]]] = {}
    committed: dict[int, bool] = {}
    waiting = list(enumerate(plans))
    for now in times:
        signal, _ = program.at(float(now))
        while waiting and waiting[0][1].at_s <= now:
            i, plan = waiting.pop(0)
            queue = _queue(plan.path)
            behind = [
                s["front"] - SIZES[plans[j].label][0] - 1
                for j, s in state.items()
                if _queue(plans[j].path) == queue
            ]
            if behind and min(behind) < plan.start_m + 6:
                continue
            state[i] = {"front": plan.start_m, "speed": plan.wish_ms}
            tracks[i] = (float(now), [])
        for i, s in list(state.items()):
            plan = plans[i]
            length = SIZES[plan.label][0]
            tracks[i][1].append(s["front"])
            gap, closing = 1e9, 0.0
            for j, other in state.items():
                if j == i or _queue(plans[j].path) != _queue(plan.path) or other["front"] <= s["front"]:
                    continue
                if plans[j].path == "left" and other["front"] > TURN_FROM + 6 and plan.path != "left":
                    continue
                clear = other["front"] - SIZES[plans[j].label][0] - s["front"]
                if clear < gap:
                    gap, closing = clear, s["speed"] - other["speed"]
            to_stop = plan.stop_at - s["front"]
            if to_stop > -1.0 and _must_stop(plan, signal, to_stop, s["speed"], committed, i):
                clear = max(to_stop + 1.2, 0.05)
                if clear < gap:
                    gap, closing = clear, s["speed"]
            wish = plan.wish_ms
            if plan.path == "left" and s["front"] > -14:
                wish = min(wish, 4.6)
            free = 1 - (s["speed"] / max(wish, 0.1)) ** 4
            desired = 1.2 + max(0.0, s["speed"] * 0.9 + s["speed"] * closing / (2 * np.sqrt(1.9 * 2.6)))
            acceleration = 1.9 * (free - (desired / max(gap, 0.1)) ** 2)
            s["speed"] = max(0.0, s["speed"] + float(np.clip(acceleration, -7.5, 2.2)) * STEP_S)
            s["front"] += s["speed"] * STEP_S
            if s["front"] > 130 + length:
                del state[i]
    drivers = [
        _vehicle(np.random.default_rng([int(rng.integers(1 << 30)), i]), plans[i], *tracks[i])
        for i in tracks
        if len(tracks[i][1]) > 4
    ]
    return _without_collisions(drivers, seconds)


def _queue(path: str) -> str:
    return "M1" if path == "left" else path


def _must_stop(
    plan: _Plan, signal: SignalState, to_stop: float, speed: float, committed: dict[int, bool], i: int
) -> bool:
    """Tell whether the driver brakes for the signal now; a decision to go on amber is kept."""
    if plan.intent in ("run_red", "wrong_way"):
        return False
    cross = plan.path.startswith(("east", "west"))
    if cross:
        go = signal is SignalState.RED
    elif plan.path == "left":
        return False
    else:
        go = signal is SignalState.GREEN
    if go:
        committed[i] = False
        return False
    if committed.get(i):
        return False
    if speed**2 / (2 * max(to_stop, 0.1)) > 4.0 and speed > 2:
        committed[i] = True
        return False
    return True


def _circles(driver: Driver, t: float) -> NDArray[np.float64] | None:
    pose = driver.pose(t)
    if pose is None:
        return None
    x, y, heading = pose
    reach = driver.length / 2 - SIZES[driver.label][1] / 2
    steps = np.linspace(-reach, reach, 5)
    return np.column_stack([x - np.sin(heading) * steps, y + np.cos(heading) * steps])


def _without_collisions(drivers: list[Driver], seconds: float) -> list[Driver]:
    kept: list[Driver] = []
    rank = {
        "wrong_way": 0,
        "run_red": 1,
        "speed": 2,
        "near_limit": 3,
        "stop_over": 4,
        "bare": 5,
        "tolerated": 6,
    }
    times = np.arange(-1, seconds, 0.2)
    for driver in sorted(drivers, key=lambda d: (rank.get(d.intent, 9), d.began_s)):
        mine = {float(t): c for t in times if (c := _circles(driver, float(t))) is not None}
        radius = SIZES[driver.label][1] / 2
        clash = False
        for other in kept:
            reach = radius + SIZES[other.label][1] / 2 - 0.08
            for t, circles in mine.items():
                theirs = _circles(other, t)
                if (
                    theirs is not None
                    and np.min(np.linalg.norm(circles[:, None] - theirs[None], axis=-1)) < reach
                ):
                    clash = True
                    break
            if clash:
                break
        if not clash:
            kept.append(driver)
    return kept
