"""What waits for an officer's decision: filtered, sorted, counted, paged; and which case is next.

An officer sees only what is theirs to decide: never a case that they have decided before, and one on which two
officers did not agree only as a supervisor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from ticketing import desk, states
from ticketing.desk_models import ReviewRow
from ticketing.models import CaseRow
from ticketing.officers import SUPERVISOR
from ticketing.types import CaseSummary, Officer

Confidence = Literal["", "read", "doubt", "unread"]
Sort = Literal["oldest", "newest", "surest", "least sure"]
Age = Literal["", "day", "3 days", "older"]
PAGE = 25
_AGES: dict[Age, tuple[timedelta | None, timedelta | None]] = {
    "day": (None, timedelta(days=1)),
    "3 days": (timedelta(days=1), timedelta(days=3)),
    "older": (timedelta(days=3), None),
}
_SURENESS = CaseRow.flagged["plate_confidence"].as_float()
_READ = CaseRow.flagged["plate_accepted"].as_boolean()
_TEXT = CaseRow.flagged["plate_text"].as_string()
_CONFIDENCE: dict[Confidence, ColumnElement[bool]] = {
    "read": _READ.is_(True),
    "doubt": and_(_READ.is_(False), _TEXT.is_not(None)),
    "unread": and_(_READ.is_(False), _TEXT.is_(None)),
}
_SORTS: dict[Sort, tuple[Any, ...]] = {
    "oldest": (CaseRow.occurred_at, CaseRow.id),
    "newest": (CaseRow.occurred_at.desc(), CaseRow.id.desc()),
    "surest": (_SURENESS.desc(), CaseRow.id),
    "least sure": (_SURENESS, CaseRow.id),
}


@dataclass(frozen=True)
class Wanted:
    """Which cases, in which order: empty fields ask for all."""

    rule: str = ""
    camera: str = ""
    confidence: Confidence = ""
    age: Age = ""
    sort: Sort = "oldest"


@dataclass(frozen=True)
class Counted:
    """How many cases wait, by what one may filter by: each value with its number."""

    total: int
    rules: dict[str, int] = field(default_factory=dict)
    cameras: dict[str, int] = field(default_factory=dict)
    confidences: dict[str, int] = field(default_factory=dict)
    ages: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """One page of the queue; ``found`` counts all that the filters let through."""

    cases: list[CaseSummary]
    found: int
    number: int
    pages: int


def page(session: Session, officer: Officer, wanted: Wanted, number: int, *, now: datetime) -> Page:
    """Give one page of the queue, the first being 1; a number beyond the last gives the last."""
    where = (*_theirs(officer), *_filters(wanted, now))
    found = session.scalar(select(func.count()).select_from(CaseRow).where(*where)) or 0
    pages = max(1, -(-found // PAGE))
    number = min(max(number, 1), pages)
    # The ids first: a case is a wide row to sort by.
    ids = session.scalars(
        select(CaseRow.id)
        .where(*where)
        .order_by(*_SORTS[wanted.sort])
        .limit(PAGE)
        .offset((number - 1) * PAGE)
    ).all()
    rows = session.scalars(
        select(CaseRow).where(CaseRow.id.in_(ids)).execution_options(populate_existing=True)
    )
    by_id = {case.id: desk.summary(case, now) for case in rows}
    return Page([by_id[case_id] for case_id in ids], found, number, pages)


def counts(session: Session, officer: Officer, *, now: datetime) -> Counted:
    """Count what waits for an officer, whatever they filter by."""
    mine = _theirs(officer)

    def by(column: Any) -> dict[str, int]:
        grouped: Select[Any] = select(column, func.count()).where(*mine).group_by(column).order_by(column)
        return {str(value): number for value, number in session.execute(grouped)}

    def number(condition: Any) -> int:
        return session.scalar(select(func.count()).select_from(CaseRow).where(*mine, condition)) or 0

    ages: dict[str, int] = {name: number(and_(*_aged(name, now))) for name in _AGES}
    confidences: dict[str, int] = {name: number(where) for name, where in _CONFIDENCE.items()}
    return Counted(sum(ages.values()), by(CaseRow.rule), by(CaseRow.camera_id), confidences, ages)


def following(
    session: Session, officer: Officer, wanted: Wanted, after: int | None, *, now: datetime
) -> int | None:
    """Give the case that comes after another one in an officer's queue, or the queue's first where that one has left.

    Cases that somebody else has open are passed over; None where nothing else waits.
    """
    free = or_(CaseRow.locked_by.is_(None), CaseRow.locked_by == officer.login, CaseRow.locked_until <= now)
    ids: Sequence[int] = session.scalars(
        select(CaseRow.id)
        .where(*_theirs(officer), *_filters(wanted, now), or_(free, CaseRow.id == after))
        .order_by(*_SORTS[wanted.sort])
    ).all()
    if after in ids:
        here = ids.index(after)
        ids = [*ids[here + 1 :], *ids[:here]]
    return ids[0] if ids else None


def _theirs(officer: Officer) -> tuple[ColumnElement[bool], ...]:
    decided = exists().where(ReviewRow.case_id == CaseRow.id, ReviewRow.officer == officer.login)
    mine: list[ColumnElement[bool]] = [CaseRow.state.in_(states.PENDING), ~decided]
    if officer.role != SUPERVISOR:
        mine.append(CaseRow.stage != SUPERVISOR)
    return tuple(mine)


def _filters(wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.rule:
        where.append(CaseRow.rule == wanted.rule)
    if wanted.camera:
        where.append(CaseRow.camera_id == wanted.camera)
    if wanted.confidence:
        where.append(_CONFIDENCE[wanted.confidence])
    if wanted.age:
        where += _aged(wanted.age, now)
    return where


def _aged(age: Age, now: datetime) -> list[ColumnElement[bool]]:
    least, most = _AGES[age]
    where: list[ColumnElement[bool]] = []
    if most is not None:
        where.append(CaseRow.occurred_at > now - most)
    if least is not None:
        where.append(CaseRow.occurred_at <= now - least)
    return where
