"""The ticket: issued, withdrawn, sent to court, judged. Every function holds its case first; nothing here commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import blocks, clocks, gate, money, moves, outbox, points, states, virtual_accounts
from ticketing.case_models import TicketRow
from ticketing.errors import GateError, GuardError, ReasonError
from ticketing.models import CaseRow, VehicleRow
from ticketing.workdays import is_working_day

# Five digits by which the bank knows the office; the real one is the office's (`ticketing.banks`).
PREFIX = "77777"


def issue(session: Session, case_id: int, officer: str, *, prefix: str = PREFIX, now: datetime) -> TicketRow:
    """Issue the ticket of a case that was admitted, or not answered in time. The gate is asked again.

    Args:
        prefix: the office's virtual account prefix at its bank (`banks.prefix_for`).

    Raises:
        NotFoundError, IllegalMoveError, GuardError: as for `moves.advance`; GuardError too where nobody answered a
            letter that did not go out or came back.
        GateError: case and STNK record no longer agree.
    """
    case = moves.take(session, case_id)
    states.move(case.state, states.ISSUE)
    record = session.get(VehicleRow, case.nrkb, populate_existing=True) if case.nrkb else None
    if case.addressee == "owner" and (faults := gate.mismatches(case, record)):
        raise GateError(faults)
    if case.state == states.SILENT and outbox.unreachable(session, case_id, outbox.CONFIRMATION):
        raise GuardError("the letter did not reach its addressee: send it again before a ticket is issued")
    today = clocks.local_day(case, now)
    case.pay_by = max(case.pay_by or today, clocks.rules_for(session, case).pay_from(today))
    ticket = TicketRow(
        case_id=case.id,
        virtual_account=_unused_account(session, prefix),
        deposit_rupiah=case.law["fine_rupiah"],
        issued_at=now,
        issued_by=officer,
    )
    moves.advance(session, case, states.ISSUE, "officer", officer, now=now)
    session.add(ticket)
    session.flush()
    return ticket


def withdraw(session: Session, case_id: int, officer: str, reason: str, *, now: datetime) -> None:
    """Withdraw a case, with or without a ticket; what was paid is to be given back.

    Raises:
        ReasonError: no reason is given.
        NotFoundError, IllegalMoveError: there is none, or it is at court already.
    """
    if not reason.strip():
        raise ReasonError("a withdrawal needs a reason that another person can follow")
    case = moves.take(session, case_id)
    moves.advance(session, case, states.WITHDRAW, "officer", officer, now=now, why=reason.strip())
    money.follow(session, case, "officer", officer, now=now)


def set_hearing(
    session: Session, case_id: int, officer: str, day: date, place: str, *, now: datetime
) -> None:
    """Set the day of the hearing, or another day where it is postponed.

    Raises:
        GuardError: the day has passed, or no court sits on it.
        NotFoundError, IllegalMoveError: as for `moves.advance`.
    """
    case = moves.take(session, case_id)
    states.move(case.state, states.SET_HEARING)
    if day < clocks.local_day(case, now) or not is_working_day(day):
        raise GuardError(f"{day} is no day for a hearing: it has passed, or is a weekend or national holiday")
    ticket = session.get_one(TicketRow, case.id)
    ticket.hearing_on, ticket.hearing_place = day, place
    detail = {"day": day.isoformat(), "place": place}
    moves.advance(session, case, states.SET_HEARING, "officer", officer, now=now, detail=detail)


def give_verdict(
    session: Session,
    case_id: int,
    officer: str,
    fine_rupiah: int,
    costs_rupiah: int,
    number: str,
    *,
    now: datetime,
) -> money.Account:
    """Record the verdict; a fine of 0 without costs is an acquittal. A surplus of the deposit is to be given back.

    Raises:
        GuardError: before the hearing, or a fine beyond the article's maximum.
        MoneyError: an amount that is none.
        NotFoundError, IllegalMoveError: as for `moves.advance`.
    """
    case = moves.take(session, case_id)
    states.move(case.state, states.VERDICT)
    ticket = session.get_one(TicketRow, case.id)
    today = clocks.local_day(case, now)
    if ticket.hearing_on is None or today < ticket.hearing_on:
        raise GuardError(f"the hearing is on {ticket.hearing_on}: there is no verdict before it")
    if not 0 <= fine_rupiah <= case.law["fine_rupiah"] or not 0 <= costs_rupiah <= case.law["fine_rupiah"]:
        raise GuardError(
            f"a fine of {fine_rupiah} with costs of {costs_rupiah} is beyond {case.law['article']}"
        )
    ticket.verdict_on, ticket.verdict_number = today, number
    ticket.verdict_rupiah = fine_rupiah + costs_rupiah
    detail = {"fine": fine_rupiah, "costs": costs_rupiah, "number": number}
    moves.advance(session, case, states.VERDICT, "officer", officer, now=now, detail=detail)
    if ticket.verdict_rupiah > 0:
        points.count(session, case, now=now)
    money.follow(session, case, "officer", officer, now=now)
    return money.account(session, case)


def block_stnk(session: Session, case_id: int, officer: str, ground: str, *, now: datetime) -> None:
    """Ask for a block of the vehicle's STNK. Raises as `blocks.impose`, `GuardError` too where the letter that it
    is for did not arrive, and `NotFoundError`.
    """
    case = moves.take(session, case_id)
    if outbox.unreachable(
        session, case_id, outbox.TILANG if ground == blocks.NOT_PAID else outbox.CONFIRMATION
    ):
        raise GuardError(
            "the letter did not reach its addressee: nobody is blocked for what they were not told"
        )
    blocks.impose(session, case, officer, ground, owed=money.account(session, case).due, now=now)


@dataclass(frozen=True)
class Bill:
    """What is to be paid for a ticket; amounts in whole rupiah, ``pay_by`` a day in the camera's zone."""

    virtual_account: str
    due_rupiah: int
    paid_rupiah: int
    refundable_rupiah: int
    pay_by: date


def bill(session: Session, case: CaseRow) -> Bill | None:
    """Give what is to be paid for a case, or None where no ticket was issued."""
    ticket = session.get(TicketRow, case.id)
    if ticket is None or case.pay_by is None:
        return None
    now_at = money.account(session, case)
    return Bill(ticket.virtual_account, now_at.due, now_at.paid, now_at.refundable, case.pay_by)


def case_of_account(session: Session, number: str) -> CaseRow | None:
    """Give the case whose ticket has a virtual account number, not held."""
    case_id = session.scalar(select(TicketRow.case_id).where(TicketRow.virtual_account == number))
    return session.get(CaseRow, case_id) if case_id is not None else None


def _unused_account(session: Session, prefix: str) -> str:
    while True:
        number = virtual_accounts.new_account(prefix)
        if session.scalar(select(TicketRow.case_id).where(TicketRow.virtual_account == number)) is None:
            return number
