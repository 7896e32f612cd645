"""Violations that a gateway found itself: its own evidence package, checked whole before anything is kept.

What is handed over is what lies in the gateway's evidence store: the signed manifest, and the files that it names. The
package is written anew into this server's store, chained and signed here, with the gateway's signed manifest among its
files: who signed what can be shown at any time.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from PIL import Image as Pillow
from PIL import UnidentifiedImageError
from pydantic import TypeAdapter, ValidationError

from detectors.camera import Camera
from detectors.rules.base import violation_id
from detectors.rules.registry import NEEDS
from detectors.types import VEHICLE_CLASSES
from pipeline.blobs import sha256_hex
from pipeline.cases import flagged_from_manifest
from pipeline.edge_camera import disagreements
from pipeline.evidence import EvidenceStore
from pipeline.frames import MOST_PIXELS, jpeg_size
from pipeline.manifest import FORMAT, canonical
from pipeline.signing import signed_by
from pipeline.types import EvidenceItem
from ticketing.types import FlaggedViolation

MOST_FILES = 80
MOST_MANIFEST_BYTES = 2 * 2**20
AHEAD = timedelta(minutes=5)
# A gateway keeps what it could not hand over; what is older was dated by a clock that stood wrong.
BEHIND = timedelta(days=366)
ROLE = "edge_manifest"
_ROLE = re.compile(r"[a-z_]{1,30}(:[0-9]{1,3})?")
_LINE = re.compile(r"(0[1-9]|1[0-2])\.[0-9]{2}")
_ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")
_LONGEST = {
    "camera_name": 200,
    "office": 200,
    "street": 200,
    "plate_text": 16,
    "plate_colour": 20,
    "plate_reason": 300,
}
_UNFIT = (ValueError, OSError, SyntaxError, RecursionError, Pillow.DecompressionBombError)
_Flagged = TypeAdapter(FlaggedViolation)


class EdgeRefusedError(ValueError):
    """A violation that is not taken; ``name`` is for programs, the message says what is wrong."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True)
class EdgeViolation:
    """A violation that is in the evidence store; ``new`` is false where it was here already, unchanged."""

    flagged: FlaggedViolation
    manifest_sha256: str
    new: bool


def receive(
    store: EvidenceStore,
    gateway: str,
    signing_keys: Sequence[str],
    camera_id: str,
    camera: Camera | None,
    signed: bytes,
    files: Sequence[bytes],
    now: datetime,
) -> EdgeViolation:
    """Check a package and write it; what is returned is durable, and the case is to be made of it.

    Args:
        store: this server's evidence.
        gateway: whose key opened the door.
        signing_keys: its registered Ed25519 public keys, raw in hex.
        camera_id: the camera it says it is of.
        camera: that camera as it is registered here; None where it is not.
        signed: the signed manifest, as the gateway's evidence store holds it.
        files: the files that the manifest names, in any order.
        now: UTC.

    Raises:
        EdgeRefusedError: something does not hold; nothing was kept.
        StoreError: it cannot be written.
    """
    manifest, key = _verified(signed, signing_keys)
    found_id = _check_violation(manifest, camera_id, now)
    _check_camera(manifest, camera_id, camera)
    sha256 = sha256_hex(canonical(manifest))
    known = store.get(found_id)
    if known is None:
        items = _items(manifest, files)
        items.append(EvidenceItem(ROLE, "application/json", signed, f"as signed by gateway {gateway}"))
        body = {k: v for k, v in manifest.items() if k not in _OURS}
        body["edge"] = {
            "gateway": gateway,
            "manifest_sha256": sha256,
            "key": key,
            "received_at": now.isoformat(),
        }
        known = store.write(found_id, body, items)
        new = True
    else:
        new = False
    kept = store.manifest(found_id)
    if kept.get("edge", {}).get("manifest_sha256") != sha256:
        raise EdgeRefusedError("conflict", f"violation {found_id} was handed over before with other evidence")
    return EdgeViolation(flagged_from_manifest(kept, known.manifest_sha256), known.manifest_sha256, new)


_OURS = ("files", "sequence", "previous_manifest_sha256", "violation_id")


def _verified(signed: bytes, signing_keys: Sequence[str]) -> tuple[dict[str, Any], str]:
    if len(signed) > MOST_MANIFEST_BYTES:
        raise EdgeRefusedError("malformed", f"a manifest has at most {MOST_MANIFEST_BYTES} bytes")
    if not signing_keys:
        raise EdgeRefusedError(
            "no_signing_key", "no signing key of this gateway is registered: etle gateway signing-key"
        )
    try:
        whole = json.loads(signed, parse_constant=_no_number)
        manifest: dict[str, Any] = whole["manifest"]
        signature = base64.b64decode(whole["signature_ed25519"], validate=True)
        if not isinstance(manifest, dict):
            raise TypeError("manifest is no object")
        data = canonical(manifest)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise EdgeRefusedError("malformed", f"not a signed manifest: {error!r:.200}") from error
    for key in signing_keys:
        if signed_by(Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)), signature, data):
            return manifest, key
    raise EdgeRefusedError(
        "bad_signature",
        "the manifest is not signed by a key that is registered for this gateway, or was altered",
    )


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def _check_violation(manifest: Mapping[str, Any], camera_id: str, now: datetime) -> str:
    """Give the violation's id once everything that the case will rest on holds together."""
    try:
        if manifest["format"] != FORMAT:
            raise EdgeRefusedError(
                "malformed", f"the manifest is of format {manifest['format']!r:.40}, not {FORMAT}"
            )
        flagged = _Flagged.validate_python({**manifest["case"], "evidence_manifest_sha256": ""})
        # What a lenient reading lets pass must be what the case is made of later, from this very manifest.
        if flagged_from_manifest(manifest, "") != flagged:
            raise EdgeRefusedError("malformed", "case: numbers as numbers, times as text, and nothing else")
        violation = manifest["violation"]
        began = datetime.fromisoformat(violation["track_began_at"])
        derived = violation_id(camera_id, str(violation["rule"]), began, int(violation["track_id"]))
        ids = {manifest["violation_id"], violation["id"], flagged.violation_id}
        cameras = {manifest["camera"]["id"], violation["camera_id"], flagged.camera_id}
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise EdgeRefusedError("malformed", f"case.{where}: {first['msg']}"[:300]) from error
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        if isinstance(error, EdgeRefusedError):
            raise
        raise EdgeRefusedError("malformed", f"the manifest cannot be read: {error!r:.200}") from error
    if cameras != {camera_id}:
        raise EdgeRefusedError("wrong_camera", f"the evidence is not of camera {camera_id}")
    if ids != {derived}:
        raise EdgeRefusedError("malformed", "the violation's id is not that of its camera, rule and track")
    if flagged.rule != violation["rule"] or flagged.rule not in NEEDS:
        raise EdgeRefusedError("malformed", f"{flagged.rule[:40]!r} is no rule that this server knows")
    _check_values(flagged)
    if flagged.occurred_at.tzinfo is None or flagged.occurred_at - now > AHEAD:
        raise EdgeRefusedError(
            "in_the_future", f"occurred_at {flagged.occurred_at.isoformat()} is yet to come"
        )
    if now - flagged.occurred_at > BEHIND:
        raise EdgeRefusedError(
            "too_old", f"occurred_at {flagged.occurred_at.isoformat()} is more than {BEHIND.days} days ago"
        )
    return derived


def _check_camera(manifest: Mapping[str, Any], camera_id: str, camera: Camera | None) -> None:
    if camera is None:
        raise EdgeRefusedError(
            "not_registered", f"camera {camera_id} has no camera file on this server: etle camera add"
        )
    if faults := disagreements(flagged_from_manifest(manifest, ""), camera):
        raise EdgeRefusedError(
            "other_camera_file",
            f"not what the camera file registered here says; bring both to the same file: {'; '.join(faults)}"[
                :900
            ],
        )


def _check_values(flagged: FlaggedViolation) -> None:
    inside = -11.5 <= flagged.latitude <= 6.5 and 94.5 <= flagged.longitude <= 141.5
    shares = (flagged.plate_confidence, *flagged.character_probabilities)
    faults = [
        *([] if flagged.timezone in _ZONES else ["timezone"]),
        *([] if flagged.vehicle_class in VEHICLE_CLASSES else ["vehicle_class"]),
        *([] if inside else ["latitude and longitude"]),
        *(
            []
            if all(0 <= share <= 1 for share in shares)
            else ["plate_confidence and character_probabilities"]
        ),
        *(n for n, most in _LONGEST.items() if len(getattr(flagged, n) or "") > most),
        *([] if len(flagged.character_probabilities) <= 16 else ["character_probabilities"]),
        *([] if _are_lines(flagged.expiry_lines) else ["expiry_lines"]),
    ]
    if faults:
        raise EdgeRefusedError("malformed", f"case: {', '.join(faults)} cannot be")


def _are_lines(lines: Sequence[object]) -> bool:
    return len(lines) <= 16 and all(isinstance(line, str) and _LINE.fullmatch(line) for line in lines)


def _items(manifest: Mapping[str, Any], files: Sequence[bytes]) -> list[EvidenceItem]:
    listed = manifest.get("files")
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_FILES:
        raise EdgeRefusedError("malformed", f"files: a package names 1 to {MOST_FILES} files")
    given = {sha256_hex(data): data for data in files}
    items = []
    for row in listed:
        try:
            role, kind, sha256, size = row["role"], row["media_type"], row["sha256"], row["size_bytes"]
            note = str(row.get("note", ""))[:300]
        except (KeyError, TypeError, AttributeError) as error:
            raise EdgeRefusedError(
                "malformed", "files: each has role, media_type, sha256, size_bytes"
            ) from error
        if not isinstance(role, str) or not _ROLE.fullmatch(role) or role == ROLE:
            raise EdgeRefusedError("malformed", f"files: {role!r:.40} is no role")
        data = given.get(sha256) if isinstance(sha256, str) else None
        if data is None or len(data) != size:
            raise EdgeRefusedError(
                "evidence_missing",
                f"{role}: no file with the SHA-256 and size that the manifest names was sent",
            )
        _check_content(role, kind, data)
        items.append(EvidenceItem(role, kind, data, note))
    roles = [item.role for item in items]
    if len(set(roles)) != len(roles):
        raise EdgeRefusedError("malformed", "files: two have the same role")
    if not any(role.startswith("frame:") for role in roles):
        raise EdgeRefusedError("evidence_missing", "a violation without an untouched frame proves nothing")
    if extra := set(given) - {row["sha256"] for row in listed}:
        raise EdgeRefusedError("malformed", f"{len(extra)} files were sent that the manifest does not name")
    return items


def _check_content(role: str, kind: object, data: bytes) -> None:
    """Refuse a file that is not what it says, or that would burst an officer's browser."""
    try:
        if kind == "image/jpeg":
            jpeg_size(data)
        elif kind == "image/png":
            _check_png(data)
        elif kind == "application/json":
            json.loads(data)
        elif kind != "video/mp4" or data[4:8] != b"ftyp":
            raise ValueError(f"{kind!r:.40} is no kind of evidence, or its content is another")
    except _UNFIT as error:
        raise EdgeRefusedError("not_evidence", f"{role}: {error}"[:300]) from error


def _check_png(data: bytes) -> None:
    try:
        with Pillow.open(io.BytesIO(data), formats=("PNG",)) as picture:
            width, height = picture.size
    except (UnidentifiedImageError, ModuleNotFoundError) as error:
        raise ValueError("not a PNG") from error
    if width * height > MOST_PIXELS:
        raise ValueError(f"{width}x{height} is too large")
