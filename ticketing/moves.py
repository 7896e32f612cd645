"""The one door through which a case changes its state: the table is asked, the guards are asked, the clock and the
block follow, and the move is a row of the audit trail. Nothing here commits.

Who calls begins with `take`: of two who change a case at once, the second waits and then sees what the first has done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from ticketing import audit, blocks, clocks, gate, states
from ticketing.case_models import TicketRow
from ticketing.errors import ForbiddenMoveError, GuardError, NotFoundError
from ticketing.models import CaseRow


def take(session: Session, case_id: int) -> CaseRow:
    """Give a case as it is now, and hold it until the transaction ends. Raises `NotFoundError`."""
    held = session.execute(
        update(CaseRow).where(CaseRow.id == case_id).values(state=CaseRow.state).returning(CaseRow.id),
        execution_options={"synchronize_session": False},
    )
    case = session.get(CaseRow, case_id, populate_existing=True) if held.first() else None
    if case is None:
        raise NotFoundError(f"there is no case {case_id}: go back to the queue")
    return case


def advance(
    session: Session,
    case: CaseRow,
    event: str,
    actor: states.Actor,
    who: str,
    *,
    now: datetime,
    why: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Move a case that this transaction holds.

    Args:
        event: one of those in `states.MOVES` or `states.RETURNS`.
        actor: as whom; `states.WHO_MAY` says who may what.
        who: the name that goes on record.
        why: the reason or ground, for the record.

    Raises:
        IllegalMoveError: the state does not allow it.
        ForbiddenMoveError: it does, but not to this actor.
        GuardError: something else is in its way. In each case nothing was changed.
    """
    before = case.state
    after = states.move(before, event, case.before_dispute)
    if actor not in states.WHO_MAY[event]:
        raise ForbiddenMoveError(before, event, actor)
    _guard(session, case, event)
    if after in states.DISPUTES:
        case.before_dispute = before
    elif before in states.DISPUTES:
        case.before_dispute = None
    case.state = after
    clocks.turn(session, case, before, event, now)
    blocks.follow(session, case, before, who, now)
    moved = {"from": before, "to": after} | ({"why": why} if why else {}) | dict(detail or {})
    audit.record(session, now, who, states.TRAIL[event], f"case {case.id}", moved)


def _guard(session: Session, case: CaseRow, event: str) -> None:
    if event in (states.SEND_LETTER, states.ISSUE, states.PASS_ON) and gate.open_alerts(case):
        raise GuardError("the plate may be cloned: nothing goes out until an officer has resolved the alert")
    if event == states.ISSUE and case.state == states.SILENT and case.addressee != "owner":
        raise GuardError(
            "the named driver has not answered: send the letter to the owner again, or withdraw the case"
        )
    if event == states.NAME_DRIVER and case.addressee != "owner":
        raise GuardError("only the owner names a driver: admit that you drove, or contest")
    if event == states.PASS_ON and session.get(TicketRow, case.id) is not None:
        raise GuardError("a ticket was issued already: withdraw it, and open a case against the driver anew")
