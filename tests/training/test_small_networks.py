"""What the trainers of the small networks share."""

from __future__ import annotations

import hashlib
import itertools
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from detectors.base import WeightsError
from detectors.small_network import load_checked
from detectors.weights_card import card_path
from training.small_networks import ship, teach


class CutOffError(Exception):
    """The session ended."""


def batches(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    x = torch.from_numpy(rng.normal(size=(16, 2)).astype(np.float32))
    return x, (x[:, 0] > x[:, 1]).long()


def taught(folder: Path, cut_off_at: int | None = None) -> nn.Module:
    torch.manual_seed(0)
    network, calls = nn.Sequential(nn.Dropout(0.2), nn.Linear(2, 2)), itertools.count()

    def batch(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        if next(calls) == cut_off_at:
            raise CutOffError
        return batches(rng)

    teach(network, batch, folder / "a.ckpt", 120, seed=1, rate=0.05, weight_decay=0.01, save_every=20)
    return network


def test_a_run_that_was_cut_off_ends_as_one_that_was_not(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    whole = taught(tmp_path / "one")
    with pytest.raises(CutOffError):
        taught(tmp_path / "two", cut_off_at=47)
    parts = taught(tmp_path / "two")
    for a, b in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.allclose(a, b)
    whole.eval()
    x, y = batches(np.random.default_rng(99))
    assert float((whole(x).argmax(1) == y).float().mean()) > 0.9


def test_what_ships_is_loaded_and_nothing_that_was_altered(tmp_path: Path) -> None:
    network, other = nn.Linear(2, 2), nn.Linear(2, 2)
    ship(network, tmp_path / "told.pt", ("this", "that"))
    load_checked(other, tmp_path / "told.pt")
    assert torch.equal(network.weight, other.weight)
    (tmp_path / "told.pt").write_bytes((tmp_path / "told.pt").read_bytes() + b"x")
    with pytest.raises(WeightsError):
        load_checked(other, tmp_path / "told.pt")


@pytest.mark.parametrize(
    "content", [b"", b"no weights", pickle.dumps([1, 2]), pickle.dumps(Path("x")), b"\x80\x05K"]
)
def test_a_listed_file_that_holds_no_network_is_an_error(tmp_path: Path, content: bytes) -> None:
    weights = tmp_path / "told.pt"
    ship(nn.Linear(2, 2), weights, ("this", "that"))
    known = hashlib.sha256(weights.read_bytes()).hexdigest()
    weights.write_bytes(content)
    card = card_path(weights)
    card.write_text(card.read_text(encoding="utf-8").replace(known, hashlib.sha256(content).hexdigest()))
    with pytest.raises(WeightsError, match="holds another network"):
        load_checked(nn.Linear(2, 2), weights)
