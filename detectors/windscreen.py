"""The driver behind the windscreen: where in the picture, and whether anything can be judged there.

Indonesia drives on the left and the driver sits on the right (DOMAIN.md, "Law table"): of a car that comes towards the
camera the driver is in the left half of its windscreen as the picture shows it. Nothing of the passenger's half is cut
out, so that no passenger's telephone can be taken for the driver's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from detectors.boxes import crop_region
from detectors.camera import Camera
from detectors.facing import faces
from detectors.types import Box, DriverSighting, Image, Track
from detectors.viewpoint import Viewpoint, viewpoint

# Shares of the box of a car seen from before and above, by the proportions of `detectors.vehicles.SIZES`.
LEFT, RIGHT, TOP, BOTTOM = 0.14, 0.86, 0.05, 0.48
# The driver's half ends short of the middle: what is there may be the passenger's.
DRIVER_SHARE = 0.46
LEAST_HEIGHT_PX = 48
GLARE_VALUE, GLARE_SHARE = 250, 0.08
DARK_VALUE, DARK_SHARE = 28, 0.75
LEAST_CONTRAST = 9.0


@dataclass(frozen=True)
class DriverLook:
    """What a classifier says of one crop: probabilities in 0..1 that the belt is off, that a telephone is in use."""

    belt_off: float
    phone: float


class DriverClassifier(Protocol):
    """Judges drivers' crops. None is shipped: see `detectors.rules.no_seat_belt`."""

    def judge(self, crops: Sequence[Image]) -> list[DriverLook]:
        """Judge each (H, W, 3) uint8 BGR crop, in order."""
        ...


def driver_box(box: Box) -> Box:
    """Give the driver's half of the windscreen of a car whose front is seen, pixels ``xyxy``."""
    x1, y1, x2, y2 = box
    width, height = x2 - x1, y2 - y1
    left, right = x1 + LEFT * width, x1 + RIGHT * width
    return left, y1 + TOP * height, left + DRIVER_SHARE * (right - left), y1 + BOTTOM * height


def why_unclear(crop: Image) -> str | None:
    """Say why nothing can be judged behind this glass, or None: too small, glare, tint, or no contrast."""
    if min(crop.shape[:2]) < LEAST_HEIGHT_PX:
        return "too small"
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    if float(np.mean(grey >= GLARE_VALUE)) > GLARE_SHARE:
        return "glare"
    if float(np.mean(grey <= DARK_VALUE)) > DARK_SHARE:
        return "tint"
    return "no contrast" if float(np.std(grey)) < LEAST_CONTRAST else None


class DriverWatch:
    """Looks at the drivers of the cars that come towards one camera."""

    def __init__(self, camera: Camera, classifier: DriverClassifier) -> None:
        self._classifier = classifier
        self._view: Viewpoint | None = viewpoint(camera.homography.image_to_road, camera.file.frame_size)

    def look(self, image: Image, tracks: Sequence[Track]) -> tuple[DriverSighting, ...]:
        """Look into one frame (H, W, 3) BGR: one sighting for each car whose front is turned to the camera."""
        facing = [t for t in tracks if t.label == "car" and t.confirmed and faces(self._view, t)]
        crops = [crop_region(image, driver_box(t.points[-1].box_xyxy)) for t in facing]
        unclear = [why_unclear(c) if c.size else "too small" for c in crops]
        looks = self._classifier.judge([c for c, why in zip(crops, unclear, strict=True) if why is None])
        waiting = iter(looks)
        out = []
        for track, why in zip(facing, unclear, strict=True):
            look = next(waiting) if why is None else DriverLook(0.0, 0.0)
            out.append(DriverSighting(track.id, why is None, look.belt_off, look.phone, why or ""))
        return tuple(out)
