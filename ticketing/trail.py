"""Reading the audit trail: filtered and paged. To read it is itself on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.models import AuditRow

PAGE = 50


@dataclass(frozen=True)
class Asked:
    """Which rows: empty fields ask for all; ``subject`` is what it begins with, such as ``case 12``."""

    who: str = ""
    what: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """One row of the trail; ``at`` is UTC."""

    id: int
    at: datetime
    who: str
    what: str
    subject: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """One page of the trail, the newest first; ``found`` counts all rows asked for."""

    entries: list[Entry]
    found: int
    number: int
    pages: int


def read(session: Session, asked: Asked, number: int, reader: str, *, now: datetime) -> Page:
    """Give one page of the trail, the first being 1."""
    where = _where(asked)
    found = session.scalar(select(func.count()).select_from(AuditRow).where(*where)) or 0
    pages = max(1, -(-found // PAGE))
    number = min(max(number, 1), pages)
    rows = session.scalars(
        select(AuditRow).where(*where).order_by(AuditRow.id.desc()).limit(PAGE).offset((number - 1) * PAGE)
    ).all()
    entries = [Entry(row.id, row.at, row.who, row.what, row.subject, row.detail) for row in rows]
    given = {name: str(value) for name, value in vars(asked).items() if value}
    audit.record(session, now, reader, "trail read", "audit trail", {**given, "page": number})
    return Page(entries, found, number, pages)


def kinds(session: Session) -> list[str]:
    """Give every kind of row that the trail holds."""
    return list(session.scalars(select(AuditRow.what).distinct().order_by(AuditRow.what)))


def has_opened(session: Session, case_id: int, who: str, since: datetime) -> bool:
    """Tell whether the trail has it that somebody opened a case, or had it opened for them, since then."""
    seen = select(AuditRow.id).where(
        AuditRow.subject == f"case {case_id}",
        AuditRow.who == who,
        AuditRow.what.in_(("opened", "preloaded")),
        AuditRow.at >= since,
    )
    return session.scalar(seen.limit(1)) is not None


def _where(asked: Asked) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if asked.who:
        where.append(AuditRow.who == asked.who)
    if asked.what:
        where.append(AuditRow.what == asked.what)
    if asked.subject:
        kind, _, number = asked.subject.partition(" ")
        whole = AuditRow.subject == asked.subject
        where.append(whole if number else AuditRow.subject.startswith(kind, autoescape=True))
    if asked.since:
        where.append(AuditRow.at >= asked.since)
    if asked.until:
        where.append(AuditRow.at < asked.until)
    return where
