"""Rendered motorcycles by day, lit and unlit: ``python -m training.lamps.rendered OUT --scenes N``.

Writes ``OUT/lamps/SEED-SHOT-VEHICLE-STATE.png``, each a cut around one motorcycle with a margin of `MARGIN` of its box.
A scene that is there already is not made again. Seeds start at `FIRST_SEED`, away from those that scenes are judged on.
"""

from __future__ import annotations

import argparse
import dataclasses
import multiprocessing
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from detectors.lamp_network import LampState
from training.render.light import random_light
from training.render.picture import Cast, Studio
from training.render.rasterizer import View
from training.render.scene import write_script
from training.render.training_set import random_view

FIRST_SEED = 600_000
SIZE = (1920, 1080)
LIGHTS = ("day", "day", "rain")
SHOTS = 24
# So many scenes are seen by a camera that most of the traffic comes towards.
AGAINST = 0.75
MARGIN = 0.25
LEAST_WIDTH_PX = 24
# Cosine of the angle between where it heads and the camera: the front is seen; it is certainly not.
FRONT, NOT_FRONT = 0.94, 0.3
WHOLE, HIDDEN = 0.85, 0.5


def state_of(cosine: float, visible: float, *, lit: bool) -> LampState | None:
    """Say what can be told of a lamp, None where that is doubtful itself."""
    if cosine <= NOT_FRONT or visible <= HIDDEN:
        return LampState.UNTOLD
    if cosine >= FRONT and visible >= WHOLE:
        return LampState.LIT if lit else LampState.OFF
    return None


def around(box: Sequence[float]) -> tuple[int, int, int, int]:
    """Give a box ``xyxy`` with `MARGIN` of its sides on every side, in whole pixels."""
    x1, y1, x2, y2 = box
    right, down = MARGIN * (x2 - x1), MARGIN * (y2 - y1)
    return round(x1 - right), round(y1 - down), round(x2 + right), round(y2 + down)


def view_against(rng: np.random.Generator) -> View:
    """Put up a camera beyond the junction, which the traffic comes towards."""
    eye = (float(rng.uniform(-8, 3)), float(rng.uniform(38, 54)), float(rng.uniform(4.5, 9)))
    target = (float(rng.uniform(-5, 0)), float(rng.uniform(8, 26)), 1.0)
    return View.looking(*SIZE, eye, target, float(rng.uniform(26, 60)))


def make_scene(job: tuple[Path, int]) -> int:
    """Photograph one scene from a camera of its own; give how many cuts were written."""
    out, seed = job
    done = out / "scenes" / f"{seed}.done"
    if done.exists():
        return 0
    cv2.setNumThreads(1)
    rng = np.random.default_rng([seed, 78])
    light = LIGHTS[seed % len(LIGHTS)]
    script = write_script(seed, 60.0, f"{SIZE[0]}x{SIZE[1]}", light=light, every_rule=True)
    drivers = tuple(
        dataclasses.replace(d, intent="no_lamp" if rng.random() < 0.5 else "")
        if d.label == "motorcycle"
        else d
        for d in script.drivers
    )
    view = view_against(rng) if rng.random() < AGAINST else random_view(rng, SIZE)
    studio = Studio(view, random_light(rng, light), seed, Cast(drivers, seed))
    written = 0
    for k in range(SHOTS):
        t = float(60.0 * (k + rng.uniform(0.1, 0.9)) / SHOTS)
        picture, objects = studio.shoot(t, script.program.at(t)[0])
        for row in objects:
            pose = drivers[row["vehicle"]].pose(t)
            if (
                row["class"] != "motorcycle"
                or pose is None
                or row["seen"][2] - row["seen"][0] < LEAST_WIDTH_PX
            ):
                continue
            x, y, heading = pose
            away = studio.view.position[:2] - (x, y)
            # A vehicle's front is along its own y.
            cosine = float(np.dot([-np.sin(heading), np.cos(heading)], away / np.linalg.norm(away)))
            state = state_of(cosine, row["visible"], lit=drivers[row["vehicle"]].intent != "no_lamp")
            if state is None:
                continue
            x1, y1, x2, y2 = around(row["seen"])
            if x1 < 0 or y1 < 0 or x2 > SIZE[0] or y2 > SIZE[1]:
                continue
            name = f"{seed}-{k:02d}-{row['vehicle']}-{state.value}.png"
            cv2.imwrite(str(out / "lamps" / name), picture[y1:y2, x1:x2])
            written += 1
    done.touch()
    return written


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--scenes", type=int, default=30)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    for name in ("lamps", "scenes"):
        (given.out / name).mkdir(parents=True, exist_ok=True)
    jobs = [(given.out, FIRST_SEED + i) for i in range(given.scenes)]
    with multiprocessing.get_context("spawn").Pool(given.processes) as pool:
        for i, count in enumerate(pool.imap_unordered(make_scene, jobs)):
            print(f"{i + 1}/{len(jobs)} scenes, {count} new cuts", flush=True)


if __name__ == "__main__":
    main()
