"""The base colour of a plate, by day and by night. Source of the colours: Perpol 7/2021."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

import cv2
import numpy as np
from numpy.typing import NDArray

from plate_reader.base import Image

COLOURS = ("white", "black", "yellow", "red", "green")
# Chroma as a share of the brightest light on the plate: lamps tint white to 0.25, yellow paint has 0.7 and
# up.
_TINTED, _TINT_SOFTNESS = 0.42, 0.05
_RED, _RED_SOFTNESS = 0.26, 0.04
_POLARITY_SOFTNESS = 0.06
_WORK_WIDTH = 128


def base_colour(number: Image, expiry: Image) -> dict[str, float]:
    """Give a probability for each of `COLOURS` from a plate's two lines, each (h, w, 3) uint8 BGR.

    The number line gives the plate's lightest and darkest tone. The expiry line holds little ink, so its
    middle tone is the base; whether that is the lighter or the darker one tells white from black by any
    light. Probabilities sum to less than one where the plate has little contrast.
    """
    if number.size < 3 * 60 or expiry.size < 3 * 30:
        return dict.fromkeys(COLOURS, 0.0)
    above, below = _small(number), _small(expiry)
    grey = above.mean(axis=2)
    low, high = (float(v) for v in np.percentile(grey, (5, 95)))
    base = np.median(below.reshape(-1, 3), axis=0)
    if base[0] > 1.5 * base[2] and base[0] - base[2] > 0.3 * high:
        # A blue strip marks a battery-electric vehicle and hides the base: its ink is white there, black
        # above.
        base = np.percentile(above.reshape(-1, 3), 80, axis=0)
    clear = _sigmoid(((high - low) / max(20.0, high) - 0.25) / 0.06)
    light = _sigmoid(((float(base.mean()) - low) / max(1.0, high - low) - 0.5) / _POLARITY_SOFTNESS)
    ink_white = float(np.median(above[grey >= high], axis=0).max())
    tinted = _sigmoid((_chroma(base, float(base.max())) - _TINTED) / _TINT_SOFTNESS)
    reddish = _sigmoid((_chroma(base, max(ink_white, 1.0)) - _RED) / _RED_SOFTNESS) * float(
        base.argmax() == 2
    )
    blue, green, red = (float(v) / max(1.0, float(base.max())) for v in base)
    # Yellow keeps its green nearly as strong as its red; green paint keeps little of either other.
    greenish = _sigmoid((green - red - 0.05) / 0.05)
    warm = _sigmoid((green - blue - 0.2) / 0.05) * _sigmoid((green - 0.5) / 0.05)
    # Red paint is dark to the eye, but not beside its own faded ink: strongly red is red at any tone.
    red_paint = tinted * _sigmoid((0.45 - green) / 0.04) * float(base.argmax() == 2)
    return {
        "white": clear * light * (1 - tinted),
        "black": clear * (1 - light) * (1 - reddish),
        "yellow": clear * tinted * (1 - greenish) * warm * light,
        "red": clear * max((1 - light) * reddish, red_paint * light),
        "green": clear * light * tinted * greenish,
    }


def colour_of(lines: Sequence[tuple[Image, Image]], least: float = 0.75) -> tuple[str | None, float]:
    """Give the base colour over several pictures (number line, expiry line) of one plate.

    With it goes its probability. The colour is None where no colour reaches ``least``.
    """
    if not lines:
        return None, 0.0
    seen = [base_colour(number, expiry) for number, expiry in lines]
    mean = {colour: float(np.mean([s[colour] for s in seen])) for colour in COLOURS}
    best = max(mean, key=lambda colour: mean[colour])
    return (best, mean[best]) if mean[best] >= least else (None, mean[best])


def _small(line: Image) -> NDArray[np.float32]:
    size = (_WORK_WIDTH, max(8, round(_WORK_WIDTH * line.shape[0] / line.shape[1])))
    out: NDArray[np.float32] = cv2.GaussianBlur(
        cv2.resize(line, size, interpolation=cv2.INTER_AREA), (0, 0), 1.0
    ).astype(np.float32)
    return out


def _chroma(colour: NDArray[np.float32], white: float) -> float:
    return float(colour.max() - colour.min()) / max(1.0, white)


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + exp(-max(-40.0, min(40.0, x))))
