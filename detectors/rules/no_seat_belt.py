"""`no_seat_belt`: a driver without a seat belt. UU 22/2009 art. 289 with 106 (6).

Off by default, and no classifier is shipped. A belt is a dark line on dark cloth behind glass that mirrors the sky; to
tell it from its absence takes labelled pictures of real windscreens, of which this project has none that it may use. A
classifier taught on rendered windscreens alone would be sure of itself and wrong on the road, where a wrong ticket is
the worst that can happen. The crop, the votes and their near-misses are here, so that whoever has such pictures can
bring a `detectors.windscreen.DriverClassifier` and prove it on their own cameras first.
"""

from __future__ import annotations

from detectors.rules.look_votes import DriverVotes
from detectors.types import DriverSighting


class NoSeatBelt(DriverVotes):
    """Flags a driver seen without a belt in many clear looks. Never flagged: glare, tint, doubt, a passenger."""

    rule_id = "no_seat_belt"
    caption = "Tanpa sabuk keselamatan / No seat belt"

    def probability(self, look: DriverSighting) -> float:
        """Give how surely the belt is off."""
        return look.belt_off
