"""What a signal head shows, read from its place in the picture.

Two witnesses look at a head. One measures light: the lamps' order is fixed by law (PM 49/2014 of the Ministry of
Transport: red above, amber in the middle, green below), so a lamp counts only where light of its hue is brightest in
its own third. The other is a small network that has seen heads in glare, haze and night. A state that is not plain,
or on which they disagree, is UNKNOWN: no rule acts on that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.boxes import crop_region
from detectors.camera import SignalHead
from detectors.signal_network import probabilities
from detectors.types import Frame, Image, SignalState

# Hues in OpenCV's half degrees. An LED lamp's edge runs from red to orange and from green to cyan.
_HUES: dict[SignalState, tuple[tuple[int, int], ...]] = {
    SignalState.RED: ((0, 14), (158, 180)),
    SignalState.AMBER: ((6, 34),),
    SignalState.GREEN: ((38, 100),),
}
_LAMPS = (SignalState.RED, SignalState.AMBER, SignalState.GREEN)
_MIN_SIDE_PX = 6
_LIT = 0.03
_CLEAR = 2.0
_DARK = 0.45
_EVEN = 0.25
# How sure the network must be of what the light shows plainly, and of what it does not.
_SUPPORT, _ALONE = 0.5, 0.97


@dataclass(frozen=True)
class HeadReading:
    """One frame's reading: ``light`` is how much light of its own hue each third shows beyond the others,
    0..1."""

    state: SignalState
    light: tuple[float, float, float]


def read_head(region: Image) -> HeadReading:
    """Read a head from its region, (H, W, 3) BGR: all three lamps, red above.

    Red together with amber is read as AMBER, which never makes a violation. Two other lamps lit, light of a
    wrong hue, glare over the whole head and regions under 6 px are UNKNOWN; a dark head without light is OFF.

    Raises:
        WeightsError: the network's weights are missing or altered.
    """
    if region.shape[0] < 3 * _MIN_SIDE_PX or region.shape[1] < _MIN_SIDE_PX:
        return HeadReading(SignalState.UNKNOWN, (0.0, 0.0, 0.0))
    by_light = _by_light(region)
    shares = probabilities(region)
    if by_light.state is not SignalState.UNKNOWN:
        agreed = shares[by_light.state] >= _SUPPORT
        return by_light if agreed else HeadReading(SignalState.UNKNOWN, by_light.light)
    best = max(shares, key=lambda state: shares[state])
    lit = [_LAMPS[i] for i in range(3) if by_light.light[i] > _LIT]
    if shares[best] >= _ALONE and set(lit) <= {best}:
        return HeadReading(best, by_light.light)
    return by_light


def _by_light(region: Image) -> HeadReading:
    margin = round(0.15 * region.shape[1])
    hsv = cv2.cvtColor(region[:, margin : region.shape[1] - margin], cv2.COLOR_BGR2HSV)
    thirds = np.array_split(hsv, 3, axis=0)
    mass = np.array([[_mass(third, hue) for third in thirds] for hue in _LAMPS])
    light = np.array([mass[i, i] - max(mass[i, j] for j in range(3) if j != i) for i in range(3)])
    shown: tuple[float, float, float] = (float(light[0]), float(light[1]), float(light[2]))
    lit = [i for i in range(3) if light[i] > _LIT]
    bright = [float(np.percentile(third[..., 2], 90)) / 255 for third in thirds]
    if lit == [0, 1] and min(shown[:2]) * 3 > max(shown[:2]):
        return HeadReading(SignalState.AMBER, shown)
    if lit:
        first, *others = sorted(range(3), key=lambda i: -light[i])
        clear = light[first] >= _CLEAR * max(light[others[0]], 0.0)
        brightest = bright[first] >= max(bright) - _EVEN
        return HeadReading(_LAMPS[first] if clear and brightest else SignalState.UNKNOWN, shown)
    off = max(bright) < _DARK and max(bright) - min(bright) < _EVEN
    return HeadReading(SignalState.OFF if off else SignalState.UNKNOWN, shown)


def _mass(third: NDArray[np.uint8], lamp: SignalState) -> float:
    """Give the mean of saturation times value over the pixels that have a lamp's hue and shine, 0..1."""
    hue, saturation, value = (third[..., i].astype(np.float64) for i in range(3))
    shines = (saturation > 70) & (value > 90)
    fits = np.zeros(hue.shape, bool)
    for low, high in _HUES[lamp]:
        fits |= (hue >= low) & (hue <= high)
    return float(np.mean(np.where(shines & fits, saturation * value, 0.0)) / 255**2)


class SignalReader:
    """The states of a camera's signal heads, frame after frame.

    A colour is believed when the last ``agree`` readings within ``window_s`` all say it. A single reading
    that says otherwise makes it UNKNOWN at once, so that a red is never held longer than it was seen. Heads
    whose source is "feed" are taken from the frame's own ``signal_feed``.
    """

    def __init__(self, heads: Sequence[SignalHead], agree: int = 3, window_s: float = 1.0) -> None:
        self._heads = tuple(heads)
        self._agree, self._window_s = agree, window_s
        self._recent: dict[str, deque[tuple[float, SignalState]]] = {
            head.id: deque(maxlen=agree) for head in heads
        }

    def update(self, frame: Frame) -> dict[str, SignalState]:
        """Read all heads in one frame; give each one's state by its id."""
        return {head.id: self._state(head, frame) for head in self._heads}

    def _state(self, head: SignalHead, frame: Frame) -> SignalState:
        if head.source == "feed":
            return frame.signal_feed.get(head.id, SignalState.UNKNOWN)
        recent = self._recent[head.id]
        if recent and frame.t_s <= recent[-1][0]:
            recent.clear()
        recent.append((frame.t_s, read_head(crop_region(frame.image, head.region)).state))
        fresh = [state for t, state in recent if t > frame.t_s - self._window_s]
        return fresh[-1] if len(fresh) == self._agree and len(set(fresh)) == 1 else SignalState.UNKNOWN
