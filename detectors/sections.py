"""Sections of the camera file that say where and when the traffic is restricted: zones, hours, road markings."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from detectors.types import Point

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
VehicleClass = Literal["car", "motorcycle", "bus", "truck", "bicycle"]


class Section(BaseModel):
    """A part of the camera file: an unknown entry is an error, not a typo that goes unseen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _as_text(value: Any) -> Any:
    # YAML reads an unquoted 16:00 as sixteen times sixty.
    if isinstance(value, int | float):
        raise ValueError('write the time in quotes, as in "16:00"')
    return value


ClockTime = Annotated[time, BeforeValidator(_as_text)]


class Hours(Section):
    """A span of the day, in the camera's own zone: from ``start`` up to, not including, ``end``.

    ``on_holidays``: in force on public holidays too.
    """

    days: tuple[Day, ...] = DAYS
    start: ClockTime
    end: ClockTime
    on_holidays: bool = True

    @model_validator(mode="after")
    def _within_a_day(self) -> Hours:
        if self.start >= self.end:
            raise ValueError("end must be later than start; write hours over midnight as two entries")
        return self

    def hold(self, there: datetime) -> bool:
        """Tell whether a moment lies within, holidays aside."""
        return (
            DAYS[there.weekday()] in self.days and self.start <= there.time().replace(tzinfo=None) < self.end
        )


class Zone(Section):
    """A part of the road, in metres, that some vehicles may not drive in.

    ``kind`` is the rule's id. ``classes`` are those that may not; left out, the rule's own. ``hours``: when; empty:
    always. ``openings``: parts of it where everybody may cross or turn in. ``direction``: along the zone; only travel
    along it counts, so that who crosses it from a side road is let pass.
    """

    id: str
    kind: Literal["bus_lane", "shoulder_use", "motorcycle_ban", "odd_even"]
    polygon: Annotated[tuple[Point, ...], Field(min_length=3)]
    direction: Point
    classes: tuple[VehicleClass, ...] = ()
    hours: tuple[Hours, ...] = ()
    openings: tuple[Annotated[tuple[Point, ...], Field(min_length=3)], ...] = ()

    @model_validator(mode="after")
    def _checked(self) -> Zone:
        if np.hypot(*self.direction) < 1e-6:
            raise ValueError("direction must not be zero")
        if self.kind == "odd_even" and not self.hours:
            raise ValueError("hours: missing, and an odd-even zone needs them")
        return self


class Marking(Section):
    """A line along the road: ``road`` in metres, point after point. Who crosses a solid one breaks the law.

    ``crossable_from``: a double line that is dashed on that side, left or right as one looks along ``road``.
    """

    id: str
    road: Annotated[tuple[Point, ...], Field(min_length=2)]
    kind: Literal["solid", "dashed"] = "solid"
    crossable_from: Literal["left", "right"] | None = None

    @model_validator(mode="after")
    def _has_length(self) -> Marking:
        steps = np.linalg.norm(np.diff(np.asarray(self.road, float), axis=0), axis=1)
        if np.any(steps < 1e-6):
            raise ValueError("road: two points in a row are the same")
        return self
