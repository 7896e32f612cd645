"""What is seen in rendered scenes of unseen seeds, against their truth: the last tables of `benchmarks.accuracy`.

``scenes`` is a folder of folders that ``etle scene render`` wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.rules_on_truth import frames as rows_of
from cli.models import load_detector
from detectors.base import ObjectDetector
from detectors.types import CLASSES, Image
from plate_reader.photo import padded_crop
from plate_reader.reader import PlateReader
from training.detector.evaluate import CONFIDENCE, measure
from training.render.training_set import labels_of

LEAST_PLATE_PX, LEAST_SEEN = 80.0, 0.95
CAMERA_PX = 1280


def objects(scenes: Path) -> list[str]:
    """Rows of mAP50 of all classes in every 12th frame, as `etle detect` looks and as the camera does."""
    looks = {
        "as `etle detect` looks": load_detector(None, confidence=CONFIDENCE),
        f"as the camera looks, {CAMERA_PX} px": load_detector(CAMERA_PX, confidence=CONFIDENCE),
    }
    truths: list[list[tuple[str, Any]]] = []
    found: dict[str, list[list[tuple[str, float, Any]]]] = {name: [] for name in looks}
    for folder in folders(scenes):
        for image, shown in frames(folder):
            truths.append(labelled(shown))
            for name, detector in looks.items():
                found[name].append(found_in(detector, image))
    classes = tuple(sorted({label for truth_ in truths for label, _ in truth_}))
    rows = []
    for name, seen in found.items():
        result = measure(zip(truths, seen, strict=True), classes)
        rows += [f"| AP50 {label}, {name} | {n} | {ap:.3f} |" for label, (n, ap) in result.items()]
        rows.append(
            f"| mAP50 of these classes, {name} | | {np.mean([ap for _, ap in result.values()]):.3f} |"
        )
    return rows


def wide_plates(scenes: Path) -> list[str]:
    """Rows of plates at least 80 px wide, of each vehicle the one that is widest: read exactly, one crop."""
    reader, exact, wrong = PlateReader(), 0, 0
    widest: dict[tuple[str, int], tuple[float, Image, str]] = {}
    for folder in folders(scenes):
        for image, rows in frames(folder):
            for vehicle, plate in ((o["vehicle"], p) for o in rows for p in o["plates"]):
                x1, y1, x2, y2 = plate["box"]
                known = widest.get((folder.name, vehicle), (LEAST_PLATE_PX,))[0]
                if x2 - x1 >= known and plate["visible"] >= LEAST_SEEN and plate.get("text"):
                    crop, _ = padded_crop(image, (x1, y1, x2, y2), reader.config.pad)
                    widest[folder.name, vehicle] = (x2 - x1, crop.copy(), plate["text"])
    for _, crop, text in widest.values():
        reading = reader.read_crop(crop)
        exact += reading.text == text
        wrong += reading.accepted and reading.text != text
    n, what = len(widest), f"plates of {LEAST_PLATE_PX:.0f} px and more"
    return [
        f"| {what} read exactly, one crop, each vehicle where its plate is widest | {n} | {exact / max(1, n):.4f} |",
        f"| of these accepted with a wrong text | {n} | {wrong / max(1, n):.4f} |",
    ]


def folders(scenes: Path) -> list[Path]:
    """Give the folders of the scenes below one."""
    return sorted(path.parent for path in scenes.glob("*/camera.yaml"))


def frames(folder: Path) -> Iterator[tuple[Image, list[dict[str, Any]]]]:
    """Give every 12th frame of a scene with its objects."""
    truth = {row["frame"]: row for row in rows_of(folder / "frames.jsonl")}
    clip = cv2.VideoCapture(str(next(folder.glob("*.mp4"))))
    for index in range(len(truth)):
        done, image = clip.read()
        if not done:
            break
        if index % 12 == 0 and index in truth:
            yield np.asarray(image, np.uint8), truth[index]["objects"]


def labelled(rows: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """Give a frame's truth as (class, xyxy), of what is seen well enough to be told."""
    return [(CLASSES[number], tuple(box)) for number, box in labels_of(rows)]


def found_in(detector: ObjectDetector, image: Any) -> list[tuple[str, float, Any]]:
    """Give what was found in a frame as (class, confidence, xyxy)."""
    return [(d.label, d.confidence, d.box_xyxy) for d in detector.detect(np.asarray(image, np.uint8))]
