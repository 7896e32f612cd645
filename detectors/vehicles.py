"""What is known of a vehicle's size before it is measured: the bounds that the rules reckon with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VehicleSize:
    """Bounds in metres over the vehicles of one class on Indonesian roads.

    ``length_min`` and ``length_max`` bound the length. ``overhang_max`` bounds how far the bumper stands
    before the lowest point seen: the box's lower edge is where a tyre meets the road, and the bumper juts out
    beyond it. ``wander_max`` bounds how far, over a passage, what is lowest in the picture moves between bumper and
    tyre: from above, a bumper's lower edge at height h seems h·d/(H - h) farther away at distance d from a camera at
    height H (similar triangles), until the tyre lies lower. ``width`` and ``height`` are typical and only shape the
    silhouette in the second speed estimate.

    Source: PP 55/2012 art. 54 (a vehicle is at most 12 m long, a rigid bus 13.5 m with permission), and
    manufacturers' sheets: city cars from 3.4 m, pick-ups and vans to 5.2 m, scooters and motorcycles 1.8 to
    2.2 m.
    """

    length_min: float
    length_max: float
    overhang_max: float
    wander_max: float
    width: float
    height: float

    @property
    def length(self) -> float:
        """The middle of the bounds, in metres."""
        return (self.length_min + self.length_max) / 2


TWO_WHEELERS = ("motorcycle", "bicycle")
SIZES: dict[str, VehicleSize] = {
    "car": VehicleSize(3.3, 5.2, 0.9, 0.32, 1.75, 1.6),
    "motorcycle": VehicleSize(1.7, 2.2, 0.35, 0.2, 0.75, 1.6),
    "bus": VehicleSize(7.0, 12.5, 2.0, 1.3, 2.45, 3.1),
    "truck": VehicleSize(4.5, 12.0, 1.5, 0.6, 2.2, 2.7),
    "bicycle": VehicleSize(1.5, 2.0, 0.35, 0.15, 0.6, 1.7),
}

# Where the class itself is in doubt: the widest bounds of all.
ANY_VEHICLE = VehicleSize(
    min(size.length_min for size in SIZES.values()),
    max(size.length_max for size in SIZES.values()),
    max(size.overhang_max for size in SIZES.values()),
    max(size.wander_max for size in SIZES.values()),
    width=1.75,
    height=1.6,
)
