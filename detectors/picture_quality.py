"""Is a camera's picture fit to be judged from: bright enough, sharp enough, and still the view that was calibrated?

What cannot be told (a bus fills the picture, night hides what the day showed) is no fault: only what is measured is.
What the limits come from is measured by `benchmarks/picture_quality.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.camera import Camera
from detectors.types import Image

WIDTH = 960
# The brightest twentieth of a road at night, by its own lamps, lies far above this: a covered lens below.
DARK = 32.0
# Less than this share of the reference's detail is a lens out of focus, wet or dirty.
BLURRED = 0.25
# How far the surveyed points may seem to have gone before the calibration no longer holds, of the picture's width.
MOVED = 0.003
# So few matches fix no view; so many features on both sides and no view is another view.
LEAST_MATCHES, LEAST_FEATURES = 20, 300
_BLOCKS = 12
_FLAT = 4.0


@dataclass(frozen=True)
class PictureQuality:
    """One look. ``brightness``: the 95th percentile of luma, 0..255. ``sharpness``: detail as a share of the
    reference's, None where there is none to compare. ``shift_px``: how far the surveyed points lie from where they
    were, in pixels of the full frame, None where it cannot be told. ``faults``: of dark, blurred, moved; ``strange``
    where the picture is full of detail of which none is the reference's.
    """

    brightness: float
    sharpness: float | None
    shift_px: float | None
    faults: tuple[str, ...]
    strange: bool = False


class View:
    """A picture of the camera as it was when it was calibrated, or first seen: what later ones are compared with."""

    def __init__(self, image: Image, camera: Camera) -> None:
        """Take the reference, (H, W, 3) uint8 BGR in the camera's frame size."""
        self._scale = min(1.0, WIDTH / image.shape[1])
        self._width = image.shape[1]
        self._detector = cv2.ORB.create(nfeatures=1000, fastThreshold=12)
        grey = _grey(image, self._scale)
        self.brightness = _brightness(grey)
        self._detail = _detail(grey)
        # Of the same view were it as bright as can be: what is flat there too has no detail to lose.
        self._flat = self._detail * (255.0 / max(self.brightness, 1.0)) ** 2 < _FLAT
        self._points, self._features = self._find(grey)
        marks = np.array([p.image for p in camera.file.calibration.points], float)
        self._marks = marks * self._scale

    def compare(self, image: Image) -> PictureQuality:
        """Look at a later picture of the same size."""
        grey = _grey(image, self._scale)
        brightness = _brightness(grey)
        # Dusk is no blur: detail goes with the square of brightness. A lamp that comes near is no blur either: it
        # makes the picture brighter and leaves the rest as it is.
        darker = max(1.0, self.brightness / max(brightness, 1.0))
        sharpness = None if self._flat else _detail(grey) * darker**2 / self._detail
        points, features = self._find(grey)
        shift, matches = self._shift(points, features)
        faults = []
        if brightness < DARK:
            faults.append("dark")
        elif sharpness is not None and sharpness < BLURRED:
            faults.append("blurred")
        if shift is not None and shift > MOVED * self._width:
            faults.append("moved")
        full = min(len(points), len(self._points)) >= LEAST_FEATURES
        strange = full and matches < LEAST_MATCHES and not faults
        return PictureQuality(brightness, sharpness, shift, tuple(faults), strange)

    def _find(self, grey: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.uint8] | None]:
        found, features = self._detector.detectAndCompute(grey, None)
        return np.array([k.pt for k in found], float).reshape(-1, 2), features

    def _shift(
        self, points: NDArray[np.float64], features: NDArray[np.uint8] | None
    ) -> tuple[float | None, int]:
        """Give the median way of the surveyed points in pixels of the full frame, and how many matches agree."""
        if features is None or self._features is None or len(points) < 2:
            return None, 0
        pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(self._features, features, k=2)
        near = sorted((p[0] for p in pairs if len(p) == 2 and p[0].distance < 0.75 * p[1].distance), key=_far)
        # Each feature of the later picture stands for one of the reference's: a few that stood for all would fit any
        # motion that gathers them in one place.
        good = list({m.trainIdx: m for m in reversed(near)}.values())
        if len(good) < LEAST_MATCHES:
            return None, len(good)
        before = self._points[[m.queryIdx for m in good]]
        after = points[[m.trainIdx for m in good]]
        # A camera that was turned, tilted, shifted or zoomed a little: four parameters, which noise cannot bend.
        motion, kept = cv2.estimateAffinePartial2D(
            before, after, method=cv2.RANSAC, ransacReprojThreshold=2.0, maxIters=2000, confidence=0.995
        )
        matches = 0 if kept is None else int(kept.sum())
        if motion is None or matches < LEAST_MATCHES:
            return None, matches
        now = self._marks @ motion[:, :2].T + motion[:, 2]
        way = np.linalg.norm(now - self._marks, axis=1)
        return float(np.median(way)) / self._scale, matches


def _far(match: Any) -> float:
    return float(match.distance)


def _grey(image: Image, scale: float) -> NDArray[np.uint8]:
    grey: NDArray[np.uint8] = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
    return grey if scale == 1.0 else _shrunk(grey, scale)


def _shrunk(grey: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    out: NDArray[np.uint8] = small.astype(np.uint8, copy=False)
    return out


def _brightness(grey: NDArray[np.uint8]) -> float:
    return float(np.percentile(grey[::4, ::4], 95))


def _detail(grey: NDArray[np.uint8]) -> float:
    """Give the variance of the Laplacian of the block that three quarters of the picture's blocks lie below: sky and
    asphalt have none.

    Source: Pech-Pacheco and others, Diatom autofocusing in brightfield microscopy, 2000 (variance of the Laplacian).
    """
    edges = cv2.Laplacian(grey, cv2.CV_32F)
    rows = [b for strip in np.array_split(edges, _BLOCKS) for b in np.array_split(strip, _BLOCKS, axis=1)]
    return float(np.percentile([b.var() for b in rows], 75))
