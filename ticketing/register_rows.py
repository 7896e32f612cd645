"""One row of a register file: read into a record, or every reason why it is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ticketing.crypto import seal
from ticketing.errors import PlateError
from ticketing.models import VehicleRow
from ticketing.plates import canonical_plate
from ticketing.registry import CLASSES, COLUMNS, NUMBERS, PERSONAL, PLATE_COLOURS, TEXTS

LONGEST_PERSONAL = 300
LARGEST_NUMBER = 99_999
_LENGTHS: dict[str, int] = {
    **{c: getattr(VehicleRow.__table__.c[c].type, "length", 0) for c in TEXTS},
    **dict.fromkeys(PERSONAL, LONGEST_PERSONAL),
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class RowFault:
    """Why a row was not taken in, without personal values. ``row`` is its line in the file, the header being 1."""

    row: int
    nrkb: str
    column: str
    reason: str

    def __str__(self) -> str:
        where = f"row {self.row}, column {self.column}" if self.column else f"row {self.row}"
        return f"{where}: {self.reason}"


def read_row(
    cells: Sequence[str], places: Mapping[str, int], width: int, row: int
) -> tuple[dict[str, Any] | None, list[RowFault]]:
    """Read one row.

    Args:
        cells: as the CSV has them.
        places: where each of `COLUMNS` stands.
        width: how many columns the header has.
        row: the line in the file.

    Returns:
        The values of a `VehicleRow`, personal ones sealed; or None and every fault.
    """
    if len(cells) != width:
        reason = (
            f"has {len(cells)} cells and the header {width}: a comma too many or few, or a quote left open"
        )
        return None, [RowFault(row, "", "", reason)]
    text = {c: cells[places[c]].strip() for c in COLUMNS}
    faults: list[RowFault] = []

    def fault(column: str, why: str) -> None:
        shown = f"{why}" if column in PERSONAL else f"{text[column][:40]!r} {why}"
        faults.append(RowFault(row, text["nrkb"][:20], column, shown))

    values: dict[str, Any] = {c: text[c] for c in TEXTS}
    try:
        values["nrkb"] = canonical_plate(text["nrkb"])
    except PlateError:
        fault("nrkb", "is not a plate: region code, 1 to 4 digits without leading zero, up to 3 letters")
    for column, known in (("vehicle_class", CLASSES), ("plate_colour", PLATE_COLOURS)):
        if text[column] not in known:
            fault(column, f"is unknown; known: {', '.join(known)}")
    for column in NUMBERS:
        if not re.fullmatch(r"[0-9]{1,5}", text[column]):
            fault(column, f"is not a whole number up to {LARGEST_NUMBER}")
        else:
            values[column] = int(text[column])
    for column in ("owner_name", "owner_address"):
        if not text[column]:
            fault(column, "is empty: no letter can be sent")
    for column, most in _LENGTHS.items():
        if len(text[column]) > most:
            fault(column, f"is longer than {most} letters")
        elif _CONTROL.search(text[column]):
            fault(column, "holds a line break or another control character")
    try:
        values["valid_until"] = date.fromisoformat(text["valid_until"])
    except ValueError:
        fault("valid_until", "is not a date (YYYY-MM-DD)")
    if faults:
        return None, faults
    values["personal"] = seal({c: text[c] for c in PERSONAL})
    return values, []
