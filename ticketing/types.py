"""What crosses the wall of `ticketing/`: flagged violations in, cases and notices out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class FlaggedViolation:
    """A violation as the pipeline hands it over; ``occurred_at`` is UTC, speeds are km/h."""

    violation_id: str
    rule: str
    camera_id: str
    camera_name: str
    office: str
    street: str
    latitude: float
    longitude: float
    timezone: str
    occurred_at: datetime
    vehicle_class: str
    plate_text: str | None
    plate_accepted: bool
    plate_confidence: float
    character_probabilities: tuple[float, ...]
    plate_colour: str | None
    plate_reason: str
    speed_kmh: float | None
    speed_uncertainty_kmh: float | None
    speed_limit_kmh: float | None
    measured: Mapping[str, float | str]
    evidence_manifest_sha256: str
