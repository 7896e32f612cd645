"""Arithmetic of boxes, ``xyxy`` in pixels."""

from __future__ import annotations

from detectors.types import Box


def iou(a: Box, b: Box) -> float:
    """Give the intersection of two boxes over their union, 0..1."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    inter = w * h
    return inter / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter)
