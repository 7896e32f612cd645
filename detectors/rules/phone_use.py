"""`phone_use`: a driver with a telephone in hand. UU 22/2009 art. 283 with 106 (1).

Off by default for the reasons that `detectors.rules.no_seat_belt` gives, and for one more: what people complain of most
is the passenger's telephone taken for the driver's (DOMAIN.md, "Scale and pain"). Only the driver's half is ever cut
out: the driver sits on the right.
"""

from __future__ import annotations

from detectors.rules.look_votes import DriverVotes
from detectors.types import DriverSighting


class PhoneUse(DriverVotes):
    """Flags a driver seen with a telephone in many clear looks. Never flagged: the passenger's, glare, tint, doubt."""

    rule_id = "phone_use"
    caption = "Menggunakan telepon / Using a telephone"

    def probability(self, look: DriverSighting) -> float:
        """Give how surely a telephone is in use."""
        return look.phone
