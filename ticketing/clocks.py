"""A case's clock: the one deadline that runs in each state, frozen while an objection is open.

A clock is a row, so it survives a restart; who fires it first takes the row, so it fires once.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketing import states
from ticketing.case_models import ClockRow, TicketRow
from ticketing.law import Deadlines, deadlines
from ticketing.models import CaseRow
from ticketing.workdays import after, end_of

RUNNING, FROZEN, DONE, STOPPED = "running", "frozen", "done", "stopped"
# The days an office gives itself, by clock, as ``law.yaml`` names them.
OFFICE_DAYS = {
    states.REVIEW: "review",
    states.SEND: "letter",
    states.READDRESS: "readdress",
    states.DECIDE: "decide",
    states.ISSUE_BY: "issue",
    states.HEARING_BY: "hearing_by",
    states.COLLECT: "collect",
    states.REFUND_LAPSES: "refund_claim",
    states.REFUND: "remind",
}


def local_day(case: CaseRow, at: datetime) -> date:
    """Give the day that a time falls on in the camera's zone."""
    return at.astimezone(ZoneInfo(case.flagged["timezone"])).date()


def rules_for(session: Session, case: CaseRow) -> Deadlines:
    """Give the deadlines that hold for a case: those of its office on the day of the violation."""
    return deadlines(case.flagged["office"], local_day(case, case.occurred_at), session)


def running(session: Session, case_id: int) -> ClockRow | None:
    """Give the clock that runs for a case, or None where it has ended."""
    return session.scalar(select(ClockRow).where(ClockRow.case_id == case_id, ClockRow.status == RUNNING))


def start(
    session: Session,
    case: CaseRow,
    kind: str,
    now: datetime,
    day: date | None = None,
    reminders: int = 0,
) -> None:
    """Start a clock, in the place of the one that runs; without a ``day``, the days that the law table gives it."""
    session.execute(
        update(ClockRow).where(ClockRow.case_id == case.id, ClockRow.status == RUNNING).values(status=STOPPED)
    )
    day = day or local_day(case, now) + timedelta(rules_for(session, case).office_days[OFFICE_DAYS[kind]])
    due = end_of(day, case.flagged["timezone"])
    session.add(
        ClockRow(case_id=case.id, kind=kind, day=day, due_at=due, status=RUNNING, reminders=reminders)
    )
    session.flush()


def turn(session: Session, case: CaseRow, before: str, event: str, now: datetime) -> None:
    """Let the clock follow a case that has moved from ``before``."""
    today = local_day(case, now)
    if case.state in states.DISPUTES and before not in states.DISPUTES:
        session.execute(
            update(ClockRow)
            .where(ClockRow.case_id == case.id, ClockRow.status == RUNNING)
            .values(status=FROZEN, frozen_on=today)
        )
        start(session, case, states.DECIDE, now)
    elif event == states.REFUSE:
        _thaw(session, case, today)
    elif case.state in states.ENDS:
        stop(session, case)
    elif states.CLOCKS[case.state] != states.CLOCKS.get(before) or event == states.SET_HEARING:
        _stop_frozen(session, case)
        start(session, case, states.CLOCKS[case.state], now, _own_day(session, case, today))


def stop(session: Session, case: CaseRow) -> None:
    """Stop every clock of a case."""
    session.execute(
        update(ClockRow)
        .where(ClockRow.case_id == case.id, ClockRow.status.in_((RUNNING, FROZEN)))
        .values(status=STOPPED)
    )


def _stop_frozen(session: Session, case: CaseRow) -> None:
    session.execute(
        update(ClockRow).where(ClockRow.case_id == case.id, ClockRow.status == FROZEN).values(status=STOPPED)
    )


def _thaw(session: Session, case: CaseRow, today: date) -> None:
    """Let the frozen clock run on with the days that it had left, and tell the owner's days anew."""
    session.execute(
        update(ClockRow).where(ClockRow.case_id == case.id, ClockRow.status == RUNNING).values(status=STOPPED)
    )
    clock = session.scalars(
        select(ClockRow).where(ClockRow.case_id == case.id, ClockRow.status == FROZEN)
    ).one()
    if clock.frozen_on is None:
        raise ValueError(f"clock {clock.id} is frozen since no day")
    stood = today - clock.frozen_on
    # Where its last day had passed before it was frozen, this day is the last.
    clock.day = max(clock.day + stood, today)
    clock.due_at = end_of(clock.day, case.flagged["timezone"])
    clock.status, clock.frozen_on = RUNNING, None
    if clock.kind == states.ANSWER:
        case.answer_by = clock.day
    if clock.kind == states.PAY_BY:
        case.pay_by = clock.day
    elif case.pay_by is not None:
        case.pay_by += stood
    session.flush()


def _own_day(session: Session, case: CaseRow, today: date) -> date | None:
    """Give the day that the case itself has for its state's clock; None: the law table's days count from now."""
    rules = rules_for(session, case)
    if case.state == states.LETTER_SENT:
        return case.answer_by
    if case.state == states.TICKET_ISSUED:
        return case.pay_by
    if case.state == states.CONFIRMED:
        occurred = local_day(case, case.occurred_at)
        return max(occurred + timedelta(rules.letter_days), today)
    if case.state == states.COURT:
        ticket = session.get_one(TicketRow, case.id)
        if ticket.hearing_on is None:
            raise ValueError(f"case {case.id} is at court without a day")
        return after(ticket.hearing_on, rules.office_days["verdict"], "last_day_moves")
    return None
