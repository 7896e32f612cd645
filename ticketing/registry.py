"""The STNK register: what a record holds, and how one is found by its plate. It is filled by `register_import`."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from ticketing.crypto import unseal
from ticketing.errors import PlateError
from ticketing.models import VehicleRow
from ticketing.plates import canonical_plate
from ticketing.types import VehicleRecord

__all__ = ["VehicleRecord", "find"]

PERSONAL = (
    "owner_name", "owner_address", "phone", "email", "chassis_number", "engine_number", "bpkb_number",
)  # fmt: skip
NUMBERS = ("year", "cylinder_cc", "registration_year")
TEXTS = ("make", "type", "vehicle_class", "model_class", "colour", "plate_colour", "fuel", "location_code")
COLUMNS = ("nrkb", *PERSONAL, *TEXTS, *NUMBERS, "valid_until")
CLASSES = ("sepeda motor", "mobil penumpang", "mobil bus", "mobil barang", "kendaraan khusus")
PLATE_COLOURS = ("white", "black", "yellow", "red", "green")


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
