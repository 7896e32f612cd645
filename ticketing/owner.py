"""What the owner of a vehicle sees of a confirmed case."""

from __future__ import annotations

import hmac
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import audit, crypto, plates, references, states
from ticketing.errors import PlateError
from ticketing.models import CaseRow, VehicleRow
from ticketing.types import OwnerView, Vehicle

__all__ = ["OwnerView", "Vehicle", "look_up", "look_up_by_vehicle", "proves_vehicle", "view_of"]

# Neither can be typed: a reference that is none and a plate that is none still cost a query and a comparison.
_NO_REFERENCE = "-" * references.LENGTH
_NO_PLATE = "-"
DIGITS = 5


def look_up(session: Session, reference: str, plate: str, *, now: datetime) -> OwnerView | None:
    """Give the confirmed case of a reference and a plate, each as its owner typed it; None where either is wrong.

    A wrong plate and a reference that does not exist cost the same work, one query and one comparison in constant
    time, so that nobody can tell which references exist. What was found is on the audit trail.
    """
    wanted = references.typed(reference) or _NO_REFERENCE
    row = session.execute(
        select(CaseRow.id, CaseRow.nrkb).where(
            CaseRow.reference == wanted, CaseRow.state.in_(states.NOTIFIED)
        )
    ).first()
    case_id, nrkb = (row.id, row.nrkb) if row else (None, None)
    same = hmac.compare_digest((nrkb or _NO_PLATE).encode().ljust(16), _typed(plate).encode().ljust(16))
    if case_id is None or not same:
        return None
    case = session.get(CaseRow, case_id, populate_existing=True)
    record = session.get(VehicleRow, nrkb, populate_existing=True)
    if case is None or record is None:
        return None
    audit.record(session, now, "owner", "looked up", f"case {case.id}")
    return view_of(case, record)


def look_up_by_vehicle(
    session: Session, plate: str, chassis_last5: str, engine_last5: str, *, now: datetime
) -> list[OwnerView]:
    """Give the confirmed cases of a vehicle, the newest first, to whoever knows the last `DIGITS` characters of its
    chassis and its engine number; empty where anything is wrong or there is none.

    Whatever is wrong costs the same work: two queries, one encryption and decryption, two comparisons in constant time.
    """
    nrkb = _typed(plate) or _NO_PLATE
    proved = proves_vehicle(session, nrkb, chassis_last5, engine_last5)
    rows = session.scalars(
        select(CaseRow)
        .where(CaseRow.nrkb == (nrkb if proved else _NO_PLATE), CaseRow.state.in_(states.NOTIFIED))
        .order_by(CaseRow.occurred_at.desc(), CaseRow.id.desc())
        .execution_options(populate_existing=True)
    ).all()
    record = session.get(VehicleRow, nrkb) if proved else None
    if record is None or not rows:
        return []
    audit.record(session, now, "owner", "looked up by vehicle", f"plate {nrkb}", {"cases": len(rows)})
    return [view_of(case, record) for case in rows]


def proves_vehicle(session: Session, plate: str, chassis_last5: str, engine_last5: str) -> bool:
    """Tell whether somebody knows the ends of a vehicle's chassis and engine number.

    A plate that is not registered costs what a registered one does: one query, one decryption, two comparisons.
    """
    nrkb = _typed(plate) or _NO_PLATE
    sealed = session.scalar(select(VehicleRow.personal).where(VehicleRow.nrkb == nrkb))
    # Made each time, needed or not: what an unknown plate costs, a known one costs too.
    decoy = crypto.seal(dict.fromkeys(("chassis_number", "engine_number"), "-" * 17))
    known = crypto.unseal(sealed or decoy)
    right = sealed is not None
    for name, typed in (("chassis_number", chassis_last5), ("engine_number", engine_last5)):
        end, given = _bare(known[name])[-DIGITS:], _bare(typed)[-DIGITS:]
        same = hmac.compare_digest(end.encode().ljust(64), given.encode().ljust(64))
        right &= same and len(given) >= min(DIGITS, len(end)) > 0
    return right


def _bare(number: str) -> str:
    return "".join(c for c in number[:60].upper() if c.isascii() and c.isalnum())


def view_of(case: CaseRow, record: VehicleRow) -> OwnerView:
    """Show a confirmed case and its record to its owner. Raises `ValueError` where it was never confirmed."""
    if not (case.reference and case.confirmed_at and case.answer_by and case.pay_by):
        raise ValueError(f"case {case.id} was never confirmed")
    flagged, law = case.flagged, case.law
    state_id, state_en = states.WORDS[case.state]
    return OwnerView(
        case_id=case.id,
        reference=references.written(case.reference),
        rule=case.rule,
        title_id=law["title_id"],
        title_en=law["title_en"],
        article=law["article"],
        fine_rupiah=law["fine_rupiah"],
        occurred_at=case.occurred_at,
        timezone=flagged["timezone"],
        street=flagged["street"],
        camera_name=flagged["camera_name"],
        office=flagged["office"],
        plate=plates.spaced_plate(record.nrkb),
        vehicle=Vehicle(record.make, record.type, record.colour),
        speed_kmh=flagged["speed_kmh"],
        speed_uncertainty_kmh=flagged["speed_uncertainty_kmh"],
        speed_limit_kmh=flagged["speed_limit_kmh"],
        state=case.state,
        state_id=state_id,
        state_en=state_en,
        confirmed_at=case.confirmed_at,
        answer_by=case.answer_by,
        pay_by=case.pay_by,
        violation_id=case.violation_id,
        evidence_manifest_sha256=flagged["evidence_manifest_sha256"],
    )


def _typed(plate: str) -> str:
    try:
        return plates.canonical_plate(plate)
    except PlateError:
        return ""
