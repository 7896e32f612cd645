"""Where cases end, by camera, rule, officer or day; repeat offenders; hard examples for training."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing import audit, money, states
from ticketing.case_models import AnswerRow, MergedRow
from ticketing.models import CaseRow
from ticketing.money_models import MoneyRow

By = Literal["camera", "rule", "officer", "day"]
OBJECTIONS = (states.SELL, states.DISOWN, states.CONTEST)
NOBODY = "-"
HARD_COLUMNS = (
    "violation_id", "rule", "camera", "occurred_at", "reason", "note", "plate_read", "plate_corrected", "class_seen",
    "class_corrected", "colour_corrected", "manifest_sha256",
)  # fmt: skip


@dataclass
class Counts:
    """How many cases came how far. ``captured`` counts every camera's capture of them, ``paid`` those paid in any part,
    ``won`` the objections that were accepted.
    """

    captured: int = 0
    flagged: int = 0
    confirmed: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    contested: int = 0
    won: int = 0
    paid: int = 0


def funnel(session: Session, by: By, since: datetime, until: datetime) -> dict[str, Counts]:
    """Count the cases of violations from ``since`` up to, not including, ``until``.

    Args:
        by: "officer" is who confirmed or rejected, "-" where nobody has; "day" is ISO 8601, in the camera's zone.
    """
    merged = select(func.count(MergedRow.violation_id)).where(MergedRow.case_id == CaseRow.id)
    answered = select(func.count(AnswerRow.id)).where(AnswerRow.case_id == CaseRow.id)
    paid = select(func.count(MoneyRow.id)).where(
        MoneyRow.case_id == CaseRow.id, MoneyRow.kind == money.PAYMENT
    )
    rows = session.execute(
        select(
            CaseRow.camera_id, CaseRow.rule, CaseRow.occurred_at, CaseRow.flagged, CaseRow.confirmed_at,
            CaseRow.confirmed_by, CaseRow.rejected_by, CaseRow.reject_reason,
            merged.scalar_subquery().label("merged"), answered.scalar_subquery().label("answered"),
            answered.where(AnswerRow.kind.in_(OBJECTIONS)).scalar_subquery().label("contested"),
            answered.where(AnswerRow.decision == states.ACCEPT).scalar_subquery().label("won"),
            paid.scalar_subquery().label("paid"),
        )
        .where(CaseRow.occurred_at >= since, CaseRow.occurred_at < until)
        .execution_options(yield_per=2000)
    )  # fmt: skip
    out: dict[str, Counts] = {}
    for row in rows:
        key = {
            "camera": row.camera_id,
            "rule": row.rule,
            "officer": row.confirmed_by or row.rejected_by or NOBODY,
            "day": row.occurred_at.astimezone(ZoneInfo(row.flagged["timezone"])).date().isoformat(),
        }[by]
        counts = out.setdefault(key, Counts())
        counts.captured += 1 + row.merged
        counts.flagged += 1
        counts.confirmed += row.confirmed_at is not None
        if row.reject_reason is not None:
            counts.rejected[row.reject_reason] += 1
        counts.answered += row.answered > 0
        counts.contested += row.contested > 0
        counts.won += row.won > 0
        counts.paid += row.paid > 0
    return dict(sorted(out.items()))


@dataclass(frozen=True)
class Repeat:
    """A vehicle with several confirmed cases in a span of time; days are UTC."""

    nrkb: str
    cases: int
    rules: tuple[str, ...]
    last_on: date


def repeat_offenders(
    session: Session, since: datetime, least: int, who: str, *, now: datetime
) -> list[Repeat]:
    """Give the vehicles with at least so many confirmed cases since then that were not withdrawn, most first.

    The look at it is on the trail: it is a list about people.
    """
    rows = session.execute(
        select(CaseRow.nrkb, CaseRow.rule, func.count(CaseRow.id), func.max(CaseRow.occurred_at))
        .where(
            CaseRow.confirmed_at.is_not(None),
            CaseRow.occurred_at >= since,
            CaseRow.state.not_in((states.WITHDRAWN, *states.DISPUTES)),
            CaseRow.nrkb.is_not(None),
        )
        .group_by(CaseRow.nrkb, CaseRow.rule)
    ).all()
    found: dict[str, list[tuple[str, int, datetime]]] = {}
    for nrkb, rule, number, last in rows:
        found.setdefault(str(nrkb), []).append((rule, number, last))
    repeats = [
        Repeat(
            nrkb,
            sum(number for _, number, _ in each),
            tuple(sorted(rule for rule, _, _ in each)),
            max(last for _, _, last in each).astimezone(UTC).date(),
        )
        for nrkb, each in found.items()
    ]
    audit.record(session, now, who, "repeat offenders looked up", "register", {"least": least})
    return sorted((r for r in repeats if r.cases >= least), key=lambda r: (-r.cases, r.nrkb))


def hard_examples(session: Session, since: datetime) -> Iterator[dict[str, str]]:
    """Give what officers rejected or corrected since then: by its violation's id the evidence store has the crops.

    What lapsed unreviewed or was annulled teaches nothing and is left out. No owner stands in it.
    """
    wanted = (
        select(CaseRow)
        .where(CaseRow.occurred_at >= since, CaseRow.reject_reason.is_distinct_from("lapsed"))
        .order_by(CaseRow.id)
        .execution_options(yield_per=500)
    )
    for case in session.scalars(wanted):
        corrected = case.plate_corrected or case.class_corrected or case.colour_corrected
        if case.rejected_by == "exempt list" or not (case.reject_reason or corrected):
            continue
        yield {
            "violation_id": case.violation_id,
            "rule": case.rule,
            "camera": case.camera_id,
            "occurred_at": case.occurred_at.isoformat(),
            "reason": case.reject_reason or "",
            "note": case.reject_note or "",
            "plate_read": case.flagged["plate_text"] or "",
            "plate_corrected": case.plate_corrected or "",
            "class_seen": case.flagged["vehicle_class"],
            "class_corrected": case.class_corrected or "",
            "colour_corrected": case.colour_corrected or "",
            "manifest_sha256": case.flagged["evidence_manifest_sha256"],
        }


def export_hard_examples(session: Session, since: datetime, path: Path) -> list[str]:
    """Write `hard_examples` as CSV; give their violations' ids."""
    written = []
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HARD_COLUMNS)
        writer.writeheader()
        for row in hard_examples(session, since):
            writer.writerow(row)
            written.append(row["violation_id"])
    return written
