"""Whether a violation that a gateway found itself is of the camera that is registered here: what stands on the letter
(office, street, place) is this server's to say, and never a gateway's alone.
"""

from __future__ import annotations

import math

from detectors.camera import Camera
from ticketing.types import FlaggedViolation

# A camera file gives degrees; what differs by less was only written otherwise.
SAME_DEGREES = 1e-6


def disagreements(flagged: FlaggedViolation, camera: Camera) -> list[str]:
    """Say where a violation and its registered camera file disagree, each as ``field: 'given', registered 'here'``;
    empty where they agree.
    """
    file = camera.file
    said = {
        "camera_name": (flagged.camera_name, file.name),
        "office": (flagged.office, file.office),
        "street": (flagged.street, file.location.street),
        "timezone": (flagged.timezone, file.timezone),
    }
    faults = [
        f"{name}: {given!r:.80}, registered {here!r:.80}"
        for name, (given, here) in said.items()
        if given != here
    ]
    for name, given, here in (
        ("latitude", flagged.latitude, file.location.latitude),
        ("longitude", flagged.longitude, file.location.longitude),
    ):
        if not math.isclose(given, here, rel_tol=0, abs_tol=SAME_DEGREES):
            faults.append(f"{name}: {given:.6f}, registered {here:.6f}")
    return faults
