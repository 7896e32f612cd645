"""`odd_even`: whom the record exempts, once the camera's own rule (`detectors.rules.odd_even`) has judged the plate."""

from __future__ import annotations

from ticketing.record_rules.base import LookUp
from ticketing.record_rules.settings import OddEvenSettings


def lets_pass(look_up: LookUp, settings: OddEvenSettings) -> str | None:
    """Say why a vehicle is not to be flagged, or None where its record exempts it from nothing.

    Without a record nobody knows whether it is electric, an ambulance or a tanker: it is let pass.
    """
    record = look_up.record
    if record is None:
        return f"odd_even: {look_up.register.value}, so an exemption cannot be told"
    if record.fuel.casefold() in settings.exempt_fuel:
        return "odd_even: electric"
    if (
        record.plate_colour in settings.exempt_plate_colours
        or record.vehicle_class in settings.exempt_classes
    ):
        return "odd_even: an exempt class or plate"
    words = f"{record.type} {record.model_class} {record.vehicle_class} {record.owner_name}".casefold()
    tokens = words.replace("/", " ").split()
    if any(token.startswith(word) for word in settings.exempt_words for token in tokens):
        return "odd_even: an exempt vehicle or owner"
    return None
