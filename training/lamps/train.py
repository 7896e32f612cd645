"""Train the lamp network: ``python -m training.lamps.train DATA OUT [--steps N] [--fold K]``.

DATA holds ``helmets-th`` (CC BY 4.0), three quarters of which train; ``OUT/lamps`` what `training.lamps.rendered`
drew. Writes ``OUT/lamp.ckpt`` on the way, goes on from it, and at its end puts the weights and their hash into
``detectors/weights`` and says how the held-out quarter is told. With ``--fold K`` (0..4) it learns without the K-th
fifth in time of what may train, says how well it tells that, and ships nothing: so its settings were chosen.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from detectors.day_lamp import told
from detectors.lamp_network import STATES, WEIGHTS, LampNetwork, LampState, network_input
from training.lamps.examples import Lamp, example, plainly, real_lamps, rendered_lamps
from training.small_networks import ship, teach

SEED, BATCH, RATE = 20261128, 64, 2e-3
REAL_SHARE = 0.55
STATE_SHARES = {LampState.LIT: 0.38, LampState.OFF: 0.38, LampState.UNTOLD: 0.24}
SAVE_EVERY, FOLDS = 300, 5


def verdicts(network: LampNetwork, lamps: Sequence[Lamp]) -> str:
    """Say how lamps are told, as the rule goes by them: for each true state, how many lit, off, and neither."""
    network.eval()
    with torch.inference_mode():
        shares = network(
            torch.from_numpy(np.stack([network_input(plainly(lamp)) for lamp in lamps]))
        ).softmax(1)
    network.train()
    counts: Counter[tuple[str, str]] = Counter()
    for lamp, row in zip(lamps, shares.tolist(), strict=True):
        look = told(0, dict(zip(STATES, row, strict=True)))
        said = "nothing" if not look.clear else "off" if look.off > 0 else "lit"
        counts[lamp.state.value, said] += 1
    return ", ".join(f"{true} as {said}: {n}" for (true, said), n in sorted(counts.items()))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--fold", type=int)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(given.threads)
    torch.manual_seed(SEED)
    real, rendered = real_lamps(given.data), rendered_lamps(given.out)
    left = real_lamps(given.data, held_out=True)
    if given.fold is not None:
        low, high = given.fold / FOLDS, (given.fold + 1) / FOLDS
        left = [lamp for lamp in real if low <= lamp.group < high]
        real = [lamp for lamp in real if not low <= lamp.group < high]
    print(f"{len(real)} real lamps, {len(rendered)} rendered", flush=True)
    sets = [
        {state: [lamp for lamp in s if lamp.state is state] for state in STATES} for s in (real, rendered)
    ]

    def batch(rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        pairs = []
        for _ in range(BATCH):
            some = sets[0] if rng.random() < REAL_SHARE else sets[1]
            own = some[STATES[rng.choice(len(STATES), p=[STATE_SHARES[s] for s in STATES])]]
            pairs.append(example(own[rng.integers(len(own))], rng))
        x = torch.from_numpy(np.stack([network_input(image) for image, _ in pairs]))
        return x, torch.tensor([number for _, number in pairs])

    network = LampNetwork()
    checkpoint = given.out / ("lamp.ckpt" if given.fold is None else f"lamp-{given.fold}.ckpt")
    teach(
        network,
        batch,
        checkpoint,
        given.steps,
        seed=SEED,
        rate=RATE,
        weight_decay=0.05,
        save_every=SAVE_EVERY,
        smoothing=0.02,
    )
    if given.fold is None:
        ship(network, WEIGHTS, [state.value for state in STATES])
    print(f"left out: {verdicts(network, left)}", flush=True)


if __name__ == "__main__":
    main()
