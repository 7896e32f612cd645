"""The cameras as the live wall shows them: where each stands, its last picture, how it does.

Everything that the desk knows of a camera's health comes through `camera_states`.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.gateway import read_gateways
from api.office import OfficeDoor
from ticketing.models import CaseRow

Health = Literal["good", "waiting", "stuck", "silent"]
WORDS: dict[Health, tuple[str, str]] = {
    "good": ("Baik", "Good"),
    "waiting": ("Segmen menunggu", "Segments are waiting"),
    "stuck": ("Segmen tidak terolah", "Segments could not be processed"),
    "silent": ("Tidak ada kabar lebih dari sehari", "Nothing heard for more than a day"),
}
SILENT_AFTER = timedelta(days=1)
MANY_WAITING = 20


@dataclass(frozen=True)
class CameraState:
    """One camera. Latitude and longitude are degrees (WGS 84), None where nothing has been told of its place yet;
    times are UTC; ``segments`` counts what the spool holds by state.
    """

    id: str
    name: str
    street: str
    timezone: str
    latitude: float | None
    longitude: float | None
    last_violation: str | None
    last_case_at: datetime | None
    last_heard_at: datetime | None
    cases: int
    gateways: tuple[str, ...]
    segments: dict[str, int]
    health: Health


def camera_states(door: OfficeDoor, session: Session, *, now: datetime) -> list[CameraState]:
    """Give all cameras that the data folder knows of: by a case, a gateway's key or a recorded segment."""
    last = (
        select(CaseRow.camera_id, func.max(CaseRow.id).label("id"), func.count().label("number"))
        .group_by(CaseRow.camera_id)
        .subquery()
    )
    rows = session.execute(select(CaseRow, last.c.number).join(last, CaseRow.id == last.c.id)).all()
    cases: dict[str, tuple[CaseRow, int]] = {row.camera_id: (row, number) for row, number in rows}
    gateways: dict[str, list[str]] = defaultdict(list)
    for name, gateway in read_gateways(door.settings.data).items():
        for camera in gateway.cameras:
            gateways[camera].append(name)
    segments, recorded = _segments(door.settings.data / "spool" / "spool.sqlite3")
    ids = sorted({*cases, *gateways, *segments})
    return [
        _state(camera, cases.get(camera), gateways[camera], segments[camera], recorded.get(camera), now)
        for camera in ids
    ]


def _state(
    camera: str, of: tuple[CaseRow, int] | None, gateways: list[str], segments: dict[str, int],
    recorded: datetime | None, now: datetime,
) -> CameraState:  # fmt: skip
    case, number = of or (None, 0)
    told = case.flagged if case else {}
    last_at = case.occurred_at if case else None
    heard = max((at for at in (last_at, recorded) if at), default=None)
    return CameraState(
        camera, told.get("camera_name", camera), told.get("street", ""), told.get("timezone", "Asia/Jakarta"),
        told.get("latitude"), told.get("longitude"), case.violation_id if case else None, last_at, heard, number,
        tuple(sorted(gateways)), dict(segments), _health(segments, heard, now),
    )  # fmt: skip


def _health(segments: dict[str, int], heard: datetime | None, now: datetime) -> Health:
    if segments.get("set_aside"):
        return "stuck"
    if segments.get("waiting", 0) >= MANY_WAITING:
        return "waiting"
    if heard is None or now - heard > SILENT_AFTER:
        return "silent"
    return "good"


def _segments(spool: Path) -> tuple[dict[str, dict[str, int]], dict[str, datetime]]:
    """Give what the spool holds by camera and state, and the time of each camera's newest segment."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    newest: dict[str, datetime] = {}
    if not spool.exists():
        return counts, newest
    with closing(sqlite3.connect(f"file:{spool}?mode=ro", uri=True, timeout=5)) as db:
        for camera, state, number, at in db.execute(
            "SELECT camera_id, state, count(*), max(recorded_at) FROM segment GROUP BY camera_id, state"
        ):
            counts[camera][state] = number
            when = datetime.fromisoformat(at)
            newest[camera] = max(when, newest.get(camera, when))
    return counts, newest
