"""Run tracker and rules over scenes' own truth boxes: what is missed here is no detector's fault.

usage: python -m benchmarks.rules_on_truth SCENE_FOLDER… [--out OUT.jsonl] [--noise 0.01 0.03] [--drop SHARE] [--wrong]

A SCENE_FOLDER is one that `etle scene render` or `benchmarks.outlines` filled. Things of which less than a quarter is
visible are left out, and of the others only what is seen is boxed where the truth tells it (``seen``), as a detector
would. Each vehicle's box edges jitter by its own share of the box's size, drawn between the two numbers of --noise;
whole frames are dropped per vehicle by --drop. Which vehicle was flagged is known here, so a flag counts as right only
for that very vehicle. One line per scene is printed; --out writes the flags of all scenes as a run's own --jsonl does.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from detectors.boxes import iou
from detectors.camera import load_camera
from detectors.rules.registry import NEEDS, build_rules
from detectors.types import VEHICLE_CLASSES, Box, Detection, Scene, SignalState, Violation
from pipeline.tracking import VehicleTracker
from samples.score import Score, score

HIDDEN = 0.25
# Of two heads one behind the other a detector sees one, or both where half of the farther one shows.
HIDDEN_HEAD = 0.5


@dataclass
class Eye:
    """A detector's faults: ``noise`` bounds each vehicle's jitter, as shares of its box; ``drop`` the share missed."""

    noise: tuple[float, float]
    drop: float
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    shares: dict[int, float] = field(default_factory=dict)

    def sees(self, row: Mapping[str, Any]) -> list[Detection]:
        """Make detections of one frame's truth: cut, jittered, some missed."""
        out = []
        for vehicle in row["objects"]:
            share = self.shares.setdefault(vehicle["vehicle"], float(self.rng.uniform(*self.noise)))
            plates = [{**plate, "class": "plate"} for plate in vehicle["plates"]]
            for item in (vehicle, *plates, *vehicle["heads"]):
                least = HIDDEN_HEAD if item["class"].startswith("head") else HIDDEN
                if item["visible"] < least or self.rng.random() < self.drop:
                    continue
                box = np.asarray(item.get("seen", item["box"]), float)
                size = np.tile(box[2:] - box[:2], 2)
                x1, y1, x2, y2 = (float(v) for v in box + self.rng.normal(0, 1, 4) * share * size)
                if x2 - x1 >= 2 and y2 - y1 >= 2:
                    out.append(Detection(item["class"], 0.9, (x1, y1, x2, y2)))
        return out


def frames(path: Path) -> Iterator[dict[str, Any]]:
    """Read the scene's truth, frame after frame."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def violations(folder: Path, eye: Eye) -> Iterable[Violation]:
    """Run one scene."""
    camera = load_camera(folder / "camera.yaml", NEEDS)
    rules = build_rules(camera)
    rows = list(frames(folder / "frames.jsonl"))
    rate = (len(rows) - 1) / max(rows[-1]["t_s"] - rows[0]["t_s"], 1e-6)
    tracker = VehicleTracker(camera, rate)
    began = camera.file.recorded_at or datetime(2026, 1, 1, tzinfo=UTC)
    for i, row in enumerate(rows):
        at = began.astimezone(UTC) + timedelta(seconds=row["t_s"])
        found = eye.sees(row)
        update = tracker.update(i, row["t_s"], at, found)
        loose = tuple(d for d in found if d.label not in VEHICLE_CLASSES)
        signals = {k: SignalState(v) for k, v in {"S1": row["signal"]}.items()}
        last = i == len(rows) - 1
        ended = update.ended + (tracker.finish().ended if last else ())
        scene = Scene(i, row["t_s"], at, () if last else update.live, ended, loose, signals)
        for rule in rules:
            yield from rule.update(scene)
    for rule in rules:
        yield from rule.finish()


def true_vehicle(box: Box, row: Mapping[str, Any]) -> int | None:
    """Give the true vehicle whose box a box is, or None."""
    best: tuple[float, int | None] = (0.3, None)
    for item in row["objects"]:
        overlap = iou(box, tuple(item.get("seen", item["box"])))
        best = max(best, (overlap, item["vehicle"]), key=lambda x: x[0])
    return best[1]


def judge(folder: Path, eye: Eye) -> tuple[Score, list[dict[str, Any]]]:
    """Run a scene and hold each flag against the truth of the very vehicle that it names."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["violations"]
    rows = {row["frame"]: row for row in frames(folder / "frames.jsonl")}
    flags = []
    for v in violations(folder, eye):
        vehicles = [true_vehicle(key.box_xyxy, rows[key.frame_index]) for key in v.key_frames]
        flags.append({
            "rule": v.rule, "start_s": v.start_s, "end_s": v.end_s, "plate": None, "plate_accepted": False,
            "speed_kmh": v.speed_kmh, "speed_uncertainty_kmh": v.speed_uncertainty_kmh,
            "vehicle_class": v.vehicle_class, "measured": dict(v.measured),
            "box_xyxy": asdict(v.key_frames[0])["box_xyxy"], "vehicles": vehicles,
        })  # fmt: skip
    # A vehicle's number takes the place of its plate: a flag on another one, or on two, fits nothing.
    named = [{**f, "plate": _name(f["vehicles"])} for f in flags]
    return score([{**t, "plate": _name([t["vehicle"]])} for t in truth], named), flags


def _name(vehicles: list[int | None]) -> str:
    one = vehicles[0] if len(set(vehicles)) == 1 else None
    # Every character thrice: no two numbers are within the two characters that a plate may differ by.
    return "UNKNOWN" if one is None else "".join(chr(65 + int(d)) * 3 for d in f"{one:03d}")


def main() -> None:
    """Print one line per scene and one over all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--noise", type=float, nargs=2, default=(0.01, 0.03))
    parser.add_argument("--drop", type=float, default=0.05)
    parser.add_argument("--wrong", action="store_true", help="print what was missed and what was false")
    given = parser.parse_args()
    scores, lines = [], []
    for folder in given.folders:
        outcome, flags = judge(folder, Eye(tuple(given.noise), given.drop))
        scores.append(outcome)
        lines += [json.dumps({k: v for k, v in flag.items() if k != "vehicles"}) for flag in flags]
        print(f"{folder.name}: {_line([outcome])}", flush=True)
        if given.wrong:
            for word, found in (("missed", outcome.missed), ("false", outcome.false)):
                for row in found:
                    print(f"  {word}: {json.dumps(row)[:260]}")
    print(f"all: {_line(scores)}")
    if given.out is not None:
        given.out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _line(scores: list[Score]) -> str:
    n, right, false = (sum(x) for x in zip(*((s.n, len(s.right), len(s.false)) for s in scores), strict=True))
    speeds = [(f, t) for s in scores for f, t in s.right if t["rule"] == "speeding"]
    errors = [abs(f["speed_kmh"] - t["speed_kmh"]) for f, t in speeds]
    held = sum(e <= f["speed_uncertainty_kmh"] for e, (f, _) in zip(errors, speeds, strict=True))
    speed = f"{np.mean(errors):.2f}" if errors else "-"
    missed = ", ".join(sorted(t["rule"] for s in scores for t in s.missed)) or "nothing"
    return (
        f"n={n} recall={right / max(n, 1):.3f} false={false} speed_error_kmh={speed} "
        f"interval_holds={held}/{len(errors)} missed: {missed}"
    )


if __name__ == "__main__":
    main()
