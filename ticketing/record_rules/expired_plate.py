"""`expired_plate`: month·year on the plate and the record's date have passed. UU 22/2009 art. 288 (1) with 106 (5) a.

An advisory to the officer and no ticket of its own: no source shows one for expiry alone (DOMAIN.md, "Law table").
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from ticketing.record_rules.base import Known, RecordFinding
from ticketing.record_rules.settings import ExpiredPlateSettings

RULE = "expired_plate"
_LINE = re.compile(r"(0[1-9]|1[0-2])\.([0-9]{2})")


def judge(known: Known, settings: ExpiredPlateSettings) -> tuple[RecordFinding, ...]:
    """Advise where both the line and the record say so; a line that is unreadable or differs between frames says
    nothing, and a record that was renewed outweighs the line."""
    record, plate = known.look_up.record, known.sighting.known_plate
    ends = line_ends(known.sighting.expiry_lines, settings.frames)
    if record is None or plate is None or ends is None:
        return ()
    day = known.sighting.seen_at.astimezone(ZoneInfo(known.sighting.timezone)).date()
    last = max(ends, record.valid_until) + timedelta(settings.grace_days)
    if day <= last:
        return ()
    return (
        RecordFinding(
            RULE,
            plate,
            f"Masa berlaku pada pelat sampai {ends:%m.%y}, pada STNK sampai {record.valid_until:%d-%m-%Y}",
            f"The plate's line runs to {ends:%m.%y}, the STNK record to {record.valid_until:%d %B %Y}",
            {"days_expired": float((day - last).days), "line": f"{ends:%m.%y}"},
            (known.sighting.id,),
            advisory=True,
        ),
    )


def line_ends(lines: tuple[str, ...], frames: int) -> date | None:
    """Give the last day of the month that ``frames`` or more readings agree on, none dissenting; else None."""
    read = {line for line in lines if line}
    month = _LINE.fullmatch(next(iter(read))) if len(read) == 1 else None
    if month is None or sum(bool(line) for line in lines) < frames:
        return None
    year, number = 2000 + int(month[2]), int(month[1])
    following = date(year + number // 12, number % 12 + 1, 1)
    return following - timedelta(1)
