"""Which rules there are. A new rule is one module beside this one and one row here."""

from __future__ import annotations

from detectors.camera import Camera, CameraFileError
from detectors.rules.average_speed import AverageSpeed
from detectors.rules.base import Rule, RuleFactory
from detectors.rules.bus_lane import BusLane
from detectors.rules.lane_marking import LaneMarking
from detectors.rules.motorcycle_ban import MotorcycleBan
from detectors.rules.no_day_lamp import NoDayLamp
from detectors.rules.no_helmet import NoHelmet
from detectors.rules.no_seat_belt import NoSeatBelt
from detectors.rules.odd_even import OddEven
from detectors.rules.overcrowded_motorcycle import OvercrowdedMotorcycle
from detectors.rules.phone_use import PhoneUse
from detectors.rules.red_light import RedLight
from detectors.rules.shoulder_use import ShoulderUse
from detectors.rules.speeding import Speeding
from detectors.rules.stop_line import StopLineRule
from detectors.rules.wrong_way import WrongWay

RULES: dict[str, RuleFactory] = {
    "red_light": RedLight,
    "stop_line": StopLineRule,
    "wrong_way": WrongWay,
    "speeding": Speeding,
    "average_speed": AverageSpeed,
    "no_helmet": NoHelmet,
    "overcrowded_motorcycle": OvercrowdedMotorcycle,
    "lane_marking": LaneMarking,
    "bus_lane": BusLane,
    "shoulder_use": ShoulderUse,
    "motorcycle_ban": MotorcycleBan,
    "odd_even": OddEven,
    "no_seat_belt": NoSeatBelt,
    "phone_use": PhoneUse,
    "no_day_lamp": NoDayLamp,
}

# The sections of the camera file that a rule cannot do without.
NEEDS: dict[str, frozenset[str]] = {
    "red_light": frozenset({"stop_line", "signals", "junction"}),
    "stop_line": frozenset({"stop_line", "signals"}),
    "wrong_way": frozenset(),
    "speeding": frozenset({"measuring_zone", "speed_limit_kmh", "speed_device"}),
    "average_speed": frozenset({"section_line"}),
    "no_helmet": frozenset(),
    "overcrowded_motorcycle": frozenset(),
    "lane_marking": frozenset(),
    "bus_lane": frozenset({"zones"}),
    "shoulder_use": frozenset({"zones"}),
    "motorcycle_ban": frozenset({"zones"}),
    "odd_even": frozenset({"zones"}),
    "no_seat_belt": frozenset(),
    "phone_use": frozenset(),
    "no_day_lamp": frozenset(),
}

# Rules that nothing real has proven: off until a camera file accepts that (`accept_unproven`).
UNPROVEN = frozenset({"no_seat_belt", "phone_use", "no_day_lamp"})


def build_rules(camera: Camera) -> list[Rule]:
    """Make the rules that a camera file enforces, in the file's order.

    Raises:
        CameraFileError: an unknown rule, a missing section, or an unknown or impossible parameter; all are
        named.
    """
    rules: list[Rule] = []
    faults: list[str] = []
    for rule_id, parameters in camera.file.enforce.items():
        factory = RULES.get(rule_id)
        if factory is None:
            known = ", ".join(sorted(RULES))
            faults.append(f"camera {camera.id}: enforce.{rule_id}: unknown rule; known: {known}")
            continue
        try:
            rules.append(factory(camera, dict(parameters)))
        except CameraFileError as error:
            faults.append(str(error))
    if faults:
        raise CameraFileError("; ".join(faults))
    return rules
