"""The hard gate before a letter: what the camera saw has to agree with the STNK record."""

from __future__ import annotations

import re

from ticketing.models import AlertRow, CaseRow, VehicleRow
from ticketing.types import Checklist, Mismatch

# The detector's classes in the register's words. A bicycle has none, and no detector tells a "kendaraan khusus":
# both always wait for an officer. So does a pick-up, a car to the detector and "mobil barang" to the register.
STNK_CLASSES = {
    "motorcycle": "sepeda motor",
    "car": "mobil penumpang",
    "bus": "mobil bus",
    "truck": "mobil barang",
}
ENGLISH = {
    "sepeda motor": "motorcycle",
    "mobil penumpang": "passenger car",
    "mobil bus": "bus",
    "mobil barang": "goods vehicle",
    "kendaraan khusus": "special vehicle",
    "bicycle": "bicycle",
}
COLOURS = {"white": "putih", "black": "hitam", "yellow": "kuning", "red": "merah", "green": "hijau"}
# Of body colours one name for what a camera, or a person at night, cannot tell apart or writes in another way.
SAME_COLOUR = {
    "silver": "abu", "perak": "abu", "grey": "abu", "gray": "abu", "coklat": "cokelat", "jingga": "oranye",
    "orange": "oranye", "krem": "putih", "white": "putih", "black": "hitam", "red": "merah", "blue": "biru",
    "green": "hijau", "yellow": "kuning", "brown": "cokelat",
}  # fmt: skip
# Words beside a colour that are none.
NO_COLOURS = {
    "metalik", "metallic", "mutiara", "pearl", "tua", "muda", "gelap", "terang", "doff", "dof", "matte", "kilap", "dan",
    "kombinasi", "strip",
}  # fmt: skip
CHECKS = {
    "plate_legible": ("Pelat nomor tidak dinyatakan terbaca", "The plate was not marked as legible"),
    "nothing_in_the_way": (
        "Tidak dinyatakan bebas penghalang",
        "Nothing standing in the way was not marked",
    ),
    "vehicle_matches": (
        "Kendaraan tidak dinyatakan cocok dengan data STNK",
        "The vehicle was not marked as matching its STNK record",
    ),
    "violation_visible": ("Pelanggaran tidak dinyatakan terlihat", "The violation was not marked as visible"),
}


def seen_plate(case: CaseRow) -> str | None:
    """Give the plate of a case, the officer's before the reader's."""
    plate: str | None = case.plate_corrected or case.flagged["plate_text"]
    return plate


def seen_class(case: CaseRow) -> str | None:
    """Give the vehicle's class in the register's words, the officer's before the detector's."""
    return case.class_corrected or STNK_CLASSES.get(case.flagged["vehicle_class"])


def seen_colour(case: CaseRow) -> str | None:
    """Give the plate's colour, the officer's before the reader's; None where neither could tell."""
    colour: str | None = case.colour_corrected or case.flagged["plate_colour"]
    return colour


def seen_body_colour(case: CaseRow) -> str | None:
    """Give the vehicle's own colour, the officer's before what was measured; None where neither could tell."""
    colour: str | None = case.body_colour_corrected or case.flagged.get("body_colour")
    return colour


def seen_make(case: CaseRow) -> str | None:
    """Give the vehicle's make, the officer's before what was measured; None where neither could tell."""
    make: str | None = case.make_corrected or case.flagged.get("make")
    return make


def same_body_colour(seen: str, recorded: str) -> bool:
    """Tell whether two body colours can be one: of "merah hitam" either may be what was seen."""
    return bool(_colours(seen) & _colours(recorded))


def same_make(seen: str, recorded: str) -> bool:
    """Tell whether two makes can be one, however they are written: "Mercedes-Benz" and "MERCEDES BENZ"."""
    first, second = ("".join(c for c in text.casefold() if c.isalnum()) for text in (seen, recorded))
    return bool(first and second) and (first.startswith(second) or second.startswith(first))


def _colours(text: str) -> set[str]:
    words = re.findall(r"[^\W\d_]+", text.casefold())
    return {SAME_COLOUR.get(word, word) for word in words if word not in NO_COLOURS}


def open_alerts(case: CaseRow) -> list[AlertRow]:
    """Give the alerts of a case that no officer has resolved."""
    return [alert for alert in case.alerts if alert.resolved_at is None]


def mismatches(case: CaseRow, record: VehicleRow | None) -> tuple[Mismatch, ...]:
    """Name everything in which a case and its record disagree; what nobody could tell disagrees with nothing."""
    if record is None and case.plate_corrected is None and not case.flagged["plate_accepted"]:
        return (
            Mismatch(
                "record",
                case.flagged["plate_text"],
                None,
                "TNKB belum dipastikan: baca sendiri lalu simpan, data STNK dicari sesudahnya",
                "The plate is in doubt: read it yourself and save it, then its STNK record is looked up",
            ),
        )
    if record is None:
        plate = seen_plate(case)
        return (
            Mismatch(
                "record",
                plate,
                None,
                f"Tidak ada data STNK untuk pelat {plate or '(tidak terbaca)'}",
                f"No STNK record is attached for plate {plate or '(not read)'}: correct the plate or reject the case",
            ),
        )
    found = [_alert(alert) for alert in open_alerts(case)]
    vehicle = seen_class(case)
    if vehicle != record.vehicle_class:
        seen = vehicle or case.flagged["vehicle_class"]
        found.append(
            Mismatch(
                "vehicle_class",
                seen,
                record.vehicle_class,
                f"Terlihat {seen}, pada STNK {record.vehicle_class}",
                f"Seen: {ENGLISH.get(seen, seen)}; in the STNK record: {ENGLISH[record.vehicle_class]}",
            )
        )
    colour = seen_colour(case)
    if colour is not None and colour != record.plate_colour:
        found.append(
            Mismatch(
                "plate_colour",
                colour,
                record.plate_colour,
                f"Pelat terlihat {COLOURS.get(colour, colour)}, pada STNK {COLOURS[record.plate_colour]}",
                f"Plate seen: {colour}; in the STNK record: {record.plate_colour}",
            )
        )
    return (*found, *_of_the_body(case, record))


def _of_the_body(case: CaseRow, record: VehicleRow) -> list[Mismatch]:
    found = []
    colour, make = seen_body_colour(case), seen_make(case)
    if colour is not None and not same_body_colour(colour, record.colour):
        found.append(
            Mismatch(
                "body_colour",
                colour,
                record.colour,
                f"Kendaraan terlihat {colour}, pada STNK {record.colour}",
                f"Vehicle seen: {colour}; in the STNK record: {record.colour}",
            )
        )
    if make is not None and not same_make(make, record.make):
        found.append(
            Mismatch(
                "make",
                make,
                record.make,
                f"Terlihat merek {make}, pada STNK {record.make}",
                f"Make seen: {make}; in the STNK record: {record.make}",
            )
        )
    return found


def _alert(alert: AlertRow) -> Mismatch:
    km, minutes, other = (alert.detail[name] for name in ("km", "minutes", "case"))
    return Mismatch(
        "clone",
        f"case {other}",
        None,
        f"TNKB yang sama terlihat {km} km dari sini dalam {minutes} menit (perkara {other}): mungkin digandakan",
        f"The same plate was seen {km} km from here within {minutes} minutes (case {other}): it may be cloned",
    )


def unticked(checklist: Checklist) -> tuple[Mismatch, ...]:
    """Name each point of the checklist that the officer did not vouch for."""
    return tuple(
        Mismatch(field, None, None, *words)
        for field, words in CHECKS.items()
        if getattr(checklist, field) is not True
    )
