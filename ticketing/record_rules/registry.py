"""Which record rules there are. A new one is one module beside this one and one row here."""

from __future__ import annotations

from collections.abc import Mapping

from ticketing.record_rules import average_speed, expired_plate, false_plate
from ticketing.record_rules.base import Known, RecordFinding, RecordRule
from ticketing.record_rules.settings import Settings


def build_record_rules(settings: Settings) -> Mapping[str, RecordRule]:
    """Give the record rules by their ids, with an office's settings."""
    return {
        false_plate.RULE: lambda known: false_plate.judge(known, settings.false_plate),
        expired_plate.RULE: lambda known: expired_plate.judge(known, settings.expired_plate),
        average_speed.RULE: lambda known: average_speed.judge(known, settings.average_speed),
    }


def judge_all(known: Known, settings: Settings) -> tuple[RecordFinding, ...]:
    """Judge one sighting by every record rule."""
    return tuple(f for rule in build_record_rules(settings).values() for f in rule(known))
