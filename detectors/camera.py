"""The camera file: one YAML per camera, checked whole before anything runs.

The road frame is metres on the ground, right-handed: choose the origin and axes as the survey likes; rules
use only what the file names. A `CameraFileError` names every fault found, with its place in the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from detectors.geometry import GeometryError, Homography
from detectors.sections import Marking, Section, Zone
from detectors.types import Point


class CameraFileError(ValueError):
    """A camera file that cannot be used; the message names the file and each fault in it."""


def _zone(name: str) -> str:
    if name not in ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"):
        raise ValueError("timezone must be Asia/Jakarta (WIB), Asia/Makassar (WITA) or Asia/Jayapura (WIT)")
    return name


class SurveyPoint(Section):
    """One surveyed point: ``image`` in pixels, ``road`` in metres."""

    image: Point
    road: Point


class CheckLine(Section):
    """A line on the road between two pixels, ``metres`` long: not fitted to, it shows what the fit is worth."""

    image: tuple[Point, Point]
    metres: float = Field(gt=0)


class Calibration(Section):
    """How pixels become metres. ``image_sigma_px`` is the surveyor's own marking error, one sigma."""

    points: tuple[SurveyPoint, ...]
    image_sigma_px: float = Field(1.0, gt=0)
    checks: tuple[CheckLine, ...] = ()


class Lane(Section):
    """A lane: its polygon in metres, the lawful direction of travel as a vector, and what its signal and its arrows
    let it do. ``turns``: where its arrows lead beyond the stop line; empty: anywhere."""

    id: str
    polygon: Annotated[tuple[Point, ...], Field(min_length=3)]
    direction: Point
    left_turn_on_red: bool = False
    turns: tuple[Literal["left", "straight", "right"], ...] = ()

    @model_validator(mode="after")
    def _direction_is_not_zero(self) -> Lane:
        if np.hypot(*self.direction) < 1e-6:
            raise ValueError("direction must not be zero")
        return self


class StopLine(Section):
    """A line across the road, from kerb to centre line in metres, and the lanes that it holds for: the stop line, or
    the one where a measured section begins or ends."""

    road: tuple[Point, Point]
    lanes: tuple[str, ...]


class SignalHead(Section):
    """A signal head: its region ``xyxy`` in pixels around all three lamps, and the lanes that it governs.

    ``source`` says where its state comes from: "image", or "feed" for a wired signal controller.
    """

    id: str
    region: tuple[float, float, float, float]
    lanes: tuple[str, ...]
    source: str = Field("image", pattern="^(image|feed)$")


class SpeedDevice(Section):
    """The instrument behind speed cases; without a certificate in force no speed case is made (DOMAIN.md)."""

    id: str
    certificate: str
    valid_until: date


class Location(Section):
    """Where the camera stands."""

    street: str
    latitude: float = Field(ge=-11.5, le=6.5)
    longitude: float = Field(ge=94.5, le=141.5)


class CameraFile(Section):
    """The camera file as written. ``enforce`` maps a rule id to that rule's parameters.

    ``holidays`` lists each year's public holidays: in a year without its list, what is not in force on holidays is
    not in force at all.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$")
    name: str
    office: str
    location: Location
    timezone: Annotated[str, AfterValidator(_zone)]
    frame_size: tuple[int, int]
    calibration: Calibration
    lanes: Annotated[tuple[Lane, ...], Field(min_length=1)]
    stop_line: StopLine | None = None
    section_line: StopLine | None = None
    junction: tuple[Point, ...] | None = None
    signals: tuple[SignalHead, ...] = ()
    measuring_zone: tuple[Point, ...] | None = None
    zones: tuple[Zone, ...] = ()
    markings: tuple[Marking, ...] = ()
    holidays: dict[int, tuple[date, ...]] = Field(default_factory=dict)
    speed_limit_kmh: float | None = Field(None, gt=0, le=200)
    speed_device: SpeedDevice | None = None
    enforce: dict[str, dict[str, float | bool | str]]
    detect_size: int = Field(960, ge=320, le=2560, multiple_of=32)
    recorded_at: datetime | None = None

    @model_validator(mode="after")
    def _references_hold(self) -> CameraFile:
        lanes = {lane.id for lane in self.lanes}
        if len(lanes) != len(self.lanes):
            raise ValueError("lanes: two lanes have the same id")
        lines = (("stop_line", self.stop_line), ("section_line", self.section_line))
        named = [(name, line.lanes) for name, line in lines if line is not None]
        named += [(f"signals.{s.id}", s.lanes) for s in self.signals]
        for where, ids in named:
            if missing := set(ids) - lanes:
                raise ValueError(f"{where}: no such lane: {', '.join(sorted(missing))}")
        for name, section in (("zones", self.zones), ("markings", self.markings)):
            if len({part.id for part in section}) != len(section):
                raise ValueError(f"{name}: two have the same id")
        for year, days in self.holidays.items():
            if any(day.year != year for day in days):
                raise ValueError(f"holidays.{year}: holds a day of another year")
        if self.recorded_at is not None and self.recorded_at.tzinfo is None:
            raise ValueError("recorded_at: give the zone, as in 2026-08-17T07:15:00+07:00")
        return self


@dataclass(frozen=True)
class Camera:
    """A camera that can be used: its file, the homography fitted from it, and the file's SHA-256."""

    file: CameraFile
    homography: Homography
    sha256: str

    @property
    def id(self) -> str:
        """The camera's id."""
        return self.file.id

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which its times are shown."""
        return ZoneInfo(self.file.timezone)

    def in_force(self, zone: Zone, at: datetime) -> bool:
        """Tell whether a zone's restriction certainly holds at a moment (timezone-aware)."""
        there = at.astimezone(self.zone)
        known = self.file.holidays.get(there.year)
        workday = known is not None and there.date() not in known
        return not zone.hours or any(h.hold(there) and (h.on_holidays or workday) for h in zone.hours)

    def lane(self, lane_id: str) -> Lane:
        """Give the lane of that id."""
        return next(lane for lane in self.file.lanes if lane.id == lane_id)


def load_camera(path: Path, rule_needs: Mapping[str, frozenset[str]] | None = None) -> Camera:
    """Read and check a camera file.

    Args:
        path: the YAML file.
        rule_needs: for every known rule id the sections that it needs (see `detectors.rules.registry.NEEDS`).

    Raises:
        CameraFileError: no such file, not YAML, or a fault in it; the message lists all that were found.
    """
    try:
        raw = path.read_bytes()
        data = yaml.safe_load(raw)
    except OSError as error:
        raise CameraFileError(f"{path}: cannot read the camera file: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CameraFileError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(data, dict):
        raise CameraFileError(
            f"{path}: a camera file is a YAML mapping with id, calibration, lanes, enforce, …"
        )
    return parse_camera(data, str(path), hashlib.sha256(raw).hexdigest(), rule_needs)


def parse_camera(
    data: Mapping[str, Any], where: str, sha256: str, rule_needs: Mapping[str, frozenset[str]] | None = None
) -> Camera:
    """Check a camera file's content; ``where`` names it in errors. Raises `CameraFileError`."""
    try:
        file = CameraFile.model_validate(data)
    except ValidationError as error:
        faults = [_fault(e) for e in error.errors()]
        raise CameraFileError(f"{where}: " + "; ".join(faults)) from error
    faults = []
    for rule, needs in ((r, (rule_needs or {}).get(r)) for r in file.enforce):
        if rule_needs is not None and needs is None:
            faults.append(f"enforce.{rule}: unknown rule; known: {', '.join(sorted(rule_needs))}")
        faults += [
            f"{need}: missing, and enforce.{rule} needs it"
            for need in sorted(needs or ())
            if not getattr(file, need)
        ]
    try:
        homography = Homography.from_points(
            [p.image for p in file.calibration.points], [p.road for p in file.calibration.points]
        )
    except GeometryError as error:
        faults.append(f"calibration.points: {error}")
    if faults:
        raise CameraFileError(f"{where}: " + "; ".join(faults))
    return Camera(file, homography, sha256)


def _fault(e: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in e["loc"]) or "file"
    given = "" if e["type"] == "missing" or not e["loc"] else f" (given: {e['input']!r:.60})"
    return f"{place}: {e['msg'].removeprefix('Value error, ')}{given}"
