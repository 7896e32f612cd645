"""The tables of the desk itself: who is signed in, and who decided what of a case before it was decided for good."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models import Base


class DeskSessionRow(Base):
    """One officer's session, good on one address. Of its token only the SHA-256 is kept, in ``id``.

    ``passed`` tells that the second factor was given, or that none is asked for. ``ended_why`` is one of
    `desk_sessions.ENDS`.
    """

    __tablename__ = "desk_sessions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("officers.login"), index=True)
    address: Mapped[str] = mapped_column(String(64))
    passed: Mapped[bool]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None] = mapped_column(String(20))


class ReviewRow(Base):
    """What one officer decided of a case, with what they had read of it; several where it went to another officer.

    ``stage`` is first, second or supervisor, ``decision`` confirm, reject or ask. ``nrkb`` is the record that the
    officer had before them. ``opened_at`` is when they took the case up, ``decided_at`` when they decided.
    """

    __tablename__ = "reviews"
    __table_args__ = (Index("ix_reviews_officer_decided_at", "officer", "decided_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    officer: Mapped[str] = mapped_column(String(80))
    stage: Mapped[str] = mapped_column(String(12))
    decision: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(Text, default="")
    nrkb: Mapped[str | None] = mapped_column(String(10))
    plate_corrected: Mapped[str | None] = mapped_column(String(10))
    class_corrected: Mapped[str | None] = mapped_column(String(30))
    colour_corrected: Mapped[str | None] = mapped_column(String(10))
    opened_at: Mapped[datetime]
    decided_at: Mapped[datetime]
