"""The law table: which article, fine and points a rule has on a given day. Law is data; this reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ticketing.errors import UnknownRuleError

TABLE = Path(__file__).with_name("law.yaml")


@dataclass(frozen=True)
class LawRow:
    """One rule as the law had it on a day. ``fine_rupiah`` is the maximum; ``detention`` is None since 2026-01-02.

    ``points`` are SIM points by Perpol 5/2021, None where the sources leave them open.
    """

    rule: str
    title_id: str
    title_en: str
    article: str
    fine_rupiah: int
    detention: str | None
    points: int | None


@dataclass(frozen=True)
class Deadlines:
    """Days after the violation by which the letter goes out, its owner answers, and a ticket is paid."""

    letter_days: int
    answer_days: int
    pay_days: int
    source: str

    def days(self, occurred: date, confirmed: date) -> tuple[date, date]:
        """Give the last day to answer and the last to pay, all days being in the camera's zone.

        Where the office was late with the letter, its delay is not the owner's: both move by as many days.
        """
        late = max(timedelta(0), confirmed - occurred - timedelta(self.letter_days))
        return occurred + timedelta(self.answer_days) + late, occurred + timedelta(self.pay_days) + late


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return table


def law_row(rule: str, day: date) -> LawRow:
    """Give the row of a rule that was valid on ``day`` (a date in the camera's own zone).

    Raises:
        UnknownRuleError: the law table has no such rule.
    """
    table = _table()
    row = table["rules"].get(rule)
    if row is None:
        raise UnknownRuleError(
            f"the law table has no rule {rule!r}; add a row to law.yaml before it is enforced"
        )
    return LawRow(
        rule,
        row["title_id"],
        row["title_en"],
        f"Pasal {row['article']} UU 22/2009",
        row["fine"],
        row["detention"] if day < table["detention_until"] else None,
        row["points"],
    )


def deadlines(office: str) -> Deadlines:
    """Give the deadlines of an issuing office, those of the default row where it has none of its own."""
    rows = _table()["deadlines"]
    row = rows.get(office) or rows["default"]
    return Deadlines(row["letter"], row["answer"], row["pay"], row["source"])


def title_of(rule: str) -> str:
    """Give a rule's name as officers and owners read it: Bahasa Indonesia, then English."""
    row = law_row(rule, date.max)
    return f"{row.title_id} / {row.title_en}"
