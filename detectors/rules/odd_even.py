"""`odd_even`: a plate of the wrong parity where and when it is restricted. UU 22/2009 art. 287 (1) with 106 (4) a, b.

Roads, hours and holidays are the camera file's (Jakarta: Pergub 88/2019, Monday to Friday 06–10 and 16–21). The
picture alone cannot tell: every vehicle that drives there is handed on as a candidate, and `judge` lets pass all but
those whose plate, read without doubt, has the forbidden parity.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from detectors.rules.base import LetPass, SeenPlate
from detectors.rules.zone_travel import ZoneTravel
from detectors.sections import Zone
from detectors.types import Track, TrackPoint, Violation

# Perpol 7/2021. State leaders and diplomats run plates of their own, ministries, armed forces and police a ZZ series
# (DOMAIN.md, "Plates"): exempt, or their exemption cannot be told here.
_NRKB = re.compile(r"([A-Z]{1,2})([1-9][0-9]{0,3})([A-Z]{0,3})")
_OFFICIAL = ("RI", "CD", "CC", "CH", "CN", "CS")
_PRIVATE = ("white", "black")


def forbidden_parity(day: date) -> str:
    """Give which plates may not drive on a day in force: on an odd day of the month the even ones, and the reverse."""
    return "even" if day.day % 2 else "odd"


def parity(nrkb: str) -> str | None:
    """Give the parity of a number's last digit, ``odd`` or ``even``; None for a plate that this rule does not bind."""
    read = _NRKB.fullmatch(nrkb)
    if read is None or (read[1] in _OFFICIAL and not read[3]) or read[3].startswith("ZZ"):
        return None
    return "odd" if int(read[2]) % 2 else "even"


class OddEven(ZoneTravel):
    """Hands on each car that drives along a restricted road in its hours; judges it by its plate.

    Never flagged: a plate with any doubt, yellow, red or another than a private colour, official series; a holiday, or
    a year whose holidays are not listed; motorcycles, and by default all but cars. What only the record knows for
    certain (an electric vehicle, an ambulance, a tanker) is looked up there: `ticketing.record_rules.odd_even`.
    """

    rule_id = "odd_even"
    classes = ("car",)
    caption = "Kawasan ganjil genap / Odd-even zone"

    def judge(self, violation: Violation, plate: SeenPlate | None) -> Violation | LetPass:
        """Judge a candidate by its plate, read over the whole track."""
        if plate is None or not plate.accepted or plate.text is None:
            return LetPass("odd_even: the plate is in doubt")
        if plate.colour not in _PRIVATE:
            return LetPass(f"odd_even: plate colour {plate.colour or 'not told'}, exempt or in doubt")
        its, forbidden = parity(plate.text), str(violation.measured["forbidden_parity"])
        if its is None:
            return LetPass("odd_even: a plate that the rule does not bind")
        if its != forbidden:
            return LetPass("odd_even: the plate may drive on that day")
        return replace(violation, measured={**violation.measured, "plate_parity": its})

    def _violation(
        self, track: Track, zone: Zone, points: list[TrackPoint], went: float, doubt: float
    ) -> Violation:
        candidate = super()._violation(track, zone, points, went, doubt)
        day = points[0].captured_at.astimezone(self._camera.zone).date()
        return replace(candidate, measured={**candidate.measured, "forbidden_parity": forbidden_parity(day)})
