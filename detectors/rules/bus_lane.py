"""`bus_lane`: driving in a lane that is kept for buses. UU 22/2009 art. 287 (1) with 106 (4) a, b."""

from __future__ import annotations

from detectors.rules.zone_travel import ZoneTravel


class BusLane(ZoneTravel):
    """Flags cars and motorcycles that drive along a bus lane while it is in force.

    Lorries are let pass unless the zone names them: a bus seen for a moment can look like one. Where others may cross
    or turn in, the zone has an opening.
    """

    rule_id = "bus_lane"
    classes = ("car", "motorcycle")
    caption = "Di jalur bus / In the bus lane"
