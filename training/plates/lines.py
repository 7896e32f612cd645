"""Teach the last layer of the second plate reader: ``python -m training.plates.lines OUT [--plates N] [--minutes M]``.

Draws N plates, has PP-OCR's network look at each number line once, and keeps what it sees in ``OUT/lines-*.npz``; then
teaches `plate_reader.pp_ocr.LineHead` to read that, with ``OUT/lines.ckpt`` every few minutes. Run again, both go on
where they stopped. Every plate is drawn from `SEED` and its number.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from plate_reader.pp_ocr import LineHead, PpOcrFeatures
from plate_reader.views import number_line
from training.plates.sheets import random_sheet
from training.plates.shots import shoot
from training.plates.train import Task, ctc_loss, ctc_target, disturbed, train
from training.plates.typefaces import Typeface, all_typefaces

SEED = 778
SHARD, BATCH = 2000, 32
RATE = 1.5e-3


def drawn_line(number: int, faces: tuple[list[Typeface], list[Typeface]]) -> tuple[NDArray[np.uint8], str]:
    """Draw plate ``number``; give its number line (48, 256) uint8 and its text, covered characters as marks."""
    rng = np.random.default_rng([SEED, number])
    sheet = random_sheet(rng, *faces)
    shot = shoot(sheet, rng)
    return number_line(shot.crop, disturbed(shot.corners, rng)), sheet.shown


def look(folder: Path, plates: int) -> list[Path]:
    """Draw ``plates`` plates and write what PP-OCR sees of them, in shards; give their files."""
    faces, eye = all_typefaces(folder / "faces"), PpOcrFeatures()
    files = []
    for first in range(0, plates, SHARD):
        end = min(first + SHARD, plates)
        file = folder / f"lines-{first:06d}-{end:06d}.npz"
        files.append(file)
        if file.exists():
            continue
        seen, texts = [], []
        for start in range(first, end, BATCH):
            drawn = [drawn_line(n, faces) for n in range(start, min(start + BATCH, end))]
            seen.append(eye.of([line for line, _ in drawn]).astype(np.float16))
            texts += [text for _, text in drawn]
        np.savez(file.with_suffix(".new.npz"), seen=np.concatenate(seen), texts=np.array(texts))
        file.with_suffix(".new.npz").replace(file)
        print(f"{end} of {plates} plates drawn", file=sys.stderr, flush=True)
    return files


class LineExamples(Dataset[tuple[Tensor, Tensor, int]]):  # type: ignore[misc]
    """What was seen of the drawn plates with their texts, endless: each round in another order."""

    def __init__(self, seen: NDArray[np.float16], texts: list[str], first: int, count: int) -> None:
        self._seen, self._texts, self._first, self._count = seen, texts, first, count
        self._round, self._order = -1, np.arange(0)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, int]:
        around, at = divmod(self._first + index, len(self._texts))
        if around != self._round:
            self._round = around
            self._order = np.random.default_rng([SEED, 1, around]).permutation(len(self._texts))
        row = int(self._order[at])
        text = self._texts[row]
        return torch.from_numpy(self._seen[row].astype(np.float32)), ctc_target(text), len(text)


def line_loss(network: nn.Module, batch: list[Tensor]) -> Tensor:
    """Give the CTC loss per line."""
    return ctc_loss(network(batch[0]).float(), batch)


def line_task(files: list[Path]) -> Task:
    """Give the task of teaching the layer on what these files hold."""
    shards = [np.load(file) for file in files]
    seen = np.concatenate([shard["seen"] for shard in shards])
    texts = [str(text) for shard in shards for text in shard["texts"]]
    return Task(LineHead(), lambda first, n: LineExamples(seen, texts, first, n), line_loss, RATE)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--plates", type=int, default=50_000)
    parser.add_argument("--minutes", type=float, default=25.0)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    torch.manual_seed(SEED)
    given.out.mkdir(parents=True, exist_ok=True)
    train(line_task(look(given.out, given.plates)), given.out / "lines.ckpt", given.minutes, workers=1)


if __name__ == "__main__":
    main()
