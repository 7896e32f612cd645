"""Days as deadlines count them: national holidays, working days, and the instant at which a day is over."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import yaml

HOLIDAYS = Path(__file__).with_name("holidays.yaml")
# How a deadline treats days on which nobody works: they count like others; they count, but a last day moves on to the
# next working day; they do not count at all.
Count = Literal["counted", "last_day_moves", "skipped"]
COUNTS: tuple[Count, ...] = ("counted", "last_day_moves", "skipped")


def is_working_day(day: date) -> bool:
    """Tell whether a day is neither Saturday, Sunday nor a national holiday."""
    table = _table()
    return not (
        day.weekday() >= 5 or f"{day:%m-%d}" in table["fixed"] or day in (table["years"].get(day.year) or {})
    )


def next_working_day(day: date) -> date:
    """Give the day itself, or the first working day after it."""
    while not is_working_day(day):
        day += timedelta(1)
    return day


def after(day: date, days: int, count: Count) -> date:
    """Give the last day of a deadline of so many days that begins after ``day``."""
    if count == "skipped":
        for _ in range(days):
            day = next_working_day(day + timedelta(1))
        return day
    last = day + timedelta(days)
    return next_working_day(last) if count == "last_day_moves" else last


def end_of(day: date, zone: str) -> datetime:
    """Give the UTC instant at which a day ends in a time zone: until then a deadline has not passed."""
    return datetime.combine(day + timedelta(1), time.min, ZoneInfo(zone)).astimezone(UTC)


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = yaml.safe_load(HOLIDAYS.read_text(encoding="utf-8"))
    return table
