"""One case confirmed the way an officer would, for ``etle demo``."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import desk, gate, plates, states
from ticketing.models import CaseRow, VehicleRow
from ticketing.officers import ADMIN, AUDITOR, REVIEWER, SUPERVISOR, add_officer

# Login → name and role: one for each, so that every page of the desk can be seen.
OFFICERS = {
    "petugas": ("Petugas Demo", REVIEWER),
    "penyelia": ("Penyelia Demo", SUPERVISOR),
    "auditor": ("Auditor Demo", AUDITOR),
    "admin": ("Administrator Demo", ADMIN),
}


def demonstrate(
    session: Session, *, now: datetime | None = None
) -> tuple[tuple[str, ...], str, str, str] | None:
    """Add the demo's officers, and as the first of them confirm the oldest case that passes the gate.

    Returns:
        Logins, their random password, plate and reference; None, and no officer, where no case passes.

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
    for login, (name, role) in OFFICERS.items():
        add_officer(session, login, name, password, role, now=now)
    logins = tuple(OFFICERS)
    desk.open_case(session, case.id, logins[0], now=now)
    reference = desk.confirm(session, case.id, logins[0], desk.Checklist(True, True, True, True), now=now)
    return logins, password, plates.spaced_plate(record.nrkb), reference
