"""The TNKB recognition network in the form that EasyOCR's custom-network route asks for: a module with a `Model`.

Input (B, 1, 64, 192) float in -1..1: a straightened plate, or its month·year line. Output (B, 48, 38) logits, blank
first, last a sign for a character that something covers. Convolutions see the whole height, so the line below the
number is told from it by place; two recurrent passes see the whole number, so that a character's neighbours say how
wide and how bold the face is.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Residual(nn.Module):  # type: ignore[misc]
    """Two 3×3 convolutions around a short cut; ``stride`` (down, along) in the first."""

    def __init__(self, inside: int, outside: int, stride: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outside)
        self.second = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outside)
        same = inside == outside and stride == (1, 1)
        self.short = (
            nn.Identity()
            if same
            else nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Give (B, outside, H / down, W / along)."""
        y = torch.relu(self.first_norm(self.first(x)))
        out: Tensor = torch.relu(self.short(x) + self.second_norm(self.second(y)))
        return out


class Model(nn.Module):  # type: ignore[misc]
    """The network; the arguments are the ``network_params`` of ``tnkb.yaml``."""

    def __init__(self, input_channel: int, output_channel: int, hidden_size: int, num_class: int) -> None:
        super().__init__()
        wide = output_channel
        self.body = nn.Sequential(
            nn.Conv2d(input_channel, 24, 3, 2, 1, bias=False),
            nn.BatchNorm2d(24),
            nn.ReLU(),
            Residual(24, 24),
            Residual(24, 56, (2, 2)),
            Residual(56, 56),
            Residual(56, 104, (2, 1)),
            Residual(104, 104),
            Residual(104, wide, (2, 1)),
            Residual(wide, wide),
            nn.Conv2d(wide, wide, (4, 1), bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU(),
        )
        self.drop = nn.Dropout(0.1)
        self.sequence = nn.LSTM(wide, hidden_size, num_layers=2, bidirectional=True, batch_first=True)
        self.out = nn.Linear(2 * hidden_size, num_class)

    def forward(self, picture: Tensor, text: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Give logits (B, T, num_class). ``text`` is EasyOCR's, for networks with attention; not used here."""
        seen = self.body(picture).squeeze(2).transpose(1, 2)
        along, _ = self.sequence(self.drop(seen))
        out: Tensor = self.out(self.drop(along))
        return out
