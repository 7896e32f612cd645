"""Days, times and amounts in words, Bahasa Indonesia and English, whatever locale the machine has."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

_DAYS_ID = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
_DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS_ID = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November",
    "Desember",
)  # fmt: skip
_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def day_words(day: date) -> tuple[str, str]:
    """Give a day as ``Selasa, 18 Agustus 2026`` and ``Tuesday, 18 August 2026``."""
    return (
        f"{_DAYS_ID[day.weekday()]}, {day.day} {_MONTHS_ID[day.month - 1]} {day.year}",
        f"{_DAYS_EN[day.weekday()]}, {day.day} {_MONTHS_EN[day.month - 1]} {day.year}",
    )


def time_words(at: datetime, timezone: str) -> tuple[str, str]:
    """Give a timezone-aware time to the second as it was in ``timezone``, which is named (WIB, WITA, WIT)."""
    there = at.astimezone(ZoneInfo(timezone))
    day_id, day_en = day_words(there.date())
    return f"{day_id}, pukul {there:%H.%M.%S %Z}", f"{day_en}, {there:%H:%M:%S %Z}"


def rupiah(amount: int) -> str:
    """Give whole rupiah as ``Rp500.000``."""
    return "Rp" + f"{amount:,}".replace(",", ".")


def plain_number(value: float) -> str:
    """Give a measured number with at most two decimals, as ``13`` or ``2.25``."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
