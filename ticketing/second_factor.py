"""The second factor: a code of six digits that changes every half minute (TOTP, RFC 6238, SHA-1, 30 s).

The secret is kept as ciphertext. It is offered until its first code was given, and only then asked for; a code is good
once, half a minute early or late included.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import update
from sqlalchemy.orm import Session

from ticketing import audit, crypto
from ticketing.errors import LoginError
from ticketing.models import OfficerRow
from ticketing.officers import count_wrong_try, is_locked, refuse

STEP_S = 30
DIGITS = 6
SECRET_BYTES = 20
ISSUER = "ETLE"
WRONG_CODE = "the code is wrong, was used already, or the login is locked"


@dataclass(frozen=True)
class Offer:
    """A secret to be put into an authenticator: in base32 for typing, and as the address that its QR code holds."""

    secret: str
    uri: str


def is_on(session: Session, login: str) -> bool:
    """Tell whether an officer has a second factor that was used at least once."""
    row = session.get_one(OfficerRow, login, populate_existing=True)
    return row.totp_since is not None


def offer(session: Session, login: str) -> Offer:
    """Give the secret that an officer without a second factor may take up; the same until they have.

    Raises:
        LoginError: they have one; an administrator resets it.
    """
    row = session.get_one(OfficerRow, login, populate_existing=True)
    if row.totp_since is not None:
        raise LoginError("this login has a second factor: an administrator can reset it")
    if row.totp_sealed is None:
        secret = base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()
        row.totp_sealed = crypto.seal({"totp": secret})
        session.flush()
    secret = crypto.unseal(row.totp_sealed)["totp"]
    return Offer(secret, _totp(secret).get_provisioning_uri(login, ISSUER))


def check(session: Session, login: str, code: str, address: str = "-", *, now: datetime) -> None:
    """Take an officer's code; the first one switches the second factor on. A wrong one counts like a wrong password.

    Call it first in a transaction, as `officers.check_login`.

    Raises:
        LoginError: the code is wrong, was used before, or the login is locked or closed.
    """
    row = session.get_one(OfficerRow, login, populate_existing=True)
    if row.totp_sealed is None:
        raise LoginError("this login has no second factor yet: set one up first")
    if row.disabled_at is not None or is_locked(row, now):
        refuse(session, login, {"address": address, "locked": True, "why": "locked"}, now)
        raise LoginError(WRONG_CODE)
    step = _step_of(crypto.unseal(row.totp_sealed)["totp"], "".join(code.split()), now)
    if step is None or step <= row.totp_step:
        count_wrong_try(session, login, address, now)
        raise LoginError(WRONG_CODE)
    if not _use(session, login, step):
        # Somebody gave the same code in this very moment: one of the two is let in.
        raise LoginError(WRONG_CODE)
    session.refresh(row)
    row.wrong_tries, row.locked_until = 0, None
    if row.totp_since is None:
        row.totp_since = now
        audit.record(session, now, login, "second factor set up", f"officer {login}", {"address": address})


def code_at(secret: str, at: datetime) -> str:
    """Give the code of a secret at a time, as an authenticator shows it."""
    return _totp(secret).generate(int(at.timestamp())).decode()


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    this = int(now.timestamp()) // STEP_S
    found = None
    for step in (this - 1, this, this + 1):
        right = _totp(secret).generate(step * STEP_S)
        if hmac.compare_digest(right, code.encode("utf-8", "replace")):
            found = step
    return found


def _use(session: Session, login: str, step: int) -> bool:
    used = session.execute(
        update(OfficerRow)
        .where(OfficerRow.login == login, OfficerRow.totp_step < step)
        .values(totp_step=step)
        .returning(OfficerRow.login),
        execution_options={"synchronize_session": False},
    )
    return used.first() is not None


def _totp(secret: str) -> TOTP:
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_S)  # noqa: S303 - what authenticators speak
