"""The orders for Samsat on their way: handed over in their order, retried until they arrive, and never twice.

A release is tried for as long as it takes: nobody stays blocked because a line was down. What Samsat refuses, or may
have done, waits for an officer.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session, aliased

from ticketing import moves, references
from ticketing.case_models import BlockRow, SamsatOrderRow
from ticketing.errors import DeliveryError, GuardError, InDoubtError, NotFoundError, SamsatRefusedError
from ticketing.models import CaseRow
from ticketing.samsat import BlockOrder, Samsat
from ticketing.samsat_orders import (
    BLOCK,
    CANCELLED,
    FAILED,
    IN_DOUBT,
    QUEUED,
    REFUSED,
    SENDING,
    SENT,
    TROUBLED,
    WHO,
    change,
)  # fmt: skip

MOST_TRIES = 10
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=2), timedelta(hours=6)
# A process that has held an order longer than this has died with it.
STALE = timedelta(minutes=15)


def deliver_due(engine: Engine, samsat: Samsat, now: datetime) -> Counter[str]:
    """Hand over every order that is due, each taken by one process alone, of one block the earlier first.

    Returns:
        How many ended in each status.
    """
    done: Counter[str] = Counter()
    _recover(engine, samsat, now)
    with Session(engine) as session:
        due = select(SamsatOrderRow.id).where(
            SamsatOrderRow.status == QUEUED, SamsatOrderRow.next_try_at <= now
        )
        waiting = list(session.scalars(due.order_by(SamsatOrderRow.id)))
    for order_id in waiting:
        order = _take(engine, order_id, now)
        if order is None:
            continue
        status, fault, receipt = _hand_over(samsat, order)
        with Session(engine) as session, session.begin():
            done[_settle(session, order_id, status, fault, receipt, now)] += 1
    return done


def troubled(session: Session) -> list[SamsatOrderRow]:
    """Give the orders that wait for an officer, the oldest first."""
    rows = select(SamsatOrderRow).where(SamsatOrderRow.status.in_(TROUBLED)).order_by(SamsatOrderRow.id)
    return list(session.scalars(rows))


def clear(session: Session, order_id: int, officer: str, was_done: bool, *, now: datetime) -> SamsatOrderRow:
    """Say of an order in trouble whether Samsat has done it; if not, it is tried again, or called off where something
    else was to be told of its block since.

    Raises:
        GuardError: it is in no trouble.
        NotFoundError: there is no such order.
    """
    row = _hold(session, order_id)
    if row.status not in TROUBLED:
        raise GuardError(f"order {row.id} is {row.status}: there is nothing to clear")
    later = select(SamsatOrderRow.id).where(
        SamsatOrderRow.block_id == row.block_id, SamsatOrderRow.id > row.id
    )
    passed = session.scalar(later.limit(1)) is not None
    row.tries, row.next_try_at = 0, now
    again = CANCELLED if passed else QUEUED
    change(session, row, SENT if was_done else again, officer, "looked into", now)
    return row


def _take(engine: Engine, order_id: int, now: datetime) -> BlockOrder | None:
    with Session(engine) as session, session.begin():
        row = _hold(session, order_id)
        earlier = aliased(SamsatOrderRow)
        # What was told before of the same block has to have arrived: else a release could overtake its block.
        open_before = (
            select(earlier.id)
            .where(earlier.block_id == row.block_id, earlier.id < order_id)
            .where(earlier.status.in_((QUEUED, SENDING, IN_DOUBT)))
        )
        taken = session.execute(
            update(SamsatOrderRow)
            .where(
                SamsatOrderRow.id == order_id, SamsatOrderRow.status == QUEUED, SamsatOrderRow.next_try_at <= now,
                ~open_before.exists(),
            )
            .values(status=SENDING, tries=SamsatOrderRow.tries + 1, changed_at=now)
            .returning(SamsatOrderRow.id),
            execution_options={"synchronize_session": False},
        )  # fmt: skip
        if taken.first() is None:
            return None
        block = session.get_one(BlockRow, row.block_id)
        case = session.get_one(CaseRow, row.case_id)
        since = block.blocked_at if row.kind == BLOCK else row.made_at
        return BlockOrder(
            row.key, f"etle-{block.id}", row.kind, block.nrkb, row.ground, references.owners(case), since
        )


def _hand_over(samsat: Samsat, order: BlockOrder) -> tuple[str, str, str | None]:
    try:
        return SENT, "", samsat.tell(order)
    except SamsatRefusedError as error:
        return REFUSED, str(error), None
    except InDoubtError as error:
        return (QUEUED if samsat.idempotent else IN_DOUBT), str(error), None
    except DeliveryError as error:
        return QUEUED, str(error), None


def _settle(
    session: Session, order_id: int, status: str, fault: str, receipt: str | None, now: datetime
) -> str:
    row = _hold(session, order_id)
    if row.status != SENDING:
        return row.status
    if status == QUEUED and row.kind == BLOCK and row.tries >= MOST_TRIES:
        status = FAILED
    row.receipt = receipt or row.receipt
    row.next_try_at = now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(row.tries - 1, 10))
    change(session, row, status, WHO, fault, now)
    return status


def _recover(engine: Engine, samsat: Samsat, now: datetime) -> None:
    """An order whose process died may have been done: only a way that knows its key again may try it again."""
    with Session(engine) as session:
        stale = select(SamsatOrderRow.id).where(
            SamsatOrderRow.status == SENDING, SamsatOrderRow.changed_at <= now - STALE
        )
        found = list(session.scalars(stale))
    for order_id in found:
        with Session(engine) as session, session.begin():
            row = _hold(session, order_id)
            if row.status == SENDING and row.changed_at <= now - STALE:
                row.next_try_at = now
                change(session, row, QUEUED if samsat.idempotent else IN_DOUBT, WHO, "its process died", now)


def _hold(session: Session, order_id: int) -> SamsatOrderRow:
    """Hold an order by its case, which everybody takes first."""
    case_id = session.scalar(select(SamsatOrderRow.case_id).where(SamsatOrderRow.id == order_id))
    if case_id is None:
        raise NotFoundError(f"there is no order {order_id}")
    moves.take(session, case_id)
    return session.get_one(SamsatOrderRow, order_id, populate_existing=True)
