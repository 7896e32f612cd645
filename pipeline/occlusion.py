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
from detectors.kinematics import Axis, contact, median_slope, velocity
from detectors.types import Box, TrackPoint
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
# The detector draws near buses too wide at either side: 103 rendered ones by .04 of their width in the median, .10 in
# one of twenty. A plate that is seen is not hidden: a bus's cuboid that covers its middle is moved aside by up to this
# share. A lorry may have a low bed, over which a plate is seen and wheels are not.
TOO_WIDE = 0.1
# A motorcycle's own plate is in the lower half of its box, and no nearer to a side than this share of the width. Of
# rendered whole boxes .05 have it lower than this share of the height; where it is, the wheels may be hidden.
PLATE_ASIDE, PLATE_LOWEST = 0.15, 0.76
# Who is no faster than this, metres a second, stands or creeps; and of whose box no other edge than the lower one moves
# by more than this share of it in a second.
CREEP_MPS, CREEP_SHARE, CREEP_WINDOW_S = 1.5, 0.05, 0.7
# An edge stays where it moved by no more than this share of its box since the vehicle's last place.
STAYED = 0.08
# A box is cut where it is less high for its width than this share of what it was; from place to place that share of the
# shape is kept, since whoever creeps turns but slowly.
WHOLE, KEPT = 0.85, 0.98
# Or where so much of a side and so much of the height are lost; it is whole once no more than the last is missing.
LOST, ROSE, BACK, WHOLE_LOOKS = 0.2, 0.15, 0.08, 3
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

    What stands or creeps keeps the shape of its box. Where that grows less high for its width, at once or little by
    little, or loses a side and its lower edge together, something hides it that the detector drew too small, or not at
    all. What drives is not judged: it may turn.
    """

    _anchor: Box | None = None
    _lowest: float = 0.0
    _shape: float = 0.0
    _hidden: bool = False
    _whole_looks: int = 0

    def hidden(self, box: Box, *, creeps: bool | None) -> bool:
        """Give whether the lower edge of a box that no other box hides is hidden all the same, until it has been seen
        whole for `WHOLE_LOOKS` sightings; ``creeps``: as `creeps` says of its sightings before."""
        if self._anchor is None:
            return False
        if self._hidden:
            self._whole_looks = self._whole_looks + 1 if self._is_whole(box, self._anchor) else 0
            self._hidden = self._whole_looks < WHOLE_LOOKS
        else:
            self._hidden = creeps is not False and self._is_cut(box, self._anchor, creeps=creeps is True)
            self._whole_looks = 0
        return self._hidden

    def seen(self, box: Box, *, creeps: bool | None) -> None:
        """Remember a box whose lower edge is seen."""
        if self._anchor is not None and creeps and _stays(box, self._anchor):
            self._lowest, self._shape = max(self._lowest, box[3]), max(self._shape, _shape(box))
        else:
            kept = KEPT * self._shape if creeps else 0.0
            self._anchor, self._lowest, self._shape = box, box[3], max(kept, _shape(box))

    def _is_cut(self, box: Box, anchor: Box, *, creeps: bool) -> bool:
        if _stays(box, anchor):
            return _shape(box) < WHOLE * self._shape
        return self._lost_a_side(box, anchor) or (creeps and _shape(box) < WHOLE * KEPT * self._shape)

    def _lost_a_side(self, box: Box, anchor: Box) -> bool:
        left, right = _inwards(box, anchor)
        one = min(abs(left), abs(right)) <= STAYED and max(left, right) >= LOST
        return one and _top_stays(box, anchor) and self._rise(box, anchor) > ROSE

    def _is_whole(self, box: Box, anchor: Box) -> bool:
        back = box[1] <= TOP_PX or not _top_stays(box, anchor) or self._rise(box, anchor) <= BACK
        return back and _shape(box) >= WHOLE * self._shape

    def _rise(self, box: Box, anchor: Box) -> float:
        return (self._lowest - box[3]) / max(1.0, anchor[3] - anchor[1])


def creeps(points: Sequence[TrackPoint]) -> bool | None:
    """Tell whether a vehicle stands or creeps by its latest measurable sightings, None where that is not known.

    A lower edge that is hidden little by little seems to drive away, and is not gone by alone.
    """
    known = velocity(points, CREEP_WINDOW_S)
    if known is None or float(np.hypot(*known)) <= CREEP_MPS:
        return None if known is None else True
    used = [p for p in points if p.measurable and p.t_s >= points[-1].t_s - CREEP_WINDOW_S]
    x1, y1, x2, y2 = used[-1].box_xyxy
    t = [p.t_s for p in used]
    sides = median_slope(t, [(p.box_xyxy[0], p.box_xyxy[2]) for p in used])
    top, _ = median_slope(t, [(p.box_xyxy[1], 0.0) for p in used])
    return max(*map(abs, sides), abs(top) * (x2 - x1) / max(1.0, y2 - y1)) <= CREEP_SHARE * (x2 - x1)


def _shape(box: Box) -> float:
    return (box[3] - box[1]) / max(1.0, box[2] - box[0])


def _inwards(box: Box, anchor: Box) -> tuple[float, float]:
    """How far the left and the right edge have come inwards, in widths."""
    width = max(1.0, anchor[2] - anchor[0])
    return (box[0] - anchor[0]) / width, (anchor[2] - box[2]) / width


def _top_stays(box: Box, anchor: Box) -> bool:
    return abs(box[1] - anchor[1]) <= STAYED * max(1.0, anchor[3] - anchor[1])


def _stays(box: Box, anchor: Box) -> bool:
    """Tell whether no edge moved by more than `STAYED`, but for a lower one that rose."""
    lower = (box[3] - anchor[3]) / max(1.0, anchor[3] - anchor[1])
    return max(map(abs, _inwards(box, anchor))) <= STAYED and _top_stays(box, anchor) and lower <= STAYED


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

    def hidden(
        self, boxes: Array, others: Sequence[tuple[Box, str]], plates: Sequence[Box] = ()
    ) -> NDArray[np.bool_]:
        """Tell for each of (N, 4) boxes whether a nearer one of ``others`` (box, class; the boxes' own too) covers
        most of its lower edge; ``plates`` are those that are seen.

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
                outline = outlines[k]
                if label == "bus" and len(outline) > 4:
                    outline = _beside_plate(outline, (x1, y1, x2, y2), plates)
                # From edge to edge: the first and last of the samples stand for the ends.
                xs = x1 + (np.arange(SAMPLES) + 0.5) / SAMPLES * (x2 - x1)
                covered = [_covers(outline, x, y2 + margin) or _covers(outline, x, y2) for x in xs]
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


def _covers(outline: NDArray[np.float32], x: float, y: float) -> bool:
    return cv2.pointPolygonTest(outline, (float(x), float(y)), False) >= 0


def _beside_plate(outline: NDArray[np.float32], box: Box, plates: Sequence[Box]) -> NDArray[np.float32]:
    """Move an outline (N, 2) aside until the plate that seems to be that of the vehicle in ``box`` shows, if that is
    not farther than `TOO_WIDE`."""
    x1, y1, x2, y2 = box
    aside = PLATE_ASIDE * (x2 - x1)
    for plate in plates:
        x, y = (plate[0] + plate[2]) / 2, (plate[1] + plate[3]) / 2
        own = x1 + aside <= x <= x2 - aside and 0.5 <= (y - y1) / (y2 - y1) <= PLATE_LOWEST
        if not own or not _covers(outline, x, y):
            continue
        left, right = float(outline[:, 0].min()), float(outline[:, 0].max())
        way = 1.0 if left + right > x1 + x2 else -1.0
        for px in range(1, int(TOO_WIDE * (right - left)) + 1):
            moved = outline + np.array([way * px, 0.0], np.float32)
            if not any(_covers(moved, plate[i], plate[j]) for i in (0, 2) for j in (1, 3)):
                return moved
    return outline
