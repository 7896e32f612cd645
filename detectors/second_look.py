"""A detector whose heads are looked at again: the road detector finds them, `detectors.head_network` tells which is
bare."""

from __future__ import annotations

from collections.abc import Sequence

from detectors.base import ObjectDetector
from detectors.dark_heads import doubt
from detectors.head_network import WEIGHTS, bare_probabilities
from detectors.heads import BARE, DARK, HEADS, HELMET, bare_share, clearly_bare, whole_heads
from detectors.small_network import card_sha256
from detectors.types import Box, Detection, Image
from detectors.vehicles import TWO_WHEELERS

# A rider's head is in the upper part of a two-wheeler's box, which covers machine and riders. Where none is seen that
# surely, a head is less surely a rider's, down to a share: pedestrians wear no helmets and must not.
RIDERS_PART, ABOVE = 0.6, 0.1
SURE_OF_WHEELS, ON_FOOT_SHARE = 0.5, 0.25
# However sure the detector is which of the two a head is, it is wrong this often: it sees few pixels.
DETECTOR_WRONG = 0.15
# What is said of a head with less confidence than this share of how surely it is one says nothing.
LEAST_SHARE = 0.05


class SecondLook(ObjectDetector):
    """Wraps a detector. How surely something is a rider's head is its word; which of the two it is, both say together:
    the confidence of ``head_bare`` and ``head_helmet`` add up to how surely it is one, and each is given where it is
    not negligible, so that a head on which the two disagree carries both labels. Who would be taken for bare, but
    cannot be told, carries `UNTOLD` alone, or `DARK`, as surely as it seems bare; who would not goes on counting as
    helmeted.

    Raises:
        WeightsError: the head network's weights are missing or altered.
    """

    def __init__(self, detector: ObjectDetector, confidence: float = 0.0) -> None:
        """Wrap ``detector``; a label that is less sure than ``confidence`` at last is dropped."""
        self._detector, self._confidence = detector, confidence
        self.sha256_by_file = card_sha256(WEIGHTS)

    def detect(self, image: Image) -> list[Detection]:
        """Find the objects in one (H, W, 3) uint8 BGR picture; boxes in its pixels, the surest first."""
        return self._looked(image, self._detector.detect(image))

    def detect_batch(self, images: Sequence[Image]) -> list[list[Detection]]:
        """Find the objects in several pictures."""
        found = self._detector.detect_batch(images)
        return [self._looked(image, seen) for image, seen in zip(images, found, strict=True)]

    @staticmethod
    def _of_a_rider(head: Detection, found: Sequence[Detection]) -> Detection:
        wheels = [
            d.confidence for d in found if d.label in TWO_WHEELERS and _rides(head.box_xyxy, d.box_xyxy)
        ]
        share = max(ON_FOOT_SHARE, min(1.0, max(wheels, default=0.0) / SURE_OF_WHEELS))
        return Detection(head.label, head.confidence * share, head.box_xyxy)

    def _looked(self, image: Image, found: Sequence[Detection]) -> list[Detection]:
        heads = [self._of_a_rider(head, found) for head in whole_heads(found)]
        second = bare_probabilities(image, [head.box_xyxy for head in heads])
        first = [min(max(bare_share(head, found), DETECTOR_WRONG), 1 - DETECTOR_WRONG) for head in heads]
        out = [d for d in found if d.label not in HEADS]
        for head, share in zip(heads, map(_both, first, second), strict=True):
            unsure = doubt(image, head.box_xyxy) if clearly_bare(head.confidence, share) else None
            if unsure is not None:
                confidence = head.confidence * (share if unsure == DARK else 1)
                out.append(Detection(unsure, confidence, head.box_xyxy))
                continue
            for label, part in ((BARE, share), (HELMET, 1 - share)):
                if part >= LEAST_SHARE:
                    out.append(Detection(label, head.confidence * part, head.box_xyxy))
        sure = [d for d in out if d.confidence >= self._confidence]
        return sorted(sure, key=lambda d: (-d.confidence, d.box_xyxy))


def _both(first: float, second: float) -> float:
    """Give the probability by two looks that err apart (Bayes' rule, both outcomes as likely before)."""
    yes, no = first * second, (1 - first) * (1 - second)
    return yes / max(yes + no, 1e-9)


def _rides(head: Box, wheels: Box) -> bool:
    x, y = (head[0] + head[2]) / 2, (head[1] + head[3]) / 2
    height = wheels[3] - wheels[1]
    return wheels[0] <= x <= wheels[2] and wheels[1] - ABOVE * height <= y <= wheels[1] + RIDERS_PART * height
