"""What crosses the wall of `ticketing/`: flagged violations in, cases and notices out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class FlaggedViolation:
    """A violation as the pipeline hands it over; ``occurred_at`` is UTC, speeds are km/h.

    ``body_colour`` and ``make`` are words as the register's, where something measured them; None: not seen.
    ``expiry_lines`` is the plate's month·year line, ``MM.YY``, as each picture showed it that could be read.
    """

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
    body_colour: str | None = None
    make: str | None = None
    expiry_lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class VehicleRecord:
    """One STNK record, personal fields in clear: every look at one belongs in the audit trail."""

    nrkb: str
    owner_name: str
    owner_address: str
    phone: str
    email: str
    chassis_number: str
    engine_number: str
    bpkb_number: str
    make: str
    type: str
    vehicle_class: str
    model_class: str
    colour: str
    plate_colour: str
    fuel: str
    location_code: str
    year: int
    cylinder_cc: int
    registration_year: int
    valid_until: date


@dataclass(frozen=True)
class Mismatch:
    """One thing that stands between a case and its letter: what was seen, what is recorded, in words."""

    field: str
    seen: str | None
    recorded: str | None
    text_id: str
    text_en: str


@dataclass(frozen=True)
class Checklist:
    """What an officer vouches for; a case is confirmed only where all four hold."""

    plate_legible: bool
    nothing_in_the_way: bool
    vehicle_matches: bool
    violation_visible: bool


@dataclass(frozen=True)
class CaseSummary:
    """A case as the queue shows it. ``occurred_at`` is UTC; ``locked_by`` is an officer whose lease still runs."""

    id: int
    state: str
    rule: str
    title_id: str
    title_en: str
    occurred_at: datetime
    timezone: str
    camera_id: str
    street: str
    plate_text: str | None
    plate_accepted: bool
    plate_confidence: float
    locked_by: str | None


@dataclass(frozen=True)
class CaseDetail(CaseSummary):
    """A case as its review page shows it, personal data of its record included. Speeds are km/h.

    ``plate_text`` is the officer's where one was corrected. ``vehicle_class`` is the detector's word and
    ``stnk_class`` the register's for it, or the officer's; None where the register has no such class.
    ``plate_colour``, ``body_colour`` and ``make`` are None where nobody could tell them.
    """

    violation_id: str
    evidence_manifest_sha256: str
    vehicle_class: str
    stnk_class: str | None
    plate_colour: str | None
    plate_reason: str
    plate_corrected: bool
    character_probabilities: tuple[float, ...]
    speed_kmh: float | None
    speed_uncertainty_kmh: float | None
    speed_limit_kmh: float | None
    measured: Mapping[str, float | str]
    article: str
    fine_rupiah: int
    record: VehicleRecord | None
    mismatches: tuple[Mismatch, ...]
    locked_until: datetime | None
    reference: str | None
    reject_reason: str | None
    reject_note: str | None
    body_colour: str | None = None
    make: str | None = None


@dataclass(frozen=True)
class Vehicle:
    """A vehicle as its owner would know it, without personal data."""

    make: str
    type: str
    colour: str

    def __str__(self) -> str:
        named = " ".join(part.strip() for part in (self.make, self.type) if part.strip())
        return ", ".join(part for part in (named, self.colour.strip()) if part)


@dataclass(frozen=True)
class OwnerView:
    """A confirmed case as its owner sees it; nothing in it names a person.

    Times are UTC, to be shown in ``timezone``; ``answer_by`` and ``pay_by`` are days there. Speeds are km/h,
    ``fine_rupiah`` is the article's maximum.
    """

    case_id: int
    reference: str
    rule: str
    title_id: str
    title_en: str
    article: str
    fine_rupiah: int
    occurred_at: datetime
    timezone: str
    street: str
    camera_name: str
    office: str
    plate: str
    vehicle: Vehicle
    speed_kmh: float | None
    speed_uncertainty_kmh: float | None
    speed_limit_kmh: float | None
    state: str
    state_id: str
    state_en: str
    confirmed_at: datetime
    answer_by: date
    pay_by: date
    violation_id: str
    evidence_manifest_sha256: str


@dataclass(frozen=True)
class Officer:
    """Somebody who may sign in at the desk."""

    login: str
    name: str
    role: str
