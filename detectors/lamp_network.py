"""A small network that says whether a motorcycle's head lamp is lit, by day: the eyes behind `detectors.day_lamp`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from functools import cache

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detectors.small_network import convolutions, load_checked, shipped
from detectors.types import Box, Image

WEIGHTS = shipped("lamp.pt")
SIDE = 64
"""Side in pixels of the square that the network sees."""
LEFT, RIGHT, TOP, BOTTOM = 0.12, 0.88, 0.25, 0.85
"""Shares of the box of a motorcycle and its rider, 1.6 m high, seen from before and above: where the lamp is. A
dipped-beam lamp is 0.5 to 1.2 m above the ground (UN Regulation No. 53, paragraph 6.2.3)."""


class LampState(Enum):
    """What can be told of a motorcycle's head lamp; ``UNTOLD``: its front is hidden, or not turned here."""

    LIT = "lit"
    OFF = "off"
    UNTOLD = "untold"


STATES = tuple(LampState)
"""What the network's outputs stand for, in order."""


class LampNetwork(nn.Module):  # type: ignore[misc]
    """From (B, 3, 64, 64) float 0..1 BGR to (B, 3) logits, see `STATES`."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(*convolutions(3, 24, 48, 64, 96))
        # A lamp is one spot: what the place that shows most of it says counts, and what all of them say.
        self.out = nn.Sequential(nn.Dropout(0.3), nn.Linear(2 * 96, len(STATES)))

    def forward(self, picture: Tensor) -> Tensor:
        """Give the logits."""
        seen = self.body(picture)
        out: Tensor = self.out(torch.cat([seen.amax((2, 3)), seen.mean((2, 3))], 1))
        return out


def lamp_box(box: Box) -> Box:
    """Give where the head lamp is of a motorcycle whose front is seen, pixels ``xyxy``."""
    x1, y1, x2, y2 = box
    width, height = x2 - x1, y2 - y1
    return x1 + LEFT * width, y1 + TOP * height, x1 + RIGHT * width, y1 + BOTTOM * height


def network_input(region: Image) -> NDArray[np.float32]:
    """Give (3, 64, 64) float32 0..1 from a lamp's place (H, W, 3) uint8 BGR, at least 1×1."""
    shrinks = region.shape[0] > SIDE
    small = cv2.resize(region, (SIDE, SIDE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.ascontiguousarray(small.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)


@cache
def _shipped() -> LampNetwork:
    network = LampNetwork()
    load_checked(network, WEIGHTS)
    return network


def probabilities(regions: Sequence[Image]) -> list[dict[LampState, float]]:
    """Give the probability of each state for each lamp's place (H, W, 3) uint8 BGR, at least 1×1.

    Raises:
        WeightsError: the weights are missing or altered.
    """
    if not regions:
        return []
    with torch.inference_mode():
        shares = _shipped()(torch.from_numpy(np.stack([network_input(r) for r in regions]))).softmax(1)
    return [dict(zip(STATES, (float(s) for s in row), strict=True)) for row in shares]
