"""Heads of which by night nobody can tell whether they are bare: black all over, and no skin to be seen.

Without daylight black hair and a closed black helmet are the same blob. Skin is what tells them apart from before and
from the side; from behind, a head that is seen large enough shows where hair ends.
"""

from __future__ import annotations

import cv2
import numpy as np

from detectors.boxes import crop_region
from detectors.day_lamp import is_day
from detectors.heads import DARK, UNTOLD
from detectors.types import Box, Image

LEAST_PX = 60.0
"""A black head without skin must be so high to be told from behind."""
# What share of a black head is this dark at most, 0..255: a lamp from above or a light collar leaves no more black.
BLACK_SHARE, BLACK_VALUE = 0.4, 20
# Least value of skin, 0..255, and what share of the head must be skin to count.
SKIN_VALUE, SKIN_SHARE = 24, 0.06
# Skin of every tone is redder than green and greener than blue: by what share red exceeds blue at least. A tail lamp's
# reflection on a helmet is redder, and yellow or brown cloth less blue: what skin has of its red at least.
SKIN_RED, SKIN_GREEN, SKIN_BLUE = 0.22, 0.45, 0.4
# Mean value of a picture, 0..255, in which daylight shows a head's shape. Streets lit by night are at 40 to 60.
DAYLIGHT = 66
# Corners of a head's box show what is behind it; its lowest fifth may be collar, and is no place for skin.
INSET_X, INSET_TOP, INSET_BOTTOM, COLLAR = 0.12, 0.1, 0.05, 0.2


def doubt(image: Image, box: Box) -> str | None:
    """Tell whether the head in ``box`` (``xyxy``, pixels of (H, W, 3) uint8 BGR) may as well be hair as a helmet:
    `UNTOLD` from anywhere, `DARK` unless it is seen from behind.

    By day both have a shape, and are told by it.
    """
    x1, y1, x2, y2 = box
    width, height = x2 - x1, y2 - y1
    if is_day(image, DAYLIGHT):
        return None
    inner = (x1 + INSET_X * width, y1 + INSET_TOP * height, x2 - INSET_X * width, y2 - INSET_BOTTOM * height)
    crop = crop_region(image, inner)
    if not crop.size:
        return UNTOLD
    soft = cv2.GaussianBlur(crop, (3, 3), 0)
    if float(np.quantile(soft.max(axis=2), BLACK_SHARE)) > BLACK_VALUE:
        return None
    blue, green, red = (soft[..., i].astype(np.float32) for i in range(3))
    skin = (red > SKIN_VALUE) & (red >= green + 4) & (green >= blue - 2) & (red - blue >= SKIN_RED * red)
    skin &= (green >= SKIN_GREEN * red) & (blue >= SKIN_BLUE * red)
    above_collar = round(len(soft) * (1 - INSET_TOP - COLLAR) / (1 - INSET_TOP - INSET_BOTTOM))
    if float(skin[:above_collar].sum()) >= SKIN_SHARE * skin.size:
        return None
    return DARK if height >= LEAST_PX else UNTOLD
