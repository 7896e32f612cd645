"""A second look at each head, at the frame's own size: bare, or under a helmet.

The road detector sees whole frames made small and finds heads well, but which of the two they are it guesses from a few
pixels. This network sees one head large.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detectors.heads import AROUND, SIDE
from detectors.small_network import load_checked, shipped
from detectors.types import Box, Image

WEIGHTS = shipped("heads.pt")
BARE, HELMET = 0, 1
CLASSES = ("head_bare", "head_helmet")
"""What its outputs stand for, in order."""


class HeadNetwork(nn.Module):  # type: ignore[misc]
    """From (B, 3, 96, 96) float 0..1 RGB to (B, 2) logits, see `CLASSES`. The body is the first five layers of
    YOLOv5s (ultralytics/yolov5, models/yolov5s.yaml), which know edges and textures from COCO."""

    def __init__(self) -> None:
        from ultralytics.nn.modules import C3, Conv

        super().__init__()
        self.body = nn.Sequential(
            Conv(3, 32, 6, 2, 2), Conv(32, 64, 3, 2), C3(64, 64, 1), Conv(64, 128, 3, 2), C3(128, 128, 2)
        )
        # Where on the head something is says as much as what: the places are kept.
        self.out = nn.Sequential(
            nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Dropout(0.4), nn.Linear(128 * 16, len(CLASSES))
        )

    def forward(self, picture: Tensor) -> Tensor:
        """Give the logits."""
        out: Tensor = self.out(self.body(picture))
        return out


def head_square(image: Image, box: Box) -> Image:
    """Give the (96, 96, 3) uint8 BGR square around a head's box ``xyxy`` in pixels of (H, W, 3) ``image``."""
    x1, y1, x2, y2 = box
    side = max(x2 - x1, y2 - y1, 1.0) * AROUND
    scale = SIDE / side
    left, top = (x1 + x2) / 2 - side / 2, (y1 + y2) / 2 - side / 2
    if scale < 0.6:
        # Warping skips pixels where it shrinks: shrink a cut first.
        x0, y0 = max(0, int(left)), max(0, int(top))
        cut = image[y0 : max(y0 + 1, int(top + side) + 1), x0 : max(x0 + 1, int(left + side) + 1)]
        if cut.size:
            size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
            small = cv2.resize(cut, size, interpolation=cv2.INTER_AREA)
            image = np.asarray(small, np.uint8)
            left, top, scale = (left - x0) * scale, (top - y0) * scale, 1.0
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    square = cv2.warpAffine(image, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(square, np.uint8)


def network_input(squares: Sequence[Image]) -> Tensor:
    """Give (B, 3, 96, 96) float 0..1 RGB."""
    stacked: NDArray[np.uint8] = np.stack([s[..., ::-1].transpose(2, 0, 1) for s in squares])
    return torch.from_numpy(stacked).float() / 255


@cache
def _shipped() -> HeadNetwork:
    network = HeadNetwork()
    load_checked(network, WEIGHTS)
    whole: HeadNetwork = network.float().to(memory_format=torch.channels_last)
    return whole


def bare_probabilities(image: Image, boxes: Sequence[Box]) -> list[float]:
    """Give for each head's box ``xyxy`` in pixels of ``image`` (H, W, 3) uint8 BGR how surely it is bare, 0..1.

    Raises:
        WeightsError: the weights are missing or altered.
    """
    if not boxes:
        return []
    squares = network_input([head_square(image, box) for box in boxes])
    with torch.inference_mode():
        shares = _shipped()(squares.contiguous(memory_format=torch.channels_last)).softmax(1)
    return [float(share) for share in shares[:, BARE]]
