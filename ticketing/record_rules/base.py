"""The one interface of a rule that needs the record, or several cameras, rather than one camera's picture.

A record rule is a pure function: what was seen and what is known in, findings out. It never looks anything up, so a
test feeds it by hand and a replay gives the same. Nothing here is a ticket: an officer decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt

from ticketing.types import VehicleRecord

EARTH_KM = 6371.0


@dataclass(frozen=True)
class Sighting:
    """One passage of one vehicle before one camera. ``seen_at`` is timezone-aware, shown in ``timezone``.

    ``plate`` counts only where ``plate_certain``: no character of it is in doubt. ``vehicle_class`` is the detector's
    word, ``plate_colour`` the base colour, None where it could not be told; so are ``vehicle_colour`` (in the record's
    words, as ``merah``) and ``make``. ``expiry_lines`` holds the month·year line as each frame showed it, ``MM.YY``.
    ``seen_at_sigma_s`` is one standard deviation of the moment itself, clocks aside; ``clock_bias_s`` is how far the
    camera's clock is known to be off, either way.
    """

    id: str
    camera_id: str
    latitude: float
    longitude: float
    timezone: str
    seen_at: datetime
    plate: str | None
    plate_certain: bool
    vehicle_class: str
    plate_colour: str | None = None
    vehicle_colour: str | None = None
    make: str | None = None
    expiry_lines: tuple[str, ...] = ()
    seen_at_sigma_s: float = 0.0
    clock_bias_s: float = 0.0

    @property
    def known_plate(self) -> str | None:
        """The plate where there is no doubt about it, else None."""
        return self.plate if self.plate_certain else None


class Register(StrEnum):
    """What came of asking the register for a plate."""

    FOUND = "found"
    NOT_REGISTERED = "not registered"
    NOT_REACHABLE = "not reachable"


@dataclass(frozen=True)
class LookUp:
    """The register's answer; ``record`` is there only where it was FOUND."""

    register: Register
    record: VehicleRecord | None = None

    def __post_init__(self) -> None:
        if (self.record is not None) != (self.register is Register.FOUND):
            raise ValueError("a look-up has a record exactly where one was found")


@dataclass(frozen=True)
class Known:
    """All that a record rule may know: the newest ``sighting``, the register's answer for its plate, and ``earlier``
    sightings of the same plate at any camera, in any order."""

    sighting: Sighting
    look_up: LookUp
    earlier: tuple[Sighting, ...] = ()


@dataclass(frozen=True)
class RecordFinding:
    """What a record rule found, in words for an officer. ``advisory``: to be told, never a ticket of its own.

    ``measured`` has units in its keys, ``parameters`` is what it was judged by; ``sightings`` names what it rests on,
    the newest last.
    """

    rule: str
    plate: str
    text_id: str
    text_en: str
    measured: Mapping[str, float | str]
    sightings: tuple[str, ...]
    advisory: bool = False
    speed_kmh: float | None = None
    speed_uncertainty_kmh: float | None = None
    parameters: Mapping[str, float | str] = field(default_factory=dict)


def distance_km(a: Sighting, b: Sighting) -> float:
    """Give the great-circle distance of two cameras: no road between them is shorter.

    Haversine formula, R. W. Sinnott, Virtues of the Haversine, Sky and Telescope 68 (2), 1984.
    """
    p, q = radians(a.latitude), radians(b.latitude)
    half = sin((q - p) / 2) ** 2 + cos(p) * cos(q) * sin(radians(b.longitude - a.longitude) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(half)))
