"""Cases: what becomes of a flagged violation. Nothing here commits; the caller's transaction does."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketing import audit, clocks, exempt, sightings
from ticketing.case_models import MergedRow
from ticketing.law import law_row
from ticketing.models import CaseRow, VehicleRow
from ticketing.states import FLAGGED, REVIEW
from ticketing.types import FlaggedViolation

WHO = "pipeline"


def flag_violation(session: Session, flagged: FlaggedViolation, now: datetime | None = None) -> CaseRow:
    """Open the case of a flagged violation; the same violation again gives the same case, unchanged.

    A record is attached only where the reader itself accepted the plate and it is registered as read: anything less
    waits for an officer. The case keeps the law's row of the day it happened, in the camera's zone. The same
    vehicle and rule within the same minutes from another camera is the same case; an exempt plate is annulled at
    once.
    """
    known = _known(session, flagged.violation_id)
    if known is not None:
        return known
    now = now or datetime.now(UTC)
    _hold_vehicle(session, flagged)
    same = sightings.same_violation(session, flagged)
    if same is not None:
        return _merge(session, same, flagged, now)
    record = None
    if flagged.plate_accepted and flagged.plate_text:
        record = session.get(VehicleRow, flagged.plate_text)
    law = law_row(flagged.rule, flagged.occurred_at.astimezone(ZoneInfo(flagged.timezone)).date(), session)
    case = CaseRow(
        violation_id=flagged.violation_id,
        state=FLAGGED,
        rule=flagged.rule,
        camera_id=flagged.camera_id,
        occurred_at=flagged.occurred_at,
        flagged=_plain(flagged),
        law=law.plain(),
        nrkb=record.nrkb if record else None,
    )
    session.add(case)
    session.flush()
    audit.record(session, now, WHO, "flagged", f"case {case.id}", {"rule": flagged.rule})
    clocks.start(session, case, REVIEW, now)
    read = flagged.plate_text if flagged.plate_accepted else None
    if not exempt.annul_if_exempt(session, case, read, now=now):
        sightings.watch(session, case, WHO, now)
    return case


def captures(session: Session, case: CaseRow) -> list[str]:
    """Give the violation ids of all captures of a case, its own first."""
    merged = select(MergedRow.violation_id).where(MergedRow.case_id == case.id).order_by(MergedRow.at)
    return [case.violation_id, *session.scalars(merged)]


def _hold_vehicle(session: Session, flagged: FlaggedViolation) -> None:
    # Two cameras' workers that flag one violation at once would else each find no case of the other's.
    if flagged.plate_accepted and flagged.plate_text:
        session.execute(
            update(VehicleRow)
            .where(VehicleRow.nrkb == flagged.plate_text)
            .values(import_run=VehicleRow.import_run),
            execution_options={"synchronize_session": False},
        )


def _known(session: Session, violation_id: str) -> CaseRow | None:
    known = session.scalar(select(CaseRow).where(CaseRow.violation_id == violation_id))
    if known is None:
        merged = session.get(MergedRow, violation_id)
        known = session.get(CaseRow, merged.case_id) if merged else None
    return known


def _merge(session: Session, case: CaseRow, flagged: FlaggedViolation, now: datetime) -> CaseRow:
    row = MergedRow(violation_id=flagged.violation_id, case_id=case.id, flagged=_plain(flagged), at=now)
    session.add(row)
    session.flush()
    detail = {"violation": flagged.violation_id, "camera": flagged.camera_id}
    audit.record(session, now, WHO, "seen by another camera", f"case {case.id}", detail)
    return case


def _plain(flagged: FlaggedViolation) -> dict[str, Any]:
    fields = {f.name: getattr(flagged, f.name) for f in dataclasses.fields(flagged)}
    fields["occurred_at"] = flagged.occurred_at.isoformat()
    fields["character_probabilities"] = list(flagged.character_probabilities)
    fields["measured"] = dict(flagged.measured)
    fields["expiry_lines"] = list(flagged.expiry_lines)
    return fields
