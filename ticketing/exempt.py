"""Pre-registered plates whose captures are annulled at once, on record (DOMAIN.md, "Law table": priority vehicles)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ticketing import audit, moves, states
from ticketing.case_models import ExemptPlateRow
from ticketing.clocks import local_day
from ticketing.errors import NotFoundError, ReasonError
from ticketing.models import CaseRow
from ticketing.plates import canonical_plate

WHO = "exempt list"
REASON = "exempt"


def add(
    session: Session,
    who: str,
    plate: str,
    kind: str,
    valid_from: date,
    valid_until: date | None = None,
    *,
    now: datetime,
) -> ExemptPlateRow:
    """Put a plate on the list.

    Args:
        kind: what vehicle it is, such as "ambulans"; it stands in the record of each annulment.
        valid_until: the last day, or None: until it is ended.

    Raises:
        PlateError: no plate.
        ReasonError: no kind, or the days are the wrong way round.
    """
    nrkb = canonical_plate(plate)
    if not kind.strip():
        raise ReasonError("say what vehicle this is and why it is exempt")
    if valid_until is not None and valid_until < valid_from:
        raise ReasonError(f"{valid_until} is before {valid_from}")
    row = ExemptPlateRow(
        nrkb=nrkb,
        kind=kind.strip(),
        valid_from=valid_from,
        valid_until=valid_until,
        added_by=who,
        added_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(session, now, who, "plate exempt", f"plate {nrkb}", {"kind": row.kind})
    return row


def end(session: Session, who: str, row_id: int, last_day: date, *, now: datetime) -> ExemptPlateRow:
    """Let a plate's exemption end with a day; what was annulled before stays so. Raises `NotFoundError`."""
    row = session.get(ExemptPlateRow, row_id)
    if row is None:
        raise NotFoundError(f"the exempt list has no row {row_id}")
    row.valid_until = last_day
    session.flush()
    detail = {"until": last_day.isoformat()}
    audit.record(session, now, who, "exemption ended", f"plate {row.nrkb}", detail)
    return row


def listed(session: Session, day: date | None = None) -> list[ExemptPlateRow]:
    """Give the list by plate: all of it, or what holds on a day."""
    rows = select(ExemptPlateRow).order_by(ExemptPlateRow.nrkb, ExemptPlateRow.id)
    if day is not None:
        rows = rows.where(
            ExemptPlateRow.valid_from <= day,
            or_(ExemptPlateRow.valid_until.is_(None), ExemptPlateRow.valid_until >= day),
        )
    return list(session.scalars(rows))


def find(session: Session, nrkb: str, day: date) -> ExemptPlateRow | None:
    """Give the list's row of a canonical plate that holds on a day."""
    return session.scalars(
        select(ExemptPlateRow)
        .where(
            ExemptPlateRow.nrkb == nrkb,
            ExemptPlateRow.valid_from <= day,
            or_(ExemptPlateRow.valid_until.is_(None), ExemptPlateRow.valid_until >= day),
        )
        .limit(1)
    ).first()


def annul_if_exempt(session: Session, case: CaseRow, nrkb: str | None, *, now: datetime) -> bool:
    """Close a case whose plate was on the list on the day it happened; False where it was not, unchanged."""
    row = find(session, nrkb, local_day(case, case.occurred_at)) if nrkb else None
    if row is None:
        return False
    case.rejected_at, case.rejected_by = now, WHO
    case.reject_reason, case.reject_note = REASON, row.kind
    case.locked_by = case.locked_until = None
    detail = {"plate": nrkb, "kind": row.kind}
    moves.advance(session, case, states.ANNUL, "pipeline", WHO, now=now, detail=detail)
    return True
