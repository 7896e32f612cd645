"""SIM points (Perpol 5/2021): events of confirmed drivers, summed when asked. An owner as such never gets any.

A driver is known by the number of their licence, kept only as a keyed hash. What points a rule carries, and at
which sums something follows, stands in the law table; rules for which the sources leave it open carry none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import audit, clocks, crypto, states
from ticketing.case_models import AnswerRow, PointRow
from ticketing.errors import ReasonError
from ticketing.law import setting
from ticketing.models import CaseRow


@dataclass(frozen=True)
class PointSum:
    """What a licence has gathered; ``withheld`` and ``revoked``: the sum for it is reached, and an officer decides."""

    total: int
    events: tuple[tuple[int, date, int], ...]
    withheld: bool
    revoked: bool


def count(session: Session, case: CaseRow, *, now: datetime) -> PointRow | None:
    """Count the points of a case that was judged against whoever admitted to have driven, once.

    None, with a row of the trail that says why, where nobody admitted it, no licence is known or the rule carries none.
    """
    admitted = session.scalars(
        select(AnswerRow)
        .where(AnswerRow.case_id == case.id, AnswerRow.kind == states.ADMIT)
        .order_by(AnswerRow.id.desc())
    ).first()
    worth = case.law["points"]
    licence = canonical(crypto.unseal(admitted.personal)["sim_number"]) if admitted is not None else ""
    why = (
        "the sources leave this rule's points open" if worth is None
        else "nobody admitted to have driven" if admitted is None
        else "no licence number is known" if not licence
        else ""
    )  # fmt: skip
    if why or worth is None:
        audit.record(session, now, "points", "no points", f"case {case.id}", {"why": why})
        return None
    there = session.scalar(select(PointRow).where(PointRow.case_id == case.id))
    if there is not None:
        return there
    row = PointRow(
        case_id=case.id,
        licence=crypto.fingerprint(licence),
        points=worth,
        on=clocks.local_day(case, case.occurred_at),
    )
    session.add(row)
    session.flush()
    audit.record(session, now, "points", "points counted", f"case {case.id}", {"points": worth})
    return row


def points_of(session: Session, sim_number: str, who: str, *, now: datetime) -> PointSum:
    """Give the sum of a licence; the look at it is on the trail. Raises `ReasonError` where it is no number."""
    licence = canonical(sim_number)
    if not licence:
        raise ReasonError(f"{sim_number[:20]!r} is no licence number")
    rules = setting("points")
    marked = crypto.fingerprint(licence)
    events = select(PointRow).where(PointRow.licence == marked)
    if rules["counted_days"] is not None:
        events = events.where(PointRow.on >= now.date() - timedelta(rules["counted_days"]))
    rows = session.scalars(events.order_by(PointRow.on, PointRow.id)).all()
    total = sum(row.points for row in rows)
    audit.record(session, now, who, "points looked up", f"licence {marked[:16]}", {"total": total})
    return PointSum(
        total,
        tuple((row.case_id, row.on, row.points) for row in rows),
        total >= rules["withheld_at"],
        total >= rules["revoked_at"],
    )


def canonical(sim_number: str) -> str:
    """Give a licence's number in capitals without spaces and dashes; empty where nothing is left."""
    return "".join(c for c in sim_number.upper() if c.isascii() and c.isalnum())[:20]
