"""`no_helmet`: a rider or pillion without a helmet. UU 22/2009 art. 291 (1), (2) with 106 (8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import hypot, inf
from statistics import fmean

from pydantic import Field

from detectors.camera import Camera
from detectors.facing import backs
from detectors.heads import BARE, DARK, HELMET, SHOWN_PX, UNTOLD, bare_share, clearly_bare, whole_heads
from detectors.rules.common import key_frame, make_violation
from detectors.rules.heads import Seat, height, vote
from detectors.rules.jumps import since_jump
from detectors.rules.riders import Motorcycle, RiderParameters, RiderRule
from detectors.types import Detection, Scene, Track, TrackPoint, Violation
from detectors.viewpoint import viewpoint

# A head that has moved by this share of its height is looked at anew.
MOVED_SHARE = 0.25


class NoHelmetParameters(RiderParameters):
    """A head that counts has a vote in each frame, which weighs its confidence times the head's area, as far as that is
    shown to the head network. Only the seat's nearest views count, those in which its head is at least ``near_share``
    as high as it ever gets, told or not: far away, hair before another's helmet cannot be told.

    Flagged: one seat with ``min_frames`` bare votes spread over ``min_seconds``, ``min_share`` of the seat's votes
    bare, and of the places that the bare ones were seen at, each `MOVED_SHARE` of the head's height from the one
    before, ``min_places`` and a ``sure_share`` where they are surer than ``sure_confidence`` on the mean, the head
    ``sure_head_px`` high: a smaller one no judge can tell either. Who stands shows the detector one picture over and
    over, and a mistake or a doubt in it is one. A black head by night that shows no skin speaks against nobody but from
    behind."""

    min_frames: int = Field(6, ge=1, le=1000)
    min_seconds: float = Field(0.5, ge=0, le=60)
    min_share: float = Field(0.9, gt=0.5, le=1)
    near_share: float = Field(0.6, ge=0, le=1)
    sure_confidence: float = Field(0.65, ge=0, le=1)
    sure_share: float = Field(0.6, ge=0, le=1)
    sure_head_px: float = Field(24.0, ge=4, le=500)
    min_places: int = Field(4, ge=1, le=1000)


class NoHelmet(RiderRule):
    """Votes over the frames for each seat of each motorcycle."""

    rule_id = "no_helmet"
    model = NoHelmetParameters
    parameters: NoHelmetParameters

    def __init__(self, camera: Camera, parameters: Mapping[str, object]) -> None:
        super().__init__(camera, parameters)
        self._view = viewpoint(camera.homography.image_to_road, camera.file.frame_size)

    def heads_in(self, scene: Scene) -> Sequence[Detection]:
        """Give each head once: bare where that is clearly likelier, else under a helmet. Doubt speaks for the rider; a
        head of which it cannot be told keeps its label."""
        out = []
        for head in whole_heads(scene.loose):
            sure, share = head.confidence >= self.parameters.min_confidence, bare_share(head, scene.loose)
            if head.label == DARK and not sure:
                # It was a head to the detector: how surely it seems bare is too little to speak, and casts doubt.
                out.append(replace(head, label=UNTOLD))
            elif not sure:
                continue
            elif head.label in (UNTOLD, DARK):
                out.append(head)
            elif clearly_bare(head.confidence, share):
                out.append(Detection(BARE, head.confidence * share, head.box_xyxy))
            else:
                out.append(replace(head, label=HELMET))
        return out

    def see(self, rider: Motorcycle, heads: Sequence[Detection]) -> None:
        """Let each head vote for its seat."""
        vote(rider.seats, rider.track.points[-1], heads)

    def decide(self, rider: Motorcycle, track: Track) -> Violation | None:
        """Flag the motorcycle where one of its seats has a bare head."""
        seats = self._dark_told(rider.seats, track)
        share = self.parameters.near_share
        near = [s.near(share, told=False) for s in seats]
        # A near look that cannot be told casts doubt on bare ones farther away, and never on those under a helmet; nor
        # does a bare one that is nearer than the network is shown it.
        others = [(s.near(share, told=True), s.near(share, told=True, most_px=SHOWN_PX)) for s in seats]
        bare = [
            votes
            for votes, more in zip(near, others, strict=True)
            if all(self._is_bare(looks) for looks in (votes, *more))
        ]
        if not bare or self._flagged.knows(track):
            return None
        seen = max(bare, key=lambda votes: _weight(_bare(votes)))
        self._flagged.add(track)
        votes = _bare(seen)
        first, last = votes[0][0], votes[-1][0]
        largest = max(votes, key=lambda v: height(v[1]) * v[1].confidence)[0]
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

    def _dark_told(self, seats: Sequence[Seat], track: Track) -> Sequence[Seat]:
        dark = [sum(d.label == DARK for _, d in seat.seen) for seat in seats]
        many = [sum(d.label in (DARK, BARE) for _, d in seat.seen) for seat in seats]
        if not any(dark) or max(many) < self.parameters.min_frames:
            return [seat.dark_told(frozenset()) for seat in seats]
        behind = backs(self._view, self._camera, since_jump(track.points, self._camera.homography))
        return [seat.dark_told(behind) for seat in seats]

    def _is_bare(self, seen: Sequence[tuple[TrackPoint, Detection]]) -> bool:
        votes = _bare(seen)
        places = _places([d for _, d in votes])
        sure = [place for place in places if self._is_sure(place)]
        return (
            len(votes) >= self.parameters.min_frames
            and votes[-1][0].t_s - votes[0][0].t_s >= self.parameters.min_seconds
            and _bare_share(seen) >= self.parameters.min_share
            and len(sure) >= max(self.parameters.min_places, self.parameters.sure_share * len(places))
        )

    def _is_sure(self, place: Sequence[Detection]) -> bool:
        high = max(height(d) for d in place) >= self.parameters.sure_head_px
        return high and fmean(d.confidence for d in place) >= self.parameters.sure_confidence


def _bare(seen: Sequence[tuple[TrackPoint, Detection]]) -> list[tuple[TrackPoint, Detection]]:
    return [(p, d) for p, d in seen if d.label == BARE]


def _weight(seen: Sequence[tuple[TrackPoint, Detection]]) -> float:
    return sum(d.confidence * min(SHOWN_PX, height(d)) ** 2 for _, d in seen)


def _bare_share(seen: Sequence[tuple[TrackPoint, Detection]]) -> float:
    return _weight(_bare(seen)) / _weight(seen)


def _places(heads: Sequence[Detection]) -> list[list[Detection]]:
    """Put looks at a head together that show it where the one before did."""
    out: list[list[Detection]] = []
    last = (inf, inf)
    for head in heads:
        x1, y1, x2, y2 = head.box_xyxy
        place = ((x1 + x2) / 2, (y1 + y2) / 2)
        if hypot(place[0] - last[0], place[1] - last[1]) >= MOVED_SHARE * height(head):
            out.append([])
            last = place
        out[-1].append(head)
    return out
