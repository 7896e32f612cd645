"""What the drivers of a rendered junction mean to do: who sets out where and when, lawfully or not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from training.render.paths import BUS_LANE, HALT, LIMIT_KMH, SHOULDER, Program

# So long before a planned manoeuvre nobody else enters its lane.
LEAD_S = 5.0


@dataclass
class Plan:
    """What one driver means to do: enter ``path`` at ``at_s`` seconds, ``start_m`` along it, and drive ``wish_ms``."""

    label: str
    path: str
    intent: str
    at_s: float
    wish_ms: float
    stop_at: float
    start_m: float = -75.0


def plans_of(rng: np.random.Generator, seconds: float, program: Program) -> list[Plan]:
    """Plan ordinary traffic, and what the first five rules look for."""
    plans: list[Plan] = []

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
            plans.append(Plan(label, path, intent, t, wish(), stop))
            t += float(rng.exponential(gap)) + (2.5 if not motor else 1.5)
    cycle = program.red_s + program.green_s + program.amber_s
    for k in range(int(seconds / cycle) + 2):
        red = k * cycle - program.offset
        green = red + program.red_s
        lane = str(rng.choice(["M1", "M2", "L2"]))
        label = "motorcycle" if lane[0] == "M" else "car"
        speed = float(rng.uniform(28, 42)) / 3.6
        arrive = red + float(rng.uniform(2.0, 4.5))
        plans.append(Plan(label, lane, "run_red", arrive - 75 / speed, speed, 0.0))
        lane = str(rng.choice(["L1", "L2", "M2"]))
        fast = float(rng.uniform(70, 88)) / 3.6
        label = "motorcycle" if lane[0] == "M" else "car"
        plans.append(
            Plan(
                label,
                lane,
                "speed",
                green + program.green_s - float(rng.uniform(1.5, 3.5)) - 75 / fast,
                fast,
                -0.8,
            )
        )
        over = (LIMIT_KMH + 3) / 3.6
        plans.append(Plan("car", "L1", "near_limit", green + 8.0 - 75 / over, over, -0.8))
    if seconds >= 20 and rng.random() < 0.75:
        slow = float(rng.uniform(16, 26)) / 3.6
        plans.append(
            Plan("motorcycle", "wrong", "wrong_way", float(rng.uniform(4, seconds - 12)), slow, 0.0, -34.0)
        )
    for x in (1.78, 5.02):
        t = float(rng.uniform(-4, 3))
        while t < seconds:
            label = str(rng.choice(["car", "motorcycle", "car", "motorcycle", "truck", "bus"]))
            plans.append(Plan(label, f"opposing:{x}", "", t, wish(), -21.0 - 7.0, -95.0))
            t += float(rng.exponential(6.0)) + 3
    for way, y in (("east", 16.6), ("west", 9.4)):
        t = float(rng.uniform(0, 4))
        while t < seconds:
            label = str(rng.choice(["car", "motorcycle", "motorcycle", "car", "truck"]))
            plans.append(Plan(label, f"{way}:{y}", "", t, wish(), -12.0, -45.0))
            t += float(rng.exponential(5.0)) + 3.5
    runners = {round(p.at_s + 75 / p.wish_ms, 3): p.path for p in plans if p.intent == "run_red"}
    for arrive, taken in runners.items():
        if rng.random() < 0.6:
            # Who stops over the line does so in a lane that nobody runs the light in.
            free = [lane for lane in ("M1", "M2", "L1") if lane != taken]
            lane, speed = str(rng.choice(free)), float(rng.uniform(28, 38)) / 3.6
            label, reach = ("car", (3.4, 4.2)) if lane == "L1" else ("motorcycle", (1.9, 2.8))
            at = arrive + float(rng.uniform(-1.0, 1.5)) - 75 / speed
            plans.append(Plan(label, lane, "stop_over", at, speed, float(rng.uniform(*reach))))
    scripted = [p for p in plans if p.intent in ("speed", "run_red", "near_limit", "stop_over")]
    lead = {"speed": 5.5, "run_red": 4.0, "near_limit": 4.0, "stop_over": 6.0}
    return sorted(
        (
            p
            for p in plans
            if p in scripted
            or not any(
                queue_of(q.path) == queue_of(p.path) and q.at_s - lead[q.intent] < p.at_s < q.at_s + 1.5
                for q in scripted
            )
        ),
        key=lambda p: p.at_s,
    )


def with_more(plans: list[Plan], more: list[Plan]) -> list[Plan]:
    """Add plans and make room for them; the bus lane is left to a few buses, which hide what follows them."""
    kept = []
    for i, plan in enumerate(plans):
        its = replace(plan, label="bus") if plan.path == BUS_LANE else plan
        in_the_way = any(
            queue_of(q.path) == queue_of(its.path) and q.at_s - LEAD_S < its.at_s < q.at_s + 1.5 for q in more
        )
        if not in_the_way and not (its.path == BUS_LANE and i % 3):
            kept.append(its)
    return sorted([*kept, *more], key=lambda p: p.at_s)


def more(rng: np.random.Generator, seconds: float, program: Program) -> list[Plan]:
    """Plan what the rules of zones, lines and crowds look for, and what only looks like it."""
    plans: list[Plan] = []
    cycle = program.red_s + program.green_s + program.amber_s

    def wish() -> float:
        return float(rng.uniform(34, 42)) / 3.6

    for k in range(int(seconds / cycle) + 2):
        red = k * cycle - program.offset
        green = red + program.red_s
        # On the crossing road, which goes while this one has red, a camera sees riders from the side.
        for way, y in (("east", 16.6), ("west", 9.4)):
            at = red + float(rng.uniform(2.0, program.red_s - 4))
            speed = float(rng.uniform(24, 32)) / 3.6
            plans.append(Plan("motorcycle", f"{way}:{y}", "crowd", at - 45 / speed, speed, -12.0, -45.0))
        through = (green + program.green_s * float(rng.uniform(0.35, 0.8)), wish())
        plans.append(Plan("motorcycle", "B2", "ban", through[0] - 75 / through[1], through[1], -0.8))
        through = (green + program.green_s * float(rng.uniform(0.35, 0.8)), wish())
        path = f"change:{rng.uniform(34, 37):.1f}:{rng.uniform(19, 21):.1f}"
        plans.append(Plan("car", path, "change", through[0] - 75 / through[1], through[1], -0.8))
        through = (green + program.green_s * float(rng.uniform(0.3, 0.6)), wish())
        plans.append(Plan("car", "left2", "turn", through[0] - 75 / through[1], through[1], -0.8))
        label = str(rng.choice(["car", "motorcycle"]))
        at = green + program.green_s * float(rng.uniform(0.2, 0.8)) - 95 / 11
        plans.append(Plan(label, BUS_LANE, "bus_lane", at, wish(), -28.0, -95.0))
        at = green + program.green_s * float(rng.uniform(0.2, 0.8)) - 95 / 11
        plans.append(Plan("motorcycle", "opposing:1.78", "no_lamp", at, wish(), -28.0, -95.0))
        label = str(rng.choice(["car", "motorcycle"]))
        at = green + program.green_s * float(rng.uniform(0.0, 0.6)) - 95 / 11
        plans.append(Plan(label, SHOULDER, "shoulder", at, float(rng.uniform(38, 44)) / 3.6, -28.0, -95.0))
    if rng.random() < 0.5:
        # The shoulder is there for who must stop.
        at = float(rng.uniform(0.0, 0.8)) * seconds
        plans.append(Plan("car", HALT, "halt", at, wish(), float(rng.uniform(-62.0, -50.0)), -95.0))
    return plans


def queue_of(path: str) -> str:
    """Give the queue that the drivers of a path stand in."""
    if path in ("B2", "left2") or path.startswith("change"):
        return "L2"
    if path == SHOULDER:
        return BUS_LANE
    return "M1" if path == "left" else path
