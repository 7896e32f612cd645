"""The clip that an owner may see: the subject vehicle moves, and nobody else could be known again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2

from detectors.types import VEHICLE_CLASSES, Box, Detection, Image
from pipeline.clip import ClipError, encode_clip
from pipeline.images import decode_image, encode_jpeg
from pipeline.masking import mask_others
from pipeline.plates import owner_of
from pipeline.ring import StoredFrame

WIDEST_PX = 960
# Masking costs more than encoding: every other frame of a 25 Hz camera shows the manoeuvre as well.
EVERY_S = 0.075


def public_clip(frames: Sequence[StoredFrame], boxes: Mapping[int, Box]) -> bytes:
    """Encode frames with others masked, as MP4 at most `WIDEST_PX` wide.

    Only frames in which the detector looked and the subject is known are shown: in any other one nobody can say what
    has to be masked.

    Args:
        frames: in time order.
        boxes: the subject's box by frame index.

    Raises:
        ClipError: no such frames, or FFmpeg refuses.
    """
    shown: list[StoredFrame] = []
    for stored in frames:
        known = stored.detections is not None and stored.index in boxes
        if known and (not shown or stored.t_s - shown[-1].t_s >= EVERY_S):
            shown.append(stored)
    if not shown:
        raise ClipError("no frame in which others could be masked is kept for the owner's clip")
    return encode_clip([_masked(stored, boxes[stored.index]) for stored in shown])


def own_plate(detections: Sequence[Detection], box: Box) -> Box | None:
    """Give the box of a vehicle's own plate where one was found on it for certain."""
    vehicles = [d for d in detections if d.label in VEHICLE_CLASSES]
    own = [
        d
        for d in detections
        if d.label == "plate" and (o := owner_of(d, vehicles)) is not None and o.box_xyxy == box
    ]
    return max(own, key=lambda d: d.confidence).box_xyxy if own else None


def _masked(stored: StoredFrame, box: Box) -> StoredFrame:
    image, found = decode_image(stored.jpeg), stored.detections or ()
    scale = min(1.0, WIDEST_PX / image.shape[1])
    plate = own_plate(found, box)
    small: Image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    masked = mask_others(
        small,
        [replace(d, box_xyxy=_scaled(d.box_xyxy, scale)) for d in found],
        _scaled(box, scale),
        None if plate is None else _scaled(plate, scale),
    )
    return replace(stored, jpeg=encode_jpeg(masked, 90))


def _scaled(box: Box, scale: float) -> Box:
    return box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale
