"""The tables. Times are stored as naive UTC and leave this package timezone-aware."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware UTC time; a naive one is refused."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Store as naive UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back with its zone."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """The root of the tables."""

    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[float]: JSON}  # noqa: RUF012


class VehicleRow(Base):
    """One STNK record; ``nrkb`` in canonical form without spaces. Personal columns hold ciphertext."""

    __tablename__ = "vehicles"
    nrkb: Mapped[str] = mapped_column(String(10), primary_key=True)
    personal: Mapped[str] = mapped_column(Text)
    make: Mapped[str] = mapped_column(String(60))
    type: Mapped[str] = mapped_column(String(120))
    vehicle_class: Mapped[str] = mapped_column(String(30))
    model_class: Mapped[str] = mapped_column(String(60))
    year: Mapped[int]
    cylinder_cc: Mapped[int]
    colour: Mapped[str] = mapped_column(String(40))
    plate_colour: Mapped[str] = mapped_column(String(10))
    fuel: Mapped[str] = mapped_column(String(20))
    location_code: Mapped[str] = mapped_column(String(10))
    valid_until: Mapped[date]
    registration_year: Mapped[int]
    import_run: Mapped[int | None]


class RegisterImportRow(Base):
    """One run over a register file: how far it came, so that the next one goes on there.

    ``rows`` counts its records done, ``line`` is the last of them in the file; ``finished_at`` is None while it runs.
    """

    __tablename__ = "register_imports"
    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(120))
    rows: Mapped[int]
    line: Mapped[int]
    taken: Mapped[int]
    refused: Mapped[int]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class CaseRow(Base):
    """One flagged violation on its way through the office.

    ``reference`` is stored as its ten characters; the days by which to answer and pay are in the camera's zone.
    Letters go to the ``addressee``, "owner" (whom the register names) or "driver" (named by the owner, in
    ciphertext). ``stage`` says whose decision is next: the first officer's, a second one's or a supervisor's;
    ``opened_at`` is when the officer who has it took it up.
    """

    __tablename__ = "cases"
    id: Mapped[int] = mapped_column(primary_key=True)
    violation_id: Mapped[str] = mapped_column(String(36), unique=True)
    state: Mapped[str] = mapped_column(String(20), index=True)
    rule: Mapped[str] = mapped_column(String(40), index=True)
    camera_id: Mapped[str] = mapped_column(String(64), index=True)
    occurred_at: Mapped[datetime] = mapped_column(index=True)
    flagged: Mapped[dict[str, Any]]
    law: Mapped[dict[str, Any]]
    nrkb: Mapped[str | None] = mapped_column(ForeignKey("vehicles.nrkb"), index=True)
    locked_by: Mapped[str | None] = mapped_column(String(80))
    locked_until: Mapped[datetime | None]
    plate_corrected: Mapped[str | None] = mapped_column(String(10))
    class_corrected: Mapped[str | None] = mapped_column(String(30))
    colour_corrected: Mapped[str | None] = mapped_column(String(10))
    body_colour_corrected: Mapped[str | None] = mapped_column(String(40))
    make_corrected: Mapped[str | None] = mapped_column(String(60))
    reference: Mapped[str | None] = mapped_column(String(10), index=True, unique=True)
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(String(80))
    answer_by: Mapped[date | None]
    pay_by: Mapped[date | None]
    rejected_at: Mapped[datetime | None]
    rejected_by: Mapped[str | None] = mapped_column(String(80))
    reject_reason: Mapped[str | None] = mapped_column(String(40))
    reject_note: Mapped[str | None] = mapped_column(Text)
    before_dispute: Mapped[str | None] = mapped_column(String(20))
    addressee: Mapped[str] = mapped_column(String(10), default="owner", server_default="owner")
    addressee_personal: Mapped[str | None] = mapped_column(Text)
    stage: Mapped[str] = mapped_column(String(12), default="first", server_default="first")
    opened_at: Mapped[datetime | None]
    alerts: Mapped[list[AlertRow]] = relationship(order_by="AlertRow.id")


class PassageRow(Base):
    """One vehicle that passed a line at the end of a measured section; deleted once its time is over.

    ``id`` is what a violation of that camera, rule and track would have. ``seen_at_sigma_s`` is one sigma of the
    moment, ``clock_bias_s`` how far the camera's clock was off, either way, ``evidence_sha256`` the manifest of its
    pictures; ``kept_at`` is when it was written.
    """

    __tablename__ = "passages"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64))
    latitude: Mapped[float]
    longitude: Mapped[float]
    timezone: Mapped[str] = mapped_column(String(20))
    plate: Mapped[str] = mapped_column(String(10), index=True)
    vehicle_class: Mapped[str] = mapped_column(String(20))
    plate_colour: Mapped[str | None] = mapped_column(String(10))
    seen_at: Mapped[datetime]
    seen_at_sigma_s: Mapped[float]
    clock_bias_s: Mapped[float]
    evidence_sha256: Mapped[str] = mapped_column(String(64))
    kept_at: Mapped[datetime] = mapped_column(index=True)


class AlertRow(Base):
    """Something about a case that an officer has to resolve before anything goes out: the plate may be cloned."""

    __tablename__ = "alerts"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    detail: Mapped[dict[str, Any]]
    raised_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(80))
    note: Mapped[str | None] = mapped_column(Text)


class OfficerRow(Base):
    """One officer's login; the password only as an argon2 hash, the TOTP secret only as ciphertext.

    ``totp_since`` is when the second factor was first given: before that the secret is only offered. ``totp_step`` is
    the last time step whose code was taken, so that none is taken twice.
    """

    __tablename__ = "officers"
    login: Mapped[str] = mapped_column(String(80), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(255))
    wrong_tries: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    totp_sealed: Mapped[str | None] = mapped_column(Text)
    totp_since: Mapped[datetime | None]
    totp_step: Mapped[int] = mapped_column(default=0)


class AuditHeadRow(Base):
    """The end of the audit trail, one row: who appends holds it, and rows cut off at the end show against it."""

    __tablename__ = "audit_head"
    id: Mapped[int] = mapped_column(primary_key=True)
    rows: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


class AuditRow(Base):
    """One line of the audit trail; ``hash`` covers the line and the hash before it."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(80))
    what: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    detail: Mapped[dict[str, Any]]
    hash: Mapped[str] = mapped_column(String(64))
