"""The number on a plate (NRKB), as this office stores and shows it."""

from __future__ import annotations

import re

from ticketing.errors import PlateError

# Perpol 7/2021, as DOMAIN.md ("Plates") writes it, without the spaces. I, O and Q occur.
NRKB = re.compile(r"([A-Z]{1,2})([1-9][0-9]{0,3})([A-Z]{0,3})")


def canonical_plate(text: str) -> str:
    """Give a number in capitals without spaces, dots or dashes: ``B1234ABC``.

    Raises:
        PlateError: the text does not obey the grammar of Perpol 7/2021; plates of the armed forces and of diplomats
            do not either, and are never matched to STNK records.
    """
    # Some letters outside ASCII become ASCII ones as capitals: they were never on a plate.
    plate = re.sub(r"[\s.\-]", "", text).upper() if text.isascii() else ""
    if not NRKB.fullmatch(plate):
        raise PlateError(
            f"{text[:20]!r} is not a plate number: region code, 1 to 4 digits without leading zero, up to 3 letters, "
            "such as B 1234 ABC"
        )
    return plate


def spaced_plate(plate: str) -> str:
    """Give a canonical number as it stands on the plate: ``B1234ABC`` → ``B 1234 ABC``."""
    return " ".join(re.findall(r"[A-Z]+|[0-9]+", plate))
