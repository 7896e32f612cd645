"""Train the signal network: ``python -m training.signal.train DATA OUT [--steps N]``.

DATA holds ``signal-heads-us`` (CC BY-SA 4.0), three quarters of which train; backgrounds come from the pictures that
taught the road detector (``OUT/real``). Writes ``OUT/signal.ckpt`` on the way, goes on from it, and at its end puts the
weights and their hash into ``detectors/weights`` and prints how the held-out quarter is read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn

from detectors.signal_network import STATES, SignalNetwork, network_input, shipped_signal_weights
from training.signal.examples import example, read_heads

SEED, BATCH, RATE = 20261127, 64, 2e-3
SAVE_EVERY = 500


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=3000)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    torch.manual_seed(SEED)
    heads, _ = read_heads(given.data / "signal-heads-us")
    files = sorted((given.out / "real" / "images").iterdir())[::6]
    backgrounds = [np.asarray(cv2.imread(str(file)), np.uint8) for file in files]
    network = SignalNetwork()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.02)
    checkpoint, step = given.out / "signal.ckpt", 0
    if checkpoint.exists():
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
    network.train()
    total = 0.0
    while step < given.steps:
        rng = np.random.default_rng([SEED, step])
        pairs = [example(heads, backgrounds, rng) for _ in range(BATCH)]
        x = torch.from_numpy(np.stack([network_input(image) for image, _ in pairs]))
        y = torch.tensor([label for _, label in pairs])
        for group in optimizer.param_groups:
            group["lr"] = RATE * (0.01 + 0.99 * (1 + math.cos(math.pi * step / given.steps)) / 2)
        loss = nn.functional.cross_entropy(network(x), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        total += float(loss.detach())
        if step % 100 == 0:
            print(f"step {step} loss {total / 100:.4f}", flush=True)
            total = 0.0
        if step % SAVE_EVERY == 0 or step == given.steps:
            kept = {"model": network.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
            torch.save(kept, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").replace(checkpoint)
    ship(network)


def ship(network: SignalNetwork) -> None:
    """Write the weights and the list with their hash that the loader checks."""
    weights = shipped_signal_weights()
    torch.save(network.eval().state_dict(), weights)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    card = {"name": "signal", "classes": [s.value for s in STATES], "files": {weights.name: digest}}
    weights.with_suffix(".json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
