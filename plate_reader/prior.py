"""How usual numbers of each length are, before anything is seen."""

from __future__ import annotations

from math import log

from plate_reader.grammar import DIGITS, LETTERS

# How many digits and series letters numbers have: our own estimate, which any clear picture overrules.
_DIGITS = (0.0, 0.02, 0.02, 0.06, 0.90)
_SUFFIX = (0.005, 0.045, 0.45, 0.50)


def log_prior(text: str) -> float:
    """Give the natural log of how usual a number of such length is, all of one length alike."""
    suffix = len(text) - len(text.rstrip(LETTERS))
    body = text[: len(text) - suffix]
    digits = len(body) - len(body.rstrip(DIGITS))
    return log(_DIGITS[digits]) + log(_SUFFIX[suffix])
