"""Flashing beacons on a vehicle's roof: who has right of way may drive as others may not.

Blue lights are the police's; red ones those of ambulances, fire engines, rescue, military escorts and hearses (UU
22/2009 art. 59 (5)); with them and a siren they go before everybody else (art. 134, 135). A camera hears no siren:
whoever flashes is let pass, and somebody who flashes without a right to is an officer's on the road.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from detectors.types import Image

PRIVILEGED = frozenset({
    "red_light", "stop_line", "lane_marking", "wrong_way", "speeding", "average_speed", "bus_lane", "shoulder_use",
    "odd_even",
})  # fmt: skip
"""The rules that right of way overrides; a helmet is worn in any case."""
# Beacons stand on the roof: nothing else that blinks, and no brake lamp, is so high.
ROOF_SHARE = 0.3
LEAST_WIDTH_PX = 24
# Of OpenCV's hue (0..179), saturation and value. A lamp outshines paint of its colour.
BLUE, RED = (98, 132), (172, 8)
LEAST_SATURATION, LEAST_VALUE = 110, 190
# Of the roof's pixels: lit is so much, so many pixels at least, and so many times what is seen between the flashes.
# Paint whose brightness lies at the limit shows more or less of it from frame to frame, but never so much more.
LIT_SHARE, LIT_PIXELS, LIT_TIMES = 0.015, 12, 4.0
# UN Regulation No. 65 has 2 to 4 flashes a second; a slower or half seen one still switches so often in the window.
LEAST_SWITCHES, WINDOW_S, LEAST_LOOKS = 4, 2.5, 10


def flashing(crops: Sequence[Image], times_s: Sequence[float]) -> str | None:
    """Name the colour that flashes on a vehicle's roof, "blue" or "red"; None where none does.

    Args:
        crops: the vehicle's box out of each frame, (H, W, 3) uint8 BGR, in time order; too small ones do not count.
        times_s: when each was seen, seconds, rising.
    """
    seen = [
        (c, t) for c, t in zip(crops, times_s, strict=True) if c.ndim == 3 and c.shape[1] >= LEAST_WIDTH_PX
    ]
    if len(seen) < LEAST_LOOKS:
        return None
    times = np.array([t for _, t in seen])
    for name, hues in (("blue", BLUE), ("red", RED)):
        looks = np.array([_lamp(crop, hues) for crop, _ in seen])
        dark = float(np.quantile(looks[:, 0], 0.2))
        lit = (looks[:, 0] > max(LIT_SHARE, LIT_TIMES * dark)) & (looks[:, 1] >= LIT_PIXELS)
        switched = times[1:][lit[1:] != lit[:-1]]
        starts = np.searchsorted(switched, switched - WINDOW_S)
        if len(switched) and int(np.max(np.arange(len(switched)) - starts)) + 1 >= LEAST_SWITCHES:
            return name
    return None


def _lamp(crop: Image, hues: tuple[int, int]) -> tuple[float, int]:
    """Give how much of the roof a lamp of these hues fills: the share, and pixels."""
    roof = crop[: max(1, round(crop.shape[0] * ROOF_SHARE))]
    hue, saturation, value = cv2.split(cv2.cvtColor(roof, cv2.COLOR_BGR2HSV))
    low, high = hues
    of_hue = (hue >= low) & (hue <= high) if low <= high else (hue >= low) | (hue <= high)
    lamp = of_hue & (saturation >= LEAST_SATURATION) & (value >= LEAST_VALUE)
    return float(np.mean(lamp)), int(np.count_nonzero(lamp))
