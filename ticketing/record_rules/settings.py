"""The record rules' settings: figures and words that an office sets, read and checked whole."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ticketing.errors import TicketingError

ENVIRONMENT = "ETLE_RECORD_RULES"
TABLE = Path(__file__).with_name("settings.yaml")


class SettingsError(TicketingError):
    """Settings that cannot be used; the message names the file and each fault."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class OddEvenSettings(_Part):
    """Whom the record exempts from odd-even."""

    exempt_fuel: tuple[str, ...]
    exempt_classes: tuple[str, ...]
    exempt_words: tuple[str, ...]
    exempt_plate_colours: tuple[str, ...]


class Series(_Part):
    """Plates by their letters: exact region ``prefixes``, exact last letters, and how the last letters begin."""

    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    suffix_starts: tuple[str, ...] = ()

    def holds(self, prefix: str, suffix: str) -> bool:
        """Tell whether a plate with these letters is of the series."""
        return (
            prefix in self.prefixes
            or suffix in self.suffixes
            or any(suffix.startswith(s) for s in self.suffix_starts)
        )


class EndedSeries(Series):
    """Series that are no longer issued nor valid, ``from`` that day on."""

    from_day: date = Field(alias="from")


class FalsePlateSettings(_Part):
    """What makes a plate false or cloned."""

    ended_series: EndedSeries
    not_in_stnk: Series
    clone_kmh: Annotated[float, Field(ge=150)]
    clone_km: Annotated[float, Field(ge=1)]
    clock_s: Annotated[float, Field(ge=0)]


class ExpiredPlateSettings(_Part):
    """When an expired plate is told."""

    frames: Annotated[int, Field(ge=2)]
    grace_days: Annotated[int, Field(ge=0)]


class RoadSection(_Part):
    """A stretch of road between two cameras: ``road_m`` is the shortest way by road, with one sigma; ``clock_sigma_s``
    that of the two clocks against each other. Speeds in km/h."""

    from_camera: str = Field(alias="from")
    to_camera: str = Field(alias="to")
    road_m: Annotated[float, Field(gt=0)]
    road_sigma_m: Annotated[float, Field(ge=0)]
    clock_sigma_s: Annotated[float, Field(gt=0)]
    limit_kmh: Annotated[float, Field(gt=0, le=200)]
    tolerance_kmh: Annotated[float, Field(ge=0, le=50)]
    certificate: str
    certificate_valid_until: date


class AverageSpeedSettings(_Part):
    """The sections that are measured, and for how many minutes a passage is kept that broke no law so far."""

    keep_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = 60.0
    sections: tuple[RoadSection, ...]

    @model_validator(mode="after")
    def _kept_long_enough(self) -> AverageSpeedSettings:
        for section in self.sections:
            least = section.road_m / section.limit_kmh * 0.06
            if self.keep_minutes < least:
                raise ValueError(
                    f"keep_minutes: {self.keep_minutes:g} is shorter than the {least:.1f} minutes that section "
                    f"{section.from_camera} to {section.to_camera} takes at its limit: nobody would be measured"
                )
        return self

    def measures(self, camera_id: str) -> bool:
        """Tell whether a camera stands at an end of any section."""
        return any(camera_id in (s.from_camera, s.to_camera) for s in self.sections)


class Settings(_Part):
    """All record rules' settings."""

    odd_even: OddEvenSettings
    false_plate: FalsePlateSettings
    expired_plate: ExpiredPlateSettings
    average_speed: AverageSpeedSettings


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings: those of ``path``, else the office's own where ``ETLE_RECORD_RULES`` names a file, else the
    shipped ones.

    Raises:
        SettingsError: no such file, not YAML, or a fault in it; all are named.
    """
    path = path or Path(os.environ.get(ENVIRONMENT) or TABLE)
    try:
        return Settings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsError(f"{path}: cannot read the settings: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid YAML: {error}") from error
    except ValidationError as error:
        faults = [f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors()]
        raise SettingsError(f"{path}: " + "; ".join(faults)) from error
