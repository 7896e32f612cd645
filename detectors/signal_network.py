"""A small network that says what a signal head shows: the eyes behind `detectors.signal.read_head`."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detectors.small_network import convolutions, load_checked, shipped
from detectors.types import Image, SignalState

WEIGHTS = shipped("signal.pt")
SEEN = (24, 56)
"""Width and height in pixels at which the network sees a head."""
STATES = (SignalState.RED, SignalState.AMBER, SignalState.GREEN, SignalState.OFF, SignalState.UNKNOWN)
"""What its outputs stand for, in order."""


class SignalNetwork(nn.Module):  # type: ignore[misc]
    """From (B, 3, 56, 24) float 0..1 BGR to (B, 5) logits, see `STATES`."""

    def __init__(self) -> None:
        super().__init__()
        # Where a lamp is lit says as much as its hue, so the places are kept.
        self.body = nn.Sequential(
            *convolutions(3, 24, 48, 96), nn.Flatten(), nn.Dropout(0.2), nn.Linear(96 * 7 * 3, 64), nn.ReLU()
        )
        self.out = nn.Linear(64, len(STATES))

    def forward(self, picture: Tensor) -> Tensor:
        """Give the logits."""
        out: Tensor = self.out(self.body(picture))
        return out


def network_input(region: Image) -> NDArray[np.float32]:
    """Give (3, 56, 24) float32 0..1 from a head's region (H, W, 3) uint8 BGR."""
    shrinks = region.shape[0] > SEEN[1]
    small = cv2.resize(region, SEEN, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.ascontiguousarray(small.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)


@cache
def _shipped() -> SignalNetwork:
    network = SignalNetwork()
    load_checked(network, WEIGHTS)
    return network


def probabilities(region: Image) -> dict[SignalState, float]:
    """Give the probability of each state of a head's region (H, W, 3) uint8 BGR, at least 1×1.

    Raises:
        WeightsError: the weights are missing or altered.
    """
    with torch.inference_mode():
        shares = _shipped()(torch.from_numpy(network_input(region))[None]).softmax(1)[0].tolist()
    return dict(zip(STATES, (float(s) for s in shares), strict=True))
