"""How the plate networks' training stops and goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from training.plates.train import BATCH, TAUGHT_STEPS, Task, train


class Numbers(Dataset[Tensor]):  # type: ignore[misc]
    """Each example is its own number."""

    def __init__(self, first: int) -> None:
        self._first = first

    def __len__(self) -> int:
        return 1 << 40

    def __getitem__(self, index: int) -> Tensor:
        return torch.tensor([float(self._first + index)])


def task(seen: list[float]) -> Task:
    def loss(network: nn.Module, batch: Tensor) -> Tensor:
        seen.append(float(batch[0, 0]))
        out: Tensor = (network(batch / batch.max().clamp(min=1.0)) ** 2).mean()
        return out

    return Task(nn.Linear(1, 1), lambda first, _: Numbers(first), loss, 1e-3)


def test_a_run_goes_on_with_the_plates_after_those_it_has_seen(tmp_path: Path) -> None:
    seen: list[float] = []
    train(task(seen), tmp_path / "net.ckpt", 0.0005, 1)
    steps = len(seen)
    train(task(seen), tmp_path / "net.ckpt", 0.001, 1)
    assert seen == [BATCH * i for i in range(len(seen))] and len(seen) > steps


def test_who_was_taught_sees_plates_of_its_own_and_learns_gently(tmp_path: Path) -> None:
    seen: list[float] = []
    train(task(seen), tmp_path / "net.ckpt", 0.0005, 1, TAUGHT_STEPS)
    assert seen[0] == TAUGHT_STEPS * BATCH
    state = torch.load(tmp_path / "net.ckpt", weights_only=True)
    assert 0 < state["optimizer"]["param_groups"][0]["lr"] < 1e-3 / 3


def test_a_run_does_not_go_on_with_another_ones_checkpoint(tmp_path: Path) -> None:
    train(task([]), tmp_path / "net.ckpt", 0.0005, 1)
    with pytest.raises(ValueError, match="of another run"):
        train(task([]), tmp_path / "net.ckpt", 0.001, 1, TAUGHT_STEPS)
