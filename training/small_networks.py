"""What the trainers of the small networks share: steps with checkpoints, and weights shipped with their card."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def teach(
    network: nn.Module,
    batch: Callable[[np.random.Generator], tuple[Tensor, Tensor]],
    checkpoint: Path,
    steps: int,
    *,
    seed: int,
    rate: float,
    weight_decay: float,
    save_every: int,
    smoothing: float = 0.0,
) -> None:
    """Teach a network to tell classes, in so many steps in all, those before the checkpoint included.

    Args:
        network: gives logits (B, classes).
        batch: draws inputs and their classes (B,) int64; a step draws what it would have drawn in one go.
        checkpoint: gone on with where it exists, written every ``save_every`` steps and at the end.
        steps: until then the rate falls to nothing along half a cosine.
        seed: of the batches, and of all chance within the network.
        rate: at the beginning, of AdamW.
        weight_decay: of AdamW.
        save_every: steps between checkpoints.
        smoothing: of the labels.
    """
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=weight_decay)
    step, total = 0, 0.0
    if checkpoint.exists():
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
    network.train()
    while step < steps:
        x, y = batch(np.random.default_rng([seed, step]))
        # What a network leaves out by chance is the same where a run was cut off.
        torch.manual_seed(seed + step)
        for group in optimizer.param_groups:
            group["lr"] = rate * (0.01 + 0.99 * (1 + math.cos(math.pi * step / steps)) / 2)
        loss = nn.functional.cross_entropy(network(x), y, label_smoothing=smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        total += float(loss.detach())
        if step % 100 == 0:
            print(f"step {step} loss {total / 100:.4f}", flush=True)
            total = 0.0
        if step % save_every == 0 or step == steps:
            kept = {"model": network.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
            torch.save(kept, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").replace(checkpoint)


def ship(network: nn.Module, weights: Path, classes: Sequence[str]) -> None:
    """Write weights, and the list with their hash that the loader checks."""
    torch.save(network.eval().state_dict(), weights)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    card = {"name": weights.stem, "classes": list(classes), "files": {weights.name: digest}}
    weights.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
