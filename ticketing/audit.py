"""The audit trail: append-only rows, chained by hash, so that an altered row shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketing.models import AuditHeadRow, AuditRow

GENESIS = "0" * 64


def record(
    session: Session,
    now: datetime,
    who: str,
    what: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append a row; ``now`` is timezone-aware. Committed with the caller's transaction.

    Until then nobody else can append: two rows that both follow the same one would break the chain.
    """
    session.execute(
        update(AuditHeadRow).values(rows=AuditHeadRow.rows + 1),
        execution_options={"synchronize_session": False},
    )
    head = session.scalars(select(AuditHeadRow), execution_options={"populate_existing": True}).one()
    row = AuditRow(id=head.rows, at=now, who=who, what=what, subject=subject, detail=dict(detail or {}))
    row.hash = head.hash = _hash(head.hash, row)
    session.add(row)
    session.flush()


def verify(session: Session) -> list[str]:
    """Walk the chain from its beginning; name each row that does not follow from the one before it."""
    # The head first: what others append meanwhile is no fault.
    head = session.scalars(select(AuditHeadRow), execution_options={"populate_existing": True}).one_or_none()
    rows = select(AuditRow).order_by(AuditRow.id).execution_options(yield_per=1000)
    if head is not None:
        rows = rows.where(AuditRow.id <= head.rows)
    faults, before, expected = [], GENESIS, 1
    for row in session.scalars(rows):
        if row.id != expected:
            faults.append(f"audit row {expected} is missing")
        if row.hash != _hash(before, row):
            faults.append(f"audit row {row.id} ({row.what} of {row.subject} by {row.who}) was altered")
        before, expected = row.hash, row.id + 1
    if head is None:
        faults.append("the end of the audit trail is missing")
    elif head.rows == expected - 1 and head.hash != before and not faults:
        # Its own hash was made anew with it: only the end of the trail still knows the one that was written.
        faults.append(f"audit row {head.rows}, the last, was altered together with its hash")
    elif (head.rows, head.hash) != (expected - 1, before):
        faults.append(f"the audit trail ends at row {expected - 1}, but {head.rows} were written")
    return faults


def _hash(before: str, row: AuditRow) -> str:
    body = json.dumps([row.at.isoformat(), row.who, row.what, row.subject, row.detail], sort_keys=True)
    return hashlib.sha256(f"{before}\n{body}".encode()).hexdigest()
