"""Arithmetic of boxes, ``xyxy`` in pixels."""

from __future__ import annotations

from detectors.types import Box, Image, Point

CUT_PX, CUT_SHARE = 3.0, 0.05


def area(box: Box) -> float:
    """Give a box's area, square pixels."""
    return (box[2] - box[0]) * (box[3] - box[1])


def intersection(a: Box, b: Box) -> float:
    """Give the area that two boxes have in common, square pixels; 0 where they only touch."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return w * h if w > 0 and h > 0 else 0.0


def iou(a: Box, b: Box) -> float:
    """Give the intersection of two boxes over their union, 0..1."""
    inter = intersection(a, b)
    return inter / (area(a) + area(b) - inter) if inter else 0.0


def shared(a: Box, b: Box) -> float:
    """Give the intersection of two boxes as a share of the smaller one, 0..1."""
    inter = intersection(a, b)
    return inter / min(area(a), area(b)) if inter else 0.0


def cut_margins(box: Box) -> Point:
    """Give how near, in pixels, a box is to the picture's sides, and to its upper or lower edge, where the picture may
    cut it: one that is cut jitters inwards too."""
    x = max(CUT_PX, CUT_SHARE * (box[2] - box[0]))
    return x, max(CUT_PX, CUT_SHARE * (box[3] - box[1]))


def crop_region(image: Image, region: Box) -> Image:
    """Cut a region ``xyxy`` out of a picture, as far as it lies within it."""
    height, width = image.shape[:2]
    x1, y1 = max(0, round(region[0])), max(0, round(region[1]))
    x2, y2 = min(width, round(region[2])), min(height, round(region[3]))
    return image[y1 : max(y1, y2), x1 : max(x1, x2)]
