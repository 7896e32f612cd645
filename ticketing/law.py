"""The law table: which article, fine and points a rule has on a given day. Law is data; this reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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


def title_of(rule: str) -> str:
    """Give a rule's name as officers and owners read it: Bahasa Indonesia, then English."""
    row = law_row(rule, date.max)
    return f"{row.title_id} / {row.title_en}"
