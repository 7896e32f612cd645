"""A case's confirmation letters: sent, returned, addressed anew. The move only; the paper is made in
`ticketing.letter` and carried by `ticketing.outbox`. Nothing here commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ticketing import audit, clocks, crypto, gate, moves, references, registry, states
from ticketing.errors import GateError, GuardError, NotFoundError, ReasonError
from ticketing.models import CaseRow, VehicleRow


@dataclass(frozen=True)
class Addressee:
    """Whom a letter goes to; where the register or the owner gave none, telephone and e-mail are empty."""

    name: str
    address: str
    phone: str = ""
    email: str = ""


def addressee_of(session: Session, case: CaseRow) -> Addressee:
    """Give whom the case's letters go to: the named driver, a better address, or the owner as the register has them.

    Raises:
        NotFoundError: the register has no record of the case's vehicle.
    """
    if case.addressee_personal is not None:
        given = crypto.unseal(case.addressee_personal)
        return Addressee(given["name"], given["address"], given.get("phone", ""))
    return owner_of(session, case)


def owner_of(session: Session, case: CaseRow) -> Addressee:
    """Give the owner of the case's vehicle as the register has them. Raises `NotFoundError`."""
    record = registry.find(session, case.nrkb) if case.nrkb else None
    if record is None:
        raise NotFoundError(f"case {case.id} has no STNK record: there is nobody to write to")
    return Addressee(record.owner_name, record.owner_address, record.phone, record.email)


def send_letter(session: Session, case_id: int, officer: str, *, now: datetime) -> CaseRow:
    """Send the confirmation letter to the case's addressee; the days to answer and pay count anew from a late one.

    From a case that a named driver left unanswered, it goes to the owner again.

    Raises:
        GateError: case and STNK record no longer agree.
        NotFoundError, IllegalMoveError, GuardError: as for `moves.advance`.
    """
    case = moves.take(session, case_id)
    states.move(case.state, states.SEND_LETTER)
    record = session.get(VehicleRow, case.nrkb, populate_existing=True) if case.nrkb else None
    if faults := gate.mismatches(case, record):
        raise GateError(faults)
    rules, today = clocks.rules_for(session, case), clocks.local_day(case, now)
    if case.state == states.CONFIRMED:
        case.answer_by, case.pay_by = rules.days(clocks.local_day(case, case.occurred_at), today)
    else:
        case.answer_by = rules.answer_from(today)
        case.pay_by = rules.pay_from(case.answer_by)
    if case.state == states.SILENT and case.addressee != "owner":
        case.addressee, case.addressee_personal = "owner", None
        case.reference = references.unused_reference(session)
    detail = {"addressee": case.addressee, "answer_by": case.answer_by.isoformat()}
    moves.advance(session, case, states.SEND_LETTER, "officer", officer, now=now, detail=detail)
    return case


def letter_returned(session: Session, case_id: int, who: str, why: str, *, now: datetime) -> bool:
    """Note that the letter came back: its addressee's days stop. False where the case has gone on since, unchanged."""
    case = moves.take(session, case_id)
    if case.state != states.LETTER_SENT:
        return False
    moves.advance(session, case, states.LETTER_RETURNED, "officer", who, now=now, why=why)
    return True


def readdress(
    session: Session, case_id: int, officer: str, name: str, address: str, *, now: datetime
) -> CaseRow:
    """Send a returned letter to a better address of the same addressee. Raises as `send_letter`,
    `ReasonError`, and `GuardError` where no letter came back.
    """
    if not name.strip() or not address.strip():
        raise ReasonError("a letter needs a name and an address")
    case = moves.take(session, case_id)
    states.move(case.state, states.SEND_LETTER)
    if case.state != states.UNDELIVERED:
        raise GuardError("another address is taken only where the letter came back")
    audit.record(session, now, officer, "addressed anew", f"case {case.id}", {"addressee": case.addressee})
    case.addressee_personal = crypto.seal({"name": name.strip(), "address": address.strip(), "phone": ""})
    return send_letter(session, case_id, officer, now=now)
