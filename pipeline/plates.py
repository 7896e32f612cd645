"""Whose plate is it, and which few of its crops are the best of the vehicle's whole track."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from detectors.types import VEHICLE_CLASSES, Box, Detection, Frame, Image, Track
from pipeline.images import crop
from plate_reader.boxes import whole_plates

BEST = 7
PAD = 0.12
LEAST_WIDTH_PX = 16.0
EDGE_PX = 2.0

# A plate's width as a share of its vehicle's box, least and most: 430 mm on some 1.8 m of car or 2.5 m of
# bus, 275 mm on some 0.75 m of motorcycle (Perpol 7/2021), and less where the vehicle shows its flank.
_WIDTH_SHARE = {
    "car": (0.07, 0.42),
    "motorcycle": (0.12, 0.85),
    "bus": (0.04, 0.35),
    "truck": (0.05, 0.40),
    "bicycle": (0.0, 0.0),
}


@dataclass(frozen=True)
class PlateCrop:
    """One sighting of a track's plate: ``image`` is cut with a margin, the box is in the full frame's
    pixels."""

    frame_index: int
    t_s: float
    box_xyxy: Box
    score: float
    image: Image


def owner_of(plate: Detection, vehicles: Sequence[Detection]) -> Detection | None:
    """Give the vehicle that carries a plate, or None where that is in doubt.

    The plate's centre must lie in the vehicle's box, in its lower three quarters and near its middle, and be
    as wide as such a vehicle's plate is. Where two vehicles fit, the nearer one (its lower edge is lower)
    has it only if the plate is well inside it: a plate that peeps out beside a motorcycle is nobody's.
    """
    fits = sorted((v for v in vehicles if _fits(plate.box_xyxy, v)), key=lambda v: -v.box_xyxy[3])
    if len(fits) <= 1:
        return fits[0] if fits else None
    nearest = fits[0]
    off_centre = abs(_centre(plate.box_xyxy)[0] - _centre(nearest.box_xyxy)[0])
    width = nearest.box_xyxy[2] - nearest.box_xyxy[0]
    inside = nearest.box_xyxy[0] <= plate.box_xyxy[0] and plate.box_xyxy[2] <= nearest.box_xyxy[2]
    return nearest if inside and off_centre <= 0.2 * width else None


def _fits(plate: Box, vehicle: Detection) -> bool:
    if vehicle.label not in _WIDTH_SHARE:
        return False
    x1, y1, x2, y2 = vehicle.box_xyxy
    x, y = _centre(plate)
    w, h = max(x2 - x1, 1e-6), max(y2 - y1, 1e-6)
    least, most = _WIDTH_SHARE[vehicle.label]
    share = (plate[2] - plate[0]) / w
    return (
        abs(x - (x1 + x2) / 2) <= 0.42 * w and y1 + 0.25 * h <= y <= y2 + 0.02 * h and least <= share <= most
    )


def _centre(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def crop_score(image: Image, width_px: float, confidence: float) -> float:
    """Judge a crop: larger (up to 160 px wide, more adds nothing), sharper and surer is better; 0..1."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    # Sharpness is measured at one size, so that a large soft crop does not lose to a small noisy one.
    scale = 96.0 / max(image.shape[1], 1)
    sized = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    sharp = float(cv2.Laplacian(sized, cv2.CV_64F).var())
    return min(width_px, 160.0) / 160.0 * confidence * sharp / (sharp + 300.0)


class PlateGallery:
    """The best plate crops of every live track, in memory."""

    def __init__(self, best: int = BEST) -> None:
        self._best = best
        self._crops: dict[int, list[PlateCrop]] = {}
        self.in_doubt = 0

    def add(self, frame: Frame, detections: Iterable[Detection], tracks: Iterable[Track]) -> None:
        """Take in one frame: each plate goes to the track whose box of this very frame carries it."""
        found = list(detections)
        vehicles = [d for d in found if d.label in VEHICLE_CLASSES]
        by_box = {t.points[-1].box_xyxy: t.id for t in tracks if t.points[-1].frame_index == frame.index}
        for plate in _whole_plates(found):
            owner = owner_of(plate, vehicles)
            track_id = by_box.get(owner.box_xyxy) if owner is not None else None
            if track_id is None:
                self.in_doubt += 1
            elif _whole(plate.box_xyxy, frame.image):
                self._keep(track_id, frame, plate)

    def _keep(self, track_id: int, frame: Frame, plate: Detection) -> None:
        image = crop(frame.image, plate.box_xyxy, PAD)
        width = plate.box_xyxy[2] - plate.box_xyxy[0]
        score = crop_score(image, width, plate.confidence)
        kept = self._crops.setdefault(track_id, [])
        kept.append(PlateCrop(frame.index, frame.t_s, plate.box_xyxy, score, image))
        kept.sort(key=lambda c: (-c.score, c.frame_index))
        del kept[self._best :]

    def crops(self, track_id: int) -> tuple[PlateCrop, ...]:
        """Give a track's crops, the best first."""
        return tuple(self._crops.get(track_id, ()))

    def forget(self, track_id: int) -> None:
        """Let go of a track that has ended."""
        self._crops.pop(track_id, None)


def _whole_plates(found: Sequence[Detection]) -> list[Detection]:
    """Give the plates among detections, pieces of one joined; each as sure as its surest piece."""
    plates = sorted((d for d in found if d.label == "plate"), key=lambda d: -d.confidence)
    out = []
    for box in whole_plates([d.box_xyxy for d in plates]):
        inside = [d.confidence for d in plates if box[0] <= d.box_xyxy[0] and d.box_xyxy[2] <= box[2]]
        out.append(Detection("plate", max(inside), box))
    return out


def _whole(box: Box, image: Image) -> bool:
    h, w = image.shape[:2]
    clipped = box[0] <= EDGE_PX or box[1] <= EDGE_PX or box[2] >= w - EDGE_PX or box[3] >= h - EDGE_PX
    return not clipped and box[2] - box[0] >= LEAST_WIDTH_PX and bool(np.all(np.isfinite(box)))
