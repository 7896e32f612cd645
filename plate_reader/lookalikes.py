"""What the peer recogniser takes for what: lets the place in the number decide between a letter and its twin digit.

A network that has seen no plate cannot know O from 0 by shape. Where the grammar wants a letter and it names 0, that
speaks for O, less for Q, less for D. How much is counted on drawn plates (`training.plates.confusions`).
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plate_reader.beam import Posterior
from plate_reader.grammar import ALPHABET, DIGITS, LETTERS

TABLE = Path(str(resources.files("plate_reader") / "weights" / "peer.csv"))
"""For each true character (rows) the share with which the peer names each (columns)."""
_TWINS = ("0OQD", "1I", "2Z", "5S", "6G", "8B", "7Z")
# How many digits and series letters numbers have: our own estimate, which any clear picture overrules.
_DIGITS = (0.0, 0.02, 0.02, 0.06, 0.90)
_SUFFIX = (0.005, 0.045, 0.45, 0.50)


def fold(posterior: Posterior) -> Posterior:
    """Give what each time step says of the true character, (T, 37); the blank stays as it is."""
    out: Posterior = posterior @ _likelihood()
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


@cache
def confusions() -> NDArray[np.float64]:
    """Give the table (36, 36), true character by named one, in the order of `ALPHABET`; rows sum to one."""
    with TABLE.open(encoding="ascii", newline="") as opened:
        rows = list(csv.reader(opened))
    table = np.array([[float(v) for v in row[1:]] for row in rows[1:]])
    return np.asarray(table / table.sum(axis=1, keepdims=True))


@cache
def _likelihood() -> NDArray[np.float64]:
    matrix = np.eye(1 + len(ALPHABET))
    matrix[1:, 1:] = confusions().T
    return matrix


def _shape_matrix() -> NDArray[np.float64]:
    matrix = np.eye(1 + len(ALPHABET))
    for twins in _TWINS:
        for a in twins:
            for b in twins:
                matrix[1 + ALPHABET.index(a), 1 + ALPHABET.index(b)] = 1.0
    return matrix


_SHAPE = _shape_matrix()
