"""What the owner of a vehicle sees of a confirmed case."""

from __future__ import annotations

import hmac
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import audit, crypto, plates, references, states
from ticketing.errors import PlateError
from ticketing.models import CaseRow, VehicleRow
from ticketing.registry import PERSONAL
from ticketing.types import OwnerView, Vehicle

__all__ = ["OwnerView", "Vehicle", "look_up", "look_up_by_vehicle", "proves_vehicle", "view_of"]

LAST_DIGITS = 5

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
    """Give the confirmed cases of a vehicle to whoever holds its STNK (see `proves_vehicle`), the latest first.

    A wrong plate, a wrong number and a vehicle without tickets get the same answer, none, for the same work: two
    queries, one decryption and two comparisons in constant time. What was found is on the audit trail.
    """
    nrkb = _typed(plate)
    record = _proved(session, nrkb, chassis_last5, engine_last5)
    found = session.scalars(
        select(CaseRow)
        .where(CaseRow.nrkb == (nrkb if record else _NO_PLATE), CaseRow.state.in_(states.NOTIFIED))
        .order_by(CaseRow.occurred_at.desc(), CaseRow.id.desc())
        .execution_options(populate_existing=True)
    ).all()
    if record is None or not found:
        return []
    cases = [case.id for case in found]
    audit.record(session, now, "owner", "looked up by vehicle", f"plate {nrkb}", {"cases": cases})
    return [view_of(case, record) for case in found]


def proves_vehicle(session: Session, plate: str, chassis_last5: str, engine_last5: str) -> bool:
    """Tell whether somebody knows the last five characters of a vehicle's chassis and engine numbers, as its STNK has
    them (DOMAIN.md, "The owner's look-up").

    A plate that is not registered costs what a registered one does: one query, one decryption, two comparisons.
    """
    return _proved(session, _typed(plate), chassis_last5, engine_last5) is not None


def _proved(session: Session, nrkb: str, chassis_last5: str, engine_last5: str) -> VehicleRow | None:
    record = session.get(VehicleRow, nrkb, populate_existing=True)
    decoy = _decoy(crypto.key_in_use())
    numbers = crypto.unseal(record.personal if record else decoy)
    same = [
        _ends_with(numbers["chassis_number"], chassis_last5),
        _ends_with(numbers["engine_number"], engine_last5),
    ]
    return record if all(same) else None


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


def _ends_with(number: str, typed: str) -> bool:
    """Tell whether a number ends with what was typed: five characters or more of it, spaces and dashes apart."""
    wanted = "".join(c for c in typed[:40].upper() if c not in " -.").encode()
    bare = "".join(c for c in number.upper() if c not in " -.").encode()
    last = bare[-max(len(wanted), LAST_DIGITS) :]
    same = hmac.compare_digest(last.ljust(64), wanted.ljust(64))
    return same and len(wanted) >= LAST_DIGITS


@lru_cache(maxsize=2)
def _decoy(_key: str) -> str:
    """Give what is decrypted where there is no record; made anew for another key."""
    return crypto.seal(dict.fromkeys(PERSONAL, "-" * 20))


def _typed(plate: str) -> str:
    try:
        return plates.canonical_plate(plate)
    except PlateError:
        return ""
