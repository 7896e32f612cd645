"""Votes over many looks at one driver: what `no_seat_belt` and `phone_use` share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import Field

from detectors.camera import Camera, CameraFileError
from detectors.rules.common import Flagged, Parameters, key_frame, make_violation, parse_parameters
from detectors.types import DriverSighting, Scene, Track, TrackPoint, Violation


class DriverParameters(Parameters):
    """A look votes where the glass is clear; it is against the driver at ``min_probability`` or more. Flagged:
    ``min_looks`` such votes over ``min_seconds``, ``min_share`` of the clear ones, and ``min_clear_share`` of all looks
    clear. ``accept_unproven`` must be set: see the rule."""

    min_probability: float = Field(0.9, ge=0.5, le=1)
    min_looks: int = Field(8, ge=1, le=1000)
    min_seconds: float = Field(0.7, ge=0, le=60)
    min_share: float = Field(0.9, gt=0.5, le=1)
    min_clear_share: float = Field(0.6, ge=0, le=1)
    accept_unproven: bool = False


@dataclass
class _Driver:
    track: Track
    looks: list[tuple[TrackPoint, DriverSighting]] = field(default_factory=list)


class DriverVotes:
    """Collects looks at each driver; answers when the car has left the picture."""

    rule_id: str
    caption: str

    def __init__(self, camera: Camera, parameters: Mapping[str, object]) -> None:
        self.parameters = parse_parameters(DriverParameters, self.rule_id, camera, parameters)
        if not self.parameters.accept_unproven:
            raise CameraFileError(
                f"camera {camera.id}: enforce.{self.rule_id}: is off, because nothing real has proven it; "
                "accept_unproven: true turns it on where you bring a classifier of your own"
            )
        self._camera = camera
        self._drivers: dict[int, _Driver] = {}
        self._flagged = Flagged()

    def probability(self, look: DriverSighting) -> float:
        """Give how surely one look speaks against the driver, 0..1."""
        raise NotImplementedError

    def update(self, scene: Scene) -> list[Violation]:
        """Take in one moment; give the violations that it completes."""
        self._flagged.follow(scene)
        looks = {look.track_id: look for look in scene.drivers}
        for track in scene.tracks:
            if track.confirmed and track.id in looks:
                driver = self._drivers.setdefault(track.id, _Driver(track))
                driver.track = track
                driver.looks.append((track.points[-1], looks[track.id]))
        found = []
        for track in scene.ended:
            gone = self._drivers.pop(track.id, None)
            if gone is not None and (violation := self._decide(gone, track)) is not None:
                found.append(violation)
        return found

    def finish(self) -> list[Violation]:
        """Decide on the cars that were still in the picture."""
        found = [self._decide(driver, driver.track) for driver in self._drivers.values()]
        self._drivers.clear()
        return [v for v in found if v is not None]

    def _decide(self, driver: _Driver, track: Track) -> Violation | None:
        clear = [(p, look) for p, look in driver.looks if look.clear]
        against = [p for p, look in clear if self.probability(look) >= self.parameters.min_probability]
        if (
            track.label != "car"
            or len(against) < self.parameters.min_looks
            or against[-1].t_s - against[0].t_s < self.parameters.min_seconds
            or len(against) < self.parameters.min_share * len(clear)
            or len(clear) < self.parameters.min_clear_share * len(driver.looks)
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
            "looks": float(len(driver.looks)),
        }
        return make_violation(
            self.rule_id, self._camera, track, (first, last), frames, measured, self.parameters
        )
