"""What the road detector sees in pictures it never learned from: the held-out real ones, and scenes of unseen seeds.

``python -m training.detector.evaluate DATA OUT --held-out LIST [--scenes FOLDER] [--weights W]``
writes per set ``OUT/SET/labels/*.txt`` and ``OUT/SET/predictions.jsonl`` in the formats of `etle detect` and of the
scorers, and prints AP at IoU 0.5 per class. ``--scenes`` is a folder that `training_set` filled with other seeds.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from ultralytics.utils.metrics import ap_per_class

from detectors.boxes import iou
from detectors.types import CLASSES, Box
from detectors.yolo import YoloDetector
from training.detector.export import NAME, WEIGHTS
from training.detector.real_set import OWN

CONFIDENCE = 0.02
SIZE = {"helmets-th": 1280, "plates-eu-dashcam": 1280}


def measure(
    pairs: Iterable[tuple[list[tuple[str, Box]], list[tuple[str, float, Box]]]], names: tuple[str, ...]
) -> dict[str, tuple[int, float]]:
    """Give per class: how many truth boxes, and average precision at IoU 0.5.

    Args:
        pairs: per picture, the truth (class, xyxy) and what was found (class, confidence, xyxy).
        names: the classes that the truth is complete in.
    """
    right: list[bool] = []
    sure: list[float] = []
    said: list[int] = []
    true: list[int] = []
    for truth, found in pairs:
        true += [names.index(name) for name, _ in truth if name in names]
        open_: dict[str, list[Box]] = defaultdict(list)
        for name, box in truth:
            open_[name].append(box)
        for name, confidence, box in sorted(found, key=lambda f: -f[1]):
            if name not in names:
                continue
            best = max(open_[name], key=lambda t: iou(t, box), default=None)
            hit = best is not None and iou(best, box) >= 0.5
            if hit and best is not None:
                open_[name].remove(best)
            right.append(hit)
            sure.append(confidence)
            said.append(names.index(name))
    if not true or not right:
        return {}
    result = ap_per_class(
        np.array(right)[:, None], np.array(sure), np.array(said), np.array(true), plot=False
    )
    ap: NDArray[np.float64] = result[5]
    counts = np.bincount(true, minlength=len(names))
    return {names[c]: (int(counts[c]), float(ap[i, 0])) for i, c in enumerate(result[6])}


def _truth(file: Path, classes: tuple[str, ...], width: int, height: int) -> list[tuple[str, Box]]:
    out = []
    for line in file.read_text().splitlines() if file.exists() else []:
        number, x, y, w, h = line.split()[:5]
        cx, cy, hw, hh = float(x) * width, float(y) * height, float(w) * width / 2, float(h) * height / 2
        out.append((classes[int(number)], (cx - hw, cy - hh, cx + hw, cy + hh)))
    return out


def evaluate(
    pictures: list[Path], classes: tuple[str, ...], names: tuple[str, ...], detector: YoloDetector, out: Path
) -> dict[str, tuple[int, float]]:
    """Detect in ``pictures`` (labels in ``../labels``), write what was found, and measure it."""
    (out / "labels").mkdir(parents=True, exist_ok=True)
    pairs, lines = [], []
    for path in pictures:
        image = cv2.imread(str(path))
        if image is None:
            raise OSError(f"{path}: cannot be read as a picture")
        label = path.parent.parent / "labels" / f"{path.stem}.txt"
        truth = _truth(label, classes, image.shape[1], image.shape[0])
        found = detector.detect(np.asarray(image, np.uint8))
        text = label.read_text() if label.exists() else ""
        (out / "labels" / label.name).write_text(text)
        rows = [{"class": d.label, "confidence": d.confidence, "box": list(d.box_xyxy)} for d in found]
        lines.append(
            json.dumps(
                {
                    "image": path.name,
                    "width": image.shape[1],
                    "height": image.shape[0],
                    "detections": rows,
                }
            )
        )
        pairs.append((truth, [(d.label, d.confidence, d.box_xyxy) for d in found]))
    (out / "predictions.jsonl").write_text("\n".join(lines) + "\n")
    return measure(pairs, names)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--held-out", type=Path)
    parser.add_argument("--scenes", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS / NAME)
    given = parser.parse_args()
    if given.held_out is not None:
        held = [line.split("/") for line in given.held_out.read_text().split()]
        for name, own in OWN.items():
            pictures = [given.data / name / "images" / file for folder, file in held if folder == name]
            detector = YoloDetector(given.weights, SIZE[name], confidence=CONFIDENCE)
            for label, (n, ap) in evaluate(pictures, own, own, detector, given.out / name).items():
                print(f"{name}: {label} n={n} AP50={ap:.3f}", flush=True)
    if given.scenes is not None:
        names = tuple(c for c in CLASSES if c not in ("person", "bicycle"))
        pictures = sorted((given.scenes / "images").iterdir())
        detector = YoloDetector(given.weights, 960, confidence=CONFIDENCE)
        result = evaluate(pictures, CLASSES, names, detector, given.out / "rendered")
        for label, (n, ap) in result.items():
            print(f"rendered: {label} n={n} AP50={ap:.3f}", flush=True)
        print(f"rendered: mAP50={np.mean([ap for _, ap in result.values()]):.3f}")


if __name__ == "__main__":
    main()
