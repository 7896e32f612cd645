"""What Samsat has to be told of each block, as rows written together with the move that called for it;
`samsat_delivery` hands them over.

A block that was released before anybody was told of it is never told at all.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.case_models import BlockRow, SamsatOrderRow

BLOCK, RELEASE = "block", "release"
QUEUED, SENDING, SENT, REFUSED, IN_DOUBT, FAILED, CANCELLED = (
    "queued", "sending", "sent", "refused", "in_doubt", "failed", "cancelled",
)  # fmt: skip
WORDS = {
    QUEUED: ("Menunggu dikirim ke Samsat", "Waiting to go to Samsat"),
    SENDING: ("Sedang dikirim ke Samsat", "Being handed to Samsat"),
    SENT: ("Diterima Samsat", "Taken by Samsat"),
    REFUSED: ("Ditolak Samsat", "Refused by Samsat"),
    IN_DOUBT: ("Perlu diperiksa: mungkin sudah diterima Samsat", "To be checked: Samsat may have taken it"),
    FAILED: ("Gagal dikirim ke Samsat", "Samsat was not reached"),
    CANCELLED: ("Tidak jadi dikirim", "Called off before it went"),
}
TROUBLED = (REFUSED, IN_DOUBT, FAILED)
WHO = "samsat"


def enqueue(session: Session, block: BlockRow, kind: str, ground: str, *, now: datetime) -> None:
    """Queue what Samsat is to be told of a block, in the caller's transaction, which holds the block's case."""
    last = session.scalars(
        select(SamsatOrderRow).where(SamsatOrderRow.block_id == block.id).order_by(SamsatOrderRow.id.desc())
    ).first()
    if last is not None and last.kind != kind and last.status == QUEUED and last.tries == 0:
        change(session, last, CANCELLED, WHO, f"{kind} before it went", now)
        return
    row = SamsatOrderRow(
        block_id=block.id, case_id=block.case_id, kind=kind, ground=ground, key=secrets.token_hex(16),
        status=QUEUED, tries=0, next_try_at=now, made_at=now, changed_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    detail = {"order": row.id, "kind": kind, "ground": ground}
    audit.record(session, now, WHO, "Samsat order queued", f"case {block.case_id}", detail)


def change(session: Session, row: SamsatOrderRow, status: str, who: str, why: str, now: datetime) -> None:
    """Put an order into a status, on record."""
    detail = {"order": row.id, "kind": row.kind, "was": row.status, "is": status, "why": why}
    row.status, row.last_fault, row.changed_at = status, why or None, now
    session.flush()
    audit.record(session, now, who, "Samsat order followed", f"case {row.case_id}", detail)
