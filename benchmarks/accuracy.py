"""Measure the seeing on real pictures and on rendered ones, and write the table: ``benchmarks/ACCURACY.md``.

usage: python -m benchmarks.accuracy DATA TOOLS OUT [--scenes FOLDER]

DATA holds the real sets, TOOLS the scripts that score plates and boxes; OUT takes the predictions. Real and rendered
figures stand apart. Nothing here is tuned on what it measures: thresholds come from rendered plates
(`training.plates.calibrate`), the held-out quarters were never trained on. ``--scenes`` is a folder of scenes that
``etle scene render`` made of seeds nobody has looked at.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.peers import RapidOcrPeer, YoloxPeer
from benchmarks.rendered import objects, wide_plates
from benchmarks.signal_heads import measure as measure_signals
from cli.models import load_detector
from cli.pictures import PLATE_CONFIDENCE
from detectors.boxes import iou
from detectors.day_lamp import told
from detectors.lamp_network import LampState, probabilities
from detectors.types import Detection, Image
from plate_reader.photo import PhotoReader
from training.detector.evaluate import CONFIDENCE
from training.detector.real_set import OWN, split
from training.heads.examples import added_heads
from training.lamps.examples import plainly, real_lamps
from training.render.training_set import yolo_lines

TABLE = Path(__file__).parent / "ACCURACY.md"
COUNTED = Path(__file__).parent / "junction_yogyakarta.csv"
# Riders' heads in the held-out quarter that the set's makers did not label, told by eye among what was found there.
ADDED = {"helmets-th": Path(__file__).parent / "helmets_th_added.csv"}
SAME = 0.4


def picture(path: Path) -> Image:
    """Read a picture (H, W, 3) uint8 BGR. Raises OSError."""
    image = cv2.imread(str(path))
    if image is None:
        raise OSError(f"{path}: cannot be read as a picture")
    return np.asarray(image, np.uint8)


def score(tool: Path, *arguments: Any) -> str:
    """Run one of the scoring scripts; give what it prints."""
    command = [sys.executable, str(tool), *(str(a) for a in arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def plates(data: Path, tools: Path, out: Path) -> list[str]:
    """Rows of the plate sets: ours, and RapidOCR."""
    detector = load_detector(None, confidence=PLATE_CONFIDENCE)
    ours = PhotoReader(find=lambda image: [d.box_xyxy for d in detector.detect(image) if d.label == "plate"])
    peer = RapidOcrPeer()
    rows = []
    for name, reader in (("ours", lambda image: as_rows(ours.read(image))), ("RapidOCR", peer.read)):
        for folder in ("plates-id-road", "plates-id-crops"):
            table = data / folder / "plates.csv"
            with table.open(newline="") as opened:
                names = [row["image"] for row in csv.DictReader(opened)]
            file = out / f"{folder}-{name}.jsonl"
            write(
                file, ({"image": n, "plates": reader(picture(data / folder / "images" / n))} for n in names)
            )
            said = score(tools / "score_plates.py", table, file)
            rows.append(
                f"| {folder} | {name} | {as_cells(said, ('n', 'read', 'wrong', 'doubt', 'found', 'cer'))} |"
            )
    return rows


def as_rows(readings: Iterable[Any]) -> list[dict[str, Any]]:
    """Give readings as `etle read-plates` writes them."""
    return [
        {"text": r.text, "accepted": r.accepted, "confidence": r.confidence, "box": list(r.box_xyxy)}
        for r in readings
        if r.text is not None
    ]


def as_cells(said: str, keys: Sequence[str]) -> str:
    """Give ``key=value`` words as cells of a table, in the order of ``keys``."""
    values = dict(re.findall(r"(\w+)=([\d.]+|nan)", said.splitlines()[-1]))
    return " | ".join(values.get(key, "") for key in keys)


def write(file: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write JSON lines."""
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def boxes(data: Path, tools: Path, out: Path) -> list[str]:
    """Rows of the sets with boxes: the quarters that never trained."""
    rows = []
    sets = (("plates-eu-dashcam", "0=plate", 0), ("helmets-th", "0=head_helmet,1=head_bare", 24))
    for name, classes, least in sets:
        _, held = split(data, name)
        labels = out / f"{name}-labels"
        labels.mkdir(parents=True, exist_ok=True)
        for path in held:
            truth = path.parent.parent / "labels" / f"{path.stem}.txt"
            (labels / truth.name).write_text(truth.read_text() if truth.exists() else "")
        detector = load_detector(None, confidence=CONFIDENCE)
        file = out / f"{name}.jsonl"
        write(file, (detected(path, detector.detect) for path in held))
        tool, what = tools / "score_boxes.py", f"{name}{f', {least} px and more' if least else ''}"
        options = ("--classes", classes, "--min-height", least)
        rows += box_rows(what, score(tool, labels, file, *options))
        if name in ADDED:
            add(ADDED[name], OWN[name], labels, file)
            rows += box_rows(f"{what}, with what its labels lack", score(tool, labels, file, *options))
    return rows


def box_rows(what: str, said: str) -> list[str]:
    """Give what `score_boxes.py` prints as rows."""
    keys = ("n", "ap50", "recall_at_precision95")
    return [f"| {what} | {line.split(':')[0]} | {as_cells(line, keys)} |" for line in said.splitlines()[:-1]]


def add(added: Path, classes: tuple[str, ...], labels: Path, predictions: Path) -> None:
    """Append heads of a list (see `added_heads`) to YOLO label files that number ``classes``."""
    lines = predictions.read_text(encoding="utf-8").splitlines()
    sizes = {Path(row["image"]).stem: (row["width"], row["height"]) for row in map(json.loads, lines)}
    for picture_, heads in added_heads(added).items():
        numbered = [(classes.index(label), list(box)) for label, box in heads]
        with (labels / f"{picture_}.txt").open("a", encoding="utf-8") as file:
            file.write("\n" + yolo_lines(numbered, *sizes[picture_]))


def detected(path: Path, look: Callable[[Image], list[Detection]]) -> dict[str, Any]:
    """Give one picture's line as `etle detect` writes it."""
    image = picture(path)
    found = [{"class": d.label, "confidence": d.confidence, "box": list(d.box_xyxy)} for d in look(image)]
    return {"image": path.name, "width": image.shape[1], "height": image.shape[0], "detections": found}


def junction(data: Path) -> list[str]:
    """Rows of the junction camera: how many of those counted by eye are found, ours and YOLOX-nano."""
    with COUNTED.open(newline="") as opened:
        counted = list(csv.DictReader(opened))
    detector = load_detector(None)
    peer = YoloxPeer(data / "peer-weights" / "yolox_nano.onnx")
    rows = []
    for name, look in (("ours", detector.detect), ("YOLOX-nano", peer.detect)):
        seen: dict[str, int] = {"motorcycle": 0, "car": 0}
        for image in sorted({row["image"] for row in counted}):
            found = look(picture(data / "junction-yogyakarta" / image))
            own = [row for row in counted if row["image"] == image]
            for label in seen:
                truth = [
                    tuple(float(row[k]) for k in ("x1", "y1", "x2", "y2"))
                    for row in own
                    if row["class"] == label
                ]
                seen[label] += matched(truth, [d.box_xyxy for d in found if d.label == label])
        for label, hits in seen.items():
            total = sum(row["class"] == label for row in counted)
            rows.append(f"| {label} | {name} | {hits} of {total} | {hits / total:.3f} |")
    return rows


def head_lamps(data: Path) -> list[str]:
    """Tell the lamps of the real motorcycles that were never trained on, their boxes as labelled; give the rows."""
    lamps = real_lamps(data, held_out=True)
    looks = [told(i, one) for i, one in enumerate(probabilities([plainly(lamp) for lamp in lamps]))]
    rows = []
    for state in LampState:
        own = [look for look, lamp in zip(looks, lamps, strict=True) if lamp.state is state]
        off = sum(look.clear and look.off > 0 for look in own)
        lit = sum(look.clear and look.off == 0 for look in own)
        rows.append(f"| {state.value} | {len(own)} | {lit} | {off} | {len(own) - lit - off} |")
    return rows


def matched(truth: Sequence[Any], found: Sequence[Any]) -> int:
    """Count the truth boxes that a found box overlaps by `SAME`, each found box once."""
    left, hits = list(found), 0
    for box in truth:
        best = max(left, key=lambda other: iou(other, box), default=None)
        if best is not None and iou(best, box) >= SAME:
            left.remove(best)
            hits += 1
    return hits


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scenes", type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Accuracy",
        "",
        "Written by `python -m benchmarks.accuracy`; see its head. Real photographs first, rendered scenes apart.",
        "",
        "## Plates in real photographs",
        "| set | reader | n | read | wrong | doubt | found | cer |",
        "|---|---|---|---|---|---|---|---|",
        *plates(given.data, given.tools, given.out),
        "",
        "`read` is exact, accepted or not; `wrong` is accepted with a wrong text; `doubt` is left to a person.",
        "",
        "## Held-out quarters of real sets",
        "| set | class | n | AP50 | recall at precision .95 |",
        "|---|---|---|---|---|",
        *boxes(given.data, given.tools, given.out),
        "",
        "## A junction camera in Yogyakarta, near half, counted by eye",
        "| class | detector | found | share |",
        "|---|---|---|---|",
        *junction(given.data),
        "",
        "## Signal heads, the quarter never trained on",
        "| state | n | right where known | unknown |",
        "|---|---|---|---|",
        *(f"| {s} | {n} | {r:.4f} | {u:.4f} |" for s, (n, r, u) in measure_signals(given.data).items()),
        "",
    ]
    lines += [
        "## Head lamps of motorcycles by day, the quarter never trained on, told by eye first",
        "| truth | n | told lit | told off | told nothing |",
        "|---|---|---|---|---|",
        *head_lamps(given.data),
        "",
    ]
    if given.scenes is not None:
        lines += ["## Rendered scenes of unseen seeds", "| what | n | figure |", "|---|---|---|"]
        lines += [*objects(given.scenes), *wide_plates(given.scenes), ""]
    TABLE.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
