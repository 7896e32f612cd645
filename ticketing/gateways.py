"""Gateways: who may hand frames, segments and violations over, with which keys, for which cameras.

Nothing here commits; the caller's transaction does. Every change is written to the audit trail, a key never is: it is
given back once, and only its hash is kept.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.errors import GatewayError
from ticketing.gateway_models import GatewayCameraRow, GatewayKeyRow, GatewayRow

BEARER, ED25519 = "bearer", "ed25519"
OVERLAP = timedelta(hours=24)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")


@dataclass(frozen=True)
class GatewayKey:
    """One key as an administrator sees it: ``fingerprint`` tells keys apart and opens nothing."""

    id: int
    kind: str
    fingerprint: str
    made_at: datetime
    ends_at: datetime | None

    def valid(self, now: datetime) -> bool:
        """Tell whether it opens, or proves, anything at a moment."""
        return self.ends_at is None or now < self.ends_at


@dataclass(frozen=True)
class Gateway:
    """A gateway with its cameras and keys; ``signing_keys`` are the raw Ed25519 public keys valid now, in hex."""

    name: str
    cameras: tuple[str, ...]
    keys: tuple[GatewayKey, ...]
    signing_keys: tuple[str, ...]


def add_gateway(session: Session, name: str, cameras: Sequence[str], *, who: str, now: datetime) -> str:
    """Register a gateway and give its key, this once.

    Raises:
        GatewayError: the name is taken or no name, or a camera's id is none.
    """
    if not _NAME.fullmatch(name):
        raise GatewayError(f"{name[:70]!r} cannot be a gateway's name: 2 to 63 small letters, digits, dashes")
    if session.get(GatewayRow, name) is not None:
        raise GatewayError(f"the gateway {name!r} is registered: rotate its key, or set its cameras")
    session.add(GatewayRow(name=name, made_at=now))
    session.flush()
    _put_cameras(session, name, cameras)
    key = _new_key(session, name, now)
    audit.record(session, now, who, "gateway added", f"gateway {name}", {"cameras": sorted(cameras)})
    return key


def rotate_key(session: Session, name: str, *, overlap: timedelta = OVERLAP, who: str, now: datetime) -> str:
    """Give a gateway a new key, this once; the one before stays valid for ``overlap``, any older one ends now.

    Raises:
        GatewayError: no such gateway, or a negative overlap.
    """
    if overlap < timedelta(0):
        raise GatewayError("the overlap of two keys cannot be negative")
    _known(session, name)
    valid = session.scalars(_valid(name, BEARER, now).order_by(GatewayKeyRow.id.desc())).all()
    for i, row in enumerate(valid):
        ends_at = now + overlap if i == 0 else now
        row.ends_at = ends_at if row.ends_at is None else min(row.ends_at, ends_at)
    key = _new_key(session, name, now)
    detail = {"overlap_s": overlap.total_seconds()}
    audit.record(session, now, who, "gateway key rotated", f"gateway {name}", detail)
    return key


def revoke_key(session: Session, name: str, key_id: int | None = None, *, who: str, now: datetime) -> int:
    """End one key, or every key, of a gateway at once; give how many were valid until then.

    Raises:
        GatewayError: no such gateway, or it has no such key.
    """
    _known(session, name)
    rows = session.scalars(select(GatewayKeyRow).where(GatewayKeyRow.gateway == name)).all()
    if key_id is not None:
        rows = [row for row in rows if row.id == key_id]
        if not rows:
            raise GatewayError(f"the gateway {name!r} has no key {key_id}")
    ended = [row for row in rows if row.ends_at is None or row.ends_at > now]
    for row in ended:
        row.ends_at = now
    session.flush()
    detail = {"keys": [row.id for row in ended]}
    audit.record(session, now, who, "gateway keys revoked", f"gateway {name}", detail)
    return len(ended)


def set_cameras(session: Session, name: str, cameras: Sequence[str], *, who: str, now: datetime) -> None:
    """Say anew which cameras a gateway speaks for. Raises `GatewayError`: no such gateway, or no camera's id."""
    _known(session, name)
    session.execute(delete(GatewayCameraRow).where(GatewayCameraRow.gateway == name))
    _put_cameras(session, name, cameras)
    audit.record(session, now, who, "gateway cameras set", f"gateway {name}", {"cameras": sorted(cameras)})


def add_signing_key(session: Session, name: str, public_key: bytes, *, who: str, now: datetime) -> None:
    """Register the Ed25519 key (32 raw bytes) that a gateway signs its evidence with; the ones before stay.
    One of its own that has ended is valid again.

    Raises:
        GatewayError: no such gateway, not 32 bytes, or a key that is registered already.
    """
    _known(session, name)
    if len(public_key) != 32:
        raise GatewayError("an Ed25519 public key has 32 bytes")
    value = public_key.hex()
    there = session.scalar(select(GatewayKeyRow).where(GatewayKeyRow.value == value))
    detail = {"fingerprint": _fingerprint(ED25519, value)}
    if there is not None:
        if there.gateway != name or there.ends_at is None or there.ends_at > now:
            raise GatewayError("this signing key is registered already; every gateway has one of its own")
        there.ends_at = None
        session.flush()
        audit.record(session, now, who, "gateway signing key valid again", f"gateway {name}", detail)
        return
    session.add(GatewayKeyRow(gateway=name, kind=ED25519, value=value, made_at=now))
    session.flush()
    audit.record(session, now, who, "gateway signing key added", f"gateway {name}", detail)


def gateways(session: Session, now: datetime) -> list[Gateway]:
    """Give every gateway, by name."""
    return [
        _gateway(session, name, now)
        for name in session.scalars(select(GatewayRow.name).order_by(GatewayRow.name))
    ]


def gateway_of_key(session: Session, key: str, now: datetime) -> Gateway | None:
    """Give the gateway that a key opens the API for at a moment, None where it opens nothing."""
    row = session.scalar(
        select(GatewayKeyRow).where(GatewayKeyRow.kind == BEARER, GatewayKeyRow.value == _hash(key))
    )
    if row is None or (row.ends_at is not None and row.ends_at <= now):
        return None
    return _gateway(session, row.gateway, now)


def _gateway(session: Session, name: str, now: datetime) -> Gateway:
    cameras = session.scalars(
        select(GatewayCameraRow.camera_id)
        .where(GatewayCameraRow.gateway == name)
        .order_by(GatewayCameraRow.camera_id)
    ).all()
    rows = session.scalars(
        select(GatewayKeyRow).where(GatewayKeyRow.gateway == name).order_by(GatewayKeyRow.id)
    ).all()
    keys = tuple(
        GatewayKey(row.id, row.kind, _fingerprint(row.kind, row.value), row.made_at, row.ends_at)
        for row in rows
    )
    signing = tuple(
        row.value for row, key in zip(rows, keys, strict=True) if key.kind == ED25519 and key.valid(now)
    )
    return Gateway(name, tuple(cameras), keys, signing)


def _known(session: Session, name: str) -> GatewayRow:
    row = session.get(GatewayRow, name)
    if row is None:
        raise GatewayError(f"there is no gateway {name[:70]!r}")
    return row


def _valid(name: str, kind: str, now: datetime) -> Select[GatewayKeyRow]:
    return select(GatewayKeyRow).where(
        GatewayKeyRow.gateway == name,
        GatewayKeyRow.kind == kind,
        or_(GatewayKeyRow.ends_at.is_(None), GatewayKeyRow.ends_at > now),
    )


def _put_cameras(session: Session, name: str, cameras: Sequence[str]) -> None:
    for camera_id in sorted(set(cameras)):
        # As a camera file's own id: what is no id cannot name a folder either.
        if not _NAME.fullmatch(camera_id):
            raise GatewayError(
                f"{camera_id[:70]!r} cannot be a camera's id: 2 to 63 small letters, digits, dashes"
            )
        session.add(GatewayCameraRow(gateway=name, camera_id=camera_id))
    session.flush()


def _new_key(session: Session, name: str, now: datetime) -> str:
    key = f"etle_{secrets.token_urlsafe(32)}"
    session.add(GatewayKeyRow(gateway=name, kind=BEARER, value=_hash(key), made_at=now))
    session.flush()
    return key


def _hash(key: str) -> str:
    # A random key of 256 bits needs no slow hash: nobody can try them all.
    return hashlib.sha256(key.encode()).hexdigest()


def _fingerprint(kind: str, value: str) -> str:
    return (value if kind == BEARER else hashlib.sha256(bytes.fromhex(value)).hexdigest())[:12]
