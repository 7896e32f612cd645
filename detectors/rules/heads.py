"""Whose head is it: heads that were detected, given to motorcycles and to the seats on them."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace
from math import inf

import numpy as np

from detectors.boxes import area, shared
from detectors.heads import BARE, DARK, UNTOLD
from detectors.types import Box, Detection, Track, TrackPoint

# In widths of the motorcycle's box: a head this near to a seat is that seat's; one about as near to another seat, by
# less than the second, is nobody's where fewer heads than seats are seen.
SAME_SEAT = 0.3
WHOSE_HEAD = 0.06
SETTLED_VOTES = 3
# A box that lies this far within another's, on the same ground, is a piece of it: two motorcycles would collide there.
PIECE_SHARE, SAME_GROUND = 0.85, 0.06


@dataclass
class Seat:
    """One head position on the motorcycle: from its box's left and upper edge, in box widths, which stay what they are
    where the picture cuts the box below."""

    x: float
    y: float
    seen: list[tuple[TrackPoint, Detection]] = field(default_factory=list)

    def dark_told(self, backs: Set[int]) -> Seat:
        """Give the seat with its `DARK` heads told bare in the frames ``backs`` and untold in all others."""
        told = [BARE if p.frame_index in backs else UNTOLD for p, _ in self.seen]
        seen = [
            (p, replace(d, label=label) if d.label == DARK else d)
            for (p, d), label in zip(self.seen, told, strict=True)
        ]
        return Seat(self.x, self.y, seen)

    def near(
        self, near_share: float, *, told: bool, most_px: float = inf
    ) -> list[tuple[TrackPoint, Detection]]:
        """Give the sightings in which it can be told whether the head is bare, and is at least ``near_share`` of its
        greatest height, or of ``most_px`` where that is less; of that among these alone where ``told``."""
        seen = [(p, d) for p, d in self.seen if d.label != UNTOLD]
        most = min(most_px, max((height(d) for _, d in (seen if told else self.seen)), default=0.0))
        return [(p, d) for p, d in seen if height(d) >= near_share * most]


def height(head: Detection) -> float:
    """Give a head's height in pixels."""
    return head.box_xyxy[3] - head.box_xyxy[1]


def assign(tracks: Sequence[Track], heads: Sequence[Detection]) -> list[tuple[Track, list[Detection]]]:
    """Give each motorcycle its riders' heads; a head goes to one vehicle only, and to none where two fit
    alike.

    A rider's head lies in the upper 45% of the box (which covers machine and riders) and near its middle.
    Other vehicles do not take heads: a driver behind glass is no rider.
    """
    boxes = [t.points[-1].box_xyxy for t in tracks if t.label == "motorcycle"]
    motorcycles = [
        t
        for t in tracks
        if t.label == "motorcycle" and not any(piece_of(t.points[-1].box_xyxy, other) for other in boxes)
    ]
    given: dict[int, list[Detection]] = {t.id: [] for t in motorcycles}
    for head in heads:
        costs = sorted((c, t.id) for t in motorcycles if (c := _cost(t.points[-1], head)) is not None)
        if costs and (len(costs) == 1 or costs[1][0] - costs[0][0] > 0.15):
            given[costs[0][1]].append(head)
    return [(t, given[t.id]) for t in motorcycles if given[t.id]]


def piece_of(box: Box, whole: Box) -> bool:
    """Tell whether a box holds only a piece of the vehicle in another one: a detector may give both."""
    smaller = area(box) < PIECE_SHARE * area(whole)
    within = smaller and shared(box, whole) >= PIECE_SHARE
    return within and abs(box[3] - whole[3]) <= SAME_GROUND * (whole[3] - whole[1])


def _cost(point: TrackPoint, head: Detection) -> float | None:
    x1, y1, x2, y2 = point.box_xyxy
    width, height = max(x2 - x1, 1e-6), max(y2 - y1, 1e-6)
    x = ((head.box_xyxy[0] + head.box_xyxy[2]) / 2 - x1) / width
    y = ((head.box_xyxy[1] + head.box_xyxy[3]) / 2 - y1) / height
    too_large = head.box_xyxy[3] - head.box_xyxy[1] > 0.4 * height
    if not -0.1 <= x <= 1.1 or not -0.1 <= y <= 0.45 or too_large:
        return None
    return abs(x - 0.5) + 0.5 * max(y - 0.15, 0.0)


def vote(seats: list[Seat], point: TrackPoint, heads: Sequence[Detection]) -> None:
    """Let each head vote for its seat: the nearest one not yet taken in this frame, or a new one."""
    x1, y1, x2, _ = point.box_xyxy
    places = [
        (
            ((d.box_xyxy[0] + d.box_xyxy[2]) / 2 - x1) / (x2 - x1),
            ((d.box_xyxy[1] + d.box_xyxy[3]) / 2 - y1) / (x2 - x1),
        )
        for d in heads
    ]
    # A head that cannot be told takes no seat that a told one may have, and opens none beside it.
    pairs = sorted(
        (heads[j].label == UNTOLD, _apart(seat, place), i, j)
        for i, seat in enumerate(seats)
        for j, place in enumerate(places)
    )
    taken: dict[int, int] = {}
    for _, distance, i, j in pairs:
        if distance <= SAME_SEAT and i not in taken and j not in taken.values():
            taken[i] = j
    by_head = {j: seats[i] for i, j in taken.items()}
    free = [s for i, s in enumerate(seats) if i not in taken and len(s.seen) >= SETTLED_VOTES]
    for j, head in enumerate(heads):
        seat = by_head.get(j)
        if seat is not None and any(
            _apart(s, places[j]) - _apart(seat, places[j]) < WHOSE_HEAD for s in free
        ):
            continue
        if seat is None:
            if head.label == UNTOLD and any(_apart(s, places[j]) <= SAME_SEAT for s in seats):
                continue
            seat = Seat(*places[j])
            seats.append(seat)
        # The seat wanders slowly with the box's shape as the motorcycle comes nearer.
        seat.x += 0.2 * (places[j][0] - seat.x)
        seat.y += 0.2 * (places[j][1] - seat.y)
        seat.seen.append((point, head))


def _apart(seat: Seat, place: tuple[float, float]) -> float:
    return float(np.hypot(seat.x - place[0], seat.y - place[1]))
