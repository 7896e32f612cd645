"""People: riders, pillions and pedestrians, with bare or helmeted heads.

Local frame as in `training.render.mesh`. A head carries its own part number so that its visible pixels can be
counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.render.mesh import Colour, Mesh, Vec, ellipsoid, join, rod

SKIN: tuple[Colour, ...] = ((0.42, 0.55, 0.75), (0.32, 0.44, 0.62), (0.24, 0.34, 0.5))
CLOTH: tuple[Colour, ...] = (
    (0.12, 0.12, 0.13), (0.5, 0.22, 0.14), (0.16, 0.18, 0.6), (0.75, 0.75, 0.75), (0.2, 0.4, 0.2),
    (0.15, 0.5, 0.7), (0.5, 0.45, 0.4), (0.62, 0.5, 0.3), (0.3, 0.3, 0.32), (0.55, 0.3, 0.55),
)  # fmt: skip
HELMETS: tuple[Colour, ...] = (
    (0.05, 0.05, 0.05), (0.85, 0.85, 0.85), (0.1, 0.1, 0.65), (0.6, 0.25, 0.1), (0.1, 0.6, 0.75),
    (0.15, 0.45, 0.15), (0.55, 0.35, 0.7), (0.45, 0.45, 0.45),
)  # fmt: skip
HAIR: Colour = (0.05, 0.05, 0.06)


@dataclass(frozen=True)
class Person:
    """How somebody looks. ``headwear``: "helmet", "hood" (a hood or veil under a helmet) or "bare"."""

    headwear: str
    skin: Colour
    top: Colour
    legs: Colour
    helmet: Colour
    full_face: bool
    long_hair: bool
    backpack: bool
    scale: float

    @property
    def helmeted(self) -> bool:
        """Whether a helmet is worn, with or without cloth under it."""
        return self.headwear != "bare"


def random_person(rng: np.random.Generator, bare: float = 0.15, hood: float = 0.25) -> Person:
    """Draw somebody; ``bare`` is the share without a helmet, ``hood`` the share of helmets with cloth under."""
    headwear = "bare" if rng.random() < bare else ("hood" if rng.random() < hood else "helmet")
    return Person(
        headwear,
        SKIN[rng.integers(len(SKIN))],
        CLOTH[rng.integers(len(CLOTH))],
        CLOTH[rng.integers(4)],
        HELMETS[rng.integers(len(HELMETS))],
        bool(rng.random() < 0.5),
        bool(rng.random() < 0.35),
        bool(rng.random() < 0.2),
        float(rng.uniform(0.93, 1.05)),
    )


def head(person: Person, centre: Vec) -> Mesh:
    """Build a head that looks forward (+y), its centre at ``centre``."""
    x, y, z = centre
    parts = [ellipsoid(centre, (0.085, 0.105, 0.12), person.skin, detail=6)]
    parts.append(rod((x, y - 0.01, z - 0.2), (x, y, z - 0.06), 0.055, 0.055, person.skin))
    if person.helmeted:
        shell = (0.138, 0.162, 0.15) if person.full_face else (0.132, 0.15, 0.14)
        lift = 0.0 if person.full_face else 0.03
        parts.append(ellipsoid((x, y - 0.01, z + 0.015 + lift), shell, person.helmet, 0.75, detail=8))
        parts.append(
            ellipsoid((x, y + 0.05, z + 0.01), (0.112, 0.112, 0.065), (0.06, 0.05, 0.05), 0.95, detail=6)
        )
        stripe = tuple(min(1.0, c + 0.35) for c in person.helmet)
        parts.append(ellipsoid((x, y - 0.015, z + 0.03 + lift), (0.03, 0.16, 0.142), stripe, 0.6, detail=6))  # type: ignore[arg-type]
        if person.headwear == "hood":
            parts.append(ellipsoid((x, y - 0.03, z - 0.14), (0.13, 0.13, 0.12), person.top, 0.02, detail=6))
    else:
        parts.append(ellipsoid((x, y - 0.02, z + 0.025), (0.1, 0.115, 0.115), HAIR, 0.25, detail=7))
        parts.append(ellipsoid((x, y + 0.055, z - 0.015), (0.078, 0.06, 0.1), person.skin, 0.1, detail=6))
        if person.long_hair:
            parts.append(ellipsoid((x, y - 0.075, z - 0.12), (0.085, 0.05, 0.17), HAIR, 0.25, detail=6))
    return join(parts)


def rider(
    person: Person, seat: Vec, hands: tuple[Vec, Vec], feet: tuple[Vec, Vec], part: int
) -> tuple[Mesh, Vec]:
    """Seat somebody; give the mesh and the head's centre. The head has part number ``part``, the body 0."""
    k = person.scale
    x, y, z = seat
    shoulder_y, shoulder_z = y + 0.1 * k, z + 0.5 * k
    parts = [
        ellipsoid((x, y + 0.05, z + 0.27 * k), (0.2 * k, 0.14, 0.34 * k), person.top, 0.05, tilt=-0.18),
        ellipsoid((x, shoulder_y, shoulder_z - 0.06), (0.235 * k, 0.11, 0.1), person.top, 0.05),
        ellipsoid((x, y, z + 0.03), (0.19 * k, 0.2, 0.13), person.legs, 0.05),
    ]
    for side, hand, foot in ((-1, hands[0], feet[0]), (1, hands[1], feet[1])):
        shoulder = (x + side * 0.21 * k, shoulder_y, shoulder_z - 0.05)
        elbow = (
            (shoulder[0] + hand[0]) / 2 + side * 0.09,
            (shoulder[1] + hand[1]) / 2 - 0.06,
            (shoulder[2] + hand[2]) / 2 - 0.08,
        )
        parts += [rod(shoulder, elbow, 0.06, 0.05, person.top), rod(elbow, hand, 0.048, 0.04, person.skin)]
        parts.append(ellipsoid(hand, (0.05, 0.05, 0.045), person.skin, detail=4))
        hip, knee = (x + side * 0.1, y + 0.02, z + 0.02), (x + side * 0.19, y + 0.36, z - 0.04)
        parts += [rod(hip, knee, 0.09, 0.065, person.legs), rod(knee, foot, 0.062, 0.045, person.legs)]
        parts.append(
            ellipsoid((foot[0], foot[1] + 0.06, foot[2]), (0.05, 0.12, 0.045), (0.1, 0.1, 0.12), detail=4)
        )
    if person.backpack:
        parts.append(
            ellipsoid((x, y - 0.16, z + 0.32 * k), (0.15, 0.1, 0.21), (0.2, 0.17, 0.15), 0.05, detail=6)
        )
    centre = (x, shoulder_y + 0.04, shoulder_z + 0.2 * k)
    return join([*parts, head(person, centre).as_part(part)]), centre


def pedestrian(person: Person, stride: float) -> Mesh:
    """Stand somebody on the ground, legs apart by ``stride`` metres."""
    parts = [
        ellipsoid((0, 0, 1.15), (0.2, 0.13, 0.33), person.top, 0.05),
        ellipsoid((0, 0, 0.88), (0.17, 0.13, 0.14), person.legs, 0.05),
    ]
    for side in (-1, 1):
        foot = (side * 0.09, side * stride / 2, 0.05)
        parts.append(rod((side * 0.09, 0, 0.86), foot, 0.085, 0.05, person.legs))
        parts.append(
            rod((side * 0.22, 0, 1.4), (side * 0.25, -side * stride / 3, 0.85), 0.05, 0.04, person.top)
        )
    return join([*parts, head(person, (0, 0.02, 1.62))])
