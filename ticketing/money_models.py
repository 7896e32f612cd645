"""The tables of money: the ledger of what came and went, and what the bank has told us."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models import Base


class MoneyRow(Base):
    """One movement of money, in whole rupiah, never changed: ``kind`` is payment, refund or to_state.

    ``reference`` is the bank's own number of the movement; the same one is never booked twice.
    """

    __tablename__ = "money"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    amount_rupiah: Mapped[int] = mapped_column(BigInteger)
    reference: Mapped[str] = mapped_column(String(128), unique=True)
    at: Mapped[datetime]
    booked_at: Mapped[datetime]
    booked_by: Mapped[str] = mapped_column(String(80))


class BankMessageRow(Base):
    """One notification that the bank sent, and what it was answered; its external id is unique within a day (SNAP)."""

    __tablename__ = "bank_messages"
    __table_args__ = (UniqueConstraint("day", "external_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date]
    external_id: Mapped[str] = mapped_column(String(36))
    body_sha256: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[dict[str, Any]]
    at: Mapped[datetime]
