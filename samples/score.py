"""What was flagged against a scene's exact truth; the semantics are those of a tilang's reader: a flag is
right when it names the right offence at the right time of the right vehicle."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SLACK_S = 1.0
"""Times may differ by this much."""
LETTERS = 2
"""A plate read wrong in so many characters still shows which vehicle was meant."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Score:
    """The outcome, row by row. ``right`` pairs (flagged, truth); ``wrong_plate`` are those of them whose
    accepted plate is not the true one. ``n`` is the number of truth rows."""

    right: tuple[tuple[Row, Row], ...]
    false: tuple[Row, ...]
    missed: tuple[Row, ...]

    @property
    def wrong_plate(self) -> tuple[tuple[Row, Row], ...]:
        """Those whose accepted plate is not the true one."""
        return tuple((f, t) for f, t in self.right if _is_wrong(f, t))

    @property
    def n(self) -> int:
        """How many violations the truth holds."""
        return len(self.right) + len(self.missed)

    @property
    def exact(self) -> bool:
        """Tell whether what was flagged is what happened: nothing missed, nothing false, no wrong plate."""
        return not (self.false or self.missed or self.wrong_plate)

    @property
    def speed_error_kmh(self) -> float | None:
        """Give the mean absolute error over right speeding flags, None without any."""
        errors = [
            abs(float(f["speed_kmh"]) - float(t["speed_kmh"]))
            for f, t in self.right
            if t["rule"] == "speeding"
        ]
        return sum(errors) / len(errors) if errors else None

    def by_rule(self) -> dict[str, tuple[int, int, int]]:
        """Give for every rule how many truth rows, right flags and false flags there are."""
        right = Counter(t["rule"] for _, t in self.right)
        truth = right + Counter(t["rule"] for t in self.missed)
        false = Counter(f["rule"] for f in self.false)
        return {rule: (truth[rule], right[rule], false[rule]) for rule in sorted(set(truth) | set(false))}


def score(truth: Sequence[Row], flagged: Sequence[Row]) -> Score:
    """Match flagged rows, in order of their start, to truth rows that are not yet used.

    A flag fits a truth row of the same rule that overlaps it in time, give or take `SLACK_S`, and whose plate
    differs in at most `LETTERS` characters or was not read. Of several the nearest plate is taken, then the
    nearest start.
    """
    unused = list(truth)
    right: list[tuple[Row, Row]] = []
    false: list[Row] = []
    for row in sorted(flagged, key=lambda f: float(f["start_s"])):
        fitting = [t for t in unused if _fits(row, t)]
        if not fitting:
            false.append(row)
            continue
        best = min(fitting, key=lambda t: (_letters(row, t), abs(t["start_s"] - row["start_s"])))
        unused.remove(best)
        right.append((row, best))
    return Score(tuple(right), tuple(false), tuple(unused))


def canonical(text: str) -> str:
    """Give a plate without spaces, in capitals."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def edits(a: str, b: str) -> int:
    """Give the Levenshtein distance of two texts."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        new = [i]
        for j, y in enumerate(b, 1):
            new.append(min(row[j] + 1, new[-1] + 1, row[j - 1] + (x != y)))
        row = new
    return row[-1]


def _fits(flagged: Row, truth: Row) -> bool:
    near = flagged["start_s"] <= truth["end_s"] + SLACK_S and flagged["end_s"] >= truth["start_s"] - SLACK_S
    same = not flagged.get("plate") or _letters(flagged, truth) <= LETTERS
    return bool(truth["rule"] == flagged["rule"] and near and same)


def _letters(flagged: Row, truth: Row) -> int:
    return edits(canonical(flagged.get("plate") or ""), canonical(truth["plate"]))


def _is_wrong(flagged: Row, truth: Row) -> bool:
    plate = flagged.get("plate")
    accepted = flagged.get("plate_accepted", True)
    return bool(plate and accepted and canonical(plate) != canonical(truth["plate"]))
