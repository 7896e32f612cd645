"""What an owner sees of the evidence, sent so that a telephone can play it; and drawings made on the server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import cos, radians
from typing import Any

import segno
from fastapi import Request
from fastapi.responses import Response

from api.office import OfficeDoor
from api.security import ProblemError
from pipeline.evidence import Evidence, StoreError
from pipeline.images import decode_image, encode_jpeg
from pipeline.signing import fingerprint, load_public_key

PHOTOS = {
    "public_offence": ("Saat pelanggaran", "The decisive moment"),
    "public_vehicle": ("Kendaraan", "Vehicle"),
    "plate": ("TNKB", "Plate"),
    "public_wide": ("Pandangan kamera", "The camera's view"),
}
CLIP = "public_clip"
LETTER_ROLES = ("public_wide", "public_vehicle", "plate", "public_offence")
_FRAME = re.compile(r"public_frame:\d{1,3}")
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@dataclass(frozen=True)
class Proof:
    """What the check of an evidence package found; ``faults`` is empty where everything is as it was signed."""

    files: tuple[tuple[str, int, str], ...]
    manifest_sha256: str
    expected_sha256: str
    key_sha256: str | None
    faults: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether signature, chain and every file hold, and it is the evidence that the case was made of."""
        return (
            not self.faults and self.manifest_sha256 == self.expected_sha256 and self.key_sha256 is not None
        )


def shown_roles(evidence: Evidence | None) -> list[str]:
    """Give the roles that an owner may see: others are masked in them."""
    if evidence is None:
        return []
    # Without a plate the role holds the vehicle's lower half, in which nobody has masked anything.
    held = {f.role for f in evidence.files if not (f.role == "plate" and f.note.startswith("no plate"))}
    frames = sorted(role for role in held if _FRAME.fullmatch(role))
    return [*(role for role in PHOTOS if role in held), *frames, *([CLIP] if CLIP in held else [])]


def send_file(request: Request, door: OfficeDoor, violation_id: str, role: str) -> Response:
    """Send a file that an owner may see, or a part of it (RFC 9110, "Range Requests"). Raises `ProblemError` 404."""
    if role not in shown_roles(door.evidence(violation_id)):
        raise ProblemError(404, "Tidak ada data / No data", "Berkas bukti tidak ada / there is no such file")
    whole = door.file(violation_id, role)
    data = bytes(whole.body)
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))
    if wanted is None or wanted.groups() == ("", ""):
        return Response(data, media_type=whole.media_type, headers=headers)
    first = int(wanted[1]) if wanted[1] else max(0, len(data) - int(wanted[2]))
    last = min(int(wanted[2]), len(data) - 1) if wanted[1] and wanted[2] else len(data) - 1
    if first > last:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return Response(data[first : last + 1], 206, headers, whole.media_type)


def letter_pictures(door: OfficeDoor, violation_id: str) -> list[bytes]:
    """Give the JPEGs of a letter, with others masked. Raises `StoreError` and `ImageError`."""
    evidence = door.evidence(violation_id)
    if evidence is None:
        raise StoreError("the evidence is missing or was altered: no letter is made of it")
    held = {f.role: f for f in evidence.files}
    allowed = shown_roles(evidence)
    out = []
    for role in LETTER_ROLES:
        if role in allowed:
            data = door.store.open(held[role].sha256)
            is_jpeg = held[role].media_type == "image/jpeg"
            out.append(data if is_jpeg else encode_jpeg(decode_image(data), 92))
    return out


def proof_of(door: OfficeDoor, violation_id: str, expected_sha256: str) -> Proof:
    """Check the signature, the chain's link and every file of a package, now."""
    faults = [fault.what for fault in door.store.verify(violation_id)]
    evidence = door.evidence(violation_id)
    try:
        key: str | None = fingerprint(load_public_key(door.settings.data / "keys"))
    except StoreError:
        key = None
    files = tuple((f.role, f.size_bytes, f.sha256) for f in evidence.files) if evidence else ()
    manifest = evidence.manifest_sha256 if evidence else ""
    return Proof(files, manifest, expected_sha256, key, tuple(faults))


def qr(text: str) -> str:
    """Draw a QR code as SVG to be set into a page; dark on light with its quiet zone."""
    return str(
        segno.make(text, error="m", micro=False).svg_inline(scale=4, border=4, light="#fff", omitsize=True)
    )


def map_of(latitude: float, longitude: float, half_m: float = 500.0) -> dict[str, Any]:
    """Give what a plain map around a place is drawn of: a graticule in true proportions, in a square of 100 by 100.

    Args:
        half_m: from the middle to an edge, in metres.
    """
    up = half_m / 111_320.0
    across = up / max(cos(radians(latitude)), 0.01)
    step = 0.002

    def lines(middle: float, half: float) -> list[tuple[float, float]]:
        first = int((middle - half) / step) - 1
        found = [round((first + k) * step, 3) for k in range(int(2 * half / step) + 4)]
        return [(50 + 50 * (v - middle) / half, v) for v in found if abs(v - middle) < half]

    return {
        "meridians": lines(longitude, across),
        "parallels": [(100 - place, value) for place, value in lines(latitude, up)],
        "bar": 50 * 200 / half_m,
    }
