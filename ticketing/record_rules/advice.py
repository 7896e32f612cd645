"""What the record rules say of a case that an officer has before them.

None of it is a ticket, and none is stored: it is judged anew from case and register whenever the case is opened.
"""

from __future__ import annotations

from ticketing import gate
from ticketing.models import CaseRow
from ticketing.record_rules import expired_plate, false_plate
from ticketing.record_rules.base import Known, LookUp, RecordFinding, Register, Sighting
from ticketing.record_rules.settings import Settings, load_settings
from ticketing.types import VehicleRecord


def advice(
    case: CaseRow, record: VehicleRecord | None, settings: Settings | None = None
) -> tuple[RecordFinding, ...]:
    """Judge a case by `false_plate` and `expired_plate`; nothing while its plate is in doubt.

    Args:
        case: what was seen, the officer's word before the machine's.
        record: the register's record of its plate, None where it is not registered.
        settings: an office's; the shipped ones where left out.
    """
    chosen = settings or load_settings()
    known = Known(
        sighting_of_case(case),
        LookUp(Register.NOT_REGISTERED if record is None else Register.FOUND, record),
    )
    return (
        *false_plate.judge(known, chosen.false_plate),
        *expired_plate.judge(known, chosen.expired_plate),
    )


def sighting_of_case(case: CaseRow) -> Sighting:
    """Take a case as a sighting of its vehicle; a plate that an officer corrected is certain."""
    flagged = case.flagged
    return Sighting(
        id=case.violation_id,
        camera_id=case.camera_id,
        latitude=flagged["latitude"],
        longitude=flagged["longitude"],
        timezone=flagged["timezone"],
        seen_at=case.occurred_at,
        plate=gate.seen_plate(case),
        plate_certain=case.plate_corrected is not None or flagged["plate_accepted"],
        vehicle_class=flagged["vehicle_class"],
        plate_colour=gate.seen_colour(case),
        vehicle_colour=gate.seen_body_colour(case),
        make=gate.seen_make(case),
        expiry_lines=tuple(flagged.get("expiry_lines", ())),
    )
