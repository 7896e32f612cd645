"""Confirmed cases with real evidence pictures, for pages that are looked at in a browser; and the bank."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import httpx
import numpy as np
from sqlalchemy.orm import Session
from stnk import RECORD

from pipeline.clip import encode_clip
from pipeline.evidence import EvidenceItem, EvidenceStore
from pipeline.images import encode_jpeg, encode_png
from pipeline.ring import StoredFrame
from ticketing import desk, snap_request
from ticketing.cases import flag_violation
from ticketing.register_import import import_csv
from ticketing.registry import COLUMNS
from ticketing.types import Checklist, FlaggedViolation

BANK = {"ETLE_BANK_SECRET": "rahasia"}
PATH = "/api/v1.0/transfer-va/payment"


def scene(x: int) -> np.ndarray:
    """Draw a road with a vehicle on it."""
    image = np.full((540, 960, 3), (92, 96, 92), np.uint8)
    cv2.rectangle(image, (0, 0), (960, 180), (200, 190, 170), -1)
    for lane in range(0, 960, 120):
        cv2.rectangle(image, (lane, 356), (lane + 60, 364), (235, 235, 235), -1)
    cv2.rectangle(image, (x, 250), (x + 170, 400), (40, 40, 160), -1)
    cv2.putText(image, "B 1234 ABC", (x + 10, 390), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
    return image


def import_owner(session: Session, register: Path) -> None:
    """Take the STNK record of `confirmed_case` in."""
    with register.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerow(RECORD)
    import_csv(session, register)


def confirmed_case(session: Session, data: Path, number: int) -> tuple[int, str]:
    """Flag and confirm a case with real pictures, each number on a day of its own; give its id and its reference."""
    now = datetime.now(UTC)
    frames = [
        StoredFrame(k, k / 10, now + timedelta(seconds=k / 10), encode_jpeg(scene(40 + 24 * k)), False)
        for k in range(20)
    ]
    decisive = scene(400)
    items = [
        EvidenceItem("public_offence", "image/jpeg", encode_jpeg(decisive), "others masked"),
        EvidenceItem("public_wide", "image/jpeg", encode_jpeg(decisive), "others masked"),
        EvidenceItem(
            "public_vehicle", "image/jpeg", encode_jpeg(decisive[240:410, 390:580]), "others masked"
        ),
        EvidenceItem("plate", "image/png", encode_png(decisive[365:400, 400:570]), "cut"),
        EvidenceItem("public_frame:0", "image/jpeg", encode_jpeg(scene(200)), "others masked"),
        EvidenceItem("public_clip", "video/mp4", encode_clip(frames), "others masked"),
    ]
    manifest = EvidenceStore(data).write(f"drawn-{number}", {}, items).manifest_sha256
    flagged = FlaggedViolation(
        violation_id=f"drawn-{number}", rule="speeding", camera_id="simpang-1", camera_name="Simpang Contoh",
        office="Ditlantas Polda Uji", street="Jl. Contoh Raya", latitude=-6.2, longitude=106.8,
        timezone="Asia/Jakarta", occurred_at=now - timedelta(days=number), vehicle_class="motorcycle",
        plate_text="B1234ABC", plate_accepted=True, plate_confidence=0.99,
        character_probabilities=(0.99,) * 8, plate_colour="white", plate_reason="", speed_kmh=71.2,
        speed_uncertainty_kmh=1.4, speed_limit_kmh=50.0, measured={"speed_kmh": 71.2},
        evidence_manifest_sha256=manifest,
    )  # fmt: skip
    case = flag_violation(session, flagged, now)
    desk.open_case(session, case.id, "ani", now=now)
    reference = desk.confirm(session, case.id, "ani", Checklist(True, True, True, True), now=now)
    return case.id, reference


def paid_by_bank(address: str, account: str, rupiah: int = 500_000) -> httpx.Response:
    """Let the bank tell that an account was paid in full."""
    body = json.dumps({
        "virtualAccountNo": account, "paymentRequestId": f"P-{account}",
        "paidAmount": {"value": f"{rupiah}.00", "currency": "IDR"},
    }).encode()  # fmt: skip
    at = datetime.now(UTC).isoformat(timespec="seconds")
    signed = snap_request.signature("POST", PATH, "token", body, at, BANK["ETLE_BANK_SECRET"])
    headers = {"Authorization": "Bearer token", "X-TIMESTAMP": at, "X-SIGNATURE": signed, "X-EXTERNAL-ID": account,
               "X-PARTNER-ID": "BANK"}  # fmt: skip
    return httpx.post(address + PATH, content=body, headers=headers)
