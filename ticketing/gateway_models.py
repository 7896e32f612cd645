"""The tables of gateways, their keys and the cameras they speak for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models import Base


class GatewayRow(Base):
    """One gateway by its name."""

    __tablename__ = "gateways"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    made_at: Mapped[datetime]


class GatewayCameraRow(Base):
    """A camera that a gateway speaks for; several gateways may speak for one camera while one replaces the other."""

    __tablename__ = "gateway_cameras"
    gateway: Mapped[str] = mapped_column(ForeignKey("gateways.name"), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(63), primary_key=True)


class GatewayKeyRow(Base):
    """One key of a gateway. ``kind`` "bearer": ``value`` is the SHA-256 of the key that opens the API; "ed25519":
    the raw public key, in hex, that the gateway's evidence is signed with. ``ends_at`` is None while nothing ends it.
    """

    __tablename__ = "gateway_keys"
    id: Mapped[int] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(ForeignKey("gateways.name"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
