"""Whether a vehicle that was flagged has right of way: its beacon, in the frames that are kept of it."""

from __future__ import annotations

from detectors.beacon import PRIVILEGED, flashing
from detectors.boxes import crop_region
from detectors.types import Image
from pipeline.images import ImageError, decode_image
from pipeline.pending import Pending

MOST_FRAMES = 60


def beacon(pending: Pending) -> str | None:
    """Name the colour that flashes on the vehicle's roof, None where none does or the rule knows no right of way.

    The newest `MOST_FRAMES` frames in which the vehicle was seen are looked at; what cannot be decoded does not count.
    """
    if pending.violation.rule not in PRIVILEGED:
        return None
    crops: list[Image] = []
    times: list[float] = []
    for index in sorted(pending.frames.keys() & pending.boxes.keys())[-MOST_FRAMES:]:
        frame = pending.frames[index]
        try:
            image = decode_image(frame.jpeg)
        except ImageError:
            continue
        crops.append(crop_region(image, pending.boxes[index]))
        times.append(frame.t_s)
    return flashing(crops, times)
