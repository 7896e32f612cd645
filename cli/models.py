"""Which detector and plate reader are used: the shipped ones, or what the command was told."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from cli.errors import UsageError
from detectors.base import ObjectDetector
from detectors.types import Detection, Image
from plate_reader.base import TrackPlateReader
from plate_reader.types import PlateReading

EXPORTS = "*_openvino_model"


@dataclass(frozen=True)
class Models:
    """The detector and the reader of one run, with each model file's SHA-256 by name."""

    detector: ObjectDetector
    reader: TrackPlateReader
    sha256_by_name: Mapping[str, str]


class _OneAtATime:
    """A detector and a reader that several cameras' threads share: the networks take one picture after another."""

    def __init__(self, models: Models) -> None:
        self._models, self._lock = models, threading.Lock()

    def detect(self, image: Image) -> list[Detection]:
        with self._lock:
            return self._models.detector.detect(image)

    def detect_batch(self, images: Sequence[Image]) -> list[list[Detection]]:
        with self._lock:
            return self._models.detector.detect_batch(images)

    def read_crops(self, crops: Sequence[Image]) -> PlateReading:
        with self._lock:
            return self._models.reader.read_crops(crops)


def shared(models: Models) -> Models:
    """Give models that any number of threads may use."""
    one = _OneAtATime(models)
    return Models(one, one, models.sha256_by_name)


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
    from detectors import lamp_network, signal_network
    from detectors.second_look import SecondLook
    from detectors.small_network import card_sha256
    from detectors.yolo import YoloDetector
    from plate_reader.reader import PlateReader

    finder = YoloDetector(weights or shipped_weights(), image_size)
    detector = SecondLook(finder)
    reader = PlateReader()
    return Models(
        detector,
        reader,
        {
            **finder.sha256_by_file,
            **detector.sha256_by_file,
            **card_sha256(signal_network.WEIGHTS),
            **card_sha256(lamp_network.WEIGHTS),
            **reader.sha256_by_file,
        },
    )


def load_detector(
    image_size: int | None, weights: Path | None = None, confidence: float = 0.25
) -> ObjectDetector:
    """Load the detector alone; what it is less sure of than ``confidence`` is dropped."""
    from detectors.second_look import SecondLook
    from detectors.yolo import YoloDetector

    finder = YoloDetector(weights or shipped_weights(), image_size, confidence=confidence)
    return SecondLook(finder, confidence)
