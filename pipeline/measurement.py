"""What a rule measured from, as a file of its evidence: the vehicle's path, the signals over time, the camera file.

With it a finding can be drawn and reckoned anew by whoever doubts it (`pipeline.explain`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from detectors.camera import Camera, CameraFileError, parse_camera
from detectors.types import SignalState, TrackPoint
from pipeline.manifest import plain
from pipeline.types import EvidenceItem

ROLE = "measurement"
# That of the first of two cameras.
FIRST_ROLE = "first_measurement"
FORMAT = "etle-measurement/1"
Signals = Sequence[tuple[float, Mapping[str, SignalState]]]


class MeasurementError(ValueError):
    """A measurement file that cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True)
class Measurement:
    """A measurement as it was written: ``path`` in time order, ``signals`` by the source's seconds."""

    path: tuple[TrackPoint, ...]
    signals: tuple[tuple[float, Mapping[str, SignalState]], ...]
    camera: Camera


def measurement_file(path: Sequence[TrackPoint], signals: Signals, camera: Camera) -> EvidenceItem:
    """Write what was measured from: road positions in metres, boxes in pixels, times in the source's seconds."""
    body = {
        "format": FORMAT,
        "path": [plain(point) for point in path],
        "signals": [{"t_s": t, "states": plain(states)} for t, states in signals],
        "camera_file": camera.file.model_dump(mode="json"),
        "camera_file_sha256": camera.sha256,
    }
    data = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return EvidenceItem(ROLE, "application/json", data, "the vehicle's path, the signals, the camera file")


def read_measurement(data: bytes) -> Measurement:
    """Read a measurement file.

    Raises:
        MeasurementError: not JSON, of another format, or parts are missing.
    """
    try:
        body: dict[str, Any] = json.loads(data)
        if body.get("format") != FORMAT:
            raise MeasurementError(f"the measurement is of format {body.get('format')!r}, not {FORMAT}")
        path = tuple(_point(row) for row in body["path"])
        signals = tuple(
            (float(row["t_s"]), {k: SignalState(v) for k, v in row["states"].items()})
            for row in body["signals"]
        )
        camera = parse_camera(body["camera_file"], "measurement", str(body["camera_file_sha256"]))
    except (ValueError, KeyError, TypeError, AttributeError, CameraFileError) as error:
        if isinstance(error, MeasurementError):
            raise
        raise MeasurementError(f"the measurement cannot be read: {error}") from error
    return Measurement(path, signals, camera)


def _point(row: Mapping[str, Any]) -> TrackPoint:
    x1, y1, x2, y2 = (float(v) for v in row["box_xyxy"])
    x, y = (float(v) for v in row["road_xy"])
    return TrackPoint(
        int(row["frame_index"]),
        float(row["t_s"]),
        datetime.fromisoformat(row["captured_at"]),
        (x1, y1, x2, y2),
        float(row["confidence"]),
        (x, y),
        bool(row["clipped"]),
        bool(row["occluded"]),
    )
