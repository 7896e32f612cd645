"""`motorcycle_ban`: a motorcycle where motorcycles are banned. UU 22/2009 art. 287 (1) with 106 (4) a, b."""

from __future__ import annotations

from detectors.rules.zone_travel import ZoneTravel


class MotorcycleBan(ZoneTravel):
    """Flags a motorcycle that is ridden along a closed road or lane in the hours of the ban.

    At walking pace it may be pushed by hand, and is let pass.
    """

    rule_id = "motorcycle_ban"
    classes = ("motorcycle",)
    caption = "Sepeda motor dilarang / Motorcycles banned"
