"""What is true of a rendered clip: which violations its traffic commits, from the trajectories alone.

The words are those of `detectors.rules`: limits between which a person could argue (DOUBTFUL) are avoided by the
scene, never left to the scorer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.rules.odd_even import parity
from detectors.types import SignalState
from training.render.light import Light
from training.render.paths import BUS_LANE
from training.render.rasterizer import View
from training.render.sight import Sight
from training.render.traffic import LANES, LIMIT_KMH, SIZES, Driver, Program

TOLERANCE_KMH = 5.0
ZONE_M = (-9.0, 14.0)
GRACE_S = 0.5
STOP_MARGIN_M = {"motorcycle": 1.5, "bicycle": 1.5, "car": 2.9}
LOOK_S = 0.05
STRAIGHT_M = 10.0
EDGE_S = 2.5
MANOEUVRES = ("crowd", "ban", "change", "turn", "bus_lane", "shoulder", "no_lamp")
BY_DAY = ("day", "rain")
# Sine between the sun's ray and the lens of who comes towards the camera, beyond which the lens glares: a person
# cannot tell it from a lit lamp.
SUN_ON_LENS = 0.1
# Where a driver goes the wrong way the camera sees it from the far end of the lane on.
WRONG_WAY_M = (-8.5, 30.0)
# For so long the camera must see where a vehicle meets the road, in each part of what it did.
SEEN_BEFORE_S, SEEN_INSIDE_S, SEEN_STANDING_S, SEEN_WRONG_S, SEEN_OF_ZONE = 0.25, 0.5, 2.0, 2.0, 0.75
SEEN_HEAD_S = 1.0
# A rider's head comes into the picture before the rear wheel does.
HEAD_BEFORE_REAR_M = 3.0
# Of travel in a closed zone and of a lane change so much must be seen; of riders beside one another so many seconds.
SEEN_OF_ZONE_TRAVEL, SEEN_CHANGE_S, SEEN_CROWD_S = 0.75, 0.7, 1.3
APART_S = 3.0
BAN_M, BUS_LANE_M, LINE_M = (-8.8, 20.0), (28.5, 56.0), (27.0, 62.0)
# Where the shoulder is driven along; who slows down there by more than a tenth, or is slower, may mean to stop.
SHOULDER_M, STEADY, STEADY_KMH = (47.0, 74.0), 0.9, 34.0
# Rear of a car on the restricted road, and where its rear plate can be read: 65 px wide and more there.
ODD_EVEN_M, LEGIBLE_M, SEEN_PLATE_S = (3.0, 26.0), (-9.0, 0.0), 0.75
LAMP_M, SEEN_LAMP_S = (8.0, 44.0), 2.0
LONGEST = {"motorcycle": 2.2, "bicycle": 2.0, "car": 5.2}


@dataclass(frozen=True)
class Committed:
    """One violation: seconds from the clip's first frame; ``speed_kmh`` for speeding only."""

    rule: str
    driver: int
    start_s: float
    end_s: float
    speed_kmh: float | None = None


def _rear(driver: Driver, t: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([np.nan if (f := driver.front(float(x))) is None else f - driver.length for x in t])


def zone_speed_kmh(driver: Driver, seconds: float) -> float | None:
    """Give the mean speed of the rear contact over the measuring zone, or None where it never passes it whole."""
    if driver.path not in LANES:
        return None
    t = np.arange(0.0, seconds, LOOK_S)
    rear = _rear(driver, t)
    inside = np.flatnonzero((rear >= ZONE_M[0]) & (rear <= ZONE_M[1]))
    if len(inside) < 5 or inside[0] == 0 or inside[-1] == len(t) - 1:
        return None
    return float((rear[inside[-1]] - rear[inside[0]]) / (t[inside[-1]] - t[inside[0]]) * 3.6)


def committed(
    drivers: list[Driver],
    program: Program,
    seconds: float,
    view: View,
    solid: bool = True,
    light: Light | None = None,
    odd_even: bool = False,
) -> tuple[list[Committed], set[int]]:
    """Give the violations, and the drivers whose conduct lies in doubt and must leave the scene.

    ``solid``: whether the line between the lanes beyond the junction is. Without a ``light`` it is an overcast day.
    ``odd_even``: whether plates with an odd number are barred just now from the lanes that lead away from the camera.
    """
    by_day = light is None or light.name in BY_DAY
    lens_in_sun = light is not None and light.name == "day" and -light.sun[1] > SUN_ON_LENS
    found: list[Committed] = []
    doubtful: set[int] = set()
    for i, driver in enumerate(drivers):
        t = np.arange(0.0, seconds, LOOK_S)
        front = np.array([np.nan if (f := driver.front(float(x))) is None else f for x in t])
        seen = np.flatnonzero(np.isfinite(front))
        if not len(seen):
            continue
        if driver.path == "wrong":
            on = np.flatnonzero((-front < WRONG_WAY_M[1]) & (-front > WRONG_WAY_M[0]))
            if len(on) and t[on[-1]] < seconds - 0.5:
                found.append(Committed("wrong_way", i, float(t[on[0]]), float(t[on[-1]])))
            else:
                doubtful.add(i)
            continue
        if odd_even and _barred(driver):
            _stretch("odd_even", i, t, front - driver.length, ODD_EVEN_M, found, doubtful)
        if driver.intent in MANOEUVRES:
            _manoeuvre(i, driver, t, front, solid, by_day, found, doubtful)
            if driver.intent == "no_lamp" and lens_in_sun:
                doubtful.add(i)
        if driver.path not in LANES:
            continue
        _red_light(i, driver, program, t, front, found, doubtful)
        _stop_line(i, driver, program, t, front, found, doubtful)
        speed = zone_speed_kmh(driver, seconds)
        if speed is not None:
            entry = float(t[np.flatnonzero(front - driver.length >= ZONE_M[0])[0]])
            leave = float(t[np.flatnonzero(front - driver.length <= ZONE_M[1])[-1]])
            if speed > LIMIT_KMH + TOLERANCE_KMH + 6:
                found.append(Committed("speeding", i, entry, leave, speed))
            elif speed > LIMIT_KMH + 4:
                doubtful.add(i)
        elif driver.intent == "speed":
            doubtful.add(i)
        if len({p.helmeted for p in driver.people}) == 2:
            # From behind, hair before another's helmet looks like one helmet; a helmet hides the bare head before it.
            doubtful.add(i)
        elif driver.label == "motorcycle" and any(not p.helmeted for p in driver.people):
            rear = front - driver.length
            near = np.flatnonzero((rear > -9.5) & (rear < 8))
            if len(near) * LOOK_S >= 1.2:
                found.append(Committed("no_helmet", i, float(t[near[0]]), float(t[near[-1]])))
            elif np.any(rear > -9.5 - HEAD_BEFORE_REAR_M):
                doubtful.add(i)
    # Nobody can judge what the clip shows only in part.
    doubtful |= {v.driver for v in found if v.start_s < EDGE_S or v.end_s > seconds - 0.5}
    sight = Sight(view, drivers)
    doubtful |= {
        v.driver for v in found if v.driver not in doubtful and not _seen(v, drivers[v.driver], sight)
    }
    return found, doubtful | _at_once([v for v in found if v.driver not in doubtful])


def _at_once(found: list[Committed]) -> set[int]:
    """Give the drivers of crowds that are seen from the side while another is: no plate tells which of them a line is
    about."""
    too_close: set[int] = set()
    last_s = -np.inf
    for v in sorted(found, key=lambda v: v.start_s):
        if v.rule != "overcrowded_motorcycle":
            continue
        if v.start_s < last_s + APART_S:
            too_close.add(v.driver)
        else:
            last_s = v.end_s
    return too_close


def _manoeuvre(i: int, driver: Driver, t: np.ndarray, front: np.ndarray, solid: bool, by_day: bool,
               found: list[Committed], doubtful: set[int]) -> None:  # fmt: skip
    """Judge what is driven for the rules of zones, lines, crowds and lamps."""
    rear = front - driver.length
    if driver.intent == "ban":
        _stretch("motorcycle_ban", i, t, rear, BAN_M, found, doubtful)
    elif driver.intent == "bus_lane" and driver.path == BUS_LANE:
        # It comes towards the camera: its front is seen, and its way goes down along y.
        _stretch("bus_lane", i, t, -front, BUS_LANE_M, found, doubtful)
    elif driver.intent == "shoulder":
        _stretch("shoulder_use", i, t, -front, SHOULDER_M, found, doubtful)
        on = t[(-front >= SHOULDER_M[0]) & (-front <= SHOULDER_M[1])]
        speeds = [driver.speed(float(x)) for x in on[2:-2]] or [0.0]
        if min(speeds) < max(STEADY * max(speeds), STEADY_KMH / 3.6):
            doubtful.add(i)
    elif driver.intent == "no_lamp" and by_day:
        _stretch("no_day_lamp", i, t, -front, LAMP_M, found, doubtful)
    elif driver.intent == "crowd":
        off = np.abs(front - driver.length / 2 - _aside(driver))
        during = np.flatnonzero(off < 9.0)
        if not len(during) and np.nanmin(off) < 16.0:
            doubtful.add(i)
        elif len(during):
            found.append(Committed("overcrowded_motorcycle", i, float(t[during[0]]), float(t[during[-1]])))
    elif driver.intent == "change" and solid:
        y0, metres = (float(v) for v in driver.path.split(":")[1:])
        _stretch("lane_marking", i, t, rear, (y0 + 2.0, y0 + metres - 2.0), found, doubtful)
        before, after = np.flatnonzero(rear > LINE_M[0]), np.flatnonzero(rear > LINE_M[1])
        if not len(before) or not len(after):
            doubtful.add(i)
    elif driver.intent == "turn":
        # From where the rear leaves the lane until the turn is plain to see.
        _stretch("lane_marking", i, t, rear, (-5.0, 9.0), found, doubtful)


def _barred(driver: Driver) -> bool:
    plate = driver.plate
    if plate is None or plate.scheme not in ("white", "black") or parity(plate.text) != "odd":
        return False
    return driver.label == "car" and (driver.path in LANES or driver.path.startswith("change"))


def _aside(driver: Driver) -> float:
    """Give where the picture's middle lies along a path of the crossing road."""
    return -2.9 if driver.path.startswith("east") else 2.9


def _stretch(rule: str, i: int, t: np.ndarray, at: np.ndarray, span: tuple[float, float], found: list[Committed],
             doubtful: set[int]) -> None:  # fmt: skip
    during = np.flatnonzero((at >= span[0]) & (at <= span[1]))
    whole = len(during) and np.nanmin(at[during]) < span[0] + 2.0 and np.nanmax(at[during]) > span[1] - 2.0
    if whole:
        found.append(Committed(rule, i, float(t[during[0]]), float(t[during[-1]])))
    elif len(during):
        doubtful.add(i)


def _seen(v: Committed, driver: Driver, sight: Sight) -> bool:
    """Tell whether the camera sees enough of a violation: nobody can judge what another vehicle hides."""

    def feet(times: NDArray[np.float64]) -> float:
        return LOOK_S * sum(sight.foot_seen(v.driver, float(t)) for t in times)

    t = np.arange(v.start_s - 6.0, v.end_s + 8.0, LOOK_S)
    during = t[(t >= v.start_s) & (t <= v.end_s)]
    if v.rule == "no_helmet":
        return LOOK_S * sum(sight.head_seen(v.driver, float(x)) for x in during) >= SEEN_HEAD_S
    if v.rule == "wrong_way":
        return feet(during) >= SEEN_WRONG_S
    if v.rule == "overcrowded_motorcycle":
        return LOOK_S * sum(sight.head_seen(v.driver, float(x)) for x in during) >= SEEN_CROWD_S
    if v.rule == "no_day_lamp":
        return feet(during) >= SEEN_LAMP_S
    if v.rule in ("motorcycle_ban", "bus_lane", "shoulder_use"):
        return feet(during) >= SEEN_OF_ZONE_TRAVEL * (v.end_s - v.start_s)
    if v.rule == "odd_even":
        rear = _rear(driver, t)
        legible = t[(rear > LEGIBLE_M[0]) & (rear < LEGIBLE_M[1])]
        return feet(during) >= SEEN_OF_ZONE_TRAVEL * (v.end_s - v.start_s) and feet(legible) >= SEEN_PLATE_S
    if v.rule == "lane_marking":
        around = t[(t >= v.start_s - 1.0) & (t <= v.end_s + 1.0)]
        parts = (around[around < v.start_s], during, around[around > v.end_s])
        return all(feet(part) >= SEEN_CHANGE_S * LOOK_S * len(part) for part in parts)
    if v.rule == "speeding":
        return feet(during) >= SEEN_OF_ZONE * (v.end_s - v.start_s)
    rear = _rear(driver, t)
    # Where any vehicle of the class would still be before the line.
    before = t[rear < -LONGEST.get(driver.label, SIZES[driver.label][0]) - 0.5]
    if feet(before) < SEEN_BEFORE_S:
        return False
    if v.rule == "stop_line" and feet(during) < SEEN_STANDING_S:
        return False
    # Going on it must be seen too: nobody else can tell that it did not turn left.
    return (
        feet(t[(rear > 0.5) & (rear < 14.0) & (t > (v.start_s if v.rule == "red_light" else v.end_s))])
        >= SEEN_INSIDE_S
    )


def _red_light(i: int, driver: Driver, program: Program, t: np.ndarray, front: np.ndarray, found: list[Committed],
               doubtful: set[int]) -> None:  # fmt: skip
    over = np.flatnonzero((front[:-1] < 0) & (front[1:] >= 0))
    if not len(over):
        return
    at = float(t[over[0]])
    state, held = program.at(at)
    if state is not SignalState.RED or driver.intent in ("tolerated", "stop_over"):
        return
    inside = np.flatnonzero(front - driver.length > 3.0)
    if held < GRACE_S + 0.9 or not len(inside):
        doubtful.add(i)
        return
    found.append(Committed("red_light", i, at, float(t[inside[0]])))


def _stop_line(i: int, driver: Driver, program: Program, t: np.ndarray, front: np.ndarray, found: list[Committed],
               doubtful: set[int]) -> None:  # fmt: skip
    speed = np.gradient(front, LOOK_S)
    red = np.array([program.at(float(x))[0] is SignalState.RED for x in t])
    standing = np.flatnonzero((np.abs(speed) < 0.25) & red & (front > 0.4) & (front < 8.0))
    if not len(standing):
        return
    span = float(t[standing[-1]] - t[standing[0]])
    margin = STOP_MARGIN_M.get(driver.label)
    if margin is None or float(np.nanmax(front[standing])) < margin or span < 2.0 or front[standing[0]] > 5.0:
        doubtful.add(i)
        return
    gone = np.flatnonzero(front - driver.length > STRAIGHT_M)
    if driver.path != "L2" and (not len(gone) or t[gone[0]] > t[-1] - 1.0):
        # From the lane that may turn left on red: it might still have turned.
        doubtful.add(i)
        return
    found.append(Committed("stop_line", i, float(t[standing[0]]), float(t[standing[-1]])))
