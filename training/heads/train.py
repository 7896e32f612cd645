"""Train the head network: ``python -m training.heads.train OUT [--steps N] [--fold K]``.

Wants ``OUT/rendered`` and ``OUT/real`` as the road detector does (see `training_set` and `real_set`): of the real
pictures, those of ``helmets-th`` that may train. Writes ``OUT/heads.ckpt`` on the way, goes on from it, and at its end
puts the weights and their hash into ``detectors/weights``. With ``--fold K`` (0..4) it learns without the K-th fifth in
time, says how well it tells that fifth, and ships nothing: that is how its settings were chosen.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from detectors.head_network import (
    BARE,
    CLASSES,
    HELMET,
    WEIGHTS,
    HeadNetwork,
    head_square,
    network_input,
)
from training.detector.coco_start import fetch, start
from training.heads.examples import REAL_SET, REAL_SHARE, Head, example, read_heads
from training.precision import autocast
from training.small_networks import ship

SEED, BATCH = 20261127, 48
BODY_RATE, HEAD_RATE = 2e-4, 1e-3
WEIGHT_DECAY, SMOOTHING, EMA = 0.05, 0.05, 0.995
SAVE_EVERY, FOLDS = 300, 5


def fresh(out: Path) -> HeadNetwork:
    """Give a network whose body knows COCO."""
    network = HeadNetwork()
    taught = start(fetch(out)).model[: len(network.body)]
    network.body.load_state_dict(taught.state_dict())
    return network


def _batch(
    real: list[Head], rendered: list[Head], rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    squares, labels = [], []
    for _ in range(BATCH):
        heads = real if rng.random() < REAL_SHARE else rendered
        label = BARE if rng.random() < 0.5 else HELMET
        own = [head for head in heads if head.label == label]
        squares.append(example(own[rng.integers(len(own))], rng))
        labels.append(label)
    return network_input(squares), torch.tensor(labels)


def _bare(network: HeadNetwork, heads: list[Head]) -> NDArray[np.float64]:
    squares = []
    for head in heads:
        h, w = head.image.shape[:2]
        reach = head.side / 2
        box = (w / 2 - reach, h / 2 - reach, w / 2 + reach, h / 2 + reach)
        squares.append(head_square(head.image, box))
    with torch.inference_mode():
        out: NDArray[np.float64] = network(network_input(squares)).softmax(1)[:, BARE].double().numpy()
    return out


def _told(network: HeadNetwork, heads: list[Head]) -> str:
    network.eval()
    sure, bare = _bare(network, heads), np.array([head.label == BARE for head in heads])
    order = np.argsort(-sure)
    precision = np.cumsum(bare[order]) / np.arange(1, len(heads) + 1)
    average = float((precision * bare[order]).sum() / max(1, bare.sum()))
    right = float(np.mean((sure > 0.5) == bare))
    return f"{len(heads)} heads, {int(bare.sum())} bare: right {right:.3f}, average precision of bare {average:.3f}"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--fold", type=int)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(given.threads)
    torch.manual_seed(SEED)
    real, rendered = read_heads(given.out / "real", REAL_SET), read_heads(given.out / "rendered")
    left: list[Head] = []
    if given.fold is not None:
        low, high = given.fold / FOLDS, (given.fold + 1) / FOLDS
        left = [head for head in real if low <= head.group < high]
        real = [head for head in real if not low <= head.group < high]
    print(f"{len(real)} real heads, {len(rendered)} rendered", flush=True)
    network = fresh(given.out)
    averaged = fresh(given.out)
    averaged.load_state_dict(network.state_dict())
    optimizer = torch.optim.AdamW(
        [
            {"params": network.body.parameters(), "base": BODY_RATE},
            {"params": network.out.parameters(), "base": HEAD_RATE},
        ],
        weight_decay=WEIGHT_DECAY,
    )
    name = "heads.ckpt" if given.fold is None else f"heads-{given.fold}.ckpt"
    checkpoint, step, total = given.out / name, 0, 0.0
    if checkpoint.exists():
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(state["model"])
        averaged.load_state_dict(state["averaged"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
    while step < given.steps:
        network.train()
        network.body.eval()
        rng = np.random.default_rng([SEED, step])
        x, y = _batch(real, rendered, rng)
        for group in optimizer.param_groups:
            group["lr"] = group["base"] * (0.01 + 0.99 * (1 + math.cos(math.pi * step / given.steps)) / 2)
        with autocast():
            logits = network(x.contiguous(memory_format=torch.channels_last))
        loss = nn.functional.cross_entropy(logits.float(), y, label_smoothing=SMOOTHING)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for a, b in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
                if a.dtype.is_floating_point:
                    a.lerp_(b, 1 - min(EMA, (1 + step) / (10 + step)))
        step += 1
        total += float(loss.detach())
        if step % 100 == 0:
            told = f"; {_told(averaged, left)}" if left else ""
            print(f"step {step} loss {total / 100:.4f}{told}", flush=True)
            total = 0.0
        if step % SAVE_EVERY == 0 or step == given.steps:
            kept = {
                "model": network.state_dict(),
                "averaged": averaged.state_dict(),
                "optimizer": optimizer.state_dict(),
                "step": step,
            }
            torch.save(kept, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").replace(checkpoint)
    if given.fold is None:
        ship(averaged.half(), WEIGHTS, CLASSES)


if __name__ == "__main__":
    main()
