"""The manifest: everything a court may ask about one violation, as JSON with one way to write it."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from detectors.camera import Camera
from detectors.types import Violation
from pipeline.signing import EvidenceKey
from pipeline.types import EvidenceFile
from plate_reader.types import PlateReading

FORMAT = "etle-evidence/1"


@cache
def software_version() -> str:
    """Give this software's version as installed, or ``unknown``."""
    try:
        return f"etle {version('etle')}"
    except PackageNotFoundError:
        return "etle unknown"


def plain(value: Any) -> Any:
    """Turn dataclasses, times, enums, arrays and numbers into what JSON can hold; a value that is not a
    number is written as text, since JSON has no word for it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str | int | bool) or value is None:
        return value
    if isinstance(value, Sequence | set | frozenset):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no place in a manifest")


def canonical(manifest: Mapping[str, Any]) -> bytes:
    """Write a manifest in the one way that is hashed and signed: sorted keys, no spaces, UTF-8."""
    return json.dumps(
        manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def with_signature(manifest: Mapping[str, Any], key: EvidenceKey) -> bytes:
    """Write a manifest with its signature, as a file of JSON."""
    whole = {
        "manifest": manifest,
        "signature_ed25519": base64.b64encode(key.sign(canonical(manifest))).decode(),
        "key_sha256": key.fingerprint,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"


def describe(
    violation: Violation,
    camera: Camera,
    reading: PlateReading | None,
    models: Mapping[str, str],
    frames: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Write what was found, by what and from what.

    Args:
        violation: the rule's finding, with its measured values and parameters.
        camera: its file's hash and calibration go in.
        reading: the plate as voted, None where there was no crop of it.
        models: each model's name and SHA-256.
        frames: for each key frame which stored frame stands for it.
    """
    file = camera.file
    return {
        "format": FORMAT,
        "software": software_version(),
        "violation": plain(violation),
        "plate": plain(reading),
        "camera": {
            "id": camera.id,
            "name": file.name,
            "office": file.office,
            "location": plain(file.location.model_dump()),
            "timezone": file.timezone,
            "file_sha256": camera.sha256,
            "calibration": plain(file.calibration.model_dump()),
            "image_to_road": plain(camera.homography.image_to_road),
            "reprojection_error_m": plain(camera.homography.reprojection_error_m),
            "speed_device": plain(file.speed_device.model_dump()) if file.speed_device else None,
            "speed_limit_kmh": plain(file.speed_limit_kmh),
        },
        "models": dict(models),
        "key_frames": [plain(f) for f in frames],
    }


def with_files(
    body: Mapping[str, Any], violation_id: str, files: Sequence[EvidenceFile], sequence: int, previous: str
) -> dict[str, Any]:
    """Complete a manifest with its files and its place in the chain."""
    return {
        **body,
        "violation_id": violation_id,
        "files": [plain(f) for f in files],
        "sequence": sequence,
        "previous_manifest_sha256": previous,
    }
