"""Real pictures that may train the road detector: what their makers labelled, and a teacher's boxes for the rest.

``python -m training.detector.real_set DATA OUT`` reads ``helmets-th`` (CC BY 4.0) and ``plates-eu-dashcam`` (MIT) below
DATA and writes, for the part that may train, ``OUT/images``, ``OUT/labels`` (YOLO) and ``OUT/classes.txt``: per picture
the classes that its labels are complete in; a class with a "+" has labels that are right but not all. A class that is
not named there is left out of the loss for that picture.
The held-out quarter goes to ``OUT/held_out.txt`` and is never opened here: the last quarter in time of each of the
helmet camera's recordings, and whole clips of the dashcam.
"""

from __future__ import annotations

import argparse
import re
import shutil
from itertools import groupby
from pathlib import Path

import cv2

from detectors.boxes import iou
from detectors.types import CLASSES, Detection, Image
from training.detector.coco_start import CocoTeacher, fetch
from training.render.training_set import yolo_lines

SURE = 0.35
# Not a class: where a person's head is whose helmet nobody labelled; nothing about heads is learned there.
UNLABELLED_HEAD = len(CLASSES)
HEAD_SHARE = 0.4
SCALES = {"helmets-th": (736, 1280), "plates-eu-dashcam": (960,)}
# The teacher misses about half of the dashcam's vehicles at night: what it finds is learned, what it leaves is not.
TEACHER_MISSES = ("plates-eu-dashcam",)
HELD_OUT_CLIPS = ("dayride-type1-002", "dayride-type1-003", "nightride-type3-001")
OWN = {"helmets-th": ("head_helmet", "head_bare"), "plates-eu-dashcam": ("plate",)}
ROAD_USERS = ("car", "motorcycle", "bus", "truck", "bicycle", "person")


def _number(path: Path) -> tuple[str, int]:
    match = re.fullmatch(r"(.*?)[-_](\d+)", path.stem)
    assert match is not None
    return match[1], int(match[2])


def split(folder: Path, name: str) -> tuple[list[Path], list[Path]]:
    """Give (pictures that may train, pictures held out) of a set."""
    pictures = sorted((folder / name / "images").iterdir(), key=_number)
    if name == "plates-eu-dashcam":
        held = [p for p in pictures if p.stem.startswith(HELD_OUT_CLIPS)]
    else:
        held = []
        for _, group in groupby(pictures, key=lambda p: _number(p)[0]):
            members = list(group)
            held += members[len(members) - round(len(members) / 4) :]
    taken = set(held)
    return [p for p in pictures if p not in taken], held


def merged(found: list[Detection], threshold: float = 0.55) -> list[Detection]:
    """Keep the surest of boxes that overlap; a car seen as a truck too is what the surer box says."""
    kept: list[Detection] = []
    for d in sorted(found, key=lambda d: -d.confidence):
        rivals = [k for k in kept if (k.label == "person") == (d.label == "person")]
        if all(iou(d.box_xyxy, k.box_xyxy) < threshold for k in rivals):
            kept.append(d)
    return kept


def with_riders(found: list[Detection]) -> list[Detection]:
    """Widen each two-wheeler's box to its riders: a motorcycle of `detectors` is the machine and who sits on it."""
    people = [d for d in found if d.label == "person"]
    out = []
    for d in found:
        if d.label not in ("motorcycle", "bicycle"):
            out.append(d)
            continue
        x1, y1, x2, y2 = d.box_xyxy
        for p in people:
            px1, py1, px2, py2 = p.box_xyxy
            middle = (px1 + px2) / 2
            sits = x1 < middle < x2 and y1 - 0.2 * (y2 - y1) < py2 < y2 and py1 < y1 + 0.3 * (y2 - y1)
            if sits and (py2 - py1) < 2.2 * (d.box_xyxy[3] - d.box_xyxy[1]):
                x1, y1, x2, y2 = min(x1, px1), min(y1, py1), max(x2, px2), max(y2, py2)
        out.append(Detection(d.label, d.confidence, (x1, y1, x2, y2)))
    return out


def teach(teacher: CocoTeacher, image: Image, scales: tuple[int, ...]) -> list[Detection]:
    """Give the teacher's sure boxes over several scales."""
    return with_riders(merged([d for s in scales for d in teacher.detect(image, s, SURE)]))


def unlabelled_heads(
    people: list[Detection], labels: list[tuple[int, list[float]]]
) -> list[tuple[int, list[float]]]:
    """Give the upper part of each person in whom no labelled head lies: the makers of the set labelled only some."""
    out = []
    for p in people:
        x1, y1, x2, y2 = p.box_xyxy
        dx, dy = 0.15 * (x2 - x1), 0.1 * (y2 - y1)
        box = [x1 - dx, y1 - dy, x2 + dx, y1 + HEAD_SHARE * (y2 - y1)]
        middles = [((b[0] + b[2]) / 2, (b[1] + b[3]) / 2) for _, b in labels]
        if not any(box[0] < x < box[2] and box[1] < y < box[3] for x, y in middles):
            out.append((UNLABELLED_HEAD, box))
    return out


def _own_labels(path: Path, name: str, image: Image) -> list[tuple[int, list[float]]]:
    h, w = image.shape[:2]
    out = []
    file = path.parent.parent / "labels" / f"{path.stem}.txt"
    for line in file.read_text().splitlines() if file.exists() else []:
        number, x, y, bw, bh = line.split()[:5]
        cx, cy, hw, hh = float(x) * w, float(y) * h, float(bw) * w / 2, float(bh) * h / 2
        out.append((CLASSES.index(OWN[name][int(number)]), [cx - hw, cy - hh, cx + hw, cy + hh]))
    return out


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    for name in ("images", "labels"):
        (given.out / name).mkdir(parents=True, exist_ok=True)
    teacher = CocoTeacher(fetch(given.out.parent))
    complete, held_out = [], []
    for name in OWN:
        train, held = split(given.data, name)
        held_out += [f"{name}/{p.name}" for p in held]
        mark = "+" if name in TEACHER_MISSES else ""
        known = ",".join((*(c + mark for c in ROAD_USERS), *OWN[name]))
        for i, path in enumerate(train):
            target = f"{name}-{path.stem}"
            complete.append(f"{target} {known}")
            label = given.out / "labels" / f"{target}.txt"
            if label.exists():
                continue
            image = cv2.imread(str(path))
            assert image is not None
            labels = _own_labels(path, name, image)
            found = teach(teacher, image, SCALES[name])
            if "head_bare" in OWN[name]:
                labels += unlabelled_heads([d for d in found if d.label == "person"], labels)
            labels += [(CLASSES.index(d.label), list(d.box_xyxy)) for d in found]
            shutil.copy(path, given.out / "images" / f"{target}{path.suffix}")
            label.write_text(yolo_lines(labels, image.shape[1], image.shape[0]))
            if i % 20 == 0:
                print(f"{name}: {i + 1}/{len(train)}", flush=True)
    (given.out / "classes.txt").write_text("\n".join(complete) + "\n")
    (given.out / "held_out.txt").write_text("\n".join(held_out) + "\n")


if __name__ == "__main__":
    main()
