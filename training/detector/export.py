"""Turn a training checkpoint into the weights that are shipped: an OpenVINO export in half precision, and its card.

``python -m training.detector.export training/out/road.ckpt`` writes ``detectors/weights/road_openvino_model/`` and
``detectors/weights/road.json``, the list of its files with their SHA-256 that `detectors.weights_card` checks.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import torch

from detectors.types import CLASSES
from detectors.weights_card import sha256_of, weight_files
from training.detector.coco_start import start

WEIGHTS = Path(__file__).parents[2] / "detectors" / "weights"
NAME = "road_openvino_model"
MOST_BYTES = 15_000_000
# What ultralytics notes beside an export that would differ from run to run or name the machine.
NOT_KEPT = ("date:", "description:", "docs:", "author:", "version:")


def save_pt(checkpoint: Path, target: Path, steps: str = "averaged") -> None:
    """Write a checkpoint's network as a ``.pt`` that ultralytics loads."""
    model = start(None)
    model.load_state_dict(torch.load(checkpoint, weights_only=True)[steps])
    model.eval()
    torch.save({"model": model.half(), "train_args": {}, "epoch": -1, "ema": None, "optimizer": None}, target)


def export(checkpoint: Path, weights: Path) -> Path:
    """Export into ``weights``; give the export's folder.

    Raises:
        ValueError: a file came out at 15 MB or more.
    """
    from ultralytics import YOLO

    target = weights / NAME
    with tempfile.TemporaryDirectory() as folder:
        pt = Path(folder) / "road.pt"
        save_pt(checkpoint, pt)
        made = Path(YOLO(str(pt)).export(format="openvino", imgsz=(544, 960), half=True, dynamic=True))
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(made, target)
    note = target / "metadata.yaml"
    lines = note.read_text(encoding="utf-8").splitlines(keepends=True)
    note.write_text("".join(line for line in lines if not line.startswith(NOT_KEPT)), encoding="utf-8")
    for file in weight_files(target):
        if file.stat().st_size >= MOST_BYTES:
            raise ValueError(
                f"{file}: {file.stat().st_size} bytes: weights in the repository stay under 15 MB"
            )
    card = {
        "classes": list(CLASSES),
        "files": {f"{NAME}/{f.relative_to(target)}": sha256_of(f) for f in weight_files(target)},
    }
    (weights / "road.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return target


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    given = parser.parse_args()
    given.weights.mkdir(parents=True, exist_ok=True)
    print(export(given.checkpoint, given.weights))


if __name__ == "__main__":
    main()
