"""Riders watched over the frames: what `no_helmet` and `overcrowded_motorcycle` share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pydantic import Field

from detectors.camera import Camera
from detectors.rules.common import Flagged, Parameters, parse_parameters
from detectors.rules.heads import Seat, assign, height
from detectors.rules.jumps import jumped
from detectors.types import Detection, Scene, Track, TrackPoint, Violation


class RiderParameters(Parameters):
    """A head counts where it is ``min_head_px`` or more high and surer than ``min_confidence`` to be one."""

    min_head_px: float = Field(10.0, ge=4, le=500)
    min_confidence: float = Field(0.4, ge=0, le=1)


@dataclass
class Motorcycle:
    """What was seen of one motorcycle: its seats, and in each sighting that can be judged how many heads."""

    track: Track
    seats: list[Seat] = field(default_factory=list)
    judged: list[tuple[TrackPoint, int]] = field(default_factory=list)

    def until(self, t_s: float) -> Motorcycle:
        """Give what was seen up to a moment."""
        seats = [Seat(s.x, s.y, [(p, d) for p, d in s.seen if p.t_s <= t_s]) for s in self.seats]
        points = tuple(p for p in self.track.points if p.t_s <= t_s)
        judged = [(p, heads) for p, heads in self.judged if p.t_s <= t_s]
        return Motorcycle(replace(self.track, points=points), [s for s in seats if s.seen], judged)


class RiderRule:
    """Gives each motorcycle its riders' heads, frame after frame; answers when it has left the picture.

    Waiting for the end costs nothing in evidence and lets every frame vote: the last ones are often the clearest.
    Where a track jumps to another motorcycle the one before is judged as if it had left, by what was seen until its
    lower edge last was, and all is begun anew.
    """

    rule_id: str
    model: type[RiderParameters]

    def __init__(self, camera: Camera, parameters: Mapping[str, object]) -> None:
        self.parameters = parse_parameters(self.model, self.rule_id, camera, parameters)
        self._camera = camera
        self._riders: dict[int, Motorcycle] = {}
        self._flagged = Flagged()

    def can_judge(self, track: Track, scene: Scene) -> bool:  # noqa: ARG002 (a rule may look at the track)
        """Tell whether a motorcycle's riders can be told in this moment."""
        return scene.clock_fit

    def heads_in(self, scene: Scene) -> Sequence[Detection]:
        """Give the heads of a moment that are sure enough, as this rule goes by them."""
        raise NotImplementedError

    def see(self, rider: Motorcycle, heads: Sequence[Detection]) -> None:
        """Take in the heads on a motorcycle in the newest sighting of its track."""
        raise NotImplementedError

    def decide(self, rider: Motorcycle, track: Track) -> Violation | None:
        """Judge a confirmed motorcycle that has gone."""
        raise NotImplementedError

    def update(self, scene: Scene) -> list[Violation]:
        """Take in one moment; give the violations that it completes."""
        self._flagged.follow(scene)
        heads = [d for d in self.heads_in(scene) if height(d) >= self.parameters.min_head_px]
        found = [
            self._part(self._riders.pop(track.id), track)
            for track in scene.tracks
            if track.id in self._riders and jumped(track.points, self._camera.homography)
        ]
        for track, its_heads in self._given(scene.tracks, heads):
            rider = self._riders.setdefault(track.id, Motorcycle(track))
            rider.track = track
            if self.can_judge(track, scene):
                self.see(rider, its_heads)
        for track in scene.ended:
            gone = self._riders.pop(track.id, None)
            found.append(None if gone is None else self._judge(gone, track))
        return [v for v in found if v is not None]

    @staticmethod
    def _given(tracks: Sequence[Track], heads: Sequence[Detection]) -> list[tuple[Track, list[Detection]]]:
        """Give each motorcycle its heads; what a confirmed one takes no other has. What was seen before a track was
        confirmed counts once it is: who crosses the picture is seen a few times only."""
        first = assign([t for t in tracks if t.confirmed], heads)
        taken = {id(d) for _, given in first for d in given}
        among_all = assign(tracks, heads)
        free = [(t, [d for d in given if id(d) not in taken]) for t, given in among_all if not t.confirmed]
        return first + [(t, given) for t, given in free if given]

    def finish(self) -> list[Violation]:
        """Decide on the motorcycles that were still in the picture."""
        found = [self._judge(rider, rider.track) for rider in self._riders.values()]
        self._riders.clear()
        return [v for v in found if v is not None]

    def _part(self, rider: Motorcycle, track: Track) -> Violation | None:
        """Judge the motorcycle whose track has jumped with its last sighting."""
        rider.track = track
        left = rider.until(next(p.t_s for p in reversed(track.points[:-1]) if p.measurable))
        violation = self._judge(left, left.track)
        if violation is not None:
            self._flagged.leave(left.track)
        return violation

    def _judge(self, rider: Motorcycle, track: Track) -> Violation | None:
        if track.label != "motorcycle" or not track.confirmed:
            return None
        return self.decide(rider, track)
