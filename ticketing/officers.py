"""Officers: who may sign in at the desk."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import update
from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.errors import LoginError
from ticketing.models import OfficerRow
from ticketing.types import Officer

__all__ = ["ADMIN", "AUDITOR", "REVIEWER", "ROLES", "SUPERVISOR", "Officer", "add_officer", "check_login"]

REVIEWER, SUPERVISOR, AUDITOR, ADMIN = ROLES = ("reviewer", "supervisor", "auditor", "admin")
MOST_WRONG_TRIES = 5
LOCK_OUT = timedelta(minutes=15)
SHORTEST_PASSWORD = 8
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,79}")
# One answer for an unknown login, a wrong password and a lock-out: it tells nobody which logins exist.
REFUSED = (
    "login or password is wrong, or the login is locked: after "
    f"{MOST_WRONG_TRIES} wrong tries it opens again {LOCK_OUT.seconds // 60} minutes later"
)
_hasher = PasswordHasher()


def add_officer(
    session: Session, login: str, name: str, password: str, role: str = "reviewer", *, now: datetime
) -> Officer:
    """Add an officer; the login does not distinguish capitals.

    Raises:
        LoginError: the login is taken or not a login, the password is too short, or there is no such role.
    """
    login = _canonical(login)
    if not _LOGIN.fullmatch(login):
        raise LoginError(
            f"{login[:80]!r} is not a login: 2 to 80 letters, digits, dots, dashes, underscores or @"
        )
    if role not in ROLES:
        raise LoginError(f"{role!r} is no role; known: {', '.join(ROLES)}")
    if not name.strip():
        raise LoginError("an officer needs a name: it stands beside what they decide")
    if session.get(OfficerRow, login) is not None:
        raise LoginError(f"the login {login!r} is taken")
    row = OfficerRow(
        login=login,
        name=name.strip(),
        role=role,
        password_hash=hash_password(password),
        wrong_tries=0,
        created_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(session, now, "administration", "officer added", f"officer {login}", {"role": role})
    return Officer(row.login, row.name, row.role)


def hash_password(password: str) -> str:
    """Give the argon2 hash of a password. Raises `LoginError` where it is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise LoginError(f"the password is too short: at least {SHORTEST_PASSWORD} characters")
    return _hasher.hash(password)


def check_login(session: Session, login: str, password: str, address: str = "-", *, now: datetime) -> Officer:
    """Let an officer in, as far as the password goes; `second_factor` asks for more.

    Call it first in a transaction: a wrong try is counted in a transaction of its own, which the caller's rollback does
    not undo and which would wait for what the caller has already written.

    Args:
        address: where the try came from, for the trail.

    Raises:
        LoginError: one and the same for an unknown login, a wrong password, a lock-out and a login that was closed.
    """
    login = _canonical(login)
    row = session.get(OfficerRow, login, populate_existing=True) if _LOGIN.fullmatch(login) else None
    right = _matches(row.password_hash if row else _nobodys_hash(), password)
    if row is None:
        # What was typed may be a password in the wrong field: it is not kept.
        refuse(session, "unknown", {"address": address}, now)
    elif row.disabled_at is not None or is_locked(row, now):
        closed = "locked" if row.disabled_at is None else "disabled"
        refuse(session, login, {"address": address, "locked": True, "why": closed}, now)
    elif not right:
        count_wrong_try(session, login, address, now)
    else:
        # Where a second factor is on, only its right code ends the count: a known password must not.
        if row.totp_since is None:
            row.wrong_tries = 0
        row.locked_until = None
        if _hasher.check_needs_rehash(row.password_hash):
            row.password_hash = _hasher.hash(password)
        audit.record(session, now, login, "signed in", f"officer {login}", {"address": address})
        return Officer(row.login, row.name, row.role)
    raise LoginError(REFUSED)


def is_locked(row: OfficerRow, now: datetime) -> bool:
    """Tell whether too many wrong tries keep a login shut."""
    return row.locked_until is not None and row.locked_until > now


def refuse(session: Session, login: str, detail: dict[str, object], now: datetime) -> None:
    """Put a refusal at the door on record, in a transaction of its own."""
    with Session(session.get_bind()) as own, own.begin():
        audit.record(own, now, "door", "login refused", f"officer {login}", detail)


def count_wrong_try(session: Session, login: str, address: str, now: datetime) -> None:
    """Count a wrong password or code, in a transaction of its own; too many lock the login."""
    with Session(session.get_bind()) as own, own.begin():
        own.execute(
            update(OfficerRow).where(OfficerRow.login == login).values(wrong_tries=OfficerRow.wrong_tries + 1)
        )
        row = own.get_one(OfficerRow, login)
        locked = row.wrong_tries >= MOST_WRONG_TRIES
        if locked:
            row.wrong_tries, row.locked_until = 0, now + LOCK_OUT
        detail = {"address": address, "locked": locked}
        audit.record(own, now, "door", "login refused", f"officer {login}", detail)


def _canonical(login: str) -> str:
    return login.strip().lower()


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except VerifyMismatchError:
        return False


@cache
def _nobodys_hash() -> str:
    # An unknown login costs the same work as a known one.
    return _hasher.hash("nobody's password")
