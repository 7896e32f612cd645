"""The law table: which article, fine, points and deadlines hold on a given day. Law is data; this reads it.

What ships is ``law.yaml``. An administrator's rows lie in the database, each with who entered it and from what source;
from the day they name they come before the file's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.case_models import LawAmendmentRow
from ticketing.errors import LawError, UnknownRuleError
from ticketing.workdays import COUNTS, Count, after

TABLE = Path(__file__).with_name("law.yaml")
RULE_FIELDS = {"title_id": str, "title_en": str, "article": str, "fine": int, "detention": str, "points": int}
MAY_BE_NULL = ("detention", "points")


@dataclass(frozen=True)
class LawRow:
    """One rule as the law had it on a day. ``fine_rupiah`` is the maximum; ``detention`` is None since 2026-01-02.

    ``points`` are SIM points by Perpol 5/2021, None where the sources leave them open. It holds from ``valid_from`` to
    ``valid_until``, both included; None: until further notice.
    """

    rule: str
    title_id: str
    title_en: str
    article: str
    fine_rupiah: int
    detention: str | None
    points: int | None
    valid_from: date
    valid_until: date | None

    def plain(self) -> dict[str, Any]:
        """Give the row as a case keeps it: days as ISO 8601."""
        return {k: v.isoformat() if isinstance(v, date) else v for k, v in asdict(self).items()}


@dataclass(frozen=True)
class Deadlines:
    """Days after the violation by which the letter goes out, its owner answers, and a ticket is paid; and the days that
    an office gives itself, by the names in ``law.yaml``.
    """

    letter_days: int
    answer_days: int
    pay_days: int
    count: Count
    office_days: Mapping[str, int]
    source: str

    def days(self, occurred: date, sent: date) -> tuple[date, date]:
        """Give the last day to answer and the last to pay, all days being in the camera's zone.

        Where the office was late with the letter, its delay is not the owner's: both move by as many days.
        """
        late = max(timedelta(0), sent - occurred - timedelta(self.letter_days))
        return (
            after(occurred + late, self.answer_days, self.count),
            after(occurred + late, self.pay_days, self.count),
        )

    def answer_from(self, sent: date) -> date:
        """Give the last day to answer a letter that was not the first: as many days as the first one left."""
        return after(sent, self.answer_days - self.letter_days, self.count)

    def pay_from(self, issued: date) -> date:
        """Give the last day to pay a ticket that was issued later than the first letter foresaw."""
        return after(issued, self.pay_days - self.answer_days, self.count)


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return table


def setting(section: str) -> Mapping[str, Any]:
    """Give a section of the law table that is not by rule or office: ``sightings`` or ``points``."""
    found: Mapping[str, Any] = _table()[section]
    return found


def law_row(rule: str, day: date, session: Session | None = None) -> LawRow:
    """Give the row of a rule that was valid on ``day`` (a date in the camera's own zone).

    Args:
        session: where given, an administrator's rows count too.

    Raises:
        UnknownRuleError: the law table has no such rule, or none for that day.
    """
    table = _table()
    shipped = table["rules"].get(rule)
    rows = shipped if isinstance(shipped, list) else [shipped] if shipped else []
    dated = [(row.get("from", table["in_force"]), row) for row in rows]
    entered = _entered(session, "rules", rule)
    if not dated and not entered:
        raise UnknownRuleError(
            f"the law table has no rule {rule!r}; add a row to law.yaml before it is enforced"
        )
    begun, row, until = _valid(dated, entered, day)
    if row is None or begun is None:
        raise UnknownRuleError(f"the law table has no row of {rule!r} for {day}")
    detention, ended = row.get("detention"), table["detention_until"]
    if detention is not None and begun < ended:
        # Its abolition divides a row in two.
        if day < ended:
            until = min(until or date.max, ended - timedelta(1))
        else:
            begun, detention = ended, None
    return LawRow(
        rule,
        row["title_id"],
        row["title_en"],
        f"Pasal {row['article']} UU 22/2009",
        row["fine"],
        detention if day < ended else None,
        row["points"],
        begun,
        until,
    )


def rule_ids(session: Session | None = None) -> list[str]:
    """Give every rule that the law table knows, shipped or entered."""
    entered = [] if session is None else [row.key for row in amendments(session) if row.table == "rules"]
    return sorted({*_table()["rules"], *entered})


def amendments(session: Session) -> list[LawAmendmentRow]:
    """Give every row that an administrator entered, in the order in which they were."""
    return list(session.scalars(select(LawAmendmentRow).order_by(LawAmendmentRow.id)))


def plain_rule(rule: str, day: date, session: Session) -> dict[str, Any]:
    """Give the fields of a rule on a day as `amend` takes them. Raises `UnknownRuleError`."""
    row = law_row(rule, day, session)
    article = row.article.removeprefix("Pasal ").removesuffix(" UU 22/2009")
    return {
        "title_id": row.title_id, "title_en": row.title_en, "article": article, "fine": row.fine_rupiah,
        "detention": row.detention, "points": row.points,
    }  # fmt: skip


def deadlines(office: str, day: date = date.max, session: Session | None = None) -> Deadlines:
    """Give the deadlines of an issuing office on the day of a violation. What its row leaves out is the default's, and
    what the default's latest row leaves out stands in the ones before.
    """
    table = _table()["deadlines"]
    rows = {
        name: (
            [(shipped["from"], shipped) for shipped in table.get(name, [])],
            _entered(session, "deadlines", name),
        )
        for name in ("default", office)
    }
    row: dict[str, Any] = {}
    for _, values in _begun(*rows["default"], day):
        row |= values
    row |= _valid(*rows[office], day)[1] or {}
    own = {k: v for k, v in row.items() if isinstance(v, int)}
    return Deadlines(row["letter"], row["answer"], row["pay"], row["holidays"], own, row["source"])


def title_of(rule: str) -> str:
    """Give a rule's name as officers and owners read it: Bahasa Indonesia, then English."""
    row = law_row(rule, date.max)
    return f"{row.title_id} / {row.title_en}"


def amend(
    session: Session,
    who: str,
    table: str,
    key: str,
    valid_from: date,
    values: Mapping[str, Any],
    source: str,
    *,
    now: datetime,
) -> None:
    """Enter an administrator's row: it holds from ``valid_from`` on, and is never changed, only followed by another.

    Args:
        table: "rules" (key: the rule's id; all of `RULE_FIELDS`) or "deadlines" (key: an office or "default"; any
            fields of ``law.yaml``).
        source: where it is written; a row without one is refused.

    Raises:
        LawError: no such table, a field that is unknown, missing or of the wrong kind, or no source.
    """
    if not source.strip():
        raise LawError("a row of law needs its source: which regulation, which page")
    if table == "rules":
        _check_rule(values)
    elif table == "deadlines":
        _check_deadlines(values)
    else:
        raise LawError(f"{table!r} is no table of law; known: rules, deadlines")
    session.add(
        LawAmendmentRow(
            table=table,
            key=key,
            valid_from=valid_from,
            values=dict(values),
            source=source.strip(),
            entered_by=who,
            entered_at=now,
        )
    )
    detail = {"from": valid_from.isoformat(), "values": dict(values), "source": source.strip()}
    audit.record(session, now, who, "law amended", f"{table} {key}"[:80], detail)


def _check_rule(values: Mapping[str, Any]) -> None:
    if values.keys() != RULE_FIELDS.keys():
        raise LawError(f"a rule has exactly the fields {', '.join(RULE_FIELDS)}")
    for name, kind in RULE_FIELDS.items():
        value = values[name]
        if value is None and name in MAY_BE_NULL:
            continue
        if type(value) is not kind or (isinstance(value, int) and value < 0):
            raise LawError(f"{name}: {value!r} is not {'a whole number' if kind is int else 'a text'}")


def _check_deadlines(values: Mapping[str, Any]) -> None:
    known = _table()["deadlines"]["default"][-1].keys() - {"from", "source"}
    for name, value in values.items():
        if name not in known:
            raise LawError(f"{name!r} is no deadline; known: {', '.join(sorted(known))}")
        if name == "holidays":
            if value not in COUNTS:
                raise LawError(f"holidays: {value!r} is unknown; known: {', '.join(COUNTS)}")
        elif type(value) is not int or value < 1:
            raise LawError(f"{name}: {value!r} is not a whole number of days, 1 or more")


def _entered(session: Session | None, table: str, key: str) -> list[tuple[date, dict[str, Any]]]:
    if session is None:
        return []
    rows = session.scalars(
        select(LawAmendmentRow)
        .where(LawAmendmentRow.table == table, LawAmendmentRow.key == key)
        .order_by(LawAmendmentRow.valid_from, LawAmendmentRow.id)
    )
    return [(row.valid_from, {**row.values, "source": row.source}) for row in rows]


def _valid(
    shipped: list[tuple[date, dict[str, Any]]], entered: list[tuple[date, dict[str, Any]]], day: date
) -> tuple[date | None, dict[str, Any] | None, date | None]:
    """Give the row that has begun last, an entered one before a shipped one of the same day, and its last day."""
    begun = _begun(shipped, entered, day)
    if not begun:
        return None, None, None
    first, row = begun[-1]
    following = sorted(start for start, _ in [*shipped, *entered] if start > day)
    return first, row, following[0] - timedelta(1) if following else None


def _begun(
    shipped: list[tuple[date, dict[str, Any]]], entered: list[tuple[date, dict[str, Any]]], day: date
) -> list[tuple[date, dict[str, Any]]]:
    """Give the rows that have begun on a day, the latest last, an entered one after a shipped one of the same day."""
    ranked = sorted([*shipped, *entered], key=lambda item: item[0])
    return [item for item in ranked if item[0] <= day]
