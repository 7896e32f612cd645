"""The table of letters on their way: the outbox."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models import Base


class LetterRow(Base):
    """One letter, e-mail or message on one channel. Addressee and document are ciphertext.

    ``of`` says what it is of (the first, second confirmation letter; a payment), so that one is made once. ``key``
    is random and goes along with every try, so that a channel can tell a second try from a second letter.
    ``tracking`` is the courier's number.
    """

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("case_id", "kind", "of", "channel"),
        Index("ix_letters_status_next_try_at", "status", "next_try_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    of: Mapped[str] = mapped_column(String(128))
    channel: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(32), unique=True)
    addressee: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20))
    tries: Mapped[int]
    next_try_at: Mapped[datetime]
    tracking: Mapped[str | None] = mapped_column(String(80))
    last_fault: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
