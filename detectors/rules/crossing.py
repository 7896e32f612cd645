"""One vehicle against one line along the road: was it certainly on one side, seen on the line, then on the other?"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detectors.kinematics import Axis
from detectors.rules.sideways import Sideways, half_width
from detectors.sections import Marking
from detectors.types import Point, TrackPoint

# What nobody drives: so fast to the side a track only moves when it hops from one vehicle to its neighbour.
SIDEWAYS_MPS = 3.5
LONGEST_S = 8.0
ALONG_DEGREES = 45.0
MINIMUM_POINTS = 3


@dataclass(frozen=True)
class Place:
    """A sighting against a line: ``left`` is the distance in metres to the left of it, as one looks along it, and
    ``side`` +1 where the whole vehicle certainly is on the left, -1 on the right, 0 where it may be on the line."""

    point: TrackPoint
    left: float
    doubt: float
    side: int
    axis: Axis


@dataclass(frozen=True)
class Crossed:
    """A crossing that is certain: dwelt ``before``, seen ``on`` the line, dwelt ``after``."""

    before: tuple[Place, ...]
    on: tuple[Place, ...]
    after: tuple[Place, ...]


class Line:
    """A marking, as vehicles meet it."""

    def __init__(self, marking: Marking, sideways: Sideways) -> None:
        self.marking = marking
        self._sideways = sideways
        ends = list(zip(marking.road[:-1], marking.road[1:], strict=True))
        self._pieces = [
            (Axis.of(a, (b[0] - a[0], b[1] - a[1])), float(np.hypot(*np.subtract(b, a)))) for a, b in ends
        ]

    def place(self, point: TrackPoint, label: str) -> Place | None:
        """Put a sighting against the line; None beyond its ends, where nothing is forbidden."""
        piece = self._beside(point.road_xy)
        if piece is None:
            return None
        left = piece.left(point.road_xy)
        doubt = self._sideways.doubt(point, label, piece.unit)
        clear = abs(left) >= half_width(label) + doubt
        return Place(point, left, doubt, int(np.sign(left)) if clear else 0, piece)

    def _beside(self, at: Point) -> Axis | None:
        beside = [
            (abs(axis.left(at)), i)
            for i, (axis, length) in enumerate(self._pieces)
            if 0.0 <= axis.along(at) <= length
        ]
        return self._pieces[min(beside)[1]][0] if beside else None


@dataclass
class Passage:
    """What is known of one vehicle at one line; box flicker and a track that hops make no crossing of it."""

    before: list[Place] = field(default_factory=list)
    on: list[Place] = field(default_factory=list)
    after: list[Place] = field(default_factory=list)

    @property
    def came_from(self) -> int:
        """The side that the vehicle was last certainly on before the line, 0 where that is not known."""
        return self.before[0].side if self.before else 0

    def forget(self) -> None:
        """Begin anew: what was seen so far is no ground for what follows."""
        self.before, self.on, self.after = [], [], []

    def see(self, place: Place | None, dwell_s: float) -> Crossed | None:
        """Take in the next sighting; give the crossing that it completes."""
        seen = self.after or self.on or self.before
        if place is None or (seen and not _follows(seen[-1], place)):
            self.forget()
        if place is None:
            return None
        if not self.before:
            if place.side:
                self.before = [place]
            return None
        side = self.came_from
        if place.side == side:
            if self.on or self.after:
                # It came back to where it was: it drove on the line, and did not cross it.
                self.before, self.on, self.after = [place], [], []
            else:
                self.before.append(place)
        elif place.side == 0:
            self.after = []
            self.on.append(place)
        elif not self.on or not _dwelt(self.before, dwell_s):
            self.forget()
            self.before = [place]
        else:
            self.after.append(place)
            if _dwelt(self.after, dwell_s):
                crossed = Crossed(tuple(self.before), tuple(self.on), tuple(self.after))
                self.before, self.on, self.after = self.after, [], []
                return crossed if _certain(crossed) else None
        return None


def _follows(a: Place, b: Place) -> bool:
    dt = b.point.t_s - a.point.t_s
    return abs(b.left - a.left) <= SIDEWAYS_MPS * dt + a.doubt + b.doubt and dt < LONGEST_S / 4


def _dwelt(places: list[Place], dwell_s: float) -> bool:
    return len(places) >= MINIMUM_POINTS and places[-1].point.t_s - places[0].point.t_s >= dwell_s


def _certain(c: Crossed) -> bool:
    """Tell whether the vehicle drove along the line and over it: not across the road, nor one box into another."""
    a, b = c.before[-1], c.after[0]
    dt = b.point.t_s - a.point.t_s
    aside, along = abs(b.left - a.left), abs(a.axis.along(b.point.road_xy) - a.axis.along(a.point.road_xy))
    return (
        len(c.on) >= 2
        and dt <= LONGEST_S
        and aside <= SIDEWAYS_MPS * dt
        and aside <= np.tan(np.radians(ALONG_DEGREES)) * along
    )
