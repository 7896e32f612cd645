"""Heads as a detector finds them: one head may carry two labels, bare and under a helmet."""

from __future__ import annotations

from collections.abc import Sequence

from detectors.boxes import iou
from detectors.types import Detection

BARE, HELMET = "head_bare", "head_helmet"
UNTOLD = "head_untold"
"""A head of which it cannot be told whether it is bare, whatever networks say; no network is taught this label."""
DARK = "head_dark"
"""A black head by night that shows no skin, large enough to be told bare from behind: from before, a bare one would
show a face. No network is taught this label either."""
HEADS = (HELMET, BARE, UNTOLD, DARK)
SIDE = 96
"""Side in pixels of the square that `detectors.head_network` sees."""
AROUND = 1.8
"""Side of that square in longer sides of the head's box: shoulders and collar tell hair from a dark helmet."""
SHOWN_PX = SIDE / AROUND
"""So high in pixels a head is shown to that network at most."""
# By so much surer it must be that a head is bare than that it is not.
CLEARLY = 0.2
# Two labels of one head share nearly all of their boxes; a pillion's head before the rider's shares about half.
SAME_HEAD_IOU = 0.65


def whole_heads(found: Sequence[Detection]) -> list[Detection]:
    """Give each head once, the surest first, with the confidence that it is one, bare or not.

    Where both labels claim one head their confidences add up, to 1 at most: the detector shares its belief out among
    them.
    """
    out: list[Detection] = []
    for head in sorted((d for d in found if d.label in HEADS), key=lambda d: (-d.confidence, d.box_xyxy)):
        same = next((k for k, o in enumerate(out) if _same(o, head)), None)
        if same is None:
            out.append(head)
        elif out[same].label != head.label:
            sure = min(1.0, out[same].confidence + head.confidence)
            out[same] = Detection(out[same].label, sure, out[same].box_xyxy)
    return sorted(out, key=lambda d: -d.confidence)


def bare_share(head: Detection, found: Sequence[Detection]) -> float:
    """Give what share of the belief in a head, as `whole_heads` gives it, is that it is bare, 0..1; of one that cannot
    be told, none."""
    by_label = {
        label: max((d.confidence for d in found if d.label == label and _same(d, head)), default=0.0)
        for label in (BARE, HELMET)
    }
    return by_label[BARE] / max(1e-6, sum(by_label.values()))


def clearly_bare(confidence: float, share: float) -> bool:
    """Tell whether a head of which so much is believed is bare by so much more than not that the riders' rule goes by
    it."""
    return confidence * (2 * share - 1) >= CLEARLY


def _same(a: Detection, b: Detection) -> bool:
    return iou(a.box_xyxy, b.box_xyxy) > SAME_HEAD_IOU
