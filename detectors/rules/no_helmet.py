"""`no_helmet`: a rider or pillion without a helmet. UU 22/2009 art. 291 (1), (2) with 106 (8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import Field

from detectors.camera import Camera
from detectors.rules.common import Flagged, Parameters, key_frame, make_violation, parse_parameters
from detectors.types import Detection, Scene, Track, TrackPoint, Violation

HEADS = ("head_helmet", "head_bare")
# Two labels of one head share nearly all of their boxes; a pillion's head before the rider's shares about half.
SAME_HEAD_IOU = 0.65
# In widths of the motorcycle's box: a head this near to a seat is that seat's; one about as near to another seat, by
# less than the second, is nobody's where fewer heads than seats are seen.
SAME_SEAT = 0.3
WHOSE_HEAD = 0.06
SETTLED_VOTES = 3


class NoHelmetParameters(Parameters):
    """A head votes in a frame where it is ``min_head_px`` or more high and surer than ``min_confidence``; the vote
    weighs its confidence times the head's area. Only the seat's nearest views count, those in which its head is at
    least ``near_share`` as high as it ever gets: far away, hair before another's helmet cannot be told. Flagged: one
    seat with ``min_frames`` bare votes spread over ``min_seconds``, and ``min_share`` of the seat's votes bare."""

    min_head_px: float = Field(10.0, ge=4, le=500)
    min_confidence: float = Field(0.4, ge=0, le=1)
    min_frames: int = Field(8, ge=1, le=1000)
    min_seconds: float = Field(0.5, ge=0, le=60)
    min_share: float = Field(0.8, gt=0.5, le=1)
    near_share: float = Field(0.6, ge=0, le=1)


@dataclass
class _Seat:
    """One head position on the motorcycle: from its box's left and upper edge, in box widths, which stay what they are
    where the picture cuts the box below."""

    x: float
    y: float
    seen: list[tuple[TrackPoint, Detection]] = field(default_factory=list)

    def near(self, near_share: float) -> list[tuple[TrackPoint, Detection]]:
        """Give the sightings in which the head is at least ``near_share`` of its greatest height."""
        most = max(_height(d) for _, d in self.seen)
        return [(p, d) for p, d in self.seen if _height(d) >= near_share * most]


@dataclass
class _Motorcycle:
    track: Track
    seats: list[_Seat] = field(default_factory=list)
    done: bool = False


class NoHelmet:
    """Votes over the frames for each seat of each motorcycle; answers when the motorcycle has left the
    picture.

    Waiting for the end costs nothing in evidence and lets every frame vote: the last ones are often the
    clearest.
    """

    rule_id = "no_helmet"

    def __init__(self, camera: Camera, parameters: Mapping[str, object]) -> None:
        self.parameters = parse_parameters(NoHelmetParameters, self.rule_id, camera, parameters)
        self._camera = camera
        self._riders: dict[int, _Motorcycle] = {}
        self._flagged = Flagged()

    def update(self, scene: Scene) -> list[Violation]:
        """Take in one moment; give the violations that it completes."""
        self._flagged.follow(scene)
        confirmed = [t for t in scene.tracks if t.confirmed]
        heads = [d for d in scene.loose if d.label in HEADS and self._votes(d)]
        for track, its_heads in assign(confirmed, heads):
            rider = self._riders.setdefault(track.id, _Motorcycle(track))
            rider.track = track
            _vote(rider.seats, track.points[-1], _one_per_head(its_heads))
        found = []
        for track in scene.ended:
            rider_gone = self._riders.pop(track.id, None)
            if rider_gone is not None and (violation := self._decide(rider_gone, track)) is not None:
                found.append(violation)
        return found

    def finish(self) -> list[Violation]:
        """Decide on the motorcycles that were still in the picture."""
        found = [self._decide(rider, rider.track) for rider in self._riders.values()]
        self._riders.clear()
        return [v for v in found if v is not None]

    def _votes(self, head: Detection) -> bool:
        return (
            _height(head) >= self.parameters.min_head_px and head.confidence >= self.parameters.min_confidence
        )

    def _decide(self, rider: _Motorcycle, track: Track) -> Violation | None:
        if track.label != "motorcycle" or not track.confirmed:
            return None
        near = [s.near(self.parameters.near_share) for s in rider.seats]
        bare = [votes for votes in near if self._is_bare(votes)]
        if not bare or self._flagged.knows(track):
            return None
        seen = max(bare, key=lambda votes: _weight(_bare(votes)))
        self._flagged.add(track)
        votes = _bare(seen)
        first, last = votes[0][0], votes[-1][0]
        largest = max(votes, key=lambda v: _height(v[1]) * v[1].confidence)[0]
        frames = [
            key_frame(largest, "Tanpa helm / No helmet"),
            key_frame(first, "Pertama terlihat / First seen"),
            key_frame(last, "Terakhir terlihat / Last seen"),
        ]
        measured: dict[str, float | str] = {
            "bare_votes": float(len(votes)),
            "votes": float(len(seen)),
            "bare_share": round(_bare_share(seen), 3),
            "bare_heads": float(len(bare)),
            "heads_seen": float(sum(len(votes) >= self.parameters.min_frames for votes in near)),
        }
        return make_violation(
            self.rule_id, self._camera, track, (first, last), frames, measured, self.parameters
        )

    def _is_bare(self, seen: Sequence[tuple[TrackPoint, Detection]]) -> bool:
        votes = _bare(seen)
        return (
            len(votes) >= self.parameters.min_frames
            and votes[-1][0].t_s - votes[0][0].t_s >= self.parameters.min_seconds
            and _bare_share(seen) >= self.parameters.min_share
        )


def _height(head: Detection) -> float:
    return head.box_xyxy[3] - head.box_xyxy[1]


def _bare(seen: Sequence[tuple[TrackPoint, Detection]]) -> list[tuple[TrackPoint, Detection]]:
    return [(p, d) for p, d in seen if d.label == "head_bare"]


def _weight(seen: Sequence[tuple[TrackPoint, Detection]]) -> float:
    return sum(d.confidence * _height(d) ** 2 for _, d in seen)


def _bare_share(seen: Sequence[tuple[TrackPoint, Detection]]) -> float:
    return _weight(_bare(seen)) / _weight(seen)


def assign(tracks: Sequence[Track], heads: Sequence[Detection]) -> list[tuple[Track, list[Detection]]]:
    """Give each motorcycle its riders' heads; a head goes to one vehicle only, and to none where two fit
    alike.

    A rider's head lies in the upper 45% of the box (which covers machine and riders) and near its middle.
    Other vehicles do not take heads: a driver behind glass is no rider.
    """
    motorcycles = [t for t in tracks if t.label == "motorcycle"]
    given: dict[int, list[Detection]] = {t.id: [] for t in motorcycles}
    for head in heads:
        costs = sorted((c, t.id) for t in motorcycles if (c := _cost(t.points[-1], head)) is not None)
        if costs and (len(costs) == 1 or costs[1][0] - costs[0][0] > 0.15):
            given[costs[0][1]].append(head)
    return [(t, given[t.id]) for t in motorcycles if given[t.id]]


def _cost(point: TrackPoint, head: Detection) -> float | None:
    x1, y1, x2, y2 = point.box_xyxy
    width, height = max(x2 - x1, 1e-6), max(y2 - y1, 1e-6)
    x = ((head.box_xyxy[0] + head.box_xyxy[2]) / 2 - x1) / width
    y = ((head.box_xyxy[1] + head.box_xyxy[3]) / 2 - y1) / height
    too_large = head.box_xyxy[3] - head.box_xyxy[1] > 0.4 * height
    if not -0.1 <= x <= 1.1 or not -0.1 <= y <= 0.45 or too_large:
        return None
    return abs(x - 0.5) + 0.5 * max(y - 0.15, 0.0)


def _one_per_head(heads: Sequence[Detection]) -> list[Detection]:
    """Where bare and helmet both claim one head, the surer speaks only if it is clearly surer."""
    kept: list[Detection] = []
    doubted: list[Detection] = []
    for head in sorted(heads, key=lambda d: -d.confidence):
        same = next((k for k in kept if _iou(k, head) > SAME_HEAD_IOU), None)
        if same is None:
            kept.append(head)
        elif same.label != head.label and same.confidence - head.confidence < 0.2:
            doubted.append(same)
    return [k for k in kept if k not in doubted]


def _vote(seats: list[_Seat], point: TrackPoint, heads: Sequence[Detection]) -> None:
    """Let each head vote for its seat: the nearest one not yet taken in this frame, or a new one."""
    x1, y1, x2, _ = point.box_xyxy
    places = [
        (
            ((d.box_xyxy[0] + d.box_xyxy[2]) / 2 - x1) / (x2 - x1),
            ((d.box_xyxy[1] + d.box_xyxy[3]) / 2 - y1) / (x2 - x1),
        )
        for d in heads
    ]
    pairs = sorted(
        (_apart(seat, place), i, j) for i, seat in enumerate(seats) for j, place in enumerate(places)
    )
    taken: dict[int, int] = {}
    for distance, i, j in pairs:
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
            seat = _Seat(*places[j])
            seats.append(seat)
        # The seat wanders slowly with the box's shape as the motorcycle comes nearer.
        seat.x += 0.2 * (places[j][0] - seat.x)
        seat.y += 0.2 * (places[j][1] - seat.y)
        seat.seen.append((point, head))


def _apart(seat: _Seat, place: tuple[float, float]) -> float:
    return float(np.hypot(seat.x - place[0], seat.y - place[1]))


def _iou(a: Detection, b: Detection) -> float:
    ax1, ay1, ax2, ay2 = a.box_xyxy
    bx1, by1, bx2, by2 = b.box_xyxy
    w, h = min(ax2, bx2) - max(ax1, bx1), min(ay2, by2) - max(ay1, by1)
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - w * h)
