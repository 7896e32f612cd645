"""Read the held-out quarter of ``signal-heads-us`` and say how often the reader is right, wrong or unsure.

usage: python -m benchmarks.signal_heads DATA     (DATA/signal-heads-us/red/*.jpg, …/yellow, …/green)
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from detectors.signal import read_head
from training.signal.examples import read_heads


def measure(data: Path) -> dict[str, tuple[int, float, float]]:
    """Give per state, and for "all": how many heads, share right of those known, share unknown."""
    _, held = read_heads(data / "signal-heads-us")
    said = Counter((head.state.value, read_head(head.image).state.value) for head in held)
    out = {}
    for name in ("red", "amber", "green", "all"):
        own = {pair: n for pair, n in said.items() if name in ("all", pair[0])}
        total = sum(own.values())
        unknown = sum(n for (_, state), n in own.items() if state == "unknown")
        right = sum(n for (truth, state), n in own.items() if truth == state)
        out[name] = (total, right / max(1, total - unknown), unknown / max(1, total))
    return out


def main(data: Path) -> None:
    """Print one line per true state, and one over all."""
    for name, (total, right, unknown) in measure(data).items():
        print(f"{name}: n={total} right_where_known={right:.4f} unknown={unknown:.4f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
