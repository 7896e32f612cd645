"""Whose decision counts: one officer's, or, for a share of the cases and for those in doubt, that of two who do not
know of each other. What they disagree on a supervisor decides, who sees both.

Which cases a second officer gets is drawn from a keyed hash: nobody can tell beforehand, and a repeated run draws the
same. A case goes on to the second officer as it was flagged, without what the first one corrected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import crypto, desk, moves, states
from ticketing.desk_models import ReviewRow
from ticketing.errors import ForbiddenMoveError, ReasonError
from ticketing.models import CaseRow
from ticketing.officers import SUPERVISOR
from ticketing.types import CaseDetail, Checklist, Officer

FIRST, SECOND = "first", "second"
CONFIRM, REJECT, ASK = "confirm", "reject", "ask"
_SPAN = 16**8


@dataclass(frozen=True)
class Decision:
    """What an officer decides: the checklist for a confirmation, a reason for a rejection, a note for a question."""

    kind: Literal["confirm", "reject", "ask"]
    checklist: Checklist | None = None
    reason: str = ""
    note: str = ""


@dataclass(frozen=True)
class Outcome:
    """What has become of a case: ``state``, and the ``stage`` that waits where it is not decided for good."""

    state: str
    stage: str


@dataclass(frozen=True)
class Review:
    """What one officer decided, as a supervisor reads it. Times are UTC."""

    officer: str
    stage: str
    decision: str
    reason: str | None
    note: str
    nrkb: str | None
    seconds: float
    decided_at: datetime


def open_case(session: Session, case_id: int, officer: Officer, *, now: datetime) -> CaseDetail:
    """Take a case up, where it is this officer's to decide; a decided one is only shown.

    Raises:
        ForbiddenMoveError: they decided it before and another officer is to, or only a supervisor may.
        NotFoundError, LockedError: as for `desk.open_case`.
    """
    case = moves.take(session, case_id)
    if case.state in states.PENDING:
        _is_theirs(session, case, officer)
    return desk.open_case(session, case_id, officer.login, now=now)


def decide(
    session: Session, case_id: int, officer: Officer, decision: Decision, share: float, *, now: datetime
) -> Outcome:
    """Take an officer's decision of a case that they have open.

    Args:
        share: the part of the cases, 0 to 1, of which a second officer decides too.

    Raises:
        As `desk.confirm` and `desk.reject`; `ForbiddenMoveError` as for `open_case`; `ReasonError` where a supervisor
            asks: there is nobody further.
    """
    case = moves.take(session, case_id)
    _is_theirs(session, case, officer)
    if decision.kind == CONFIRM:
        case = desk.vouch(session, case_id, officer.login, _checklist(decision), now=now)
    elif decision.kind == REJECT:
        case = desk.doubt(session, case_id, officer.login, decision.reason, decision.note, now=now)
    before = of_case(session, case_id)
    row = _note(session, case, officer.login, decision, now)
    stage = _next_stage(case, row, before, share)
    if stage is not None:
        detail = {"decision": decision.kind, "reason": decision.reason, "note": decision.note.strip()}
        desk.hand_on(session, case_id, officer.login, stage, detail, now=now)
    elif decision.kind == CONFIRM:
        desk.confirm(session, case_id, officer.login, _checklist(decision), now=now)
    else:
        desk.reject(session, case_id, officer.login, decision.reason, decision.note, now=now)
    return Outcome(case.state, case.stage)


def of_case(session: Session, case_id: int) -> list[Review]:
    """Give what officers have decided of a case, the first first."""
    rows = session.scalars(select(ReviewRow).where(ReviewRow.case_id == case_id).order_by(ReviewRow.id))
    return [
        Review(
            row.officer, row.stage, row.decision, row.reason, row.note, row.nrkb,
            (row.decided_at - row.opened_at).total_seconds(), row.decided_at,
        )
        for row in rows
    ]  # fmt: skip


def may_read(case: CaseDetail, stage: str, found: Sequence[Review], officer: Officer) -> list[Review]:
    """Give those reviews that an officer may see: of a pending case all as a supervisor who is to decide between them,
    else only what was asked of them.
    """
    if case.state not in states.PENDING or (officer.role == SUPERVISOR and stage == SUPERVISOR):
        return list(found)
    return [review for review in found if review.decision == ASK]


def drawn(violation_id: str, share: float) -> bool:
    """Tell whether a second officer decides of this violation too."""
    return int(crypto.fingerprint(f"second officer {violation_id}")[:8], 16) < share * _SPAN


def agree(first: str, its_nrkb: str | None, second: str, their_nrkb: str | None) -> bool:
    """Tell whether two decisions are the same: two confirmations only of the same vehicle."""
    return first == second and (first == REJECT or its_nrkb == their_nrkb)


def _is_theirs(session: Session, case: CaseRow, officer: Officer) -> None:
    mine = select(ReviewRow.id).where(ReviewRow.case_id == case.id, ReviewRow.officer == officer.login)
    error = ForbiddenMoveError(case.state, "review", officer.login)
    if session.scalar(mine.limit(1)) is not None:
        error.args = ("you have decided this case already: it now waits for another officer",)
        raise error
    if case.stage == SUPERVISOR and officer.role != SUPERVISOR:
        error.args = ("two officers did not agree on this case: a supervisor decides it",)
        raise error


def _next_stage(case: CaseRow, row: ReviewRow, before: Sequence[Review], share: float) -> str | None:
    """Give who decides next; None where this decision is final."""
    if row.stage == SUPERVISOR:
        if row.decision == ASK:
            raise ReasonError("a supervisor decides: there is nobody further to ask")
        return None
    if row.stage == FIRST:
        return SECOND if row.decision == ASK or drawn(case.violation_id, share) else None
    first = before[-1]
    if row.decision == ASK:
        return SUPERVISOR
    if first.decision == ASK:
        return None
    return None if agree(first.decision, first.nrkb, row.decision, row.nrkb) else SUPERVISOR


def _note(session: Session, case: CaseRow, officer: str, decision: Decision, now: datetime) -> ReviewRow:
    row = ReviewRow(
        case_id=case.id,
        officer=officer,
        stage=case.stage,
        decision=decision.kind,
        reason=decision.reason or None,
        note=decision.note.strip(),
        nrkb=case.nrkb,
        plate_corrected=case.plate_corrected,
        class_corrected=case.class_corrected,
        colour_corrected=case.colour_corrected,
        opened_at=case.opened_at or now,
        decided_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _checklist(decision: Decision) -> Checklist:
    return decision.checklist or Checklist(False, False, False, False)
