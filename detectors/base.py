"""The interface that a detector stands behind, and the errors of this room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from detectors.types import Detection, Image


class DetectorError(RuntimeError):
    """A detector that cannot be used as asked; the message says what to do."""


class WeightsError(DetectorError):
    """Weights that are missing, altered or not what their card says; the message names the file."""


class ObjectDetector(Protocol):
    """Finds vehicles, persons, plates and riders' heads in a picture."""

    def detect(self, image: Image) -> list[Detection]:
        """Find the objects in one (H, W, 3) uint8 BGR picture of any size.

        Boxes are in pixels of the picture given; the surest comes first.
        """
        ...

    def detect_batch(self, images: Sequence[Image]) -> list[list[Detection]]:
        """Find the objects in several pictures; the same answer as one by one, perhaps sooner."""
        return [self.detect(image) for image in images]
