"""What an owner may see: the subject vehicle, and nobody else who could be known again.

Masking destroys information: blocks are replaced by their mean and then blurred. In doubt more is masked:
other vehicles wholly, everything outside the subject softened so that what the detector missed cannot be
read.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from detectors.boxes import intersection
from detectors.types import VEHICLE_CLASSES, Box, Detection, Image

BLOCKS = 4
_SUBJECT_IOU = 0.6


def mask_others(
    image: Image,
    detections: Iterable[Detection] | None,
    subject: Box,
    own_plate: Box | None,
) -> Image:
    """Mask everybody but the subject.

    Args:
        image: (H, W, 3) uint8 BGR, untouched.
        detections: what was found in this very frame; None where nobody looked: then all outside the
            subject is masked.
        subject: the subject vehicle's box.
        own_plate: the box of the subject's own plate where that is certain; any other plate is masked.

    Returns:
        A copy in which other vehicles, persons, heads and plates cannot be recognised, the subject's glass
        and riders' faces neither.
    """
    out = _softened(image, subject)
    if detections is None:
        whole = _pixelated(image, (0.0, 0.0, float(image.shape[1]), float(image.shape[0])), 40)
        return _pasted(whole, image, subject)
    found = list(detections)
    others = [d for d in found if d.label in VEHICLE_CLASSES and _overlap(d.box_xyxy, subject) < _SUBJECT_IOU]
    label = _label_of(found, subject)
    behind = [d for d in others if d.box_xyxy[3] < subject[3]]
    nearer = [d for d in others if d.box_xyxy[3] >= subject[3]]
    for d in behind:
        out = _pixelated(out, d.box_xyxy, 8)
    persons = [d for d in found if d.label == "person"]
    for d in persons:
        out = _pixelated(out, d.box_xyxy, BLOCKS + 2)
    out = _pasted(out, image, subject)
    for d in nearer:
        out = _pixelated(out, d.box_xyxy, 8)
    for d in persons:
        if _share_inside(d.box_xyxy, subject) > 0.3:
            out = _pixelated(out, _upper(d.box_xyxy, 0.4), BLOCKS)
    if label in ("car", "bus", "truck", None):
        out = _pixelated(out, _glass(subject), 10)
    for d in found:
        if d.label.startswith("head"):
            out = _pixelated(out, _face(d.box_xyxy, subject), BLOCKS)
    for d in found:
        if d.label == "plate" and d.box_xyxy != own_plate:
            out = _pixelated(out, _grown(d.box_xyxy, 0.15), BLOCKS)
    return out if own_plate is None else _pasted(out, image, own_plate)


def _softened(image: Image, subject: Box) -> Image:
    sigma = max(2.0, image.shape[1] / 360)
    soft: Image = cv2.GaussianBlur(image, (0, 0), sigma)
    return _pasted(soft, image, subject)


def _pixelated(image: Image, box: Box, blocks: int) -> Image:
    """Replace a box by at most ``blocks`` x ``blocks`` means, blurred into one another; a copy."""
    x1, y1, x2, y2 = _within(image, box)
    if x2 <= x1 or y2 <= y1:
        return image
    region = image[y1:y2, x1:x2]
    small = cv2.resize(region, (min(blocks, x2 - x1), min(blocks, y2 - y1)), interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)
    out = image.copy()
    out[y1:y2, x1:x2] = cv2.GaussianBlur(large, (0, 0), max(1.0, (x2 - x1) / blocks / 4))
    return out


def _pasted(onto: Image, source: Image, box: Box) -> Image:
    x1, y1, x2, y2 = _within(onto, box)
    out = onto.copy()
    out[y1:y2, x1:x2] = source[y1:y2, x1:x2]
    return out


def _within(image: Image, box: Box) -> tuple[int, int, int, int]:
    h, w = image.shape[:2]
    x1, y1 = np.floor(box[:2])
    x2, y2 = np.ceil(box[2:])
    return int(max(0, x1)), int(max(0, y1)), int(min(w, x2)), int(min(h, y2))


def _label_of(found: list[Detection], subject: Box) -> str | None:
    best = max(
        (d for d in found if d.label in VEHICLE_CLASSES),
        key=lambda d: _overlap(d.box_xyxy, subject),
        default=None,
    )
    return best.label if best is not None and _overlap(best.box_xyxy, subject) >= _SUBJECT_IOU else None


def _glass(box: Box) -> Box:
    """Give where a four-wheeled vehicle's windows are, seen from before or behind."""
    x1, y1, x2, y2 = box
    w, h = x2 - x1, y2 - y1
    return x1 + 0.06 * w, y1 + 0.06 * h, x2 - 0.06 * w, y1 + 0.5 * h


def _face(head: Box, subject: Box) -> Box:
    """Give what of a head to mask: a rider's crown on the subject stays, since it shows helmet or hair."""
    if _share_inside(head, subject) < 0.5:
        return _grown(head, 0.2)
    x1, _, x2, y2 = _grown(head, 0.1)
    return x1, head[1] + 0.45 * (head[3] - head[1]), x2, y2


def _upper(box: Box, share: float) -> Box:
    return box[0], box[1] + 0.45 * share * (box[3] - box[1]), box[2], box[1] + share * (box[3] - box[1])


def _grown(box: Box, by: float) -> Box:
    dx, dy = by * (box[2] - box[0]), by * (box[3] - box[1])
    return box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _overlap(a: Box, b: Box) -> float:
    common = intersection(a, b)
    return common / max(_area(a) + _area(b) - common, 1e-9)


def _share_inside(inner: Box, outer: Box) -> float:
    return intersection(inner, outer) / max(_area(inner), 1e-9)
