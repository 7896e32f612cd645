"""A confirmed case as its addressee follows it: what happened, what is due, what was answered, paid and decided."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import audit, clocks, crypto, letters, money, points, references, states, tickets
from ticketing.case_models import AnswerRow, ClockRow, TicketRow
from ticketing.channels import POST
from ticketing.errors import NotFoundError
from ticketing.letter_models import LetterRow
from ticketing.models import AuditRow, CaseRow, VehicleRow
from ticketing.money_models import MoneyRow
from ticketing.owner import view_of
from ticketing.types import OwnerView

# How the addressee has shown who they are: by the letter, or by the vehicle's own numbers.
BY_LETTER, BY_VEHICLE = "letter", "vehicle"


@dataclass(frozen=True)
class Event:
    """A move of the case that its addressee may know of: ``event`` is one of `states.TRAIL`, ``at`` UTC."""

    event: str
    at: datetime


@dataclass(frozen=True)
class Clock:
    """A deadline: its last day in the camera's zone, and since when it stands still, or None."""

    kind: str
    day: date
    frozen_on: date | None


@dataclass(frozen=True)
class Said:
    """An answer without what was said in it, and what was decided; ``note`` is the officer's reason."""

    kind: str
    at: datetime
    decision: str | None
    note: str | None
    decided_at: datetime | None


@dataclass(frozen=True)
class Payment:
    """A movement of money, whole rupiah, ``at`` UTC."""

    kind: str
    rupiah: int
    reference: str
    at: datetime


@dataclass(frozen=True)
class Sent:
    """A letter on paper that went to whoever looks."""

    id: int
    kind: str
    made_at: datetime
    status: str


@dataclass(frozen=True)
class OwnerCase:
    """Everything of a case that its page shows; ``before_dispute`` is the state to which a refused objection
    returns, ``addressee`` owner or driver.
    """

    view: OwnerView
    addressee: str
    before_dispute: str | None
    latitude: float
    longitude: float
    measured: dict[str, float | str]
    events: tuple[Event, ...]
    clocks: tuple[Clock, ...]
    answers: tuple[Said, ...]
    bill: tickets.Bill | None
    deposit_rupiah: int | None
    hearing: tuple[date, str] | None
    verdict: tuple[date, int] | None
    payments: tuple[Payment, ...]
    letters: tuple[Sent, ...]
    may_answer: tuple[str, ...]


@dataclass(frozen=True)
class Genuine:
    """What anybody with a code may know of a notice: that it is real, whose office's, of what day, and how its plate
    ends.
    """

    office: str
    confirmed_on: date
    plate_end: str


def open_case(session: Session, case_id: int, by: str, reference: str | None = None) -> OwnerCase:
    """Give a case to whoever has shown that it is theirs.

    Args:
        by: `BY_LETTER` or `BY_VEHICLE`.
        reference: the one, as written, that a session by letter began with; another addressee has another.

    Raises:
        NotFoundError: there is none that was confirmed, or the reference is its no more.
    """
    case, record = _confirmed(session, case_id)
    check_reference(case, by, reference)
    view = view_of(case, record)
    if not _is_addressee(case, by):
        # By the driver's code the owner could answer as the driver.
        view = replace(view, reference="")
    ticket = session.get(TicketRow, case.id, populate_existing=True)
    return OwnerCase(
        view,
        case.addressee,
        case.before_dispute,
        float(case.flagged["latitude"]),
        float(case.flagged["longitude"]),
        dict(case.flagged["measured"]),
        _events(session, case),
        _clocks(session, case),
        _answers(session, case),
        tickets.bill(session, case),
        ticket.deposit_rupiah if ticket else None,
        (ticket.hearing_on, ticket.hearing_place or "") if ticket and ticket.hearing_on else None,
        (ticket.verdict_on, ticket.verdict_rupiah or 0) if ticket and ticket.verdict_on else None,
        _payments(session, case),
        tuple(Sent(r.id, r.kind, r.made_at, r.status) for r in _letters(session, case, by)),
        may_answer(case, by),
    )


def check_reference(case: CaseRow, by: str, reference: str | None) -> None:
    """Raise `NotFoundError` where a session by letter has a reference that is the case's no more."""
    same = reference is None or references.typed(reference) == case.reference
    if by == BY_LETTER and not same:
        raise NotFoundError(f"case {case.id} has another addressee since")


def _is_addressee(case: CaseRow, by: str) -> bool:
    return by == BY_LETTER or case.addressee == "owner"


def may_answer(case: CaseRow, by: str) -> tuple[str, ...]:
    """Give the answers that a case's state and addressee allow; none to the owner where the driver is written to."""
    if not _is_addressee(case, by):
        return ()
    kinds = (states.ADMIT, states.NAME_DRIVER, states.SELL, states.DISOWN, states.CONTEST)
    own = kinds if case.addressee == "owner" else (states.ADMIT, states.CONTEST)
    return tuple(kind for kind in own if (case.state, kind) in states.MOVES)


def letter_of(session: Session, case_id: int, letter_id: int, by: str, *, now: datetime) -> bytes:
    """Give a letter as it was sent, as PDF; on the trail. Raises `NotFoundError` where it is not theirs."""
    case, _ = _confirmed(session, case_id)
    row = next((r for r in _letters(session, case, by) if r.id == letter_id), None)
    if row is None or row.document is None:
        raise NotFoundError(f"case {case_id} has no letter {letter_id} for its addressee")
    audit.record(session, now, "owner", "letter downloaded", f"case {case_id}", {"letter": row.id})
    return base64.b64decode(crypto.unseal(row.document)["pdf"])


def genuine(session: Session, reference: str) -> Genuine | None:
    """Tell whether a code is a notice's, without a word of whom it concerns but the end of the plate."""
    case = session.scalar(
        select(CaseRow).where(
            CaseRow.reference == (references.typed(reference) or "-"), CaseRow.state.in_(states.NOTIFIED)
        )
    )
    if case is None or case.confirmed_at is None or case.nrkb is None:
        return None
    return Genuine(case.flagged["office"], clocks.local_day(case, case.confirmed_at), case.nrkb[-2:])


def points_of_driver(
    session: Session, case_id: int, sim_number: str, *, now: datetime
) -> points.PointSum | None:
    """Give the points of a licence whose holder has admitted to have driven in this very case; else None.

    So nobody can browse the points of others by guessing numbers. Raises `ReasonError` where it is no number.
    """
    case, _ = _confirmed(session, case_id)
    admitted = session.scalars(
        select(AnswerRow.personal).where(AnswerRow.case_id == case.id, AnswerRow.kind == states.ADMIT)
    )
    given = points.canonical(sim_number)
    known = [points.canonical(crypto.unseal(sealed)["sim_number"]) for sealed in admitted]
    found = points.points_of(session, sim_number, "owner", now=now)
    matches = [hmac.compare_digest(given.encode().ljust(20), k.encode().ljust(20)) for k in known]
    return found if any(matches) else None


def _confirmed(session: Session, case_id: int) -> tuple[CaseRow, VehicleRow]:
    case = session.get(CaseRow, case_id, populate_existing=True)
    record = session.get(VehicleRow, case.nrkb) if case and case.nrkb else None
    if case is None or record is None or case.state not in states.NOTIFIED or case.reference is None:
        raise NotFoundError(f"there is no confirmed case {case_id}")
    return case, record


def _events(session: Session, case: CaseRow) -> tuple[Event, ...]:
    told = {words: event for event, words in states.TRAIL.items()}
    rows = session.execute(
        select(AuditRow.what, AuditRow.at)
        .where(AuditRow.subject == f"case {case.id}", AuditRow.what.in_(told))
        .order_by(AuditRow.id)
    )
    internal = (states.OPEN, states.CORRECT)
    return tuple(Event(told[what], at) for what, at in rows if told[what] not in internal)


def _clocks(session: Session, case: CaseRow) -> tuple[Clock, ...]:
    rows = session.scalars(
        select(ClockRow)
        .where(ClockRow.case_id == case.id, ClockRow.status.in_((clocks.RUNNING, clocks.FROZEN)))
        .order_by(ClockRow.id)
    )
    return tuple(Clock(row.kind, row.day, row.frozen_on) for row in rows)


def _answers(session: Session, case: CaseRow) -> tuple[Said, ...]:
    rows = session.scalars(select(AnswerRow).where(AnswerRow.case_id == case.id).order_by(AnswerRow.id))
    return tuple(Said(r.kind, r.at, r.decision, r.decision_note, r.decided_at) for r in rows)


def _payments(session: Session, case: CaseRow) -> tuple[Payment, ...]:
    rows = session.scalars(select(MoneyRow).where(MoneyRow.case_id == case.id).order_by(MoneyRow.id))
    shown = (money.PAYMENT, money.REFUND, money.TO_STATE)
    return tuple(Payment(r.kind, r.amount_rupiah, r.reference, r.at) for r in rows if r.kind in shown)


def _letters(session: Session, case: CaseRow, by: str) -> list[LetterRow]:
    """Give the letters on paper to whoever looks: a driver never sees what went to the owner, nor the reverse."""
    to = letters.owner_of(session, case) if by == BY_VEHICLE else letters.addressee_of(session, case)
    rows = session.scalars(
        select(LetterRow)
        .where(LetterRow.case_id == case.id, LetterRow.channel == POST, LetterRow.document.is_not(None))
        .order_by(LetterRow.id)
    )
    return [row for row in rows if crypto.unseal(row.addressee)["name"] == to.name]
