"""Train the signal network: ``python -m training.signal.train DATA OUT [--steps N]``.

DATA holds ``signal-heads-us`` (CC BY-SA 4.0), three quarters of which train; backgrounds come from the pictures that
taught the road detector (``OUT/real``). Writes ``OUT/signal.ckpt`` on the way, goes on from it, and at its end puts the
weights and their hash into ``detectors/weights``; `benchmarks.signal_heads` says how the held-out quarter is read.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch

from detectors.signal_network import STATES, WEIGHTS, SignalNetwork, network_input
from training.signal.examples import example, read_heads
from training.small_networks import ship, teach

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

    def batch(rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        pairs = [example(heads, backgrounds, rng) for _ in range(BATCH)]
        x = torch.from_numpy(np.stack([network_input(image) for image, _ in pairs]))
        return x, torch.tensor([label for _, label in pairs])

    network = SignalNetwork()
    teach(
        network,
        batch,
        given.out / "signal.ckpt",
        given.steps,
        seed=SEED,
        rate=RATE,
        weight_decay=0.02,
        save_every=SAVE_EVERY,
    )
    ship(network, WEIGHTS, [state.value for state in STATES])


if __name__ == "__main__":
    main()
