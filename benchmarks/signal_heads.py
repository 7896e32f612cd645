"""Read crops of signal heads in folders named by state and say how often the reader is right, wrong or
unsure.

usage: python -m benchmarks.signal_heads FOLDER     (FOLDER/red/*.jpg, FOLDER/yellow/*.jpg,
FOLDER/green/*.jpg)
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import cv2

from detectors.signal import read_head

NAMES = {"red": "red", "yellow": "amber", "green": "green"}


def main(folder: Path) -> None:
    """Print one line per true state, and one over all."""
    right_of_all = said_of_all = n_of_all = 0
    for name, truth in NAMES.items():
        said = Counter(
            read_head(cv2.imread(str(p))).state.value for p in sorted((folder / name).glob("*.jpg"))
        )
        n = sum(said.values())
        known = n - said["unknown"] - said["off"]
        right_of_all, said_of_all, n_of_all = right_of_all + said[truth], said_of_all + known, n_of_all + n
        share = said[truth] / max(known, 1)
        print(f"{name}: n={n} right_where_known={share:.4f} known={known / max(n, 1):.3f} {dict(said)}")
    print(
        f"all: n={n_of_all} right_where_known={right_of_all / max(said_of_all, 1):.4f} "
        f"known={said_of_all / max(n_of_all, 1):.3f}"
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
