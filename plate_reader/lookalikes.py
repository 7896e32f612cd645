"""What a recogniser takes for what: lets the place in the number decide between a letter and its twin digit.

A network that has seen no plate cannot know O from 0 by shape. Where the grammar wants a letter and it names
0, that speaks for O, less for D, hardly for Q. The shares were counted on rendered plates at least 60 px wide
that RapidOCR read; letters taken for letters are left to the recogniser's own word.
"""

from __future__ import annotations

from math import log

import numpy as np
from numpy.typing import NDArray

from plate_reader.beam import Posterior
from plate_reader.grammar import ALPHABET, DIGITS, LETTERS

# Truth → what is named instead → how often.
_TAKEN_FOR: dict[str, dict[str, float]] = {
    "O": {"0": 0.23},
    "D": {"0": 0.06},
    "Q": {"0": 0.015},
    "B": {"8": 0.06},
    "Z": {"2": 0.055, "7": 0.01},
    "G": {"6": 0.05},
    "S": {"5": 0.025},
    "I": {"1": 0.02},
    "0": {"O": 0.003, "D": 0.001, "Q": 0.001},
    "8": {"B": 0.002},
    "2": {"Z": 0.002},
    "6": {"G": 0.002},
    "5": {"S": 0.004},
    "1": {"I": 0.004},
}
# How many digits and series letters numbers have: our own estimate, which any clear picture overrules.
_DIGITS = (0.0, 0.02, 0.02, 0.06, 0.90)
_SUFFIX = (0.005, 0.045, 0.45, 0.50)


def fold(posterior: Posterior) -> Posterior:
    """Give what each time step says of the true character, (T, 37); the blank stays as it is."""
    out: Posterior = posterior @ _LIKELIHOOD
    return out


def shapes(posterior: Posterior) -> Posterior:
    """Give how strongly each time step shows a character's shape, its twins' included, (T, 37), at most 1."""
    out: Posterior = np.minimum(posterior @ _SHAPE, 1.0)
    return out


def log_prior(text: str) -> float:
    """Give the natural log of how usual a number of such length is, all of one length alike."""
    suffix = len(text) - len(text.rstrip(LETTERS))
    body = text[: len(text) - suffix]
    digits = len(body) - len(body.rstrip(DIGITS))
    return log(_DIGITS[digits]) + log(_SUFFIX[suffix])


def _matrix(*, weighed: bool) -> NDArray[np.float64]:
    matrix = np.eye(1 + len(ALPHABET))
    for truth, named in _TAKEN_FOR.items():
        for sign, share in named.items():
            matrix[1 + ALPHABET.index(sign), 1 + ALPHABET.index(truth)] = share if weighed else 1.0
    return matrix


_LIKELIHOOD, _SHAPE = _matrix(weighed=True), _matrix(weighed=False)
