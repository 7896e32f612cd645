"""Small networks that ship as one state dict in ``detectors/weights``, each with its card: checked, then loaded."""

from __future__ import annotations

from importlib import resources
from itertools import pairwise
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import nn

from detectors.base import WeightsError
from detectors.weights_card import card_path, check_weights, read_card

UNLOADABLE = (
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    RuntimeError,
    TypeError,
    UnpicklingError,
    ValueError,
)
"""What is raised where a file that should hold a network's state holds something else, or another network's."""


def convolutions(*widths: int) -> list[nn.Module]:
    """Give, from each width to the next, two 3×3 convolutions and a halving of the picture's sides."""
    layers: list[nn.Module] = []
    for inside, outside in pairwise(widths):
        layers += [nn.Conv2d(inside, outside, 3, 1, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU()]
        layers += [nn.Conv2d(outside, outside, 3, 1, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU()]
        layers += [nn.MaxPool2d(2)]
    return layers


def shipped(name: str) -> Path:
    """Give the weights ``name`` that ship with the package."""
    return Path(str(resources.files("detectors") / "weights" / name))


def card_sha256(weights: Path) -> dict[str, str]:
    """Check weights by the card beside them and give their SHA-256 by file name. Raises `WeightsError`."""
    return check_weights(weights, read_card(card_path(weights)))


def load_checked(network: nn.Module, weights: Path) -> None:
    """Fill ``network``, and set it to infer.

    Raises:
        WeightsError: the weights are missing, altered, or of another network.
    """
    card_sha256(weights)
    try:
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    except UNLOADABLE as error:
        raise WeightsError(f"{weights}: holds another network: {error}") from error
    network.eval()
