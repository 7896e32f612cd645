"""What an administrator does with officers' logins. Each ends the officer's sessions and is on record; the last
administrator cannot be taken away, by whomever. Nothing here commits.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing import audit, desk_sessions
from ticketing.errors import LoginError, NotFoundError
from ticketing.models import OfficerRow
from ticketing.officers import ADMIN, ROLES, hash_password, is_locked

PASSWORD_BYTES = 12


@dataclass(frozen=True)
class Listed:
    """An officer as an administrator sees them."""

    login: str
    name: str
    role: str
    disabled: bool
    locked: bool
    second_factor: bool
    created_at: datetime


def officers(session: Session, *, now: datetime) -> list[Listed]:
    """Give all officers by login."""
    rows = session.scalars(select(OfficerRow).order_by(OfficerRow.login))
    return [
        Listed(
            row.login, row.name, row.role, row.disabled_at is not None, is_locked(row, now),
            row.totp_since is not None, row.created_at,
        )
        for row in rows
    ]  # fmt: skip


def new_password() -> str:
    """Make a random password, to be shown once."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def give_password(session: Session, login: str, who: str, *, now: datetime) -> str:
    """Give an officer a new random password, and open the login where it was locked. Raises `NotFoundError`."""
    row = _get(session, login)
    password = new_password()
    row.password_hash = hash_password(password)
    row.wrong_tries, row.locked_until = 0, None
    _note(session, row, who, "password given anew", {}, now)
    return password


def set_role(session: Session, login: str, role: str, who: str, *, now: datetime) -> None:
    """Give an officer another role. Raises `NotFoundError`, and `LoginError` for no role or the last administrator."""
    if role not in ROLES:
        raise LoginError(f"{role[:20]!r} is no role; known: {', '.join(ROLES)}")
    row = _get(session, login)
    before = row.role
    if role != ADMIN:
        _keep_an_admin(session, row)
    row.role = role
    _note(session, row, who, "role changed", {"from": before, "to": role}, now)


def disable(session: Session, login: str, who: str, *, now: datetime) -> None:
    """Close an officer's login; what they decided stays. Raises as `set_role`."""
    row = _get(session, login)
    _keep_an_admin(session, row)
    row.disabled_at = now
    _note(session, row, who, "login disabled", {}, now)


def enable(session: Session, login: str, who: str, *, now: datetime) -> None:
    """Open a login that was closed. Raises `NotFoundError`."""
    row = _get(session, login)
    row.disabled_at = None
    _note(session, row, who, "login enabled", {}, now)


def reset_second_factor(session: Session, login: str, who: str, *, now: datetime) -> None:
    """Let an officer set a second factor up anew, for one whose telephone is lost. Raises `NotFoundError`."""
    row = _get(session, login)
    row.totp_sealed = row.totp_since = None
    row.totp_step = 0
    _note(session, row, who, "second factor reset", {}, now)


def _get(session: Session, login: str) -> OfficerRow:
    row = session.get(OfficerRow, login, populate_existing=True)
    if row is None:
        raise NotFoundError(f"there is no officer {login[:80]!r}")
    return row


def _keep_an_admin(session: Session, row: OfficerRow) -> None:
    others = select(func.count()).where(
        OfficerRow.role == ADMIN, OfficerRow.disabled_at.is_(None), OfficerRow.login != row.login
    )
    if row.role == ADMIN and row.disabled_at is None and not session.scalar(others):
        raise LoginError("this is the last administrator: name another one first")


def _note(
    session: Session, row: OfficerRow, who: str, what: str, detail: dict[str, str], now: datetime
) -> None:
    ended = desk_sessions.end_all(session, row.login, now=now)
    audit.record(session, now, who, what, f"officer {row.login}", {**detail, "sessions ended": ended})
