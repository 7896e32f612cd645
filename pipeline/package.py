"""From a finding to the files of its evidence package: untouched frames, crops, drawings, clip, masked
versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detectors.camera import Camera
from detectors.types import (
    Box,
    Image,
    KeyFrame,
    SignalState,
    TrackPoint,
    Violation,
)
from pipeline.clip import ClipError, encode_clip
from pipeline.drawing import annotate, local_time, measured_text
from pipeline.images import ImageError, crop, decode_image, encode_jpeg, encode_png
from pipeline.masking import mask_others
from pipeline.measurement import measurement_file
from pipeline.plates import PlateCrop
from pipeline.public_clip import WIDEST_PX, own_plate, public_clip
from pipeline.ring import StoredFrame
from pipeline.types import EvidenceItem
from plate_reader.types import PlateReading

CLIP_BEFORE_S, CLIP_AFTER_S, CLIP_MOST_S = 2.0, 2.0, 8.0
PLATES_SHOWN = 3
VEHICLE_PAD = 0.08
NO_PLATE = "no plate was seen large and whole enough while the track was surely this vehicle's"


@dataclass(frozen=True)
class Finding:
    """A violation with all that was kept for it.

    ``frames`` are the kept frames around it in time order, ``boxes`` the subject's box by frame index,
    ``crops`` the best of its plate while the track was surely its own, ``reading`` what was voted from them;
    None where there was no crop. ``path`` holds the vehicle's sightings in time order, ``signals`` what the
    signal heads showed, by the source's seconds.
    """

    violation: Violation
    frames: tuple[StoredFrame, ...]
    boxes: Mapping[int, Box]
    crops: tuple[PlateCrop, ...]
    reading: PlateReading | None
    path: tuple[TrackPoint, ...] = ()
    signals: tuple[tuple[float, Mapping[str, SignalState]], ...] = ()


@dataclass(frozen=True)
class Package:
    """The files of a finding. ``key_frames`` says for the manifest which stored frame stands for each key
    frame; ``missing`` names what could not be had."""

    items: tuple[EvidenceItem, ...]
    key_frames: tuple[Mapping[str, object], ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class _Shot:
    """A key frame with its picture."""

    key: KeyFrame
    stored: StoredFrame
    image: Image
    box: Box | None

    @property
    def exact(self) -> bool:
        return self.key.frame_index == self.stored.index


def clip_window(violation: Violation) -> tuple[float, float]:
    """Give from when to when the clip runs, in the source's seconds."""
    end = violation.end_s + CLIP_AFTER_S
    return max(violation.start_s - CLIP_BEFORE_S, end - CLIP_MOST_S), end


def build_package(finding: Finding, camera: Camera, title: str) -> Package:
    """Make the files of a finding: its stills (see `build_stills`) and its clips."""
    stills = build_stills(finding, camera, title)
    items, missing = list(stills.items), list(stills.missing)
    start, end = clip_window(finding.violation)
    shown = [f for f in finding.frames if start <= f.t_s <= end]
    told = f"{start:.1f} s to {end:.1f} s"
    try:
        items.append(EvidenceItem("clip", "video/mp4", encode_clip(shown), f"H.264, {told}"))
    except ClipError as error:
        missing.append(str(error))
    try:
        public = public_clip(shown, finding.boxes)
        note = f"others masked, {told}, at most {WIDEST_PX} px wide"
        items.append(EvidenceItem("public_clip", "video/mp4", public, note))
    except ClipError as error:
        missing.append(str(error))
    return Package(tuple(items), stills.key_frames, tuple(missing))


def build_stills(finding: Finding, camera: Camera, title: str) -> Package:
    """Make the pictures of a finding, and the file of what was measured from.

    Args:
        finding: the violation and what was kept for it.
        camera: for the drawing.
        title: the violation's name as people read it.
    """
    shots = [s for s in (_shot(key, finding) for key in finding.violation.key_frames) if s is not None]
    items: list[EvidenceItem] = []
    missing = [] if len(shots) == len(finding.violation.key_frames) else ["a key frame is no longer kept"]
    lines = _lines(finding, camera, title)
    named = finding.violation.measured.get("zone")
    zone, rule = None if named is None else str(named), finding.violation.rule
    for i, shot in enumerate(shots):
        items.append(_untouched(f"frame:{i}", shot.stored))
        if i < len(shots) - 1:
            items += _others_masked(f"public_frame:{i}", shot)
            items.append(
                EvidenceItem(
                    f"annotated:{i}",
                    "image/jpeg",
                    encode_jpeg(_drawn(shot, camera, lines, zone, rule), 90),
                    "drawn upon",
                )
            )
    if shots:
        items += _photos(shots, camera, lines, zone, rule)
    items += _plates(finding.crops)
    if not finding.crops and (fallback := _without_plate(shots)) is not None:
        items.append(fallback)
        missing.append("no plate was found")
    items.append(measurement_file(finding.path, finding.signals, camera))
    return Package(tuple(items), tuple(_told(s) for s in shots), tuple(missing))


def _shot(key: KeyFrame, finding: Finding) -> _Shot | None:
    stored = min(
        finding.frames, key=lambda f: (f.index != key.frame_index, abs(f.t_s - key.t_s)), default=None
    )
    if stored is None:
        return None
    box = key.box_xyxy if stored.index == key.frame_index else finding.boxes.get(stored.index)
    return _Shot(key, stored, decode_image(stored.jpeg), box)


def _untouched(role: str, stored: StoredFrame) -> EvidenceItem:
    made = "JPEG as received" if stored.as_received else "JPEG quality 95 of the decoded frame"
    at = stored.captured_at.isoformat(timespec="milliseconds")
    return EvidenceItem(
        role, "image/jpeg", stored.jpeg, f"frame {stored.index} at {stored.t_s:.3f} s, {at}, {made}"
    )


def _told(shot: _Shot) -> Mapping[str, object]:
    return {
        "asked_frame_index": shot.key.frame_index,
        "frame_index": shot.stored.index,
        "t_s": shot.stored.t_s,
        "captured_at": shot.stored.captured_at,
        "box_xyxy": shot.box,
        "caption": shot.key.caption,
        "exact": shot.exact,
    }


def _photos(
    shots: Sequence[_Shot], camera: Camera, lines: Sequence[str], zone: str | None, rule: str
) -> list[EvidenceItem]:
    decisive = shots[-1]
    closest = max(
        (s for s in shots if s.box is not None), key=lambda s: (_whole(s), _area(s.box)), default=None
    )
    items = [
        EvidenceItem("wide", "image/jpeg", decisive.stored.jpeg, "the decisive frame, untouched"),
        EvidenceItem(
            "offence",
            "image/jpeg",
            encode_jpeg(_drawn(decisive, camera, lines, zone, rule), 90),
            "drawn upon",
        ),
    ]
    if decisive.box is not None:
        masked = _masked(decisive, decisive.box)
        key = decisive.key
        drawn = annotate(masked, camera, decisive.box, key.caption, key.signals, lines, zone, rule)
        items += [
            EvidenceItem("public_wide", "image/jpeg", encode_jpeg(masked, 88), "others masked"),
            EvidenceItem("public_offence", "image/jpeg", encode_jpeg(drawn, 88), "others masked, drawn upon"),
        ]
    if closest is not None and closest.box is not None:
        whole = crop(closest.image, closest.box, VEHICLE_PAD)
        public = crop(_masked(closest, closest.box), closest.box, VEHICLE_PAD)
        at = f"frame {closest.stored.index} at {closest.stored.t_s:.3f} s"
        items += [
            EvidenceItem("vehicle", "image/png", encode_png(whole), f"cut from {at}, lossless"),
            EvidenceItem("public_vehicle", "image/jpeg", encode_jpeg(public, 90), f"others masked, {at}"),
        ]
    return items


def _others_masked(role: str, shot: _Shot) -> list[EvidenceItem]:
    if shot.box is None:
        return []
    return [EvidenceItem(role, "image/jpeg", encode_jpeg(_masked(shot, shot.box), 88), "others masked")]


def _drawn(shot: _Shot, camera: Camera, lines: Sequence[str], zone: str | None, rule: str) -> Image:
    return annotate(shot.image, camera, shot.box, shot.key.caption, shot.key.signals, lines, zone, rule)


def _masked(shot: _Shot, box: Box) -> Image:
    found = shot.stored.detections
    return mask_others(shot.image, found, box, own_plate(found or (), box))


def _plates(crops: Sequence[PlateCrop]) -> list[EvidenceItem]:
    return [
        EvidenceItem(
            "plate" if i == 0 else f"plate:{i}",
            "image/png",
            encode_png(c.image),
            f"cut from frame {c.frame_index} at {c.t_s:.3f} s, lossless",
        )
        for i, c in enumerate(crops[:PLATES_SHOWN])
    ]


def _without_plate(shots: Sequence[_Shot]) -> EvidenceItem | None:
    """Give the lower half of the vehicle in the plate's stead: the officer looks for the plate there."""
    for shot in sorted(shots, key=lambda s: _area(s.box), reverse=True):
        if shot.box is None:
            continue
        x1, y1, x2, y2 = shot.box
        try:
            lower = crop(shot.image, (x1, (y1 + y2) / 2, x2, y2), 0.05)
        except ImageError:
            continue
        return EvidenceItem(
            "plate", "image/png", encode_png(lower), "no plate was found; the vehicle's lower half"
        )
    return None


def _lines(finding: Finding, camera: Camera, title: str) -> list[str]:
    v, file = finding.violation, camera.file
    return [
        f"{title} [{v.rule}] · {v.vehicle_class}",
        f"{file.name} ({file.id}), {file.location.street} · {local_time(v.started_at, camera)}",
        measured_text(v.measured) or "-",
        v.id,
    ]


def _whole(shot: _Shot) -> bool:
    h, w = shot.image.shape[:2]
    return shot.box is not None and shot.box[0] > 3 and shot.box[2] < w - 3 and shot.box[3] < h - 3


def _area(box: Box | None) -> float:
    return 0.0 if box is None else max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
