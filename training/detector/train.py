"""Train the road detector: YOLOv5s from COCO, a new head, rendered and real pictures.

``python -m training.detector.train OUT --minutes M`` wants ``OUT/rendered`` and ``OUT/real`` (see `training_set` and
`real_set`) and writes ``OUT/road.ckpt`` every few minutes and at its end. Run again, it goes on where it stopped until
M minutes are used in all. ``--start CKPT`` begins with what an earlier run has learned instead of with COCO, or, where
it names an export's folder, with what is shipped. A CPU that has bfloat16 runs in it.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from ultralytics.cfg import get_cfg
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils.loss import v8DetectionLoss

from detectors.types import CLASSES
from training.detector.coco_start import fetch, start
from training.detector.examples import CROP, REAL_SHARE, Source, example, read_sources
from training.detector.shipped_start import fill_from_export
from training.precision import autocast

BATCH = 8
HEAD_LR, BODY_LR = 1.5e-3, 1.5e-4
HEAD_ONLY_STEPS = 250
# The first layers, edges and textures, stay as COCO taught them: it saves a quarter of the time.
FROZEN_LAYERS = 4
WARM_UP = 100
EMA = 0.998
SAVE_EVERY_S = 240.0
SEED = 20261124
# Of the real pictures drawn, how many are of the set whose heads are labelled.
HEADS_SHARE = 0.55


STRIDES = (8, 16, 32)
HEADS = [CLASSES.index("head_helmet"), CLASSES.index("head_bare")]


class KnownOnly(nn.Module):  # type: ignore[misc]
    """Cross-entropy of each class, without what a picture's labels do not know."""

    weight: Tensor

    def forward(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Give (B, anchors, classes) losses; ``weight`` has that shape, below 0 where only positives are known."""
        weight = torch.where(self.weight < 0, (targets > 0).to(scores.dtype), self.weight)
        return binary_cross_entropy_with_logits(scores, targets, reduction="none") * weight


def _anchors() -> NDArray[np.float32]:
    grids = []
    for stride in STRIDES:
        line = (np.arange(CROP // stride, dtype=np.float32) + 0.5) * stride
        grids.append(np.stack(np.meshgrid(line, line, indexing="xy"), -1).reshape(-1, 2))
    return np.concatenate(grids)


def loss_weight(known: NDArray[np.float32], blind: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give (anchors, classes): 1 where a picture's labels can be trusted.

    Args:
        known: (classes,) as in `examples.Source`.
        blind: (n, 4) xyxy pixels where a head is that nobody labelled.
    """
    points = _anchors()
    out = np.tile(known, (len(points), 1))
    for x1, y1, x2, y2 in blind:
        inside = (points[:, 0] > x1) & (points[:, 0] < x2) & (points[:, 1] > y1) & (points[:, 1] < y2)
        out[np.ix_(inside, HEADS)] = 0.0
    return out


def batches(sources: tuple[list[Source], list[Source]], first: int) -> Iterator[dict[str, Tensor]]:
    """Give batches without end, each drawn from `SEED` and its step: a resumed run sees what it would have seen."""
    rendered, real = sources
    heads = np.array([s.known[HEADS[0]] > 0 for s in real], float)
    weight = heads / max(1.0, heads.sum()) * HEADS_SHARE
    weight += (1 - heads) / max(1.0, (1 - heads).sum()) * (1 - HEADS_SHARE)

    def make(step: int) -> dict[str, Tensor]:
        rng = np.random.default_rng([SEED, step])
        images, rows, weights = [], [], []
        for k in range(BATCH):
            if real and rng.random() < REAL_SHARE:
                source = real[rng.choice(len(real), p=weight / weight.sum())]
            else:
                source = rendered[rng.integers(len(rendered))]
            picture, labels = example(source, rng)
            images.append(picture[..., ::-1].transpose(2, 0, 1))
            blind = labels[:, 0] >= len(CLASSES)
            weights.append(loss_weight(source.known, labels[blind, 1:]))
            labels = labels[~blind]
            rows.append(np.column_stack([np.full(len(labels), k, np.float32), labels]))
        every = np.concatenate(rows)
        xyxy = every[:, 2:] / CROP
        xywh = np.concatenate([(xyxy[:, :2] + xyxy[:, 2:]) / 2, xyxy[:, 2:] - xyxy[:, :2]], axis=1)
        return {
            "img": torch.from_numpy(np.ascontiguousarray(np.stack(images))),
            "batch_idx": torch.from_numpy(every[:, 0].copy()),
            "cls": torch.from_numpy(every[:, 1:2].copy()),
            "bboxes": torch.from_numpy(xywh.astype(np.float32)),
            "weight": torch.from_numpy(np.stack(weights)),
        }

    with ThreadPoolExecutor(1) as pool:
        ahead = [pool.submit(make, first + k) for k in range(3)]
        step = first
        while True:
            yield ahead.pop(0).result()
            step += 1
            ahead.append(pool.submit(make, step + 2))


def _train_mode(model: DetectionModel, all_folded: bool) -> None:
    """Train, but keep the body's normalisation as COCO left it: it is folded, and has no statistics to learn. That of
    an export is folded in the head as well."""
    model.train()
    for layer in model.model if all_folded else model.model[:-1]:
        for part in layer.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.eval()


def _rate(step: int, spent: float) -> float:
    return min(1.0, (step + 1) / WARM_UP) * (0.02 + 0.98 * (1 + math.cos(math.pi * min(1.0, spent))) / 2)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=70.0)
    parser.add_argument(
        "--start", type=Path, help="a checkpoint or an export to begin with instead of COCO's weights"
    )
    parser.add_argument("--rate", type=float, default=1.0, help="share of the usual learning rate")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(SEED)
    model = start(fetch(given.out) if given.start is None else None)
    from_export = given.start is not None and given.start.is_dir()
    if from_export:
        fill_from_export(model, given.start)
    elif given.start is not None:
        model.load_state_dict(torch.load(given.start, weights_only=True)["averaged"])
    model.args = get_cfg(overrides={"box": 7.5, "cls": 0.5, "dfl": 1.5})
    model = model.to(memory_format=torch.channels_last)
    body = [p for layer in model.model[:-1] for p in layer.parameters()]
    learning = [p for layer in model.model[FROZEN_LAYERS:-1] for p in layer.parameters()]
    for p in body:
        p.requires_grad_(False)
    model.model[-1].requires_grad_(True)
    model.model[-1].dfl.requires_grad_(False)
    head = [p for p in model.model[-1].parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": BODY_LR, "base": BODY_LR}, {"params": head, "lr": HEAD_LR, "base": HEAD_LR}],
        betas=(0.9, 0.999),
        weight_decay=0.01,
    )
    criterion = v8DetectionLoss(model)
    criterion.bce = KnownOnly()
    averaged = copy.deepcopy(model).eval()
    step, used = 0, 0.0
    checkpoint = given.out / "road.ckpt"
    if checkpoint.exists():
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        averaged.load_state_dict(state["averaged"])
        optimizer.load_state_dict(state["optimizer"])
        step, used = state["step"], state["used_s"]
    sources = read_sources(given.out / "rendered", given.out / "real")
    print(f"{len(sources[0])} rendered, {len(sources[1])} real pictures; from step {step}", flush=True)

    def save() -> None:
        kept = {
            "model": model.state_dict(),
            "averaged": averaged.state_dict(),
            "optimizer": optimizer.state_dict(),
            "step": step,
            "used_s": used,
            "classes": list(CLASSES),
        }
        torch.save(kept, checkpoint.with_suffix(".new"))
        checkpoint.with_suffix(".new").replace(checkpoint)

    _train_mode(model, from_export)
    sums, saved, told = np.zeros(3), time.monotonic(), time.monotonic()
    for batch in batches(sources, step):
        began = time.monotonic()
        rate = given.rate * _rate(step, used / 60 / given.minutes)
        for group in optimizer.param_groups:
            group["lr"] = group["base"] * rate
        for p in learning:
            p.requires_grad_(from_export or step >= HEAD_ONLY_STEPS)
        x = batch["img"].float().div_(255).contiguous(memory_format=torch.channels_last)
        criterion.bce.weight = batch["weight"]
        with autocast():
            predictions = model(x)
        predictions = {
            k: [f.float() for f in v] if isinstance(v, list) else v.float() for k, v in predictions.items()
        }
        loss, parts = criterion(predictions, batch)
        optimizer.zero_grad(set_to_none=True)
        loss.sum().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        decay = min(EMA, (1 + step) / (10 + step))
        with torch.no_grad():
            for a, b in zip(averaged.state_dict().values(), model.state_dict().values(), strict=True):
                if a.dtype.is_floating_point:
                    a.lerp_(b, 1 - decay)
                else:
                    a.copy_(b)
        step += 1
        used += time.monotonic() - began
        sums += [float(v) for v in parts.values()]
        if step % 50 == 0:
            now = time.monotonic()
            box, cls, dfl = sums / 50
            print(
                f"step {step} box {box:.3f} cls {cls:.3f} dfl {dfl:.3f} rate {rate:.3f} used {used / 60:.1f} min"
                f" {(now - told) / 50 / BATCH:.3f} s/picture",
                flush=True,
            )
            sums, told = np.zeros(3), now
        if time.monotonic() - saved > SAVE_EVERY_S:
            save()
            saved = time.monotonic()
        if used / 60 >= given.minutes:
            break
    save()


if __name__ == "__main__":
    main()
