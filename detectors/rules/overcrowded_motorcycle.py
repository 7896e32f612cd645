"""`overcrowded_motorcycle`: more than one passenger on a two-wheeler. UU 22/2009 art. 292 with 106 (9)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from detectors.boxes import intersection, iou
from detectors.heads import whole_heads
from detectors.rules.common import key_frame, make_violation
from detectors.rules.heads import Seat, height, piece_of, vote
from detectors.rules.riders import Motorcycle, RiderParameters, RiderRule
from detectors.types import Detection, Scene, Track, Violation
from detectors.vehicles import TWO_WHEELERS

# Rider and one passenger are two: the third head is one too many.
TOO_MANY = 3
# In widths of the motorcycle's box: what rides along stays where it is, give or take how the box's shape changes.
DRIFT_ASIDE, DRIFT_UP = 0.2, 0.35


class OvercrowdedParameters(RiderParameters):
    """A head counts where it is ``min_head_px`` or more high, surer than ``min_confidence``, at least ``like_share`` as
    high as the largest on the same motorcycle (not a child in arms, not somebody far behind), and overlaps no other by
    more than ``max_overlap``; its seat must be surer than ``sure_confidence`` in ``sure_frames`` sightings, as a
    parcel is not. Flagged: three or more heads at once in ``min_frames`` sightings, over ``min_seconds`` and
    ``min_metres`` of road, in ``min_share`` of the sightings in between that can be judged."""

    min_head_px: float = Field(12.0, ge=4, le=500)
    min_confidence: float = Field(0.3, ge=0, le=1)
    sure_confidence: float = Field(0.45, ge=0, le=1)
    sure_frames: int = Field(3, ge=1, le=1000)
    like_share: float = Field(0.6, ge=0, le=1)
    max_overlap: float = Field(0.35, ge=0, le=0.9)
    min_frames: int = Field(5, ge=1, le=1000)
    min_seconds: float = Field(0.5, ge=0, le=60)
    min_metres: float = Field(3.5, ge=0, le=200)
    min_share: float = Field(0.36, gt=0, le=1)


class OvercrowdedMotorcycle(RiderRule):
    """Counts heads on each motorcycle over the frames.

    The same three seats must be taken again and again while the motorcycle moves: somebody beyond it, a rider behind
    another or a person at the kerb does not keep a place on it. Never flagged: two heads and a parcel or a backpack
    (neither is a head), a frame in which another two-wheeler overlaps this one, heads that may be one head seen twice.
    """

    rule_id = "overcrowded_motorcycle"
    model = OvercrowdedParameters
    parameters: OvercrowdedParameters

    def can_judge(self, track: Track, scene: Scene) -> bool:
        """As every rider rule, and no other two-wheeler's box overlaps this one's."""
        return super().can_judge(track, scene) and not self._beside_another(track, scene.tracks)

    def heads_in(self, scene: Scene) -> Sequence[Detection]:
        """Give each head once, bare or not: it is a person either way."""
        return [d for d in whole_heads(scene.loose) if d.confidence >= self.parameters.min_confidence]

    def see(self, rider: Motorcycle, heads: Sequence[Detection]) -> None:
        """Count the heads that are alike and apart, and let them vote for their seats where they are too many."""
        point = rider.track.points[-1]
        separate: list[Detection] = []
        for head in heads:
            if all(iou(head.box_xyxy, other.box_xyxy) <= self.parameters.max_overlap for other in separate):
                separate.append(head)
        tallest = max((height(d) for d in separate), default=0.0)
        alike = [d for d in separate if height(d) >= self.parameters.like_share * tallest]
        rider.judged.append((point, len(alike)))
        if len(alike) >= TOO_MANY:
            vote(rider.seats, point, alike)

    @staticmethod
    def _beside_another(track: Track, tracks: Sequence[Track]) -> bool:
        box = track.points[-1].box_xyxy
        return any(
            t.id != track.id
            and t.label in TWO_WHEELERS
            and intersection(t.points[-1].box_xyxy, box) > 0
            and not piece_of(t.points[-1].box_xyxy, box)
            for t in tracks
        )

    def _is_taken(self, seat: Seat) -> bool:
        sure = sum(head.confidence >= self.parameters.sure_confidence for _, head in seat.seen)
        return (
            len(seat.seen) >= self.parameters.min_frames
            and sure >= self.parameters.sure_frames
            and _rides_along(seat)
        )

    def decide(self, rider: Motorcycle, track: Track) -> Violation | None:
        """Flag the motorcycle where three seats were taken at once, again and again, while it moved."""
        taken = [s for s in rider.seats if self._is_taken(s)]
        crowded = [p for p, heads in rider.judged if heads >= TOO_MANY]
        if len(taken) < TOO_MANY or len(crowded) < self.parameters.min_frames:
            return None
        first, last = crowded[0], crowded[-1]
        between = [n for p, n in rider.judged if first.t_s <= p.t_s <= last.t_s]
        share = len(crowded) / len(between)
        places = [p.road_xy for p in crowded if p.measurable] or [first.road_xy]
        went = float(np.hypot(*np.subtract(places[-1], places[0])))
        if (
            last.t_s - first.t_s < self.parameters.min_seconds
            or not went >= self.parameters.min_metres
            or share < self.parameters.min_share
            or self._flagged.knows(track)
        ):
            return None
        self._flagged.add(track)
        nearest = max(crowded, key=lambda p: p.box_xyxy[3] - p.box_xyxy[1])
        text = f"{len(taken)} orang / persons"
        frames = [
            key_frame(first, f"Pertama terlihat / First seen: {text}"),
            key_frame(last, f"Terakhir terlihat / Last seen: {text}"),
            key_frame(nearest, text),
        ]
        measured: dict[str, float | str] = {
            "persons": float(len(taken)),
            "sightings_with_three_or_more": float(len(crowded)),
            "share_of_sightings": round(share, 3),
            "metres": round(went, 1),
        }
        return make_violation(
            self.rule_id, self._camera, track, (first, last), frames, measured, self.parameters
        )


def _rides_along(seat: Seat) -> bool:
    """Tell whether a head keeps its place on the motorcycle: who is passed by wanders over its box."""
    boxes = np.array([point.box_xyxy for point, _ in seat.seen])
    heads = np.array([head.box_xyxy for _, head in seat.seen])
    width = boxes[:, 2] - boxes[:, 0]
    aside = ((heads[:, 0] + heads[:, 2]) / 2 - boxes[:, 0]) / width
    up = ((heads[:, 1] + heads[:, 3]) / 2 - boxes[:, 1]) / width
    part = max(1, len(width) // 3)
    return (
        abs(float(np.median(aside[-part:]) - np.median(aside[:part]))) <= DRIFT_ASIDE
        and abs(float(np.median(up[-part:]) - np.median(up[:part]))) <= DRIFT_UP
    )
