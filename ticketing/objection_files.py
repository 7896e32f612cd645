"""Files with an objection (DOMAIN.md, "Answers"): what they are, not their bytes.

The door takes photos and PDFs and makes each anew as a JPEG or a PDF (`pipeline.uploads`, which says how large one may
be); a GPS track or a video comes as pictures of it. Their bytes go into a store under their SHA-256 first; `attach` is
called in the transaction of `answers.answer`, or later while the objection is open. What is refused
leaves nothing here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing import audit, crypto, moves, states
from ticketing.case_models import AnswerRow, ObjectionFileRow
from ticketing.errors import ObjectionFileError

MOST_FILES = 5
LONGEST_NAME = 120
# What the door makes of whatever it takes.
MEDIA_TYPES = ("image/jpeg", "application/pdf")


@dataclass(frozen=True)
class ObjectionFile:
    """One file; ``by`` is "owner" or "driver", ``at`` UTC."""

    id: int
    file_name: str
    media_type: str
    sha256: str
    size_bytes: int
    by: str
    at: datetime


def attach(
    session: Session,
    case_id: int,
    file_name: str,
    media_type: str,
    sha256: str,
    size_bytes: int,
    *,
    now: datetime,
) -> ObjectionFile:
    """Note a file with the objection that is open; the same bytes again give the file that is there.

    Args:
        file_name: as its sender named it; a folder before it is left out.
        media_type: one of `MEDIA_TYPES`.
        sha256: 64 lower-case hex digits.

    Raises:
        ObjectionFileError: no objection is open (closed), `MOST_FILES` are there (too_many), it is empty, of another
            kind, or has no name or hash. Nothing was changed.
        NotFoundError: there is no such case.
    """
    case = moves.take(session, case_id)
    name = _checked(file_name, media_type, sha256, size_bytes)
    if case.state not in states.DISPUTES:
        raise ObjectionFileError("closed", "files go with an objection: none is open for this case")
    decided = session.scalar(select(func.max(AnswerRow.decided_at)).where(AnswerRow.case_id == case_id))
    there = select(ObjectionFileRow).where(ObjectionFileRow.case_id == case_id)
    if decided is not None:
        there = there.where(ObjectionFileRow.at >= decided)
    rows = session.scalars(there).all()
    for row in rows:
        if row.sha256 == sha256:
            return _shown(row)
    if len(rows) >= MOST_FILES:
        raise ObjectionFileError("too_many", f"at most {MOST_FILES} files go with an objection")
    row = ObjectionFileRow(
        case_id=case_id, personal=crypto.seal({"file_name": name}), media_type=media_type, sha256=sha256,
        size_bytes=size_bytes, by=case.addressee, at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    detail = {"sha256": sha256, "media_type": media_type, "bytes": size_bytes}
    audit.record(session, now, row.by, "objection file", f"case {case_id}", detail)
    return _shown(row)


def files_of(session: Session, case_id: int) -> list[ObjectionFile]:
    """Give the files with a case's objections, the first first; their names are personal data, as the answers are."""
    rows = session.scalars(
        select(ObjectionFileRow).where(ObjectionFileRow.case_id == case_id).order_by(ObjectionFileRow.id)
    )
    return [_shown(row) for row in rows]


def _checked(file_name: str, media_type: str, sha256: str, size_bytes: int) -> str:
    name = re.split(r"[/\\]", file_name)[-1].strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ObjectionFileError("name", f"a file has a name of 1 to {LONGEST_NAME} printable letters")
    if media_type not in MEDIA_TYPES:
        raise ObjectionFileError("kind", f"{media_type[:40]!r} is not kept; kept: {', '.join(MEDIA_TYPES)}")
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise ObjectionFileError("hash", "the SHA-256 of a file is 64 lower-case hex digits")
    if size_bytes < 1:
        raise ObjectionFileError("empty", "the file is empty")
    return name


def _shown(row: ObjectionFileRow) -> ObjectionFile:
    name = crypto.unseal(row.personal)["file_name"]
    return ObjectionFile(row.id, name, row.media_type, row.sha256, row.size_bytes, row.by, row.at)
