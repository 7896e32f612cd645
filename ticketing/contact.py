"""The contact centre: conversations and road-safety reports, followed with a reference and a secret by whoever began
them, answered by the office within what it has promised (`ticketing.contact_office`). Nothing here commits.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ticketing import audit, crypto, references
from ticketing.contact_models import ContactFileRow, ContactMessageRow, ContactRow
from ticketing.contact_rules import CONVERSATION, REPORT, limits, promise_for
from ticketing.errors import NotFoundError, ReasonError, TooManyError

WAITING, ANSWERED, UNIT_SENT, CLOSED = "waiting", "answered", "unit_sent", "closed"
# Bahasa Indonesia, English.
STATUSES = {
    WAITING: ("Menunggu petugas", "Waiting for the office"),
    ANSWERED: ("Sudah dijawab", "Answered"),
    UNIT_SENT: ("Petugas lapangan dikirim", "A field unit is on its way"),
    CLOSED: ("Selesai", "Closed"),
}
CITIZEN, OFFICE = "citizen", "office"
SECRET_LENGTH = 8
# Not a notice's: whoever has it checked as one must not be warned of themselves.
PREFIX = "LAP"


@dataclass(frozen=True)
class Place:
    """Where something is: in words, and in degrees (WGS 84) where the telephone told."""

    words: str
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True)
class Attached:
    """A file that was made anew and stored: what it is called, and the SHA-256 by which it is found."""

    file_name: str
    media_type: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Message:
    """One message in clear; ``by`` is citizen or office, ``who`` the officer's login."""

    by: str
    who: str | None
    at: datetime
    text: str
    files: tuple[Attached, ...]


@dataclass(frozen=True)
class Opened:
    """What somebody needs to follow what they began; the secret is told this once."""

    contact_id: int
    reference: str
    secret: str


def begin(
    session: Session,
    kind: str,
    topic: str,
    text: str,
    origin: str,
    *,
    case_id: int | None = None,
    place: Place | None = None,
    files: Sequence[Attached] = (),
    now: datetime,
) -> Opened:
    """Begin a conversation or a report; nobody is asked who they are.

    Args:
        origin: the sender's network, kept as a keyed hash for a day.
        case_id: the case that it is about; the caller has made sure that it is the sender's.
        place: where it is; a report needs one.

    Raises:
        ReasonError: no such topic, nothing said, too much said, or a report without a place.
        TooManyError: this network has begun too many lately.
    """
    promise = promise_for(kind, topic, now.date())
    check_text(text, files)
    if kind == REPORT:
        _check_place(place)
    marked = crypto.fingerprint(f"origin {origin}")
    _check_flood(session, marked, now)
    secret = _new_secret()
    row = ContactRow(
        reference=references.new_reference(),
        secret_sha256=_hashed(secret),
        kind=kind,
        topic=topic,
        case_id=case_id if kind == CONVERSATION else None,
        status=WAITING,
        opened_at=now,
        promise_due_at=now + promise.first,
        origin=marked,
        place=place.words.strip() if place else None,
        latitude=place.latitude if place else None,
        longitude=place.longitude if place else None,
    )
    session.add(row)
    session.flush()
    say(session, row, CITIZEN, None, text, files, now)
    audit.record(session, now, CITIZEN, "contact begun", f"contact {row.id}", {"kind": kind, "topic": topic})
    return Opened(row.id, written(row.reference), f"{secret[:4]}-{secret[4:]}")


def enter(session: Session, reference: str, secret: str) -> int | None:
    """Give the number of what a reference and its secret belong to; None where either is wrong, at the same cost."""
    row = session.execute(
        select(ContactRow.id, ContactRow.secret_sha256).where(
            ContactRow.reference == (_typed(reference) or "-")
        )
    ).first()
    given = _hashed(secret.translate(str.maketrans("", "", " -")).upper()[:40])
    same = hmac.compare_digest(row.secret_sha256 if row else "-" * 64, given)
    return row.id if row is not None and same else None


def written(reference: str) -> str:
    """Give a number as pages write it: ``LAP-XXXXX-XXXXX``."""
    return f"{PREFIX}-{reference[:5]}-{reference[5:]}"


def write(
    session: Session, contact_id: int, text: str, files: Sequence[Attached] = (), *, now: datetime
) -> None:
    """Add what its sender has to say; a closed one opens again.

    Raises:
        ReasonError: nothing or too much is said.
        TooManyError: so many wait for an answer already.
    """
    row = take(session, contact_id)
    check_text(text, files)
    newest = select(ContactMessageRow.by).where(ContactMessageRow.contact_id == row.id)
    last = session.scalars(newest.order_by(ContactMessageRow.id.desc()).limit(limits().unanswered_messages))
    written = list(last)
    if len(written) >= limits().unanswered_messages and OFFICE not in written:
        raise TooManyError("wait for an answer before you write again")
    say(session, row, CITIZEN, None, text, files, now)
    promise = promise_for(row.kind, row.topic, now.date())
    if row.status in (ANSWERED, CLOSED):
        row.status, row.promise_due_at, row.escalated_at = WAITING, now + promise.then, None
        row.outcome = row.closed_at = row.closed_by = None
    audit.record(session, now, CITIZEN, "contact written", f"contact {row.id}")


def messages(session: Session, contact_id: int) -> list[Message]:
    """Give what was said, the first first, in clear."""
    rows = session.scalars(
        select(ContactMessageRow)
        .where(ContactMessageRow.contact_id == contact_id)
        .order_by(ContactMessageRow.id)
    ).all()
    files: dict[int, list[Attached]] = {}
    found = select(ContactFileRow).where(ContactFileRow.message_id.in_([row.id for row in rows]))
    for file in session.scalars(found.order_by(ContactFileRow.id)):
        files.setdefault(file.message_id, []).append(
            Attached(file.file_name, file.media_type, file.sha256, file.size_bytes)
        )
    return [
        Message(r.by, r.who, r.at, crypto.unseal(r.text)["text"], tuple(files.get(r.id, ()))) for r in rows
    ]


def take(session: Session, contact_id: int) -> ContactRow:
    """Give a contact as it is now, and hold it until the transaction ends. Raises `NotFoundError`."""
    session.execute(
        update(ContactRow).where(ContactRow.id == contact_id).values(status=ContactRow.status),
        execution_options={"synchronize_session": False},
    )
    return get(session, contact_id)


def get(session: Session, contact_id: int) -> ContactRow:
    """Give a contact as it is now. Raises `NotFoundError`."""
    row = session.get(ContactRow, contact_id, populate_existing=True)
    if row is None:
        raise NotFoundError(f"there is no conversation or report {contact_id}")
    return row


def say(
    session: Session,
    row: ContactRow,
    by: str,
    who: str | None,
    text: str,
    files: Sequence[Attached],
    now: datetime,
) -> None:
    """Add a message of the citizen or the office."""
    message = ContactMessageRow(
        contact_id=row.id, by=by, who=who, at=now, text=crypto.seal({"text": text.strip()})
    )
    session.add(message)
    session.flush()
    session.add_all(
        ContactFileRow(
            message_id=message.id,
            file_name=file.file_name[:120],
            media_type=file.media_type,
            sha256=file.sha256,
            size_bytes=file.size_bytes,
        )
        for file in files
    )
    session.flush()


def check_text(text: str, files: Sequence[Attached]) -> None:
    """Raise `ReasonError` where nothing or too much is said."""
    if not text.strip():
        raise ReasonError("write what it is about, in a sentence at least")
    if len(text) > limits().letters:
        raise ReasonError(f"at most {limits().letters} letters, please")
    if len(files) > limits().files:
        raise ReasonError(f"at most {limits().files} files, please")


def _check_place(place: Place | None) -> None:
    if place is None or not place.words.strip() or len(place.words) > 200:
        raise ReasonError("say where it is: street, junction or a landmark, in 200 letters at most")
    spot = (place.latitude, place.longitude)
    if spot == (None, None):
        return
    if None in spot or not all(math.isfinite(v) for v in spot if v is not None):
        raise ReasonError("a position has a latitude and a longitude")
    if not (-90 <= (place.latitude or 0) <= 90 and -180 <= (place.longitude or 0) <= 180):
        raise ReasonError("the position is not on the Earth: leave it out")


def _check_flood(session: Session, origin: str, now: datetime) -> None:
    for most, span in (
        (limits().new_per_hour, timedelta(hours=1)),
        (limits().new_per_day, timedelta(days=1)),
    ):
        begun = select(func.count(ContactRow.id)).where(
            ContactRow.origin == origin, ContactRow.opened_at > now - span
        )
        if (session.scalar(begun) or 0) >= most:
            raise TooManyError(f"at most {most} in {span.total_seconds() / 3600:.0f} hours from one network")


def _typed(number: str) -> str | None:
    bare = number.strip().upper().removeprefix(PREFIX)
    return references.typed(bare)


def _new_secret() -> str:
    return "".join(secrets.choice(references.ALPHABET) for _ in range(SECRET_LENGTH))


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
