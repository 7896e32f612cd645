"""The grammar of an NRKB, the number on an Indonesian plate (TNKB): region code, 1–4 digits, 0–3 letters.

Source: Perpol 7/2021. I, O and Q occur in real series, so no letter is barred.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from plate_reader.regions import REGIONS

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
ALPHABET = DIGITS + LETTERS
"""The characters that a recogniser answers for, in the order of its posteriors' columns after the blank."""

_MOST_DIGITS, _MOST_LETTERS = 4, 3
_NRKB = re.compile(r"([A-Z]{1,2})([1-9][0-9]{0,3})([A-Z]{0,3})")
# What people and cameras put between the groups; any other sign makes the text no NRKB.
_BETWEEN = re.compile(r"[\s.\-·]+")
_SPECIAL = (
    ("diplomatic", re.compile(r"(CD|CC|CH)[0-9]{2,6}")),
    ("state leader", re.compile(r"RI[0-9]{1,2}")),
    ("military or police", re.compile(r"[0-9]{3,6}-?([0-9]{2}|[IVX]{1,5})")),
)


@dataclass(frozen=True)
class Nrkb:
    """A number in its three groups; ``suffix`` may be empty."""

    region: str
    number: int
    suffix: str

    @property
    def canonical(self) -> str:
        """Without spaces, as records are matched: ``B1234ABC``."""
        return f"{self.region}{self.number}{self.suffix}"

    @property
    def display(self) -> str:
        """As it stands on the plate: ``B 1234 ABC``."""
        return f"{self.region} {self.number} {self.suffix}".rstrip()


def parse(text: str) -> Nrkb | None:
    """Read a text as an NRKB, or give None where it is none.

    None for an unknown region code, a leading zero, a plate of the forces or of diplomats. Case, spaces and
    separators do not matter.
    """
    match = _NRKB.fullmatch(_BETWEEN.sub("", text.upper()))
    if match is None or match[1] not in REGIONS:
        return None
    return Nrkb(match[1], int(match[2]), match[3])


def special_kind(text: str) -> str | None:
    """Name the kind of a plate outside the Samsat's series (diplomatic, military, …), or give None.

    Such a plate is read but never matched to a record: it always goes to an officer.
    """
    plain = re.sub(r"[\s.·]+", "", text.upper())
    return next((kind for kind, pattern in _SPECIAL if pattern.fullmatch(plain)), None)


@cache
def allowed_next(prefix: str) -> str:
    """Give the characters that may follow ``prefix`` on the way to a legal NRKB; '' where it is full."""
    region = prefix.rstrip(LETTERS).rstrip(DIGITS) or prefix
    if region == prefix:
        letters = "".join(sorted({code[len(prefix)] for code in REGIONS if _goes_on(code, prefix)}))
        return letters + (DIGITS[1:] if prefix in REGIONS else "")
    rest = prefix[len(region) :]
    suffix = rest.lstrip(DIGITS)
    digits = len(rest) - len(suffix)
    more_digits = DIGITS if not suffix and digits < _MOST_DIGITS else ""
    return more_digits + (LETTERS if len(suffix) < _MOST_LETTERS else "")


def is_complete(text: str) -> bool:
    """Tell whether a canonical text is a whole legal NRKB."""
    match = _NRKB.fullmatch(text)
    return match is not None and match[1] in REGIONS


@cache
def allowed_next_expiry(prefix: str) -> str:
    """The same for the expiry line, written ``MMYY``: month 01–12, then two digits of the year."""
    return {0: "01", 1: "123456789" if prefix == "0" else "012"}.get(
        len(prefix), DIGITS if len(prefix) < 4 else ""
    )


def _goes_on(code: str, prefix: str) -> bool:
    return len(code) > len(prefix) and code.startswith(prefix)
