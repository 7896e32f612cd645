"""What lies beside a case on the desk: alerts, the records that a doubtful plate may be, earlier cases, what other
officers decided. Nothing here names a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ticketing import gate, matching, reviews, sightings
from ticketing.models import CaseRow
from ticketing.record_rules.advice import advice
from ticketing.record_rules.base import RecordFinding
from ticketing.types import CaseDetail, Officer

MOST_EARLIER = 5


@dataclass(frozen=True)
class Earlier:
    """Another case of the same plate, or of the same camera and rule; ``occurred_at`` is UTC."""

    id: int
    state: str
    title_id: str
    title_en: str
    occurred_at: datetime
    timezone: str
    plate_text: str | None
    reject_reason: str | None


@dataclass(frozen=True)
class CaseFile:
    """A case with what lies beside it; ``reviews`` only as far as the reader may see them. ``advice`` is what the rules
    over records say of its plate."""

    case: CaseDetail
    stage: str
    alerts: list[sightings.Alert]
    match: matching.Match
    same_plate: list[Earlier]
    same_place: list[Earlier]
    reviews: list[reviews.Review]
    advice: tuple[RecordFinding, ...] = ()


def gather(session: Session, case: CaseDetail, officer: Officer) -> CaseFile:
    """Put a case's file together for an officer who has it before them."""
    row = session.get_one(CaseRow, case.id, populate_existing=True)
    plate = gate.seen_plate(row)
    same_plate = _earlier(
        session, case.id, or_(CaseRow.nrkb == plate, CaseRow.plate_corrected == plate) if plate else None
    )
    known = {earlier.id for earlier in same_plate}
    same_place = [
        earlier
        for earlier in _earlier(
            session, case.id, (CaseRow.camera_id == row.camera_id) & (CaseRow.rule == row.rule)
        )
        if earlier.id not in known
    ]
    return CaseFile(
        case,
        row.stage,
        sightings.alerts_of(row),
        matching.match_case(session, row),
        same_plate,
        same_place,
        reviews.may_read(case, row.stage, reviews.of_case(session, case.id), officer),
        advice(row, case.record),
    )


def _earlier(session: Session, but: int, where: object) -> list[Earlier]:
    if where is None:
        return []
    rows = session.scalars(
        select(CaseRow)
        .where(CaseRow.id != but, where)  # type: ignore[arg-type]
        .order_by(CaseRow.occurred_at.desc(), CaseRow.id.desc())
        .limit(MOST_EARLIER)
    )
    return [
        Earlier(
            row.id, row.state, row.law["title_id"], row.law["title_en"], row.occurred_at,
            row.flagged["timezone"], gate.seen_plate(row), row.reject_reason,
        )
        for row in rows
    ]  # fmt: skip
