"""What others read and see in the same pictures: RapidOCR with its own detector, and YOLOX-nano taught on COCO."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from detectors.types import Detection, Image
from plate_reader.grammar import parse
from plate_reader.photo import join_lines
from plate_reader.rapid import quiet_engine

_SIDE, _STRIDES = 416, (8, 16, 32)
_COCO = {0: "person", 1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 7: "truck"}
_CONFIDENCE, _OVERLAP = 0.3, 0.45


class RapidOcrPeer:
    """RapidOCR as it comes: its detector, its recogniser; parts of a line joined; a text must be a legal NRKB."""

    def __init__(self) -> None:
        self._engine = quiet_engine(threads=2)

    def read(self, image: Image) -> list[dict[str, Any]]:
        """Give the plates of a photo (H, W, 3) uint8 BGR as `etle read-plates` writes them."""
        result = self._engine(image)
        if result.boxes is None:
            return []
        boxes = [np.asarray(box, np.float32) for box in result.boxes]
        out = []
        for line in join_lines(boxes):
            parts = [i for i, box in enumerate(boxes) if _within(box, line)]
            parts.sort(key=lambda i: float(boxes[i][:, 0].min()))
            nrkb = parse("".join(result.txts[i] for i in parts))
            if nrkb is None:
                continue
            (x1, y1), (x2, y2) = line.min(axis=0), line.max(axis=0)
            confidence = min(float(result.scores[i]) for i in parts)
            box = [float(x1), float(y1), float(x2), float(y2 + 0.5 * (y2 - y1))]
            out.append({"text": nrkb.canonical, "accepted": True, "confidence": confidence, "box": box})
        return out


def _within(box: NDArray[np.float32], line: NDArray[np.float32]) -> bool:
    x, y = box.mean(axis=0)
    return bool(cv2.pointPolygonTest(line.reshape(-1, 1, 2), (float(x), float(y)), False) >= 0)


class YoloxPeer:
    """YOLOX-nano (Megvii, Apache-2.0) over a whole picture; input (1, 3, 416, 416) BGR 0..255."""

    def __init__(self, weights: Path) -> None:
        self._session = onnxruntime.InferenceSession(str(weights), providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        grids, steps = [], []
        for stride in _STRIDES:
            n = _SIDE // stride
            x, y = np.meshgrid(np.arange(n), np.arange(n))
            grids.append(np.stack([x, y], -1).reshape(-1, 2))
            steps.append(np.full((n * n, 1), stride))
        self._grid, self._step = np.concatenate(grids), np.concatenate(steps)

    def detect(self, image: Image) -> list[Detection]:
        """Find road users in (H, W, 3) uint8 BGR; boxes in its pixels."""
        scale = _SIDE / max(image.shape[:2])
        small = cv2.resize(image, None, fx=scale, fy=scale)
        padded = np.full((_SIDE, _SIDE, 3), 114, np.uint8)
        padded[: small.shape[0], : small.shape[1]] = small
        raw = self._session.run(None, {self._input: padded.transpose(2, 0, 1)[None].astype(np.float32)})[0][0]
        middle, size = (raw[:, :2] + self._grid) * self._step, np.exp(raw[:, 2:4]) * self._step
        scores = raw[:, 4:5] * raw[:, 5:]
        best, confidence = scores.argmax(axis=1), scores.max(axis=1)
        out = []
        for number, name in _COCO.items():
            chosen = np.flatnonzero((best == number) & (confidence > _CONFIDENCE))
            corners, sides = (middle - size / 2)[chosen], size[chosen]
            boxes = [
                [*(float(v) for v in c), *(float(v) for v in s)] for c, s in zip(corners, sides, strict=True)
            ]
            sure = [float(v) for v in confidence[chosen]]
            for k in cv2.dnn.NMSBoxes(boxes, sure, _CONFIDENCE, _OVERLAP):
                x, y, w, h = (v / scale for v in boxes[int(k)])
                out.append(Detection(name, sure[int(k)], (x, y, x + w, y + h)))
        return out
