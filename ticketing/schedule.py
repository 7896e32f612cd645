"""The scheduled work: clocks that have run out. Call `run_due` as often as you like, from as many processes as you
like.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from ticketing import audit, clocks, moves, states
from ticketing.case_models import ClockRow
from ticketing.models import CaseRow
from ticketing.money import escheat

WHO = "clock"
LAPSED = "lapsed"
BATCH = 500


def run_due(engine: Engine, now: datetime) -> Counter[str]:
    """Fire every clock that has run out at ``now`` (timezone-aware), each in a transaction of its own.

    Returns:
        How often each clock fired, by its kind.
    """
    fired: Counter[str] = Counter()
    last = 0
    while True:
        with Session(engine) as session:
            wanted = (
                select(ClockRow.id)
                .where(ClockRow.status == clocks.RUNNING, ClockRow.due_at <= now, ClockRow.id > last)
                .order_by(ClockRow.id)
                .limit(BATCH)
            )
            found = list(session.scalars(wanted))
        if not found:
            return fired
        for clock_id in found:
            with Session(engine) as session, session.begin():
                kind = fire(session, clock_id, now)
            fired.update([kind] if kind else [])
        last = found[-1]


def fire(session: Session, clock_id: int, now: datetime) -> str | None:
    """Do what one clock does when it has run out; None where another process did, or it was stopped since."""
    row = session.get(ClockRow, clock_id, populate_existing=True)
    if row is None:
        return None
    case = moves.take(session, row.case_id)
    taken = session.execute(
        update(ClockRow)
        .where(ClockRow.id == clock_id, ClockRow.status == clocks.RUNNING, ClockRow.due_at <= now)
        .values(status=clocks.DONE)
        .returning(ClockRow.kind),
        execution_options={"synchronize_session": False},
    ).first()
    if taken is None:
        return None
    kind: str = taken.kind
    session.refresh(row)
    if kind == states.REFUND_LAPSES:
        escheat(session, case, WHO, now=now)
    elif (event := states.EXPIRES.get(kind)) is not None:
        _expire(session, case, event, now)
    else:
        _tell(session, case, row, now)
    return kind


def _expire(session: Session, case: CaseRow, event: str, now: datetime) -> None:
    if event == states.LAPSE:
        case.rejected_at, case.rejected_by = now, WHO
        case.reject_reason, case.reject_note = LAPSED, ""
        case.locked_by = case.locked_until = None
    moves.advance(session, case, event, "clock", WHO, now=now)


def _tell(session: Session, case: CaseRow, clock: ClockRow, now: datetime) -> None:
    detail = {"clock": clock.kind, "state": case.state, "since": clock.day.isoformat()}
    audit.record(session, now, WHO, "overdue", f"case {case.id}", detail)
    again = clocks.local_day(case, now) + timedelta(clocks.rules_for(session, case).office_days["remind"])
    clocks.start(session, case, clock.kind, now, again, clock.reminders + 1)
