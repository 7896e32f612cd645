"""Where a plate's corners are in a crop around it: a small network's answer, and the plate warped straight by it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from plate_reader.base import Image
from plate_reader.straight import stretched

Corners = NDArray[np.float32]
SEEN = (128, 64)
"""Width and height in pixels at which the network sees a crop."""


class CornerNetwork(nn.Module):  # type: ignore[misc]
    """From (B, 1, 64, 128) float -1..1 to (B, 4, 2): corners clockwise from top left, shares of the crop's sides."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (1, 24, 40, 64, 96, 128)
        layers: list[nn.Module] = []
        for inside, outside in pairwise(sizes):
            layers += [nn.Conv2d(inside, outside, 3, 2, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU()]
            layers += [nn.Conv2d(outside, outside, 3, 1, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.out = nn.Sequential(nn.Flatten(), nn.Linear(128 * 2 * 4, 160), nn.ReLU(), nn.Linear(160, 8))

    def forward(self, picture: Tensor) -> Tensor:
        """Give the corners; those that lie outside the crop are below 0 or above 1."""
        out: Tensor = self.out(self.body(picture)).unflatten(1, (4, 2))
        return out


class CornerFinder:
    """Finds corners with checked weights."""

    def __init__(self, weights: Path) -> None:
        """Load the network; ``weights`` is a state dictionary whose hash was checked."""
        self._network = CornerNetwork().eval()
        self._network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))

    def find(self, crops: Sequence[Image]) -> list[Corners]:
        """Give each crop's corners, (4, 2) float32 pixels of the crop, clockwise from top left."""
        if not crops:
            return []
        seen = np.stack([corner_input(crop) for crop in crops])
        with torch.inference_mode():
            shares = self._network(torch.from_numpy(seen)[:, None]).numpy()
        sides = np.array([[crop.shape[1], crop.shape[0]] for crop in crops], np.float32)[:, None, :]
        return list((shares * sides).astype(np.float32))


def corner_input(crop: Image) -> NDArray[np.float32]:
    """Give what the network sees of a crop (h, w, 3) BGR or (h, w) grey: (64, 128) float32 in -1..1."""
    grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY) if crop.ndim == 3 else crop
    small = cv2.resize(
        grey, SEEN, interpolation=cv2.INTER_AREA if grey.shape[1] > SEEN[0] else cv2.INTER_LINEAR
    )
    return stretched(small)
