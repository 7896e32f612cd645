"""The files that come with an answer: what they are and where their content is found. The content lies elsewhere."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.contact_models import ObjectionFileRow


def attach(
    session: Session,
    case_id: int,
    file_name: str,
    media_type: str,
    sha256: str,
    size_bytes: int,
    *,
    now: datetime,
) -> ObjectionFileRow:
    """Put a file beside a case, by the SHA-256 of its content; on the trail."""
    row = ObjectionFileRow(
        case_id=case_id,
        file_name=file_name[:120],
        media_type=media_type,
        sha256=sha256,
        size_bytes=size_bytes,
        at=now,
    )
    session.add(row)
    session.flush()
    detail = {"sha256": sha256, "type": media_type, "bytes": size_bytes}
    audit.record(session, now, "owner", "file attached", f"case {case_id}", detail)
    return row


def files_of(session: Session, case_id: int) -> list[ObjectionFileRow]:
    """Give the files beside a case, the first first."""
    return list(
        session.scalars(
            select(ObjectionFileRow).where(ObjectionFileRow.case_id == case_id).order_by(ObjectionFileRow.id)
        )
    )
