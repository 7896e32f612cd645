"""Traffic on the rendered junction: everybody drives what they planned, and nobody into another.

Cars follow the Intelligent Driver Model (Treiber, Hennecke and Helbing 2000, Congested traffic states in empirical
observations and microscopic simulations, eq. 3). Positions are those of the front bumper along the path, in metres;
the stop line lies at 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.types import SignalState
from training.render.paths import (
    LANES,
    LIMIT_KMH,
    MERGE_Y,
    SHOULDER,
    SIZES,
    STEP_S,
    TURN_FROM,
    Driver,
    Program,
    place,
)
from training.render.people import Person, random_person
from training.render.plans import Plan, more, plans_of, queue_of, with_more
from training.render.plates import random_plate
from training.render.vehicles import CARS

__all__ = ["LANES", "LIMIT_KMH", "SIZES", "STEP_S", "Driver", "Program", "place", "simulate"]


def _vehicle(rng: np.random.Generator, plan: Plan, began: float, fronts: list[float]) -> Driver:
    kinds = {"car": ("mpv", "mpv", "hatchback", "sedan", "suv", "minibus"), "truck": ("box", "bed")}
    kind = str(rng.choice(kinds.get(plan.label, (plan.label,))))
    bare = {"bare": 1.0}.get(plan.intent, 0.0)
    people: tuple[Person, ...] = ()
    if plan.label in ("motorcycle", "bicycle"):
        number = 2 if plan.label == "motorcycle" and rng.random() < 0.3 else 1
        number = 3 if plan.intent == "crowd" else number
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


def simulate(
    rng: np.random.Generator, seconds: float, program: Program, every_rule: bool = False
) -> list[Driver]:
    """Drive everybody through the clip; vehicles that would run into another are taken out.

    ``every_rule``: conduct for all rules that one camera can see, not only for the first five.
    """
    plans = plans_of(rng, seconds, program)
    if every_rule:
        plans = with_more(plans, more(rng, seconds, program))
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
            queue = queue_of(plan.path)
            behind = [
                s["front"] - SIZES[plans[j].label][0] - 1
                for j, s in state.items()
                if queue_of(plans[j].path) == queue
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
                if j == i or queue_of(plans[j].path) != queue_of(plan.path) or other["front"] <= s["front"]:
                    continue
                if (
                    plans[j].path in ("left", "left2")
                    and other["front"] > TURN_FROM + 6
                    and plan.path != plans[j].path
                ):
                    continue
                on_shoulder = [x["front"] for x, p in ((s, plan), (other, plans[j])) if p.path == SHOULDER]
                if len(on_shoulder) == 1 and on_shoulder[0] < -MERGE_Y[1] - 6:
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
            if plan.path in ("left", "left2") and s["front"] > -14:
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


def _must_stop(
    plan: Plan, signal: SignalState, to_stop: float, speed: float, committed: dict[int, bool], i: int
) -> bool:
    """Tell whether the driver brakes for the signal now; a decision to go on amber is kept."""
    if plan.intent in ("run_red", "wrong_way"):
        return False
    if plan.intent == "halt":
        return True
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
        "bus_lane": 1,
        "shoulder": 1,
        "crowd": 1,
        "ban": 1,
        "change": 1,
        "turn": 1,
        "no_lamp": 1,
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
