"""How officers review: how many, how fast, how often two who did not know of each other agree, and who only nods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import reviews
from ticketing.desk_models import ReviewRow

# So many decisions before anything is said of an officer's habits, and where nodding begins.
LEAST = 20
HASTY_SHARE = 0.2
CONFIRM_RATE = 0.98


@dataclass(frozen=True)
class Habits:
    """One officer's decisions in a span of time. ``median_s`` is seconds from taking a case up to deciding it.

    ``hasty`` counts decisions in fewer seconds than the desk's measure; ``paired`` those that another officer decided
    too, each without the other's, and ``agreed`` how many of these were the same.
    """

    officer: str
    decided: int
    confirmed: int
    rejected: int
    asked: int
    median_s: float
    hasty: int
    paired: int
    agreed: int

    @property
    def confirm_rate(self) -> float | None:
        """Give the share of confirmations among what was decided; None where nothing was."""
        both = self.confirmed + self.rejected
        return self.confirmed / both if both else None

    @property
    def agreement(self) -> float | None:
        """Give the share of pairs that agreed; None where there was none."""
        return self.agreed / self.paired if self.paired else None

    @property
    def nods(self) -> bool:
        """Tell whether this looks like rubber-stamping: many hasty decisions, or hardly ever a rejection."""
        if self.decided < LEAST:
            return False
        rate = self.confirm_rate
        return self.hasty / self.decided > HASTY_SHARE or (rate is not None and rate >= CONFIRM_RATE)


@dataclass(frozen=True)
class Quality:
    """The desk as a whole: by officer, and of all pairs how many agreed."""

    officers: list[Habits]
    paired: int
    agreed: int


def quality(session: Session, since: datetime, until: datetime, hasty_s: float) -> Quality:
    """Give how officers decided from ``since`` up to, not including, ``until``.

    Args:
        hasty_s: a decision in fewer seconds than this counts as hasty.
    """
    rows = session.scalars(
        select(ReviewRow)
        .where(ReviewRow.decided_at >= since, ReviewRow.decided_at < until)
        .order_by(ReviewRow.case_id, ReviewRow.id)
    ).all()
    pairs = _pairs(rows)
    by_officer: dict[str, list[ReviewRow]] = defaultdict(list)
    for row in rows:
        by_officer[row.officer].append(row)
    habits = [_habits(officer, each, pairs, hasty_s) for officer, each in sorted(by_officer.items())]
    return Quality(habits, len(pairs), sum(_agree(*pair) for pair in pairs))


def _pairs(rows: Sequence[ReviewRow]) -> list[tuple[ReviewRow, ReviewRow]]:
    """Give each case's first and second decision, where both were one."""
    by_case: dict[int, dict[str, ReviewRow]] = defaultdict(dict)
    for row in rows:
        if row.decision != reviews.ASK:
            by_case[row.case_id][row.stage] = row
    return [
        (of[reviews.FIRST], of[reviews.SECOND])
        for of in by_case.values()
        if reviews.FIRST in of and reviews.SECOND in of
    ]


def _agree(first: ReviewRow, second: ReviewRow) -> bool:
    return reviews.agree(first.decision, first.nrkb, second.decision, second.nrkb)


def _habits(
    officer: str, rows: Sequence[ReviewRow], pairs: Sequence[tuple[ReviewRow, ReviewRow]], hasty_s: float
) -> Habits:
    seconds = [(row.decided_at - row.opened_at).total_seconds() for row in rows]
    theirs = [pair for pair in pairs if officer in (pair[0].officer, pair[1].officer)]
    kinds = [row.decision for row in rows]
    return Habits(
        officer,
        len(rows),
        kinds.count(reviews.CONFIRM),
        kinds.count(reviews.REJECT),
        kinds.count(reviews.ASK),
        median(seconds),
        sum(s < hasty_s for s in seconds),
        len(theirs),
        sum(_agree(*pair) for pair in theirs),
    )
