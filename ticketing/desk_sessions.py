"""Officers' sessions, kept by the server: bound to one address, ended when idle, when old, or when somebody ends them.

Nothing here raises for a session that is no good: what is found out about it has to be committed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.desk_models import DeskSessionRow
from ticketing.models import OfficerRow
from ticketing.types import Officer

SIGNED_OUT, IDLE, OLD, STOLEN, ENDED, REPLACED = ENDS = (
    "signed out", "idle", "too old", "other address", "ended", "replaced",
)  # fmt: skip
# Somebody who has given the password only is not kept waiting longer.
HALF_WAY = timedelta(minutes=5)
# When a session was last used is noted at most so often: a page with ten pictures writes once.
NOTED_EVERY = timedelta(seconds=30)


@dataclass(frozen=True)
class Limits:
    """How long a session lasts: unused, and at all."""

    idle: timedelta
    longest: timedelta


@dataclass(frozen=True)
class Held:
    """A session that is good; ``passed``: the second factor was given, or is not asked for."""

    id: str
    officer: Officer
    passed: bool


@dataclass(frozen=True)
class Running:
    """A session as an administrator sees it."""

    id: str
    login: str
    address: str
    started_at: datetime
    seen_at: datetime


def begin(session: Session, login: str, address: str, *, passed: bool, now: datetime) -> str:
    """Begin a session; give its token, of which only the hash is kept."""
    token = secrets.token_urlsafe(32)
    session.add(
        DeskSessionRow(
            id=_hash(token), login=login, address=address[:64], passed=passed, started_at=now, seen_at=now
        )
    )
    session.flush()
    return token


def resume(session: Session, token: str, address: str, limits: Limits, *, now: datetime) -> Held | str | None:
    """Give the session of a token; or one of `ENDS` where it is over; or None where there never was one.

    A token that comes from another address than the one it was given to was stolen, or its officer has moved: it ends
    at once, and the trail says from where.
    """
    found = session.execute(
        select(DeskSessionRow, OfficerRow)
        .join(OfficerRow, OfficerRow.login == DeskSessionRow.login)
        .where(DeskSessionRow.id == _hash(token))
    ).first()
    if found is None:
        return None
    row, officer = found
    if row.address != address[:64]:
        refused = {"session of": row.address, "came from": address[:64], "was over": row.ended_at is not None}
        audit.record(session, now, "door", "session refused", f"officer {row.login}", refused)
        _end(session, row, STOLEN, now)
        return STOLEN
    if row.ended_at is not None:
        return row.ended_why or ENDED
    if officer.disabled_at is not None:
        return _end(session, row, ENDED, now)
    if now - row.started_at > (limits.longest if row.passed else HALF_WAY):
        return _end(session, row, OLD, now)
    if now - row.seen_at > limits.idle:
        return _end(session, row, IDLE, now)
    if now - row.seen_at > NOTED_EVERY:
        row.seen_at = now
    return Held(row.id, Officer(officer.login, officer.name, officer.role), row.passed)


def end(session: Session, session_id: str, who: str, why: str, *, now: datetime) -> bool:
    """End one session by its id; False where it is over already or was none."""
    row = session.get(DeskSessionRow, session_id)
    if row is None or row.ended_at is not None:
        return False
    _end(session, row, why, now)
    audit.record(session, now, who, "session ended", f"officer {row.login}", {"why": why})
    return True


def end_all(session: Session, login: str, *, now: datetime) -> int:
    """End every session of an officer; give how many there were."""
    ended = session.execute(
        update(DeskSessionRow)
        .where(DeskSessionRow.login == login, DeskSessionRow.ended_at.is_(None))
        .values(ended_at=now, ended_why=ENDED)
        .returning(DeskSessionRow.id)
    )
    return len(ended.all())


def running(session: Session, limits: Limits, *, now: datetime) -> Sequence[Running]:
    """Give the sessions that are good now, the last used first."""
    rows = session.scalars(
        select(DeskSessionRow)
        .where(
            DeskSessionRow.ended_at.is_(None),
            DeskSessionRow.passed.is_(True),
            DeskSessionRow.seen_at > now - limits.idle,
            DeskSessionRow.started_at > now - limits.longest,
        )
        .order_by(DeskSessionRow.seen_at.desc())
    )
    return [Running(row.id, row.login, row.address, row.started_at, row.seen_at) for row in rows]


def _end(session: Session, row: DeskSessionRow, why: str, now: datetime) -> str:
    if row.ended_at is None:
        row.ended_at, row.ended_why = now, why
        session.flush()
    return why


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
