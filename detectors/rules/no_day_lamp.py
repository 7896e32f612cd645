"""`no_day_lamp`: a motorcycle's head lamp off by day. UU 22/2009 art. 293 (2) with 107 (2).

Off by default: no footage with unlit lamps was at hand, and of single real pictures only few (`detectors/weights`,
model card). What speaks for the rider is taken at its word: one look at what may be a lit lamp, and nobody is flagged.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from detectors.rules.look_votes import LookParameters, LookVotes
from detectors.types import LampSighting, Scene


class LampParameters(LookParameters):
    """As `LookParameters`; every clear look must be against the rider. It is day from ``from_hour`` until
    ``until_hour`` by the camera's zone: between the two the sun stands high in all of Indonesia."""

    min_looks: int = Field(10, ge=1, le=1000)
    min_share: float = Field(1.0, gt=0.5, le=1)
    from_hour: int = Field(7, ge=0, le=24)
    until_hour: int = Field(17, ge=0, le=24)


class NoDayLamp(LookVotes[LampSighting]):
    """Flags a motorcycle that comes towards the camera by day with its lamp off in every clear look, or ``min_share``
    of them where a camera file asks for less. Never flagged: seen from behind or aside, too far away, dusk or night, a
    lamp of which the network is not sure; unless less is asked for, one seen lit even once."""

    rule_id = "no_day_lamp"
    caption = "Lampu utama mati / Head lamp off"
    label = "motorcycle"
    parameters_of = LampParameters
    parameters: LampParameters

    def looks_of(self, scene: Scene) -> Sequence[LampSighting]:
        """Give the looks at head lamps, none outside the hours."""
        hour = scene.captured_at.astimezone(self._camera.zone).hour
        return scene.lamps if self.parameters.from_hour <= hour < self.parameters.until_hour else ()

    def probability(self, look: LampSighting) -> float:
        """Give how surely the lamp is off."""
        return look.off
