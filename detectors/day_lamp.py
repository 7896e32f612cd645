"""A motorcycle's head lamp by day: where in the picture, and whether it is lit, off, or cannot be told.

A lamp that is lit fills the sensor, but so do white paint, chrome and plates in the sun: which of them is the lamp is
for `detectors.lamp_network` to say, taught on real and rendered motorcycles. Where it is not sure, nothing is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from detectors.boxes import crop_region, intersection
from detectors.camera import Camera
from detectors.facing import faces
from detectors.lamp_network import LEFT, RIGHT, LampState, lamp_box, probabilities
from detectors.types import Box, Image, LampSighting, Track
from detectors.viewpoint import Viewpoint, viewpoint

LEAST_WIDTH_PX = 34
# That it is off must be sure; that it may be lit speaks for the rider.
SURELY_OFF, MAYBE_LIT = 0.9, 0.3
# Of the whole picture: darker than this it is not day, whatever the clock says. Heavy rain at noon shows about 55.
DAY_VALUE = 50


def is_day(image: Image, least: float = DAY_VALUE) -> bool:
    """Tell whether a picture (H, W, 3) uint8 BGR is bright enough, ``least`` of 0..255, to have been taken by day."""
    return float(np.mean(image[::8, ::8].max(axis=2))) >= least


def told(track_id: int, chances: Mapping[LampState, float]) -> LampSighting:
    """Judge one look by what the network gives each state."""
    off = chances[LampState.OFF]
    if off >= SURELY_OFF:
        return LampSighting(track_id, True, off)
    if chances[LampState.LIT] >= MAYBE_LIT:
        return LampSighting(track_id, True, 0.0)
    return LampSighting(track_id, False, 0.0, "cannot be told")


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
        chances = probabilities([crop for _, crop, _ in near])
        looks = [told(id_, one) for (id_, _, _), one in zip(near, chances, strict=True)]
        return tuple(_guarded(look, behind) for look, (_, _, behind) in zip(looks, near, strict=True))

    def _behind_signal(self, place: Box) -> bool:
        return any(intersection(place, region) for region in self._signals)


def _guarded(look: LampSighting, behind_signal: bool) -> LampSighting:
    hidden = behind_signal and look.off > 0
    return LampSighting(look.track_id, False, 0.0, "behind a signal head") if hidden else look
