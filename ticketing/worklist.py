"""What waits, for whom, until when: every open case by the one clock that runs for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from ticketing import clocks
from ticketing.case_models import ClockRow
from ticketing.models import CaseRow


@dataclass(frozen=True)
class Waiting:
    """An open case. ``until`` is the last day in the camera's zone; ``reminders``: how often its office was told."""

    case_id: int
    state: str
    rule: str
    clock: str
    until: date
    reminders: int


def waiting(
    session: Session, states: Sequence[str] = (), *, overdue: bool = False, limit: int = 500
) -> list[Waiting]:
    """Give what waits, the next day first.

    Args:
        states: only cases in these; none named, all.
        overdue: only those for which their office is late.
    """
    wanted = (
        select(CaseRow.id, CaseRow.state, CaseRow.rule, ClockRow.kind, ClockRow.day, ClockRow.reminders)
        .join(ClockRow, ClockRow.case_id == CaseRow.id)
        .where(ClockRow.status == clocks.RUNNING)
        .order_by(ClockRow.due_at, CaseRow.id)
        .limit(limit)
    )
    if states:
        wanted = wanted.where(CaseRow.state.in_(states))
    if overdue:
        wanted = wanted.where(ClockRow.reminders > 0)
    return [Waiting(*row) for row in session.execute(wanted)]


def counts(session: Session) -> dict[str, tuple[int, int]]:
    """Give for each state how many cases wait, and for how many of them their office is late."""
    late = func.sum(case((ClockRow.reminders > 0, 1), else_=0))
    rows = session.execute(
        select(CaseRow.state, func.count(), late)
        .join(ClockRow, ClockRow.case_id == CaseRow.id)
        .where(ClockRow.status == clocks.RUNNING)
        .group_by(CaseRow.state)
    )
    return {state: (number, int(overdue or 0)) for state, number, overdue in rows}
