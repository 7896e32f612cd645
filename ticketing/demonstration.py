"""One case confirmed the way an officer would, for ``etle demo``."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import desk, gate, plates, states
from ticketing.models import CaseRow, VehicleRow
from ticketing.officers import add_officer

LOGIN = "petugas"
NAME = "Petugas Demo"


def demonstrate(session: Session, *, now: datetime | None = None) -> tuple[str, str, str, str] | None:
    """Add the demo's officer, and as they confirm the oldest case that passes the gate.

    Returns:
        Login, random password, plate and reference; None, and no officer, where no case passes.

    Raises:
        LoginError: this database was demonstrated on before.
    """
    now = now or datetime.now(UTC)
    waiting = session.execute(
        select(CaseRow, VehicleRow)
        .join(VehicleRow, CaseRow.nrkb == VehicleRow.nrkb)
        .where(CaseRow.state == states.FLAGGED)
        .order_by(CaseRow.occurred_at, CaseRow.id)
    )
    passing = next(((case, record) for case, record in waiting if not gate.mismatches(case, record)), None)
    if passing is None:
        return None
    case, record = passing
    password = secrets.token_urlsafe(12)
    officer = add_officer(session, LOGIN, NAME, password, now=now)
    desk.open_case(session, case.id, officer.login, now=now)
    reference = desk.confirm(session, case.id, officer.login, desk.Checklist(True, True, True, True), now=now)
    return officer.login, password, plates.spaced_plate(record.nrkb), reference
