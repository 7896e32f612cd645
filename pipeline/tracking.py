"""From a frame's detections to tracks on the road: an adapter over Roboflow's ByteTrack (`trackers`)."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

import numpy as np
import supervision as sv
from numpy.typing import NDArray
from trackers import ByteTrackTracker
from trackers.utils.iou import BIoU

from detectors.boxes import cut_margins
from detectors.camera import Camera
from detectors.kinematics import contact
from detectors.types import VEHICLE_CLASSES, Box, Detection, Track, TrackPoint
from pipeline.handover import HandoverWatch
from pipeline.occlusion import LowerEdge, Occlusion, creeps

HISTORY_S = 40.0
LOST_S = 1.2
CONFIRM_HITS = 4
CONFIRM_S = 0.25
# So many sightings tell how fast a vehicle is, at any frame rate.
RECENT = 32
SAME_OBJECT_IOU = 0.65
MOST_WIDER = 2.2
# A vehicle that the detector misses for a moment still hides what is behind it.
MISSED_S = 0.4


class _AlikeIoU(BIoU):  # type: ignore[misc]  # the library ships no types
    """Overlap, and none where one box is far wider than the other: a car does not follow on a motorcycle's track.

    Without it the car beside a motorcycle takes its track over in the one frame that misses the motorcycle.
    """

    def _compute(self, boxes_1: NDArray[np.float64], boxes_2: NDArray[np.float64]) -> NDArray[np.float64]:
        overlap: NDArray[np.float64] = super()._compute(boxes_1, boxes_2)
        one, other = (np.maximum(b[:, 2] - b[:, 0], 1.0) for b in (boxes_1, boxes_2))
        ratio = one[:, None] / other[None]
        overlap[np.maximum(ratio, 1 / ratio) > MOST_WIDER] = 0.0
        return overlap


@dataclass(frozen=True)
class TrackUpdate:
    """One frame's tracks: ``live`` were seen in this very frame, ``ended`` were given up on just now. ``handed_over``:
    by the id of an ended track from when on, seconds, it may have been another vehicle's, which goes on, if at all,
    under an id of its own."""

    live: tuple[Track, ...]
    ended: tuple[Track, ...]
    handed_over: Mapping[int, float] = field(default_factory=dict)


@dataclass
class _History:
    id: int
    watch: HandoverWatch
    points: deque[TrackPoint] = field(default_factory=deque)
    votes: dict[str, float] = field(default_factory=dict)
    labels: deque[str] = field(default_factory=deque)
    hits: int = 0
    began_s: float = 0.0
    began_at: datetime | None = None
    lower_edge: LowerEdge = field(default_factory=LowerEdge)

    def creeps(self) -> bool | None:
        """Tell whether it stands or creeps, see `pipeline.occlusion.creeps`."""
        return creeps(tuple(self.points)[-RECENT:])

    def hides(self, box: Box) -> bool:
        """Tell whether the lower edge of its newest box is hidden by something that has no box there."""
        return self.lower_edge.hidden(box, creeps=self.creeps())

    def add(self, point: TrackPoint, label: str) -> None:
        if not self.points:
            self.began_s, self.began_at = point.t_s, point.captured_at
        self.points.append(point)
        if point.measurable:
            self.lower_edge.seen(point.box_xyxy, creeps=self.creeps())
        self.labels.append(label)
        self.hits += 1
        self.votes[label] = self.votes.get(label, 0.0) + point.confidence
        while self.points[0].t_s < point.t_s - HISTORY_S:
            self.points.popleft()
            self.labels.popleft()

    def cut(self, last_s: float) -> None:
        """Take back what was seen after a moment, but for the first sighting, and the votes with it."""
        while len(self.points) > 1 and self.points[-1].t_s > last_s:
            self.votes[self.labels.pop()] -= self.points.pop().confidence

    def track(self) -> Track:
        label = max(VEHICLE_CLASSES, key=lambda name: self.votes.get(name, 0.0))
        confirmed = self.hits >= CONFIRM_HITS and self.points[-1].t_s - self.began_s >= CONFIRM_S
        return Track(self.id, label, confirmed, tuple(self.points), self.began_at)


class VehicleTracker:
    """Follows the vehicles of one camera. Same input, same tracks: no clock, no randomness, no global
    counter.

    All vehicle classes share one tracker and a track's class is voted over its life, weighted by confidence,
    so a van that is called a car in one frame and a truck in the next stays one vehicle. A track's id is made
    of the frame in which it was first seen and its place from left to right among those first seen there, those
    parted from another track last: it does not depend on what else the process has tracked. Frame rates from 6
    to 30 fps: the library is told each frame's time, and its budget for a lost vehicle is in seconds.
    """

    def __init__(self, camera: Camera, frame_rate: float = 12.0) -> None:
        self._camera = camera
        self._occlusion = Occlusion(camera)
        self._frame_rate = frame_rate
        self._last_s: float | None = None
        self._histories: dict[int, _History] = {}
        self._tracker = self._new_tracker()

    def _new_tracker(self) -> ByteTrackTracker:
        # The plain overlap of a fast motorcycle's boxes in two frames at 6 fps is nought: boxes are widened
        # for the comparison, the more the longer the time between frames.
        buffer = float(np.clip(3.0 / self._frame_rate, 0.1, 0.5))
        return ByteTrackTracker(
            lost_track_buffer=round(LOST_S * 30),
            frame_rate=self._frame_rate,
            track_activation_threshold=0.4,
            minimum_consecutive_frames=2,
            minimum_iou_threshold=0.15,
            high_conf_det_threshold=0.4,
            iou=_AlikeIoU(buffer_ratio=buffer),
        )

    def update(
        self, frame_index: int, t_s: float, captured_at: datetime, detections: Sequence[Detection]
    ) -> TrackUpdate:
        """Take in one frame's detections (others than vehicles are not followed; a plate that is seen is not hidden).

        A time that does not advance ends all tracks: nothing can be measured across a clock that jumped back.
        """
        ended: tuple[Track, ...] = ()
        parted: dict[int, float] = {}
        if self._last_s is not None and t_s <= self._last_s:
            last = self.finish()
            ended, parted = last.ended, dict(last.handed_over)
            self._tracker = self._new_tracker()
        self._last_s = t_s
        vehicles = _without_duplicates([d for d in detections if d.label in VEHICLE_CLASSES])
        boxes = np.array([d.box_xyxy for d in vehicles], float).reshape(-1, 4)
        found = self._tracker.update(
            sv.Detections(
                xyxy=boxes,
                confidence=np.array([d.confidence for d in vehicles], float),
                class_id=np.array([VEHICLE_CLASSES.index(d.label) for d in vehicles], int),
                data={"index": np.arange(len(vehicles))},
            ),
            timestamp=t_s,
        )
        seen = sorted(
            (int(key), int(i))
            for key, i in zip(found.tracker_id, found.data.get("index", ()), strict=True)
            if key >= 0
        )
        self._name_new([(key, boxes[i]) for key, i in seen if key not in self._histories], frame_index)
        covered = self._occlusion.hidden(
            boxes,
            [(d.box_xyxy, d.label) for d in vehicles] + self._missed({key for key, _ in seen}, t_s),
            [d.box_xyxy for d in detections if d.label == "plate"],
        )
        road = self._camera.homography.to_road(
            np.array([contact(d.box_xyxy) for d in vehicles], float).reshape(-1, 2)
        )
        for key, i in seen:
            d = vehicles[i]
            point = TrackPoint(
                frame_index,
                t_s,
                captured_at,
                d.box_xyxy,
                d.confidence,
                (float(road[i, 0]), float(road[i, 1])),
                clipped=_clipped(d.box_xyxy, self._camera.file.frame_size),
                occluded=bool(covered[i]) or self._histories[key].hides(d.box_xyxy),
            )
            last_s = self._histories[key].watch.add(point)
            if last_s is not None:
                ended += (self._end(key, parted, last_s),)
                self._name_new([(key, boxes[i])], frame_index)
            self._histories[key].add(point, d.label)
        alive = {int(t.tracker_id) for t in self._tracker.tracks}
        gone = sorted(key for key in self._histories if key not in alive)
        ended += tuple(self._end(key, parted) for key in gone)
        live = sorted(
            (self._histories[key].track() for key, _ in seen if key in self._histories), key=lambda t: t.id
        )
        return TrackUpdate(tuple(live), ended, parted)

    def finish(self) -> TrackUpdate:
        """The source has ended: give all tracks still held."""
        parted: dict[int, float] = {}
        last = [self._end(key, parted) for key in sorted(self._histories)]
        return TrackUpdate((), tuple(sorted(last, key=lambda t: t.id)), parted)

    def _end(self, key: int, parted: dict[int, float], last_s: float | None = None) -> Track:
        """Let go of a track; where it may have gone over to another vehicle, note until when it had not."""
        history = self._histories.pop(key)
        if last_s is None:
            last_s = history.watch.end()
        if last_s is not None:
            history.cut(last_s)
            parted[history.id] = last_s
        return history.track()

    def _missed(self, seen: set[int], t_s: float) -> list[tuple[Box, str]]:
        """Give the last box and class of those seen a moment ago and not now."""
        return [
            (h.points[-1].box_xyxy, h.track().label)
            for key, h in sorted(self._histories.items())
            if key not in seen and t_s - h.points[-1].t_s <= MISSED_S
        ]

    def _name_new(self, new: list[tuple[int, NDArray[np.float64]]], frame_index: int) -> None:
        taken = {h.id for h in self._histories.values()}
        ids = (i for i in count(frame_index * 1000) if i not in taken)
        for (_, key), number in zip(sorted((tuple(box), key) for key, box in new), ids, strict=False):
            self._histories[key] = _History(number, HandoverWatch(self._camera.homography))


def _without_duplicates(detections: list[Detection]) -> list[Detection]:
    """Keep one box per object where the detector gave two classes for it (the more confident one)."""
    if len(detections) < 2:
        return detections
    predictions = np.array([[*d.box_xyxy, d.confidence] for d in detections], float)
    keep = sv.box_non_max_suppression(predictions, iou_threshold=SAME_OBJECT_IOU)
    return [d for d, kept in zip(detections, keep, strict=True) if kept]


def _clipped(box: Box, frame_size: tuple[int, int]) -> bool:
    x, y = cut_margins(box)
    return box[0] <= x or box[2] >= frame_size[0] - x or box[3] >= frame_size[1] - y
