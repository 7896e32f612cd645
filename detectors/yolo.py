"""Ultralytics YOLO behind `ObjectDetector`: an OpenVINO export on the CPU, or a ``.pt`` on whatever torch
has."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from detectors.base import ObjectDetector, WeightsError
from detectors.types import CLASSES, Detection, Image
from detectors.weights_card import card_path, check_weights, read_card, sha256_of, weight_files

# Read by ultralytics when it is first imported: no telemetry, no look-ups, no packages installed on the fly,
# and no class unpickled that is not its own.
for _name, _value in {
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
    "YOLO_VERBOSE": "false",
    "ULTRALYTICS_SAFE_LOAD": "true",
}.items():
    os.environ.setdefault(_name, _value)

# The classes of the official COCO weights that are ours too, by their COCO names.
COCO_CLASSES: Mapping[str, str] = {
    name: name for name in ("car", "motorcycle", "bus", "truck", "bicycle", "person")
}


FOLLOWED = (416, 1920)
"""Least and most long side in pixels at which a picture is looked at as large as it is."""
_STEP, _LEAST_SHRUNK, _SAME = 32, 512, 0.55


def pyramid(image: Image) -> list[int]:
    """Give the long sides, multiples of 32, at which a picture (H, W, 3) is looked at where no size is asked for.

    As large as it is shows what is small; at a half and a third of that, what is near fits into what the network was
    taught to see as a whole.
    """
    low, high = FOLLOWED
    long_side = int(max(image.shape[:2]))
    sizes = [min(high, max(low, -(-long_side // _STEP) * _STEP))]
    smaller = (sizes[0] // part // _STEP * _STEP for part in (2, 3))
    return sizes + [size for size in smaller if size >= _LEAST_SHRUNK]


def available_cores() -> int:
    """Give how many cores this process may use: its affinity, or a container's quota where that is less."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, round(int(quota) / int(period))))


class YoloDetector(ObjectDetector):
    """A YOLO network with checked weights.

    Args:
        weights: an OpenVINO export folder (``road_openvino_model/``) or a ``.pt`` file.
        image_size: the long side in pixels that pictures are letterboxed to; None takes each picture as large as it
            is, within `FOLLOWED`, and smaller besides (see `pyramid`); an export of fixed shape keeps its own.
        sha256: the hash of a single weight file that has no card; without it the card beside the weights is read.
        class_names: from the network's class names to ours; those not named are dropped. Without it the network's
            own names must be ours. For official weights give `COCO_CLASSES`.
        confidence: detections below it are dropped.
        device: "cpu", or a CUDA device for a ``.pt``.
        threads: cores to use; all that this process may use where not given.

    Raises:
        WeightsError: missing, altered or unlisted files, or classes that are not ours.
    """

    def __init__(
        self,
        weights: Path,
        image_size: int | None = 960,
        sha256: str | None = None,
        class_names: Mapping[str, str] | None = None,
        confidence: float = 0.25,
        device: str = "cpu",
        threads: int | None = None,
    ) -> None:
        self.image_size, self._confidence, self._device = image_size, confidence, device
        self._weights = weights
        self._threads = threads or available_cores()
        self.sha256_by_file, classes, mapped = _checked(weights, sha256)
        class_names = class_names if class_names is not None else mapped
        self._model = _load(weights)
        names = {int(i): str(name) for i, name in self._model.names.items()}
        if classes and tuple(names[i] for i in sorted(names)) != classes:
            raise WeightsError(
                f"{weights}: its classes are {list(names.values())}, its card says {list(classes)}"
            )
        wanted = dict(class_names) if class_names is not None else {name: name for name in names.values()}
        if foreign := sorted(set(wanted.values()) - set(CLASSES)):
            raise WeightsError(
                f"{weights}: knows classes that are not ours: {', '.join(foreign)[:200]}; give class_names"
            )
        self._labels = {i: wanted[name] for i, name in names.items() if name in wanted}
        self._limited = False

    def detect(self, image: Image) -> list[Detection]:
        """Find the objects in one (H, W, 3) uint8 BGR picture; boxes in its pixels, the surest first."""
        return self.detect_batch([image])[0]

    def detect_batch(self, images: Sequence[Image]) -> list[list[Detection]]:
        """Find the objects in several pictures, one after the other: the export's batch is one."""
        out = []
        for image in images:
            if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
                raise ValueError(f"a picture is (H, W, 3) uint8 BGR, given {image.shape} {image.dtype}")
            if not self._limited:
                self._limit_threads(image)
            if self.image_size is None:
                found = [d for size in pyramid(image) for d in self._read(self._predict(image, size))]
                out.append(merged(found))
            else:
                out.append(self._read(self._predict(image, self.image_size)))
        return out

    def _predict(self, image: Image, size: int) -> Any:
        return self._model.predict(
            image,
            imgsz=size,
            conf=self._confidence,
            iou=0.6,
            rect=True,
            device=self._device,
            classes=sorted(self._labels),
            verbose=False,
            save=False,
        )[0]

    def _read(self, result: Any) -> list[Detection]:
        boxes = result.boxes
        rows = zip(boxes.cls.tolist(), boxes.conf.tolist(), boxes.xyxy.tolist(), strict=True)
        found = [
            Detection(self._labels[int(c)], float(p), (x1, y1, x2, y2)) for c, p, (x1, y1, x2, y2) in rows
        ]
        return sorted(found, key=lambda d: (-d.confidence, d.box_xyxy))

    def _limit_threads(self, image: Image) -> None:
        """Keep to the cores that this process may use: both runtimes count the machine's instead."""
        import torch

        torch.set_num_threads(self._threads)
        self._limited = True
        self._predict(image, self.image_size or pyramid(image)[0])
        backend = getattr(self._model.predictor.model, "backend", None)
        compiled = getattr(backend, "ov_compiled_model", None)
        if backend is None or compiled is None:
            return
        if int(compiled.get_property("INFERENCE_NUM_THREADS")) == self._threads:
            return
        config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": self._threads}
        core = backend.ov.Core()
        backend.ov_compiled_model = core.compile_model(
            core.read_model(str(next(self._weights.glob("*.xml")))), "CPU", config
        )


def merged(found: Sequence[Detection]) -> list[Detection]:
    """Keep of boxes of one class that overlap, as found at several sizes, the surest; the surest first."""
    import torch
    from torchvision.ops import batched_nms

    if not found:
        return []
    boxes = torch.tensor([d.box_xyxy for d in found])
    scores = torch.tensor([d.confidence for d in found])
    labels = torch.tensor([CLASSES.index(d.label) for d in found])
    return [found[int(i)] for i in batched_nms(boxes, scores, labels, _SAME)]


def _checked(
    weights: Path, sha256: str | None
) -> tuple[dict[str, str], tuple[str, ...], dict[str, str] | None]:
    if sha256 is None:
        card = read_card(card_path(weights))
        return check_weights(weights, card), card.classes, card.class_names
    files = weight_files(weights)
    digest = sha256_of(files[0])
    if len(files) != 1:
        raise WeightsError(f"{weights}: one hash cannot stand for a folder: write a card")
    if digest != sha256.lower():
        raise WeightsError(f"{weights}: altered: SHA-256 is {digest}, expected {sha256}: refusing to load it")
    return {weights.name: digest}, (), None


def _load(weights: Path) -> Any:
    from ultralytics import YOLO, settings

    if settings.get("sync", False):
        settings.update({"sync": False})
    return YOLO(str(weights), task="detect")
