"""The tables of what becomes of a case: clocks, answers, tickets, blocks, alerts; and of the law's own rows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models import Base


class ClockRow(Base):
    """One deadline of a case: ``day`` is its last day in the camera's zone, ``due_at`` the UTC instant that day ends.

    ``status`` is running, frozen (since ``frozen_on``), done or stopped; ``reminders`` counts how often an office
    was told that it is late.
    """

    __tablename__ = "clocks"
    __table_args__ = (Index("ix_clocks_status_due_at", "status", "due_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    day: Mapped[date]
    due_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10))
    frozen_on: Mapped[date | None]
    reminders: Mapped[int] = mapped_column(default=0)


class AnswerRow(Base):
    """One answer to a letter; what was said and about whom is ciphertext in ``personal``."""

    __tablename__ = "answers"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    by: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]
    personal: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decision: Mapped[str | None] = mapped_column(String(20))
    decision_note: Mapped[str | None] = mapped_column(Text)


class TicketRow(Base):
    """The ticket of a case. Amounts are whole rupiah; days are in the camera's zone.

    ``deposit_rupiah`` is what is to be deposited before the verdict; ``verdict_rupiah`` what the court gave, fine
    and costs together, 0 where it acquitted.
    """

    __tablename__ = "tickets"
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    virtual_account: Mapped[str] = mapped_column(String(20), unique=True)
    deposit_rupiah: Mapped[int]
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(String(80))
    hearing_on: Mapped[date | None]
    hearing_place: Mapped[str | None] = mapped_column(String(120))
    verdict_on: Mapped[date | None]
    verdict_rupiah: Mapped[int | None]
    verdict_number: Mapped[str | None] = mapped_column(String(60))


class BlockRow(Base):
    """One block of a vehicle's STNK, with the ground for it and for its release."""

    __tablename__ = "blocks"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    nrkb: Mapped[str] = mapped_column(String(10), index=True)
    ground: Mapped[str] = mapped_column(String(20))
    blocked_at: Mapped[datetime]
    blocked_by: Mapped[str] = mapped_column(String(80))
    suspended_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    release_ground: Mapped[str | None] = mapped_column(String(20))


class SamsatOrderRow(Base):
    """What Samsat is told of one block, in the order of ``id``: to block, or to release. ``key`` goes along with every
    try; ``receipt`` is Samsat's own number of it.
    """

    __tablename__ = "samsat_orders"
    __table_args__ = (Index("ix_samsat_orders_status_next_try_at", "status", "next_try_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    block_id: Mapped[int] = mapped_column(ForeignKey("blocks.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    ground: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(32), unique=True)
    status: Mapped[str] = mapped_column(String(20))
    tries: Mapped[int]
    next_try_at: Mapped[datetime]
    receipt: Mapped[str | None] = mapped_column(String(80))
    last_fault: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class ObjectionFileRow(Base):
    """One file with an objection: its bytes lie in a store under their SHA-256; its name is ciphertext in
    ``personal``.
    """

    __tablename__ = "objection_files"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    personal: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    by: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]


class PointRow(Base):
    """SIM points of a judged case; ``licence`` is the keyed hash of its driver's, ``on`` the day of the violation."""

    __tablename__ = "sim_points"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), unique=True)
    licence: Mapped[str] = mapped_column(String(64), index=True)
    points: Mapped[int]
    on: Mapped[date] = mapped_column("happened_on")


class MergedRow(Base):
    """A capture of a violation that already had a case, from another camera."""

    __tablename__ = "merged_violations"
    violation_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    flagged: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class ExemptPlateRow(Base):
    """A pre-registered plate whose captures are annulled: ambulances, fire engines and the like (DOMAIN.md, "Law
    table").
    """

    __tablename__ = "exempt_plates"
    id: Mapped[int] = mapped_column(primary_key=True)
    nrkb: Mapped[str] = mapped_column(String(10), index=True)
    kind: Mapped[str] = mapped_column(String(60))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    added_by: Mapped[str] = mapped_column(String(80))
    added_at: Mapped[datetime]


class LawAmendmentRow(Base):
    """A row of the law table as an administrator entered it; never changed, only followed by another."""

    __tablename__ = "law_amendments"
    id: Mapped[int] = mapped_column(primary_key=True)
    table: Mapped[str] = mapped_column("table_name", String(20))
    key: Mapped[str] = mapped_column("row_key", String(120))
    valid_from: Mapped[date]
    values: Mapped[dict[str, Any]] = mapped_column("row_values")
    source: Mapped[str] = mapped_column(Text)
    entered_by: Mapped[str] = mapped_column(String(80))
    entered_at: Mapped[datetime]
