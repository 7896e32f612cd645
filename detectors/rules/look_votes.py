"""Votes over many looks at one vehicle's detail: what `no_seat_belt`, `phone_use` and `no_day_lamp` share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from pydantic import Field

from detectors.camera import Camera, CameraFileError
from detectors.rules.common import Flagged, Parameters, key_frame, make_violation, parse_parameters
from detectors.rules.jumps import jumped
from detectors.types import DriverSighting, Scene, Track, TrackPoint, Violation


class Look(Protocol):
    """One look at a detail of a track's vehicle; only a ``clear`` one votes."""

    @property
    def track_id(self) -> int:
        """The track that was looked at."""

    @property
    def clear(self) -> bool:
        """Whether anything could be told."""


L = TypeVar("L", bound=Look)


class LookParameters(Parameters):
    """A look votes where it is clear; it is against the driver at ``min_probability`` or more. Flagged:
    ``min_looks`` such votes over ``min_seconds``, ``min_share`` of the clear ones, and ``min_clear_share`` of all looks
    clear. ``accept_unproven`` must be set: see the rule."""

    min_probability: float = Field(0.9, ge=0.5, le=1)
    min_looks: int = Field(8, ge=1, le=1000)
    min_seconds: float = Field(0.7, ge=0, le=60)
    min_share: float = Field(0.9, gt=0.5, le=1)
    min_clear_share: float = Field(0.6, ge=0, le=1)
    accept_unproven: bool = False


@dataclass
class _Vehicle(Generic[L]):
    track: Track
    looks: list[tuple[TrackPoint, L]] = field(default_factory=list)


class LookVotes(Generic[L]):
    """Collects looks at each vehicle of class ``label``; answers when it has left the picture.

    Where a track jumps, or the clock is unfit, all is begun anew: whose looks those before were cannot be told.
    """

    rule_id: str
    caption: str
    label: str
    parameters_of: type[LookParameters] = LookParameters

    def __init__(self, camera: Camera, parameters: Mapping[str, object]) -> None:
        self.parameters = parse_parameters(self.parameters_of, self.rule_id, camera, parameters)
        if not self.parameters.accept_unproven:
            raise CameraFileError(
                f"camera {camera.id}: enforce.{self.rule_id}: is off, because nothing real has proven it; "
                "accept_unproven: true turns it on all the same"
            )
        self._camera = camera
        self._vehicles: dict[int, _Vehicle[L]] = {}
        self._flagged = Flagged()

    def looks_of(self, scene: Scene) -> Sequence[L]:
        """Give the looks of a moment that this rule goes by."""
        raise NotImplementedError

    def probability(self, look: L) -> float:
        """Give how surely one look speaks against the driver, 0..1."""
        raise NotImplementedError

    def update(self, scene: Scene) -> list[Violation]:
        """Take in one moment; give the violations that it completes."""
        self._flagged.follow(scene)
        if not scene.clock_fit:
            self._vehicles.clear()
        looks = {look.track_id: look for look in self.looks_of(scene)}
        for track in scene.tracks:
            if track.id in self._vehicles and jumped(track.points, self._camera.homography):
                del self._vehicles[track.id]
            if scene.clock_fit and track.confirmed and track.id in looks:
                vehicle = self._vehicles.setdefault(track.id, _Vehicle(track))
                vehicle.track = track
                vehicle.looks.append((track.points[-1], looks[track.id]))
        found = []
        for track in scene.ended:
            gone = self._vehicles.pop(track.id, None)
            if gone is not None and (violation := self._decide(gone, track)) is not None:
                found.append(violation)
        return found

    def finish(self) -> list[Violation]:
        """Decide on the vehicles that were still in the picture."""
        found = [self._decide(vehicle, vehicle.track) for vehicle in self._vehicles.values()]
        self._vehicles.clear()
        return [v for v in found if v is not None]

    def _decide(self, vehicle: _Vehicle[L], track: Track) -> Violation | None:
        clear = [(p, look) for p, look in vehicle.looks if look.clear]
        against = [p for p, look in clear if self.probability(look) >= self.parameters.min_probability]
        if (
            track.label != self.label
            or len(against) < self.parameters.min_looks
            or against[-1].t_s - against[0].t_s < self.parameters.min_seconds
            or len(against) < self.parameters.min_share * len(clear)
            or len(clear) < self.parameters.min_clear_share * len(vehicle.looks)
            or self._flagged.knows(track)
        ):
            return None
        self._flagged.add(track)
        first, last = against[0], against[-1]
        nearest = max(against, key=lambda p: p.box_xyxy[3] - p.box_xyxy[1])
        frames = [
            key_frame(first, "Pertama terlihat / First seen"),
            key_frame(last, "Terakhir terlihat / Last seen"),
            key_frame(nearest, self.caption),
        ]
        measured: dict[str, float | str] = {
            "looks_against": float(len(against)),
            "clear_looks": float(len(clear)),
            "looks": float(len(vehicle.looks)),
        }
        return make_violation(
            self.rule_id, self._camera, track, (first, last), frames, measured, self.parameters
        )


class DriverVotes(LookVotes[DriverSighting]):
    """Votes over looks at a car's driver, by a classifier that somebody brings: `detectors.windscreen`."""

    label = "car"

    def looks_of(self, scene: Scene) -> Sequence[DriverSighting]:
        """Give the looks at drivers."""
        return scene.drivers
