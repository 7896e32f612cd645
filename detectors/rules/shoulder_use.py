"""`shoulder_use`: driving on along the shoulder. UU 22/2009 art. 287 (1) with 106 (4) a, b."""

from __future__ import annotations

from pydantic import Field

from detectors.rules.zone_travel import ZoneParameters, ZoneTravel


class ShoulderUseParameters(ZoneParameters):
    """As for every zone. The shoulder is there for who must stop: only steady driving counts, not slowing down to a
    halt, nor pulling away from one."""

    distance_m: float = Field(20.0, gt=0, le=500)
    speed_kmh: float = Field(30.0, ge=0, le=150)
    steady_share: float = Field(0.85, ge=0, le=1)


class ShoulderUse(ZoneTravel):
    """Flags a motor vehicle that drives steadily along the shoulder: to pass others, not to stop."""

    rule_id = "shoulder_use"
    classes = ("car", "motorcycle", "bus", "truck")
    caption = "Di bahu jalan / On the shoulder"
    model = ShoulderUseParameters
