"""Run tracker and rules over a rendered scene's own truth boxes: what is missed here is no detector's fault.

usage: python -m benchmarks.rules_on_truth SCENE_FOLDER [OUT.jsonl] [--jitter PX] [--drop SHARE]

SCENE_FOLDER is one that `etle scene render` filled. Things of which less than a quarter is visible are left out, as a
detector would. OUT.jsonl (standard output where not given) is in the form of a run's own --jsonl, plates null.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from detectors.camera import load_camera
from detectors.rules.registry import NEEDS, build_rules
from detectors.types import Detection, Scene, SignalState, Violation
from pipeline.tracking import VehicleTracker

HIDDEN = 0.25


def frames(path: Path) -> Iterator[dict[str, Any]]:
    """Read the scene's truth, frame after frame."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def detections(row: dict[str, Any], rng: np.random.Generator, jitter: float, drop: float) -> list[Detection]:
    """Make detections of one frame's truth: jittered, some missed."""
    out = []
    for vehicle in row["objects"]:
        plates = [{**plate, "class": "plate"} for plate in vehicle["plates"]]
        for item in (vehicle, *plates, *vehicle["heads"]):
            if item["visible"] < HIDDEN or rng.random() < drop:
                continue
            x1, y1, x2, y2 = (float(v) for v in np.asarray(item["box"], float) + rng.normal(0, jitter, 4))
            if x2 - x1 >= 2 and y2 - y1 >= 2:
                out.append(Detection(item["class"], 0.9, (x1, y1, x2, y2)))
    return out


def violations(folder: Path, jitter: float, drop: float) -> Iterable[Violation]:
    """Run one scene."""
    camera = load_camera(folder / "camera.yaml", NEEDS)
    rules, rng = build_rules(camera), np.random.default_rng(0)
    rows = list(frames(folder / "frames.jsonl"))
    rate = (len(rows) - 1) / max(rows[-1]["t_s"] - rows[0]["t_s"], 1e-6)
    tracker = VehicleTracker(camera, rate)
    began = camera.file.recorded_at or datetime(2026, 1, 1, tzinfo=UTC)
    for i, row in enumerate(rows):
        at = began.astimezone(UTC) + timedelta(seconds=row["t_s"])
        found = detections(row, rng, jitter, drop)
        update = tracker.update(i, row["t_s"], at, found)
        loose = tuple(d for d in found if d.label not in ("car", "motorcycle", "bus", "truck", "bicycle"))
        signals = {k: SignalState(v) for k, v in {"S1": row["signal"]}.items()}
        last = i == len(rows) - 1
        ended = update.ended + (tracker.finish() if last else ())
        scene = Scene(i, row["t_s"], at, () if last else update.live, ended, loose, signals)
        for rule in rules:
            yield from rule.update(scene)
    for rule in rules:
        yield from rule.finish()


def main() -> None:
    """Write one line per violation."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--jitter", type=float, default=1.0)
    parser.add_argument("--drop", type=float, default=0.05)
    given = parser.parse_args()
    lines = []
    for v in violations(given.folder, given.jitter, given.drop):
        row = {"rule": v.rule, "start_s": v.start_s, "end_s": v.end_s, "plate": None, "plate_accepted": False}
        row |= {"speed_kmh": v.speed_kmh, "speed_uncertainty_kmh": v.speed_uncertainty_kmh}
        row |= {"vehicle_class": v.vehicle_class, "measured": v.measured}
        row |= {"box_xyxy": asdict(v.key_frames[0])["box_xyxy"]}
        lines.append(json.dumps(row))
    text = "".join(f"{line}\n" for line in lines)
    if given.out is None:
        sys.stdout.write(text)
    else:
        given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
