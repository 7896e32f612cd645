"""The contact centre from the office's side: what waits, what an officer does about it, what is escalated. Nothing here
commits, but `escalate_due`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.contact import (
    ANSWERED,
    CLOSED,
    OFFICE,
    UNIT_SENT,
    WAITING,
    Message,
    check_text,
    get,
    messages,
    say,
    take,
)
from ticketing.contact_models import ContactRow
from ticketing.contact_rules import CONVERSATION, REPORT, outcomes, promise_for
from ticketing.errors import GuardError, ReasonError

ORIGIN_KEPT = timedelta(days=1)
WHO = "contact centre"


def answer(session: Session, contact_id: int, officer: str, text: str, *, now: datetime) -> None:
    """Answer its sender. Of a report the promise runs on until it is closed. Raises `ReasonError`, `GuardError`."""
    row = _open_one(session, contact_id)
    check_text(text, ())
    say(session, row, OFFICE, officer, text, (), now)
    if row.kind == CONVERSATION:
        row.status, row.promise_due_at, row.escalated_at = ANSWERED, None, None
    audit.record(session, now, officer, "contact answered", f"contact {row.id}")


def send_unit(session: Session, contact_id: int, officer: str, unit: str, *, now: datetime) -> None:
    """Send a field unit to a report. Raises `ReasonError` without a unit's name, `GuardError` where it is no report."""
    row = _open_one(session, contact_id)
    if row.kind != REPORT:
        raise GuardError("a unit is sent to a road-safety report only")
    if not unit.strip() or len(unit) > 60:
        raise ReasonError("name the field unit, in 60 letters at most")
    row.unit, row.unit_sent_at, row.status = unit.strip(), now, UNIT_SENT
    row.promise_due_at, row.escalated_at = now + promise_for(row.kind, row.topic, now.date()).then, None
    audit.record(session, now, officer, "unit sent", f"contact {row.id}", {"unit": row.unit})


def close(session: Session, contact_id: int, officer: str, outcome: str, text: str, *, now: datetime) -> None:
    """Close with an outcome and a word on it that its sender can read. Raises `ReasonError`, `GuardError`."""
    row = _open_one(session, contact_id)
    if outcome not in outcomes():
        raise ReasonError(f"{outcome[:40]!r} is no outcome; known: {', '.join(outcomes())}")
    check_text(text, ())
    say(session, row, OFFICE, officer, text, (), now)
    row.status, row.outcome, row.closed_at, row.closed_by = CLOSED, outcome, now, officer
    row.promise_due_at, row.escalated_at = None, None
    audit.record(session, now, officer, "contact closed", f"contact {row.id}", {"outcome": outcome})


def read(
    session: Session, contact_id: int, officer: str, *, now: datetime
) -> tuple[ContactRow, list[Message]]:
    """Open a contact at the desk; the look at it is on the trail. Raises `NotFoundError`."""
    row = get(session, contact_id)
    audit.record(session, now, officer, "contact read", f"contact {row.id}")
    return row, messages(session, contact_id)


def inbox(session: Session, *, closed: bool = False, most: int = 200) -> list[ContactRow]:
    """Give what is open, what was escalated first and then what is due first; or the last that were closed."""
    rows = select(ContactRow).execution_options(populate_existing=True)
    if closed:
        rows = rows.where(ContactRow.status == CLOSED).order_by(ContactRow.closed_at.desc())
    else:
        rows = rows.where(ContactRow.status != CLOSED).order_by(
            ContactRow.escalated_at.is_(None),
            ContactRow.promise_due_at.is_(None),
            ContactRow.promise_due_at,
            ContactRow.id,
        )
    return list(session.scalars(rows.limit(most)))


def escalate_due(engine: Engine, now: datetime) -> int:
    """Put before a supervisor what the office has not done in time, each once, and forget where senders came from.

    Call it as often as you like, from as many processes as you like. Gives how many were escalated.
    """
    with Session(engine) as session, session.begin():
        taken = session.execute(
            update(ContactRow)
            .where(
                ContactRow.status.in_((WAITING, UNIT_SENT)),
                ContactRow.promise_due_at <= now,
                ContactRow.escalated_at.is_(None),
            )
            .values(escalated_at=now)
            .returning(ContactRow.id, ContactRow.topic),
            execution_options={"synchronize_session": False},
        ).all()
        for contact_id, topic in sorted(taken):
            audit.record(session, now, WHO, "contact escalated", f"contact {contact_id}", {"topic": topic})
        session.execute(
            update(ContactRow)
            .where(ContactRow.origin.is_not(None), ContactRow.opened_at < now - ORIGIN_KEPT)
            .values(origin=None)
        )
    return len(taken)


def _open_one(session: Session, contact_id: int) -> ContactRow:
    row = take(session, contact_id)
    if row.status == CLOSED:
        raise GuardError("it is closed: its sender can open it again by writing")
    return row
