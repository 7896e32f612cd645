"""Teach the second plate reader, its last layer first: ``python -m training.plates.lines OUT [--plates N]``.

Draws N plates, has PP-OCR's network look at each number line once, and keeps what it sees in ``OUT/lines-*.npz``; then
teaches `plate_reader.pp_ocr.LineHead` to read that, with ``OUT/lines.ckpt`` every few minutes. ``--whole`` then goes on
with PP-OCR's network and the layer together, gentler, on plates drawn while it trains, in ``OUT/whole.ckpt``. Run
again, each goes on where it stopped. Every plate is drawn from `SEED` and its number.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from plate_reader.pp_ocr import LINE, LineHead, PpOcrFeatures, network_input
from plate_reader.views import number_line
from training.plates.sheets import random_sheet
from training.plates.shots import shoot
from training.plates.taught_graph import TaughtGraph
from training.plates.train import Task, ctc_loss, ctc_target, disturbed, text_loss, train
from training.plates.typefaces import Typeface, all_typefaces

SEED = 778
SHARD, BATCH = 2000, 32
RATE, WHOLE_RATE = 1.5e-3, 1.2e-4
START = "PP-OCRv6_rec_small.onnx"
START_SHA256 = "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884"
# Where its graph is tapped: the input of the convolution around its attention, and what its classifier sees.
_LOCAL, _SEEN = "Conv.54", "Transpose.8"
# Plates from this number on are drawn for the whole network; the layer was taught on those before.
UNSEEN = 10_000_000


def pp_ocr(folder: Path | None = None) -> Any:
    """Give PP-OCR's own graph up to its classifier, an ``openvino.Model`` as `PpOcrFeatures` wants it.

    Args:
        folder: where PP-OCR's file lies; inside RapidOCR's package without it.

    Raises:
        ValueError: another network than ours was made from.
    """
    import openvino

    file = (folder or Path(str(resources.files("rapidocr") / "models"))) / START
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if digest != START_SHA256:
        raise ValueError(f"{file}: SHA-256 is {digest}: install the version of rapidocr in requirements.lock")
    whole = openvino.Core().read_model(file)
    nodes = {node.get_friendly_name(): node for node in whole.get_ordered_ops()}
    wanted = [nodes[_SEEN].output(0), nodes[_LOCAL].input_value(0)]
    return openvino.Model(wanted, whole.get_parameters())


def drawn_line(number: int, faces: tuple[list[Typeface], list[Typeface]]) -> tuple[NDArray[np.uint8], str]:
    """Draw plate ``number``; give its number line (48, 256) uint8 and its text, covered characters as marks."""
    rng = np.random.default_rng([SEED, number])
    sheet = random_sheet(rng, *faces)
    shot = shoot(sheet, rng)
    return number_line(shot.crop, disturbed(shot.corners, rng)), sheet.shown


def look(folder: Path, plates: int) -> list[Path]:
    """Draw ``plates`` plates and write what PP-OCR sees of them, in shards; give their files."""
    faces, eye = all_typefaces(folder / "faces"), PpOcrFeatures(pp_ocr())
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


class LineReader(nn.Module):  # type: ignore[misc]
    """PP-OCR's network and our layer behind it: lines (`BATCH`, 3, 48, 256) from -1 to 1 as logits (`BATCH`, T, 38)."""

    def __init__(self, head: LineHead) -> None:
        """Begin with PP-OCR's own weights and a layer that was taught on them."""
        super().__init__()
        self.eye = TaughtGraph(pp_ocr(), (BATCH, 3, LINE[1], LINE[0]))
        self.head = head

    def forward(self, lines: Tensor) -> Tensor:
        """Give logits."""
        seen, local = self.eye(lines)
        out: Tensor = self.head(torch.cat([seen, local.flatten(2).transpose(1, 2)], 2))
        return out


class DrawnLines(Dataset[tuple[Tensor, Tensor, int]]):  # type: ignore[misc]
    """Number lines with their texts, endless: the index is the plate's number."""

    def __init__(self, faces: tuple[list[Typeface], list[Typeface]], first: int, count: int) -> None:
        self._faces, self._first, self._count = faces, first, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, int]:
        line, text = drawn_line(UNSEEN + self._first + index, self._faces)
        return torch.from_numpy(network_input(line)), ctc_target(text), len(text)


def taught_layer(folder: Path) -> LineHead:
    """Give the layer in ``folder/lines.ckpt``."""
    layer = LineHead()
    layer.load_state_dict(torch.load(folder / "lines.ckpt", weights_only=True)["averaged"])
    return layer


def whole_task(folder: Path) -> Task:
    """Give the task of teaching PP-OCR's network together with the layer in ``folder/lines.ckpt``."""
    faces = all_typefaces(folder / "faces")
    return Task(
        LineReader(taught_layer(folder)), lambda first, n: DrawnLines(faces, first, n), text_loss, WHOLE_RATE
    )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--plates", type=int, default=50_000)
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--whole", action="store_true")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    torch.manual_seed(SEED)
    given.out.mkdir(parents=True, exist_ok=True)
    if given.whole:
        train(whole_task(given.out), given.out / "whole.ckpt", given.minutes, workers=1)
    else:
        train(line_task(look(given.out, given.plates)), given.out / "lines.ckpt", given.minutes, workers=1)


if __name__ == "__main__":
    main()
