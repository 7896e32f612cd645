"""The audit trail: append-only rows, chained by hash, so that an altered row shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.models import AuditRow

GENESIS = "0" * 64


def record(
    session: Session,
    now: datetime,
    who: str,
    what: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append a row; ``now`` is timezone-aware. Committed with the caller's transaction."""
    last = session.scalar(select(AuditRow).order_by(AuditRow.id.desc()).limit(1))
    row = AuditRow(at=now, who=who, what=what, subject=subject, detail=dict(detail or {}))
    row.hash = _hash(last.hash if last else GENESIS, row)
    session.add(row)
    session.flush()


def verify(session: Session) -> list[str]:
    """Walk the chain from its beginning; name each row that does not follow from the one before it."""
    faults, before, expected = [], GENESIS, 1
    for row in session.scalars(select(AuditRow).order_by(AuditRow.id)):
        if row.id != expected:
            faults.append(f"audit row {expected} is missing")
        if row.hash != _hash(before, row):
            faults.append(f"audit row {row.id} ({row.what} of {row.subject} by {row.who}) was altered")
        before, expected = row.hash, row.id + 1
    return faults


def _hash(before: str, row: AuditRow) -> str:
    body = json.dumps([row.at.isoformat(), row.who, row.what, row.subject, row.detail], sort_keys=True)
    return hashlib.sha256(f"{before}\n{body}".encode()).hexdigest()
