"""What crosses the wall of `detectors/`: frames in, detections, tracks, signal states and violations out.

Boxes are ``xyxy`` in pixels of the full frame, origin top left, x right, y down. Road positions are metres in
the camera file's own road frame (see `detectors.camera`). Times are timezone-aware UTC; ``t_s`` is seconds
since the source's first frame, taken from the source's timestamps and never from counting frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
Point = tuple[float, float]
Image = NDArray[np.uint8]

VEHICLE_CLASSES = ("car", "motorcycle", "bus", "truck", "bicycle")
CLASSES = (*VEHICLE_CLASSES, "person", "plate", "head_helmet", "head_bare")


class SignalState(StrEnum):
    """State of one signal head; UNKNOWN and OFF never make a red-light violation."""

    RED = "red"
    AMBER = "amber"
    GREEN = "green"
    OFF = "off"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Frame:
    """One picture of one camera.

    ``image`` is (H, W, 3) uint8 BGR and is never written to. ``signal_feed`` holds the states that the
    source itself knows (a wired signal controller), by signal id; empty where the picture must tell.
    ``encoded`` is the JPEG as it came, where the source hands over JPEGs: the untouched frame for evidence.
    """

    camera_id: str
    index: int
    t_s: float
    captured_at: datetime
    image: Image
    signal_feed: Mapping[str, SignalState] = field(default_factory=dict)
    encoded: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Detection:
    """One object in one frame: ``label`` is one of `CLASSES`, or ``head_untold`` or ``head_dark``
    (see `detectors.heads`), ``confidence`` in 0..1."""

    label: str
    confidence: float
    box_xyxy: Box


@dataclass(frozen=True)
class TrackPoint:
    """One frame's sighting of a track. ``road_xy`` is the ground contact point in metres.

    ``clipped``: the box touches the picture's left, right or lower edge; ``occluded``: its lower edge is hidden, by a
    nearer vehicle's box or as its own shape tells (`pipeline.occlusion`). In both cases the box's bottom centre is not
    where the vehicle stands: nothing is measured there.
    """

    frame_index: int
    t_s: float
    captured_at: datetime
    box_xyxy: Box
    confidence: float
    road_xy: Point
    clipped: bool = False
    occluded: bool = False

    @property
    def measurable(self) -> bool:
        """Tell whether ``road_xy`` may be measured from."""
        return not (self.clipped or self.occluded) and self.road_xy[0] == self.road_xy[0]


@dataclass(frozen=True)
class Track:
    """A vehicle followed over frames; ``points`` are in time order.

    ``label`` is the vehicle class that holds over the whole track (confidence-weighted vote). ``confirmed``
    is false until the tracker has seen the vehicle often enough: unconfirmed tracks never count for a
    violation. ``first_seen_at`` is when the track began (UTC), also where its oldest points were let go.
    """

    id: int
    label: str
    confirmed: bool
    points: tuple[TrackPoint, ...]
    first_seen_at: datetime | None = None

    @property
    def began_at(self) -> datetime:
        """When the track began, UTC: part of a violation's identity."""
        return self.first_seen_at or self.points[0].captured_at


@dataclass(frozen=True)
class DriverSighting:
    """One look at the driver of a track's car: ``why_not`` says why the glass is not ``clear`` and nothing counts.

    ``belt_off`` and ``phone`` are probabilities in 0..1.
    """

    track_id: int
    clear: bool
    belt_off: float
    phone: float
    why_not: str = ""


@dataclass(frozen=True)
class LampSighting:
    """One look at the head lamp of a track's motorcycle by day: ``off`` in 0..1 counts only where it is ``clear``."""

    track_id: int
    clear: bool
    off: float
    why_not: str = ""


@dataclass(frozen=True)
class Scene:
    """All that a rule may know of one moment: live tracks, other detections of the frame, signal states.

    ``tracks`` holds those seen in this very frame; ``ended`` those that the tracker gave up on just now.
    ``loose`` are the detections that are not vehicles (plates, heads, persons).
    ``drivers`` holds the looks at drivers, where a classifier for them is there; ``lamps`` those at head lamps.
    ``clock_fit`` is false where a jump or gap in the source's time makes measurements unfit for evidence.
    """

    frame_index: int
    t_s: float
    captured_at: datetime
    tracks: tuple[Track, ...]
    ended: tuple[Track, ...] = ()
    loose: tuple[Detection, ...] = ()
    signals: Mapping[str, SignalState] = field(default_factory=dict)
    clock_fit: bool = True
    drivers: tuple[DriverSighting, ...] = ()
    lamps: tuple[LampSighting, ...] = ()


@dataclass(frozen=True)
class KeyFrame:
    """A moment that proves a violation: which frame, where the vehicle stood in it, and what it shows."""

    frame_index: int
    t_s: float
    box_xyxy: Box
    caption: str
    signals: Mapping[str, SignalState] = field(default_factory=dict)


@dataclass(frozen=True)
class Violation:
    """A rule's finding about one vehicle. Nothing here is a ticket: an officer decides.

    ``id`` derives from camera, rule and the time the track began (`detectors.rules.base.violation_id`), so a
    replay of the same recording gives the same id. ``measured`` holds what was measured, with units in the
    key (``seconds_into_red``, ``speed_kmh``), and ``parameters`` what the camera file asked for.
    ``speed_uncertainty_kmh`` is the half width of the 95% confidence interval.
    """

    id: str
    rule: str
    camera_id: str
    track_id: int
    vehicle_class: str
    track_began_at: datetime
    started_at: datetime
    ended_at: datetime
    start_s: float
    end_s: float
    key_frames: tuple[KeyFrame, ...]
    measured: Mapping[str, float | str]
    parameters: Mapping[str, float | str | bool]
    speed_kmh: float | None = None
    speed_uncertainty_kmh: float | None = None
