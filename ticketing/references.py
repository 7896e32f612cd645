"""Reference codes: random, never made from the plate, so that nobody can guess another's."""

from __future__ import annotations

import re
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.models import CaseRow

# Crockford's base32 (crockford.com/base32.html): no I, L, O, U; what is mistaken for a digit is read as it.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
PREFIX = "ETLE"
_MISREAD = str.maketrans("OIL", "011")


def new_reference() -> str:
    """Make the ten characters of a reference: 50 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def unused_reference(session: Session) -> str:
    """Make a reference that no case has."""
    while True:
        reference = new_reference()
        if session.scalar(select(CaseRow.id).where(CaseRow.reference == reference)) is None:
            return reference


def written(reference: str) -> str:
    """Give a reference as letters and pages write it: ``ETLE-XXXXX-XXXXX``."""
    return f"{PREFIX}-{reference[:5]}-{reference[5:]}"


def owners(case: CaseRow) -> str:
    """Give the reference by which a vehicle's owner finds the case, as written; empty where there is none: the letters
    go to the driver, and the code is the driver's alone to answer by.
    """
    return written(case.reference) if case.reference and case.addressee == "owner" else ""


def typed(text: str) -> str | None:
    """Give the ten characters of a reference as somebody typed it, or None where it cannot be one.

    Lower case, missing dashes, a missing ``ETLE`` and O, I, L for 0, 1, 1 are all understood.
    """
    bare = re.sub(r"[\s\-–—_]", "", text[:60]).upper()
    if len(bare) == len(PREFIX) + LENGTH and bare.startswith(PREFIX):
        bare = bare[len(PREFIX) :]
    bare = bare.translate(_MISREAD)
    return bare if len(bare) == LENGTH and set(bare) <= set(ALPHABET) else None
