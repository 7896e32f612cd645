"""The STNK register: records taken in from CSV, found by plate."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from ticketing.crypto import seal, unseal
from ticketing.errors import PlateError, RegistryImportError
from ticketing.models import VehicleRow
from ticketing.plates import canonical_plate
from ticketing.types import VehicleRecord

__all__ = ["RegistryImportError", "VehicleRecord", "find", "import_csv"]

PERSONAL = (
    "owner_name", "owner_address", "phone", "email", "chassis_number", "engine_number", "bpkb_number",
)  # fmt: skip
NUMBERS = ("year", "cylinder_cc", "registration_year")
TEXTS = ("make", "type", "vehicle_class", "model_class", "colour", "plate_colour", "fuel", "location_code")
COLUMNS = ("nrkb", *PERSONAL, *TEXTS, *NUMBERS, "valid_until")
CLASSES = ("sepeda motor", "mobil penumpang", "mobil bus", "mobil barang", "kendaraan khusus")
PLATE_COLOURS = ("white", "black", "yellow", "red", "green")


def import_csv(session: Session, path: Path) -> int:
    """Take the records of a UTF-8 CSV file in, or none of them; known plates are brought up to date.

    Returns:
        How many records the file held.

    Raises:
        RegistryImportError: a column is missing, the file is not UTF-8, or a row is wrong; every fault is named by
            row number (the header is row 1) and column.
    """
    rows: list[VehicleRow] = []
    faults: list[str] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
            if missing:
                raise RegistryImportError([f"row 1: missing columns: {', '.join(missing)}"])
            for raw in reader:
                row, wrong = _read(raw, reader.line_num)
                faults += wrong
                if row is not None:
                    rows.append(row)
    except UnicodeDecodeError as error:
        raise RegistryImportError(
            [f"the file is not UTF-8 (byte {error.start}): save it as UTF-8"]
        ) from error
    except OSError as error:
        raise RegistryImportError([f"{path}: {error.strerror}"]) from error
    if faults:
        raise RegistryImportError(faults)
    for row in rows:
        session.merge(row)
    session.flush()
    return len(rows)


def find(session: Session, nrkb: str) -> VehicleRecord | None:
    """Give the record of a plate (spaces do not matter), or None where it is not registered."""
    try:
        row = session.get(VehicleRow, canonical_plate(nrkb))
    except PlateError:
        return None
    if row is None:
        return None
    open_fields: dict[str, Any] = {c: getattr(row, c) for c in (*TEXTS, *NUMBERS, "nrkb", "valid_until")}
    personal: dict[str, Any] = {**unseal(row.personal)}
    return VehicleRecord(**open_fields, **personal)


def _read(raw: dict[str, str], number: int) -> tuple[VehicleRow | None, list[str]]:
    faults = []
    text = {c: (raw.get(c) or "").strip() for c in COLUMNS}

    def fault(column: str, why: str) -> None:
        faults.append(f"row {number}, column {column}: {text[column]!r} {why}")

    nrkb = ""
    try:
        nrkb = canonical_plate(text["nrkb"])
    except PlateError:
        fault("nrkb", "is not a plate: region code, 1 to 4 digits without leading zero, up to 3 letters")
    for column, known in (("vehicle_class", CLASSES), ("plate_colour", PLATE_COLOURS)):
        if text[column] not in known:
            fault(column, f"is unknown; known: {', '.join(known)}")
    for column in NUMBERS:
        if not text[column].isdecimal():
            fault(column, "is not a whole number")
    for column in ("owner_name", "owner_address"):
        if not text[column]:
            fault(column, "is empty: no letter can be sent")
    try:
        valid_until = date.fromisoformat(text["valid_until"])
    except ValueError:
        fault("valid_until", "is not a date (YYYY-MM-DD)")
    if faults:
        return None, faults
    return VehicleRow(
        nrkb=nrkb,
        personal=seal({c: text[c] for c in PERSONAL}),
        valid_until=valid_until,
        **{c: text[c] for c in TEXTS},
        **{c: int(text[c]) for c in NUMBERS},
    ), []
