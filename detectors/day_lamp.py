"""A motorcycle's head lamp by day: where in the picture, and whether it is lit, off, or cannot be told.

A lamp that is lit and turned to the camera is brighter than anything daylight makes of a matt surface: it fills the
sensor. So whatever fills the sensor where the lamp is may be one, a spark of the sun on chrome too, and only a lamp's
place that holds nothing bright at all is an unlit one. Between the two nothing is told.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from detectors.boxes import crop_region, intersection
from detectors.camera import Camera
from detectors.types import Box, Image, LampSighting, Track
from detectors.viewpoint import Viewpoint, faces, viewpoint

# Shares of the box of a motorcycle and its rider, 1.6 m high, seen from before and above. A dipped-beam lamp is 0.5 to
# 1.2 m above the ground (UN Regulation No. 53, paragraph 6.2.3).
LEFT, RIGHT, TOP, BOTTOM = 0.22, 0.78, 0.3, 0.8
LEAST_WIDTH_PX = 34
# Values of the brightest spot, 0..255, blurred over 3 px so that one hot pixel is none.
LIT_VALUE, OFF_VALUE = 225, 170
GLARE_VALUE, GLARE_SHARE = 245, 0.1
# Of the whole picture: darker than this it is not day, whatever the clock says. Heavy rain at noon shows about 55.
DAY_VALUE = 50


def is_day(image: Image, least: float = DAY_VALUE) -> bool:
    """Tell whether a picture (H, W, 3) uint8 BGR is bright enough, ``least`` of 0..255, to have been taken by day."""
    return float(np.mean(image[::8, ::8].max(axis=2))) >= least


def lamp_box(box: Box) -> Box:
    """Give where the head lamp is of a motorcycle whose front is seen, pixels ``xyxy``."""
    x1, y1, x2, y2 = box
    width, height = x2 - x1, y2 - y1
    return x1 + LEFT * width, y1 + TOP * height, x1 + RIGHT * width, y1 + BOTTOM * height


def look_at(crop: Image, track_id: int) -> LampSighting:
    """Judge one crop (H, W, 3) uint8 BGR of a lamp's place, not empty."""
    value = cv2.GaussianBlur(crop.max(axis=2), (3, 3), 0)
    if float(np.mean(value >= GLARE_VALUE)) > GLARE_SHARE:
        return LampSighting(track_id, False, 0.0, "glare")
    brightest = int(value.max())
    if OFF_VALUE < brightest < LIT_VALUE:
        return LampSighting(track_id, False, 0.0, "neither lit nor off")
    return LampSighting(track_id, True, float(brightest <= OFF_VALUE))


class LampWatch:
    """Looks at the head lamps of the motorcycles that come towards one camera."""

    def __init__(self, camera: Camera) -> None:
        self._view: Viewpoint | None = viewpoint(camera.homography.image_to_road, camera.file.frame_size)
        self._signals = tuple(signal.region for signal in camera.file.signals)

    def look(self, image: Image, tracks: Sequence[Track]) -> tuple[LampSighting, ...]:
        """Look into one frame (H, W, 3) BGR: one sighting for each motorcycle whose front is turned to the camera and
        near enough. Behind a signal head only a lit lamp is told, which may be the signal's: that speaks for the rider.
        """
        riders = [t for t in tracks if t.label == "motorcycle" and t.confirmed and faces(self._view, t)]
        if not riders or not is_day(image):
            return ()
        places = [(t.id, lamp_box(t.points[-1].box_xyxy)) for t in riders]
        crops = [(id_, crop_region(image, box), self._behind_signal(box)) for id_, box in places]
        least = LEAST_WIDTH_PX * (RIGHT - LEFT)
        near = [seen for seen in crops if seen[1].size and seen[1].shape[1] >= least]
        return tuple(_told(look_at(crop, id_), behind) for id_, crop, behind in near)

    def _behind_signal(self, place: Box) -> bool:
        return any(intersection(place, region) for region in self._signals)


def _told(look: LampSighting, behind_signal: bool) -> LampSighting:
    hidden = behind_signal and look.off > 0
    return LampSighting(look.track_id, False, 0.0, "behind a signal head") if hidden else look
