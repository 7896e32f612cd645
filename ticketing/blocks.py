"""The STNK block (Perpol 7/2021 art. 87): asked for by an officer, on a ground, and released free of charge by itself.

While an objection is open a block is suspended: it has no effect, and no new one can be asked for. Each change goes to
Samsat by `samsat_orders`.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import audit, clocks, gate, samsat_orders, states
from ticketing.case_models import BlockRow
from ticketing.errors import GuardError
from ticketing.models import CaseRow

NO_ANSWER, NOT_PAID = "no_answer", "not_paid"
# Ground → the states in which it holds.
GROUNDS = {
    NO_ANSWER: (states.SILENT,),
    NOT_PAID: (states.UNPAID, states.JUDGED),
}
# Bahasa Indonesia, English: as letters and pages write them.
WORDS = {
    NO_ANSWER: (
        "Surat konfirmasi tidak dijawab sampai batas waktu",
        "The confirmation letter was not answered in time",
    ),
    NOT_PAID: ("Denda tilang tidak dibayar sampai batas waktu", "The ticket was not paid in time"),
    states.PAID: ("Titipan denda sudah lunas", "The deposit is paid in full"),
    states.SETTLED: ("Perkara selesai", "The case is settled"),
    states.WITHDRAWN: ("Tilang dibatalkan", "The case was withdrawn"),
    states.DRIVER_NAMED: ("Pengemudi lain bertanggung jawab", "Another driver answers for it"),
}
RELEASES = (states.PAID, states.SETTLED, states.WITHDRAWN, states.DRIVER_NAMED)


def impose(
    session: Session, case: CaseRow, officer: str, ground: str, *, owed: int, now: datetime
) -> BlockRow:
    """Ask for a block of the vehicle's STNK; the caller holds the case (`moves.take`).

    Args:
        ground: one of `GROUNDS`.
        owed: what is still to be paid, in whole rupiah; a block for not paying needs something owed.

    Raises:
        GuardError: the ground does not hold yet, the vehicle is blocked for this case already, the addressee is not its
            owner, or the plate may be cloned.
    """
    if ground not in GROUNDS:
        raise GuardError(f"{ground[:40]!r} is no ground for a block; known: {', '.join(GROUNDS)}")
    if case.state not in GROUNDS[ground] or (ground == NOT_PAID and owed <= 0):
        raise GuardError(f"a case that is {case.state!r} gives no ground {ground!r} for a block")
    if case.state == states.JUDGED and not _was_late(session, case):
        raise GuardError("the days to pay what the court gave are not over")
    if case.addressee != "owner":
        raise GuardError(
            "the case is with a driver: a vehicle is not blocked for what somebody else left open"
        )
    if gate.open_alerts(case):
        raise GuardError("the plate may be cloned: no block until an officer has resolved the alert")
    if active(session, case.id) is not None or case.nrkb is None:
        raise GuardError("the STNK is blocked for this case already")
    block = BlockRow(case_id=case.id, nrkb=case.nrkb, ground=ground, blocked_at=now, blocked_by=officer)
    session.add(block)
    session.flush()
    audit.record(session, now, officer, "STNK blocked", f"case {case.id}", {"ground": ground})
    samsat_orders.enqueue(session, block, samsat_orders.BLOCK, ground, now=now)
    return block


def _was_late(session: Session, case: CaseRow) -> bool:
    clock = clocks.running(session, case.id)
    return clock is not None and clock.kind == states.COLLECT and clock.reminders > 0


def active(session: Session, case_id: int) -> BlockRow | None:
    """Give the block of a case that was not released, suspended or not."""
    return session.scalar(select(BlockRow).where(BlockRow.case_id == case_id, BlockRow.released_at.is_(None)))


def is_blocked(session: Session, nrkb: str) -> bool:
    """Tell whether any block of a vehicle's STNK is in effect."""
    found = select(BlockRow.id).where(
        BlockRow.nrkb == nrkb, BlockRow.released_at.is_(None), BlockRow.suspended_at.is_(None)
    )
    return session.scalar(found.limit(1)) is not None


def follow(session: Session, case: CaseRow, before: str, who: str, now: datetime) -> None:
    """Let the block follow a case that has moved from ``before``: suspended, in effect again, or released."""
    block = active(session, case.id)
    if block is None:
        return
    if case.state in RELEASES:
        block.released_at, block.release_ground = now, case.state
        audit.record(session, now, who, "STNK released", f"case {case.id}", {"ground": case.state})
        samsat_orders.enqueue(session, block, samsat_orders.RELEASE, case.state, now=now)
    elif case.state in states.DISPUTES and block.suspended_at is None:
        block.suspended_at = now
        audit.record(session, now, who, "STNK block suspended", f"case {case.id}")
        samsat_orders.enqueue(session, block, samsat_orders.RELEASE, case.state, now=now)
    elif before in states.DISPUTES and case.state not in states.DISPUTES:
        block.suspended_at = None
        audit.record(session, now, who, "STNK block in effect again", f"case {case.id}")
        samsat_orders.enqueue(session, block, samsat_orders.BLOCK, block.ground, now=now)
