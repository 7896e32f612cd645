"""Arithmetic of boxes, ``xyxy`` in pixels."""

from __future__ import annotations

from detectors.types import Box, Image


def iou(a: Box, b: Box) -> float:
    """Give the intersection of two boxes over their union, 0..1."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    inter = w * h
    return inter / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter)


def shared(a: Box, b: Box) -> float:
    """Give the intersection of two boxes as a share of the smaller one, 0..1."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))


def crop_region(image: Image, region: Box) -> Image:
    """Cut a region ``xyxy`` out of a picture, as far as it lies within it."""
    height, width = image.shape[:2]
    x1, y1 = max(0, round(region[0])), max(0, round(region[1]))
    x2, y2 = min(width, round(region[2])), min(height, round(region[3]))
    return image[y1 : max(y1, y2), x1 : max(x1, x2)]
