"""The tables of the contact centre, and the files that people send to the office."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models import Base


class ContactRow(Base):
    """One conversation or one road-safety report, followed by whoever began it with ``reference`` and a secret.

    Of the secret only the SHA-256 is kept. ``kind`` is conversation or report, ``topic`` a row of ``contact.yaml``,
    ``status`` one of `ticketing.contact.STATUSES`. ``promise_due_at`` is when the office has promised the next step;
    None where it is not its turn. ``origin`` is the keyed hash of the sender's network, kept for a day against
    floods. A report's place is in degrees (WGS 84), or in words only.
    """

    __tablename__ = "contacts"
    __table_args__ = (Index("ix_contacts_status_promise_due_at", "status", "promise_due_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(10), unique=True)
    secret_sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    topic: Mapped[str] = mapped_column(String(30))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    status: Mapped[str] = mapped_column(String(12))
    opened_at: Mapped[datetime]
    promise_due_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    origin: Mapped[str | None] = mapped_column(String(64), index=True)
    place: Mapped[str | None] = mapped_column(String(200))
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    unit: Mapped[str | None] = mapped_column(String(60))
    unit_sent_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(30))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(80))


class ContactMessageRow(Base):
    """One message; what it says is ciphertext. ``by`` is citizen or office; ``who`` the officer's login, else None."""

    __tablename__ = "contact_messages"
    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    by: Mapped[str] = mapped_column(String(10))
    who: Mapped[str | None] = mapped_column(String(80))
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)


class ContactFileRow(Base):
    """One file that came with a message, by the SHA-256 of its content as it was made anew here."""

    __tablename__ = "contact_files"
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("contact_messages.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
