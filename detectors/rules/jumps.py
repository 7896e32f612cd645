"""Sightings of one track that cannot be of one vehicle."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from detectors.geometry import Homography
from detectors.kinematics import contact, jitter_px, velocity
from detectors.types import TrackPoint

GAP_S = 1.5
LOOK_BACK = 24


def since_jump(points: Sequence[TrackPoint], homography: Homography) -> Sequence[TrackPoint]:
    """Give the sightings from the last one on that cannot be of the vehicle before it; all where there is none."""
    began = next((i for i in range(len(points) - 1, 0, -1) if jumped(points[: i + 1], homography)), 0)
    return points[began:]


def jumped(points: Sequence[TrackPoint], homography: Homography) -> bool:
    """Tell whether the last sighting cannot be the same vehicle as those before it: the tracker mixed two up. One that
    is not measured tells nothing.

    Bounds: 35 m/s where the speed is not known yet; else the place expected from the last 0.7 s, give or take
    2 m (a box's lower edge wanders), three sigma of jitter, and 8 m/s² of braking or pulling away. Who was not measured
    for `GAP_S` must have gone on as before, give or take 1 m/s and no more than 4 m. The return from one wild box is a
    jump as well: who was meant by it cannot be told.
    """
    if not points or not points[-1].measurable:
        return False
    # However long its lower edge was hidden, it is where it was last measured that counts.
    used = list(islice((p for p in reversed(points) if p.measurable), LOOK_BACK))[::-1]
    if len(used) < 2:
        return False
    a, b = used[-2], used[-1]
    dt = b.t_s - a.t_s
    jacobian = homography.road_jacobian(contact(b.box_xyxy))
    noise = 3 * jitter_px(b) * float(np.linalg.norm(jacobian, 2))
    moved = np.subtract(b.road_xy, a.road_xy)
    known = velocity(used[:-1])
    if known is None:
        return dt >= GAP_S or bool(np.hypot(*moved) > 35.0 * dt + 1.5 + noise)
    reach = 4.0 * dt**2 + 2.0 * dt if dt < GAP_S else min(dt, 4.0)
    return bool(np.hypot(*(moved - np.multiply(known, dt))) > 2.0 + noise + reach)
