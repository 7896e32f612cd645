"""Train the two networks of the plate reader, each by one command, on plates drawn while it trains.

``python -m training.plates.train corners OUT --minutes M`` and ``… recogniser OUT --minutes M`` write
``OUT/corners.ckpt`` and ``OUT/tnkb.ckpt`` every few minutes and at the end. Run again, each goes on where it stopped
until M minutes are used in all. Every plate is drawn from `SEED` and its number, so a run that was cut off sees what it
would have seen. ``--taught`` begins with the shipped weights, gentler, on plates that no earlier run has seen.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from plate_reader.corners import CornerNetwork, corner_input
from plate_reader.straight import straightened, stretched
from plate_reader.tnkb import EASYOCR, SIGNS, checked, weights_folder
from plate_reader.weights.tnkb import Model
from training.plates.sheets import random_sheet
from training.plates.shots import shoot, shoot_plainly
from training.plates.typefaces import Typeface, all_typefaces
from training.plates.wear import cloud
from training.precision import autocast

SEED = 20261126
BATCH = 32
# So many plates are seen plainly first, fewer and fewer: CTC finds no letters where none are plain.
PLAIN_FIRST = 60_000
EMA = 0.999
SAVE_EVERY_S = 180.0
# Who was taught already goes on at a third of the rate, from a step on that no earlier run has reached: one of its own
# for each weights.
TAUGHT_RATE, TAUGHT_STEPS = 1 / 3, 1_000_000
WARM_UP = 200
WIDEST_TEXT = 9
EXPIRY_SHARE, NOTHING_SHARE = 0.12, 0.03
NETWORK = {"input_channel": 1, "output_channel": 160, "hidden_size": 128}


def tnkb_network() -> Model:
    """Give the recogniser, untaught."""
    return Model(**NETWORK, num_class=1 + len(SIGNS))


def disturbed(corners: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Move a plate's corners as a corner network errs: mostly a little, at times much."""
    width = float(np.linalg.norm(corners[1] - corners[0]))
    height = float(np.linalg.norm(corners[3] - corners[0]))
    sigma = 0.012 if rng.random() < 0.75 else 0.045
    each = rng.normal(0, sigma, (4, 2)) * [width * 0.6, height * 1.5]
    whole = rng.normal(0, sigma, (1, 2)) * [width * 0.6, height]
    # Where a plate hangs aslant the network sees its lean, but not all of it.
    lean = float(rng.normal(0, 0.07 if rng.random() < 0.25 else 0.01))
    middle = corners.mean(axis=0)
    turned = np.array([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]])
    moved: NDArray[np.float64] = middle + (corners + each + whole - middle) @ turned.T
    return moved.astype(np.float32)


class CornerExamples(Dataset[tuple[Tensor, Tensor]]):  # type: ignore[misc]
    """Crops with their corners, endless: the index is the plate's number."""

    def __init__(self, faces: tuple[list[Typeface], list[Typeface]], first: int, count: int) -> None:
        self._faces, self._first, self._count = faces, first, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng([SEED, 1, self._first + index])
        shot = shoot(random_sheet(rng, *self._faces), rng)
        corners = shot.corners / np.array([shot.crop.shape[1], shot.crop.shape[0]], np.float32)
        return torch.from_numpy(corner_input(shot.crop))[None], torch.from_numpy(corners)


class TextExamples(Dataset[tuple[Tensor, Tensor, int]]):  # type: ignore[misc]
    """Straightened plates with their text, and month·year lines with theirs, endless."""

    def __init__(self, faces: tuple[list[Typeface], list[Typeface]], first: int, count: int) -> None:
        self._faces, self._first, self._count = faces, first, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, int]:
        rng = np.random.default_rng([SEED, 2, self._first + index])
        plain = rng.random() > (self._first + index) / PLAIN_FIRST
        picture, text = text_example(rng, self._faces, plain=plain)
        return torch.from_numpy(stretched(picture))[None], ctc_target(text), len(text)


def ctc_target(text: str) -> Tensor:
    """Give a text's signs as their numbers, the blank being 0, in (9,) int64 filled up with blanks."""
    target = torch.zeros(WIDEST_TEXT, dtype=torch.long)
    target[: len(text)] = torch.tensor([1 + SIGNS.index(c) for c in text], dtype=torch.long)
    return target


def text_example(
    rng: np.random.Generator, faces: tuple[list[Typeface], list[Typeface]], *, plain: bool = False
) -> tuple[NDArray[np.uint8], str]:
    """Give a picture (64, 192) uint8 that the recogniser may be shown, and what stands on it."""
    kind = rng.random()
    sheet = random_sheet(rng, *faces)
    shot = shoot_plainly(sheet, rng) if plain else shoot(sheet, rng)
    corners = disturbed(shot.corners, rng)
    if kind < NOTHING_SHARE:
        # Grilles, stickers, tarmac: nothing is written there.
        noise = cloud(rng, shot.crop.shape, int(rng.integers(3, 40))) * 255
        return straightened(np.clip(noise, 0, 255).astype(np.uint8), corners), ""
    if kind < NOTHING_SHARE + EXPIRY_SHARE:
        text = sheet.expiry
        return straightened(shot.crop, corners, rows=sheet.expiry_rows), text
    return straightened(shot.crop, corners), sheet.shown


@dataclass
class Task:
    """One network to train: its examples and its loss on a batch."""

    network: nn.Module
    examples: Callable[[int, int], Dataset[Any]]
    loss: Callable[[nn.Module, list[Tensor]], Tensor]
    rate: float


def corner_loss(network: nn.Module, batch: list[Tensor]) -> Tensor:
    """Give the mean distance, smooth near nothing, in hundredths of the crop's sides."""
    found = network(batch[0].contiguous(memory_format=torch.channels_last)).float()
    return nn.functional.smooth_l1_loss(100 * found, 100 * batch[1])


def text_loss(network: nn.Module, batch: list[Tensor]) -> Tensor:
    """Give the CTC loss per plate."""
    return ctc_loss(network(batch[0].contiguous(memory_format=torch.channels_last)).float(), batch)


def ctc_loss(logits: Tensor, batch: list[Tensor]) -> Tensor:
    """Give the mean CTC loss of logits (B, T, signs); ``batch`` holds pictures, (B, 9) targets and their lengths."""
    scores = logits.log_softmax(2).transpose(0, 1)
    steps = torch.full((len(logits),), len(scores), dtype=torch.long)
    losses = nn.functional.ctc_loss(scores, batch[1], steps, batch[2], reduction="none", zero_infinity=True)
    return losses.mean()


def task_of(name: str, faces: tuple[list[Typeface], list[Typeface]]) -> Task:
    """Give the task by name: corners or recogniser."""
    if name == "corners":
        return Task(CornerNetwork(), lambda first, n: CornerExamples(faces, first, n), corner_loss, 2e-3)
    return Task(tnkb_network(), lambda first, n: TextExamples(faces, first, n), text_loss, 1.2e-3)


def train(task: Task, checkpoint: Path, minutes: float, workers: int, first: int = 0) -> None:
    """Train until ``minutes`` are used in all, writing ``checkpoint`` on the way.

    Args:
        task: what is taught.
        checkpoint: gone on with where it exists.
        minutes: in all, those before the checkpoint included.
        workers: that draw plates.
        first: the run's first step; not nought where the task's network was taught already, see `TAUGHT_RATE`.

    Raises:
        ValueError: the checkpoint is of a run with another first step.
    """
    network = task.network.to(memory_format=torch.channels_last)
    averaged = copy.deepcopy(network).eval()
    optimizer = torch.optim.AdamW(network.parameters(), lr=task.rate, weight_decay=0.02)
    full_rate = task.rate * (TAUGHT_RATE if first else 1)
    step, used = first, 0.0
    if checkpoint.exists():
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        if state["first"] != first:
            raise ValueError(
                f"{checkpoint}: of another run: that began at step {state['first']}, this at {first}"
            )
        network.load_state_dict(state["model"])
        averaged.load_state_dict(state["averaged"])
        optimizer.load_state_dict(state["optimizer"])
        step, used = state["step"], state["used_s"]

    def save() -> None:
        kept = {
            "model": network.state_dict(),
            "averaged": averaged.state_dict(),
            "optimizer": optimizer.state_dict(),
            "first": first,
            "step": step,
            "used_s": used,
        }
        torch.save(kept, checkpoint.with_suffix(".new"))
        checkpoint.with_suffix(".new").replace(checkpoint)

    loader = DataLoader(
        task.examples(step * BATCH, 1 << 40),
        BATCH,
        num_workers=workers,
        prefetch_factor=4,
        worker_init_fn=_one_thread,
    )
    network.train()
    total, saved, told = 0.0, time.monotonic(), time.monotonic()
    began = time.monotonic()
    for batch in loader:
        spent = used / 60 / minutes
        rate = min(1.0, (step - first + 1) / WARM_UP) * (
            0.005 + 0.995 * (1 + math.cos(math.pi * min(1.0, spent))) / 2
        )
        for group in optimizer.param_groups:
            group["lr"] = full_rate * rate
        with autocast():
            loss = task.loss(network, batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        decay = min(EMA, (1 + step) / (10 + step))
        with torch.no_grad():
            for a, b in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
                if a.dtype.is_floating_point:
                    a.lerp_(b, 1 - decay)
                else:
                    a.copy_(b)
        step += 1
        total += float(loss.detach())
        now = time.monotonic()
        used, began = used + now - began, now
        if step % 100 == 0:
            per = (now - told) / 100 / BATCH * 1000
            print(
                f"step {step} loss {total / 100:.4f} rate {rate:.3f} used {used / 60:.1f} min {per:.2f} ms/plate",
                flush=True,
            )
            total, told = 0.0, now
        if now - saved > SAVE_EVERY_S:
            save()
            saved = now
        if used / 60 >= minutes:
            break
    save()


def _one_thread(_worker: int) -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["corners", "recogniser"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--taught", action="store_true")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    torch.manual_seed(SEED)
    given.out.mkdir(parents=True, exist_ok=True)
    name = "corners" if given.what == "corners" else "tnkb"
    task = task_of(given.what, all_typefaces(given.out / "faces"))
    first = 0
    if given.taught:
        file = f"{name}.pth"
        digest = checked(weights_folder(), file)[file]
        first = TAUGHT_STEPS + int(digest[:5], 16)
        shipped = torch.load(weights_folder() / file, weights_only=True)
        task.network.load_state_dict({key.removeprefix(EASYOCR): value for key, value in shipped.items()})
    train(task, given.out / f"{name}.ckpt", given.minutes, given.workers, first)


if __name__ == "__main__":
    main()
