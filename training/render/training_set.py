"""Pictures that teach the road detector: the same junction from many cameras, in every light, with exact boxes.

``python -m training.render.training_set OUT --scenes N`` writes ``OUT/images/*.jpg`` and ``OUT/labels/*.txt`` (YOLO:
class number of `detectors.types.CLASSES`, centre x, y, width, height as shares of the picture). A scene that is there
already is not made again, so a run that was cut off goes on. Seeds start at `FIRST_SEED`, away from those that scenes
are judged on.
"""

from __future__ import annotations

import argparse
import dataclasses
import multiprocessing
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detectors.types import CLASSES
from training.render.light import random_light
from training.render.people import random_person
from training.render.picture import Cast, Studio
from training.render.rasterizer import View
from training.render.scene import write_script

FIRST_SEED = 500_000
SIZE = (1280, 720)
LIGHTS = ("day", "night", "dusk", "rain", "day", "night")
SHOTS = 12
BARE = 0.4
# Of the motorcycles, how many carry one, two and three: three are rare on the road and must not be new to the network.
ABOARD = (0.4, 0.3, 0.3)
# Less than this share of an object in view is no example of it.
LEAST_VISIBLE = {"plate": 0.6, "head_helmet": 0.45, "head_bare": 0.45}
LEAST_VISIBLE_VEHICLE = 0.15
LEAST_PLATE_PX = 10.0


def labels_of(objects: list[dict[str, Any]]) -> list[tuple[int, list[float]]]:
    """Give (class number, xyxy pixels) of what a frame's truth shows well enough to learn from.

    A vehicle's box is that of what is seen of it: a lower edge that another hides cannot be told from a picture.
    """
    out = []
    for row in objects:
        if row["visible"] >= LEAST_VISIBLE_VEHICLE:
            out.append((CLASSES.index(row["class"]), row["seen"]))
        plates = [p for p in row["plates"] if p["box"][2] - p["box"][0] >= LEAST_PLATE_PX]
        parts = [{"class": "plate", **p} for p in plates] + row["heads"]
        out += [
            (CLASSES.index(p["class"]), p["box"]) for p in parts if p["visible"] >= LEAST_VISIBLE[p["class"]]
        ]
    return out


def yolo_lines(labels: list[tuple[int, list[float]]], width: int, height: int) -> str:
    """Write labels as YOLO does."""
    lines = []
    for number, (x1, y1, x2, y2) in labels:
        x1, x2 = (min(max(v, 0.0), width) for v in (x1, x2))
        y1, y2 = (min(max(v, 0.0), height) for v in (y1, y2))
        if x2 - x1 >= 2 and y2 - y1 >= 2:
            centre = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height)
            size = ((x2 - x1) / width, (y2 - y1) / height)
            lines.append(f"{number} " + " ".join(f"{v:.6f}" for v in (*centre, *size)))
    return "\n".join(lines) + "\n"


def random_view(rng: np.random.Generator, size: tuple[int, int] = SIZE) -> View:
    """Put up a camera above the junction as somebody might."""
    eye = (float(rng.uniform(-8, 3)), float(rng.uniform(-34, -17)), float(rng.uniform(4.5, 9)))
    target = (float(rng.uniform(-5, 0)), float(rng.uniform(-4, 14)), 1.0)
    return View.looking(*size, eye, target, float(rng.uniform(26, 60)))


def _aboard(rng: np.random.Generator) -> int:
    return 1 + int(rng.choice(len(ABOARD), p=ABOARD))


def make_scene(job: tuple[Path, int]) -> int:
    """Photograph one scene from a camera of its own; give how many pictures were written."""
    out, seed = job
    done = out / "scenes" / f"{seed}.done"
    if done.exists():
        return 0
    cv2.setNumThreads(1)
    rng = np.random.default_rng([seed, 77])
    script = write_script(seed, 60.0, f"{SIZE[0]}x{SIZE[1]}")
    drivers = tuple(
        dataclasses.replace(d, people=tuple(random_person(rng, BARE) for _ in range(_aboard(rng))))
        if d.label == "motorcycle"
        else d
        for d in script.drivers
    )
    light = random_light(rng, LIGHTS[seed % len(LIGHTS)])
    studio = Studio(random_view(rng), light, seed, Cast(drivers, seed))
    for k in range(SHOTS):
        t = float(60.0 * (k + rng.uniform(0.1, 0.9)) / SHOTS)
        picture, objects = studio.shoot(t, script.program.at(t)[0])
        name = f"{seed}-{k:02d}"
        cv2.imwrite(
            str(out / "images" / f"{name}.jpg"),
            picture,
            [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 96))],
        )
        (out / "labels" / f"{name}.txt").write_text(yolo_lines(labels_of(objects), *SIZE))
    done.touch()
    return SHOTS


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scenes", type=int, default=120)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    for name in ("images", "labels", "scenes"):
        (given.out / name).mkdir(parents=True, exist_ok=True)
    jobs = [(given.out, given.first_seed + i) for i in range(given.scenes)]
    with multiprocessing.get_context("spawn").Pool(given.processes) as pool:
        for i, count in enumerate(pool.imap_unordered(make_scene, jobs)):
            print(f"{i + 1}/{len(jobs)} scenes, {count} new pictures", flush=True)


if __name__ == "__main__":
    main()
