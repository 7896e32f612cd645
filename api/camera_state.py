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
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.office import OfficeDoor
from pipeline.cameras import registered_camera
from pipeline.health import OK, PAUSED, SILENT, CameraHealth, all_cameras
from ticketing import gateways
from ticketing.models import CaseRow

Health = Literal["good", "paused", "waiting", "stuck", "silent"]
SEGMENT_WORDS = {
    "waiting": ("menunggu", "waiting"), "taken": ("sedang diproses", "being run"), "done": ("selesai", "done"),
    "set_aside": ("disisihkan", "set aside"),
}  # fmt: skip
WORDS: dict[Health, tuple[str, str]] = {
    "good": ("Baik", "Good"),
    "paused": ("Penegakan dijeda", "Enforcement is paused"),
    "waiting": ("Segmen menunggu", "Segments are waiting"),
    "stuck": ("Segmen tidak terolah", "Segments could not be processed"),
    "silent": ("Tidak ada kabar", "Nothing is heard"),
}
REASONS = {
    "dark": ("gelap", "dark"),
    "blurred": ("kabur", "blurred"),
    "moved": ("kamera bergeser", "moved"),
    "clock": ("jam salah", "its clock is wrong"),
}
SILENT_AFTER = timedelta(days=1)
MANY_WAITING = 20


@dataclass(frozen=True)
class CameraState:
    """One camera. Latitude and longitude are degrees (WGS 84), None where nothing has been told of its place yet;
    times are UTC; ``segments`` counts what the spool holds by state; ``seen`` is what whoever runs the camera measures,
    None for one that is not run here.
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
    seen: CameraHealth | None


def camera_states(door: OfficeDoor, session: Session, *, now: datetime) -> list[CameraState]:
    """Give all cameras that the data folder knows of: registered or run here, or by a case, a gateway or a segment."""
    last = (
        select(CaseRow.camera_id, func.max(CaseRow.id).label("id"), func.count().label("number"))
        .group_by(CaseRow.camera_id)
        .subquery()
    )
    rows = session.execute(select(CaseRow, last.c.number).join(last, CaseRow.id == last.c.id)).all()
    cases: dict[str, tuple[CaseRow, int]] = {row.camera_id: (row, number) for row, number in rows}
    speakers: dict[str, list[str]] = defaultdict(list)
    for gateway in gateways.gateways(session, now):
        for camera in gateway.cameras:
            speakers[camera].append(gateway.name)
    data = door.settings.data
    segments, recorded = _segments(data / "spool" / "spool.sqlite3")
    seen = {health.camera_id: health for health in all_cameras(data, now)}
    return [
        _state(
            camera, cases.get(camera), speakers[camera], segments[camera], recorded.get(camera), seen.get(camera),
            _place(data, camera), now,
        )
        for camera in sorted({*cases, *speakers, *segments, *seen})
    ]  # fmt: skip


def _state(
    camera: str, of: tuple[CaseRow, int] | None, speakers: list[str], segments: dict[str, int],
    recorded: datetime | None, seen: CameraHealth | None, place: dict[str, Any], now: datetime,
) -> CameraState:  # fmt: skip
    case, number = of or (None, 0)
    told = place or (case.flagged if case else {})
    last_at = case.occurred_at if case else None
    frame_at = seen.last_frame_at if seen else None
    heard = max((at for at in (last_at, recorded, frame_at) if at), default=None)
    return CameraState(
        camera, told.get("camera_name", camera), told.get("street", ""), told.get("timezone", "Asia/Jakarta"),
        told.get("latitude"), told.get("longitude"), case.violation_id if case else None, last_at, heard, number,
        tuple(sorted(speakers)), dict(segments), _health(segments, heard, seen, now), seen,
    )  # fmt: skip


def _place(data: Path, camera_id: str) -> dict[str, Any]:
    """Give what a registered camera's file says of where it stands; nothing where it is not, or no longer, one."""
    camera = registered_camera(data, camera_id)
    if camera is None:
        return {}
    return {
        "camera_name": camera.file.name,
        "street": camera.file.location.street,
        "timezone": camera.file.timezone,
        "latitude": camera.file.location.latitude,
        "longitude": camera.file.location.longitude,
    }


def _health(
    segments: dict[str, int], heard: datetime | None, seen: CameraHealth | None, now: datetime
) -> Health:
    if seen is not None and seen.state in (PAUSED, SILENT):
        return "paused" if seen.state == PAUSED else "silent"
    if segments.get("set_aside"):
        return "stuck"
    if segments.get("waiting", 0) >= MANY_WAITING:
        return "waiting"
    if seen is not None and seen.state == OK:
        return "good"
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
