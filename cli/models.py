"""Which detector and plate reader are used: the shipped ones, or what the command was told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from cli.errors import UsageError
from detectors.base import ObjectDetector
from plate_reader.base import TrackPlateReader

EXPORTS = "*_openvino_model"


@dataclass(frozen=True)
class Models:
    """The detector and the reader of one run, with each model file's SHA-256 by name."""

    detector: ObjectDetector
    reader: TrackPlateReader
    sha256_by_name: Mapping[str, str]


def shipped_weights() -> Path:
    """Give the detector's weights that ship with the package. Raises `UsageError` where none do."""
    folder = Path(str(resources.files("detectors") / "weights"))
    found = sorted(folder.glob(EXPORTS)) or sorted(folder.glob("*.pt"))
    if not found:
        raise UsageError(f"{folder}: no detector weights are installed; name some with --weights")
    return found[0]


def load_models(image_size: int, weights: Path | None = None) -> Models:
    """Load the detector and the plate reader.

    Args:
        image_size: the long side in pixels at which the detector looks.
        weights: other weights than the shipped ones, with their card beside them.

    Raises:
        DetectorError, PlateReaderError: missing or altered models.
    """
    from detectors.signal_network import signal_sha256
    from detectors.yolo import YoloDetector
    from plate_reader.reader import PlateReader

    detector = YoloDetector(weights or shipped_weights(), image_size)
    reader = PlateReader()
    return Models(
        detector,
        reader,
        {**detector.sha256_by_file, **signal_sha256(), **reader.sha256_by_file, **_rapidocr_models()},
    )


def load_detector(
    image_size: int | None, weights: Path | None = None, confidence: float = 0.25
) -> ObjectDetector:
    """Load the detector alone; what it is less sure of than ``confidence`` is dropped."""
    from detectors.yolo import YoloDetector

    return YoloDetector(weights or shipped_weights(), image_size, confidence=confidence)


def _rapidocr_models() -> dict[str, str]:
    """Give the hashes of the recognition models that ship inside RapidOCR's package."""
    folder = Path(str(resources.files("rapidocr") / "models"))
    out = {}
    for file in sorted(folder.glob("*rec*.onnx")):
        with file.open("rb") as opened:
            out[f"rapidocr/{file.name}"] = hashlib.file_digest(opened, "sha256").hexdigest()
    return out
