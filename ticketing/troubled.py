"""What left the office and may not have arrived: letters that may or may not have gone out, and orders that Samsat
refused or may have taken. Each waits for a person, who finds out and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing import outbox, samsat_orders
from ticketing.case_models import SamsatOrderRow
from ticketing.letter_models import LetterRow
from ticketing.models import CaseRow

LETTERS = (outbox.IN_DOUBT, outbox.FAILED)
ORDERS = samsat_orders.TROUBLED


@dataclass(frozen=True)
class Trouble:
    """A letter or an order for Samsat, without its text or addressee.

    ``way`` is a letter's channel, or an order's ground; ``key`` what the mailing house or Samsat knows it by. Times are
    UTC, ``timezone`` is the camera's.
    """

    id: int
    case_id: int
    plate: str | None
    kind: str
    way: str
    words: tuple[str, str]
    fault: str | None
    tries: int
    key: str
    made_at: datetime
    changed_at: datetime
    timezone: str


def letters(session: Session) -> list[Trouble]:
    """Give the letters that are in doubt or were not sent, the oldest first."""
    found = (
        select(LetterRow, CaseRow)
        .join(CaseRow, CaseRow.id == LetterRow.case_id)
        .where(LetterRow.status.in_(LETTERS))
        .order_by(LetterRow.id)
    )
    return [
        _trouble(row, case, row.channel, outbox.WORDS[row.status])
        for row, case in session.execute(found).tuples()
    ]


def orders(session: Session) -> list[Trouble]:
    """Give the orders that Samsat refused, may have taken, or was not reached with, the oldest first."""
    found = (
        select(SamsatOrderRow, CaseRow)
        .join(CaseRow, CaseRow.id == SamsatOrderRow.case_id)
        .where(SamsatOrderRow.status.in_(ORDERS))
        .order_by(SamsatOrderRow.id)
    )
    return [
        _trouble(row, case, row.ground, samsat_orders.WORDS[row.status])
        for row, case in session.execute(found).tuples()
    ]


def count(session: Session) -> int:
    """Give how many letters and orders wait for a person."""
    waiting = select(func.count()).select_from(LetterRow).where(LetterRow.status.in_(LETTERS))
    untold = select(func.count()).select_from(SamsatOrderRow).where(SamsatOrderRow.status.in_(ORDERS))
    return (session.scalar(waiting) or 0) + (session.scalar(untold) or 0)


def _trouble(row: LetterRow | SamsatOrderRow, case: CaseRow, way: str, words: tuple[str, str]) -> Trouble:
    return Trouble(
        row.id, case.id, case.nrkb, row.kind, way, words, row.last_fault, row.tries, row.key, row.made_at,
        row.changed_at, case.flagged["timezone"],
    )  # fmt: skip
