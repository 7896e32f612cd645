"""Cases: what becomes of a flagged violation. Nothing here commits; the caller's transaction does."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.law import law_row
from ticketing.models import CaseRow, VehicleRow
from ticketing.states import FLAGGED
from ticketing.types import FlaggedViolation


def flag_violation(session: Session, flagged: FlaggedViolation, now: datetime | None = None) -> CaseRow:
    """Open the case of a flagged violation; the same violation again gives the same case, unchanged.

    A record is attached only where the reader itself accepted the plate and it is registered as read: anything less
    waits for an officer. The case keeps the law's row of the day it happened, in the camera's zone.
    """
    known = session.scalar(select(CaseRow).where(CaseRow.violation_id == flagged.violation_id))
    if known is not None:
        return known
    record = None
    if flagged.plate_accepted and flagged.plate_text:
        record = session.get(VehicleRow, flagged.plate_text)
    law = law_row(flagged.rule, flagged.occurred_at.astimezone(ZoneInfo(flagged.timezone)).date())
    case = CaseRow(
        violation_id=flagged.violation_id,
        state=FLAGGED,
        rule=flagged.rule,
        camera_id=flagged.camera_id,
        occurred_at=flagged.occurred_at,
        flagged=_plain(flagged),
        law=dataclasses.asdict(law),
        nrkb=record.nrkb if record else None,
    )
    session.add(case)
    session.flush()
    audit.record(
        session, now or datetime.now(UTC), "pipeline", "flagged", f"case {case.id}", {"rule": flagged.rule}
    )
    return case


def _plain(flagged: FlaggedViolation) -> dict[str, Any]:
    fields = {f.name: getattr(flagged, f.name) for f in dataclasses.fields(flagged)}
    fields["occurred_at"] = flagged.occurred_at.isoformat()
    fields["character_probabilities"] = list(flagged.character_probabilities)
    fields["measured"] = dict(flagged.measured)
    return fields
