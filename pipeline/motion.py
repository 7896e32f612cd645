"""The motion gate: where nothing has moved since the last picture looked at, nothing new can be detected."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.types import Image

WIDTH_PX = 320
CHANGE = 10
PIXELS = 5


class MotionGate:
    """Compares with the last picture that was let through, so that slow movement adds up until it shows.

    Pictures are compared in grey, `WIDTH_PX` wide: `PIXELS` of them changed by more than `CHANGE` of 255 are
    movement (a distant motorcycle covers some twenty). It errs towards letting through: noise, rain and a
    change of light all open it, and it opens at least every ``idle_s``, or every ``tracking_s`` while
    vehicles are followed, which must stay below the tracker's patience for a lost vehicle.
    """

    def __init__(self, idle_s: float = 2.0, tracking_s: float = 0.4) -> None:
        self._idle_s, self._tracking_s = idle_s, tracking_s
        self._reference: NDArray[np.uint8] | None = None
        self._passed_s = float("-inf")

    def passes(self, image: Image, t_s: float, following: bool) -> bool:
        """Tell whether this picture must be looked at. ``following``: vehicles are being tracked."""
        small = _small(image)
        due_s = self._tracking_s if following else self._idle_s
        reference = self._reference
        overdue = not 0 <= t_s - self._passed_s < due_s
        if reference is not None and not overdue and reference.shape == small.shape:
            changed = np.count_nonzero(cv2.absdiff(reference, small) > CHANGE)
            if changed < PIXELS:
                return False
        self._reference, self._passed_s = small, t_s
        return True


def _small(image: Image) -> NDArray[np.uint8]:
    height = max(1, round(image.shape[0] * WIDTH_PX / image.shape[1]))
    small = cv2.resize(image, (WIDTH_PX, height), interpolation=cv2.INTER_AREA)
    grey: NDArray[np.uint8] = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    return grey
