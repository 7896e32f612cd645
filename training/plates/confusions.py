"""Count what the peer recogniser takes for what: ``python -m training.plates.confusions OUT [--plates N]``.

Draws plates of a seed of their own, straightens them by their true corners, disturbed, and has the peer read the number
line without any grammar. Where it names as many characters as there are, each is counted against the true one. Writes
``plate_reader/weights/peer.csv``: for each true character (rows) the share with which each is named (columns).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from plate_reader.beam import greedy
from plate_reader.grammar import ALPHABET
from plate_reader.lookalikes import TABLE
from plate_reader.rapid import RapidRecogniser
from plate_reader.views import number_line
from training.plates.export import write_card
from training.plates.sheets import random_sheet
from training.plates.shots import shoot
from training.plates.train import disturbed
from training.plates.typefaces import all_typefaces

SEED = 20261128
LEAST_PX, BATCH = 60.0, 32
# So often was a character seen named as itself, and each other one a hundredth as often, before anything was counted.
BEFORE = 4.0


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--plates", type=int, default=4000)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    faces, peer = all_typefaces(given.out / "faces"), RapidRecogniser()
    counts = np.full((len(ALPHABET), len(ALPHABET)), BEFORE / 100) + np.eye(len(ALPHABET)) * BEFORE
    lines, texts, used = [], [], 0
    for index in range(given.plates):
        rng = np.random.default_rng([SEED, index])
        sheet = random_sheet(rng, *faces)
        shot = shoot(sheet, rng)
        if float(np.linalg.norm(shot.corners[1] - shot.corners[0])) >= LEAST_PX and sheet.shown == sheet.text:
            crop = np.asarray(cv2.cvtColor(shot.crop, cv2.COLOR_GRAY2BGR), np.uint8)
            lines.append(number_line(crop, disturbed(shot.corners, rng)))
            texts.append(sheet.text)
        if len(lines) == BATCH or index == given.plates - 1:
            for text, posterior in zip(texts, peer.posteriors(lines), strict=True):
                named = greedy(posterior)
                alike = sum(a == b for a, b in zip(named, text, strict=False))
                # Most of it right: else the two are out of step, and nothing can be told.
                if len(named) == len(text) and alike >= len(text) - 3:
                    used += 1
                    for true, said in zip(text, named, strict=True):
                        counts[ALPHABET.index(true), ALPHABET.index(said)] += 1
            lines, texts = [], []
            print(f"{index + 1} of {given.plates}, {used} counted", file=sys.stderr)
    shares = counts / counts.sum(axis=1, keepdims=True)
    rows = [",".join(["", *ALPHABET])]
    rows += [",".join([c, *(f"{v:.5f}" for v in row)]) for c, row in zip(ALPHABET, shares, strict=True)]
    TABLE.write_text("\n".join(rows) + "\n", encoding="ascii")
    write_card(TABLE.parent)


if __name__ == "__main__":
    main()
