"""Which boxes have their lower edge hidden behind a nearer vehicle: there nothing can be measured.

A box says too much: a car that waits in the next lane, a little nearer, leaves a corner of its box empty, and that is
where the motorcycle beside it stands in full view. So a nearer vehicle hides what its silhouette covers, that of a
cuboid along its lane; where it cannot be fitted, its whole box hides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.camera import Camera
from detectors.geometry import inside
from detectors.kinematics import Axis, contact
from detectors.types import Box
from detectors.vehicles import SIZES

Array = NDArray[np.float64]

# Of a lower edge that is hidden from one side up to here, what touches the road is still seen.
HIDDEN_SHARE = 0.6
# A box is cut where its vehicle vanishes behind another: its lower edge then lies on that one's outline, give
# or take what the box jitters.
CUT_PX, CUT_SHARE = 2.0, 0.06
# The near end's width against the class's: beyond these it stands across the lane, or is another class.
NARROW, WIDE = 0.5, 1.6
SAMPLES = 9
# What stands and is hidden: its lower edge rose by so much of its height, while of the other edges only one side moved
# by more than this, inwards. It is whole again once its box has so much of its former shape.
ROSE, STAYED, WHOLE = 0.15, 0.08, 0.85
# A box cut by the picture's upper edge has its own upper edge there wherever its vehicle is.
TOP_PX = 3.0


@dataclass(frozen=True)
class _LaneView:
    """A lane with the vanishing point of its direction, pixels."""

    polygon: tuple[tuple[float, float], ...]
    unit: tuple[float, float]
    vanishing: Array


@dataclass
class LowerEdge:
    """Tells of one vehicle whether its box's lower edge is hidden by something that has no box there.

    Where the other edges stay and the lower one rises, at once or little by little, no vehicle on a road has moved so:
    something that the detector drew too small, or not at all, stands before it.
    """

    _whole: Box | None = None
    _hidden: bool = False

    def hidden(self, box: Box) -> bool:
        """Take in the newest box; give whether its lower edge is hidden, until it is seen whole again."""
        if self._whole is not None:
            if self._hidden:
                self._hidden = not _whole_again(box, self._whole)
            else:
                self._hidden = _stands(box, self._whole) and _risen(box, self._whole) > ROSE
        return self._hidden

    def seen(self, box: Box) -> None:
        """Remember a box whose lower edge is seen: while it stands, the one that reached lowest."""
        whole = self._whole
        if whole is None or box[1] <= TOP_PX or not _stands(box, whole) or box[3] >= whole[3]:
            self._whole = box


def _stands(box: Box, whole: Box) -> bool:
    width = max(1.0, whole[2] - whole[0])
    left, right = (box[0] - whole[0]) / width, (whole[2] - box[2]) / width
    return min(left, right) >= -STAYED and min(abs(left), abs(right)) <= STAYED and _top_stayed(box, whole)


def _top_stayed(box: Box, whole: Box) -> bool:
    return abs(box[1] - whole[1]) <= STAYED * max(1.0, whole[3] - whole[1])


def _risen(box: Box, whole: Box) -> float:
    return (whole[3] - box[3]) / max(1.0, whole[3] - whole[1])


def _whole_again(box: Box, whole: Box) -> bool:
    """As high for its width as it was. Where a side is hidden too, half of both is no less high for its width: what
    stands must have its lower edge back."""
    now, then = ((b[3] - b[1]) / max(1.0, b[2] - b[0]) for b in (box, whole))
    return now >= WHOLE * then and (not _top_stayed(box, whole) or _risen(box, whole) <= ROSE)


class Occlusion:
    """Tells on one camera which vehicles hide which."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        road_to_image = np.linalg.inv(camera.homography.image_to_road)
        self._depth = road_to_image[2]
        self._lanes = []
        for lane in camera.file.lanes:
            unit = Axis.of((0.0, 0.0), lane.direction).unit
            far = road_to_image @ np.array([*unit, 0.0])
            if abs(far[2]) > 1e-9:
                self._lanes.append(_LaneView(tuple(lane.polygon), unit, far[:2] / far[2]))

    def hidden(self, boxes: Array, others: Sequence[tuple[Box, str]]) -> NDArray[np.bool_]:
        """Tell for each of (N, 4) boxes whether a nearer one of ``others`` (box, class; the boxes' own too) covers
        most of its lower edge.

        On a road plane seen from above the horizon, whatever meets the ground lower in the picture stands
        nearer.
        """
        out = np.zeros(len(boxes), bool)
        outlines: dict[int, NDArray[np.float32]] = {}
        for i, (x1, y1, x2, y2) in enumerate(boxes):
            margin = CUT_PX + CUT_SHARE * (y2 - y1)
            for k, (other, label) in enumerate(others):
                apart = min(x2, other[2]) - max(x1, other[0]) <= (x2 - x1) * HIDDEN_SHARE
                if apart or other[3] <= y2 + 1.0 or other[1] >= y2 + margin:
                    continue
                if k not in outlines:
                    outlines[k] = self.outline(other, label)
                # From edge to edge: the first and last of the samples stand for the ends.
                xs = x1 + (np.arange(SAMPLES) + 0.5) / SAMPLES * (x2 - x1)
                covered = [
                    cv2.pointPolygonTest(outlines[k], (float(x), float(y2 + drop)), False) >= 0
                    or cv2.pointPolygonTest(outlines[k], (float(x), float(y2)), False) >= 0
                    for drop in (margin,)
                    for x in xs
                ]
                if sum(covered) > HIDDEN_SHARE * SAMPLES:
                    out[i] = True
                    break
        return out

    def outline(self, box: Box, label: str) -> NDArray[np.float32]:
        """Give the corners, (N, 2) pixels, of what a vehicle covers: a cuboid's silhouette or its whole box.

        A cuboid along the lane has its far end where its near end shrinks towards the lane's vanishing point
        V by ``k = 1 - near depth / far depth``. Of the box's edges the near end gives those that face away
        from V and the far end the others, so the near end's follow from the box: ``n = (edge - k V) / (1 -
        k)``. The class's shortest length is taken, which leaves the least of the box empty.
        """
        x1, y1, x2, y2 = box
        whole = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32)
        road = self._camera.homography.to_road(np.array([contact(box)]))[0]
        if not np.all(np.isfinite(road)):
            return whole
        lane = next((v for v in self._lanes if inside(v.polygon, (float(road[0]), float(road[1])))), None)
        size = SIZES.get(label)
        width_px = x2 - x1
        at_edge = x1 <= 3 or x2 >= self._camera.file.frame_size[0] - 3
        if lane is None or size is None or at_edge or width_px <= 0:
            return whole
        near = float(self._depth @ np.array([*road, 1.0]))
        step = float(self._depth[:2] @ np.asarray(lane.unit)) * size.length_min
        far = near + (step if step * near > 0 else -step)
        k, (vx, vy) = 1 - near / far, lane.vanishing
        left = x1 if vx > x1 else (x1 - k * vx) / (1 - k)
        right = x2 if vx < x2 else (x2 - k * vx) / (1 - k)
        top = y1 if vy > y1 else (y1 - k * vy) / (1 - k)
        metres = float(np.linalg.norm(self._camera.homography.road_jacobian(contact(box))[:, 0])) * (
            right - left
        )
        if not NARROW <= metres / size.width <= WIDE or top >= y2:
            return whole
        front = np.array([[left, top], [right, top], [right, y2], [left, y2]])
        back = front + k * (lane.vanishing - front)
        hull = cv2.convexHull(np.concatenate([front, back]).astype(np.float32))
        return np.asarray(hull.reshape(-1, 2), np.float32)
