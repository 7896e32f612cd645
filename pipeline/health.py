"""The health of every camera as files in the data folder: whoever runs a camera writes, everybody else reads.

``cameras/ID/health.json`` holds the state of now, ``cameras/ID/last.jpg`` the last annotated frame, and
``cameras/events.jsonl`` each change that somebody must be told of.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.blobs import write_whole
from pipeline.manifest import plain

OK, PAUSED, SILENT, UNSEEN = "ok", "paused", "silent", "unseen"
SILENT_AFTER = timedelta(seconds=10)
RECORDED_SILENT_AFTER = timedelta(minutes=15)
FOLDER, HEALTH, PICTURE, EVENTS, CAMERA_FILE = (
    "cameras",
    "health.json",
    "last.jpg",
    "events.jsonl",
    "camera.yaml",
)


@dataclass(frozen=True)
class CameraHealth:
    """What is known of one camera.

    ``state``: ok, paused (``reasons`` of dark, blurred, moved, clock; nothing is flagged until it resumes), silent
    (no frame for `SILENT_AFTER`; `RECORDED_SILENT_AFTER` where segments are handed over), or unseen. Times are UTC;
    ``last_frame_at`` is our clock's, ``captured_at`` the frame's own. ``lag_s`` runs from a frame's capture to its
    arrival; ``clock_offset_s`` is how far the gateway's clock is ahead of ours, None where it does not tell its
    time. ``brightness`` is 0..255, ``sharpness`` and ``shift_px`` as `detectors.picture_quality` measures them.
    ``dropped`` frames made room for newer ones, ``missing`` ones never came, ``refused`` counts refusals by name.
    ``not_enforced`` counts what would have been flagged and was not, by the reason of the pause.
    """

    camera_id: str
    state: str = UNSEEN
    reasons: tuple[str, ...] = ()
    live: bool = True
    source: str = ""
    last_frame_at: datetime | None = None
    captured_at: datetime | None = None
    frame_rate: float | None = None
    lag_s: float | None = None
    clock_offset_s: float | None = None
    brightness: float | None = None
    sharpness: float | None = None
    shift_px: float | None = None
    frames: int = 0
    dropped: int = 0
    missing: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    flagged: int = 0
    not_enforced: Mapping[str, int] = field(default_factory=dict)
    picture: Path | None = None


@dataclass(frozen=True)
class HealthEvent:
    """A change of a camera's state: ``what`` is the state it went into, ``why`` a sentence for a person."""

    at: datetime
    camera_id: str
    what: str
    why: str


def all_cameras(data: Path, now: datetime | None = None) -> list[CameraHealth]:
    """Give the health of every camera that is registered or was ever run over this data folder, by id."""
    folder = data / FOLDER
    ids = sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    return [camera_health(data, camera_id, now) for camera_id in ids]


def camera_health(data: Path, camera_id: str, now: datetime | None = None) -> CameraHealth:
    """Give one camera's health as of ``now`` (UTC; the clock's where it is not given).

    A file that cannot be read gives what is not known: `UNSEEN`.
    """
    folder = data / FOLDER / camera_id
    try:
        known = _parse(json.loads((folder / HEALTH).read_bytes()))
    except (OSError, ValueError, TypeError, KeyError):
        return CameraHealth(camera_id)
    at = now or datetime.now(UTC)
    limit = SILENT_AFTER if known.live else RECORDED_SILENT_AFTER
    state = known.state
    if known.last_frame_at is not None and at - known.last_frame_at > limit:
        state = SILENT
    picture = folder / PICTURE
    return replace(known, state=state, picture=picture if picture.exists() else None)


def write_health(data: Path, health: CameraHealth) -> None:
    """Write a camera's health. Raises `pipeline.blobs.StoreError`."""
    body = {f.name: plain(getattr(health, f.name)) for f in fields(health) if f.name != "picture"}
    write_whole(data / FOLDER / health.camera_id / HEALTH, json.dumps(body, indent=1).encode(), durable=False)


def write_picture(data: Path, camera_id: str, jpeg: bytes) -> None:
    """Write a camera's last annotated frame. Raises `pipeline.blobs.StoreError`."""
    write_whole(data / FOLDER / camera_id / PICTURE, jpeg, durable=False)


def write_event(data: Path, event: HealthEvent) -> None:
    """Append an event. Raises `OSError`."""
    path = data / FOLDER / EVENTS
    path.parent.mkdir(parents=True, exist_ok=True)
    line = f"{json.dumps(plain(event), ensure_ascii=False)}\n".encode()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)


def events(data: Path, camera_id: str | None = None, last: int = 50) -> list[HealthEvent]:
    """Give the last events, newest first, of one camera or of all; a line that a crash cut short is left out."""
    path = data / FOLDER / EVENTS
    if not path.exists():
        return []
    found = []
    for line in reversed(path.read_text(encoding="utf-8", errors="replace").splitlines()):
        try:
            row = json.loads(line)
            event = HealthEvent(datetime.fromisoformat(row["at"]), row["camera_id"], row["what"], row["why"])
        except (ValueError, KeyError, TypeError):
            continue
        if camera_id is None or event.camera_id == camera_id:
            found.append(event)
        if len(found) == last:
            break
    return found


def _parse(row: Mapping[str, Any]) -> CameraHealth:
    times = {
        name: datetime.fromisoformat(row[name]) if row.get(name) else None
        for name in ("last_frame_at", "captured_at")
    }
    known = {f.name for f in fields(CameraHealth)} - {"picture"}
    values = {name: value for name, value in row.items() if name in known}
    return CameraHealth(**(values | times | {"reasons": tuple(row["reasons"])}))
