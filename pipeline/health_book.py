"""Keeps one running camera's health file up to date, and tells when enforcement pauses, resumes or a camera is
silent."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2

from detectors.camera import Camera
from detectors.types import Frame, Image, Scene
from pipeline.blobs import StoreError
from pipeline.drawing import SUBJECT, draw_road
from pipeline.health import (
    OK,
    PAUSED,
    SILENT,
    CameraHealth,
    HealthEvent,
    all_cameras,
    camera_health,
    events,
    write_event,
    write_health,
    write_picture,
)
from pipeline.images import encode_jpeg
from pipeline.picture_watch import PictureWatch
from pipeline.text import label
from pipeline.types import Arrivals, Counters

WRITE_EVERY = timedelta(seconds=1)
PICTURE_EVERY = timedelta(seconds=3)
PICTURE_WIDTH = 960
Tell = Callable[[str], None]
_WORDS = {
    "dark": "the picture is dark: is something before the lens, or the lighting out?",
    "blurred": "the picture is blurred: clean or focus the lens",
    "moved": "the view no longer fits its calibration: the camera was moved; put it back or calibrate it anew",
    "clock": "the gateway's clock is off: set it (NTP)",
}


class HealthBook:
    """The health of one camera while it runs.

    A camera that cannot be written of goes on being run: the fault is told once.
    """

    def __init__(
        self,
        data: Path,
        camera: Camera,
        watch: PictureWatch,
        live: bool,
        source: str,
        tell: Tell,
        arrivals: Callable[[], Arrivals | None] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._data, self._camera, self._watch, self._live, self._source = data, camera, watch, live, source
        self._tell, self._arrivals, self._now = tell, arrivals or no_arrivals, now
        before = camera_health(data, camera.id, now())
        self._state = (PAUSED, before.reasons) if before.reasons else (before.state, ())
        self._rate: deque[float] = deque(maxlen=60)
        self._wrote = self._drew = datetime.min.replace(tzinfo=UTC)
        self._failed = False

    def frame(self, frame: Frame, scene: Scene, counters: Counters) -> None:
        """Take in a frame and what was seen in it."""
        now = self._now()
        self._rate.append(frame.t_s)
        reasons = self._watch.paused
        state = (PAUSED, reasons) if reasons else (OK, ())
        changed = state != self._state
        try:
            if changed:
                self._change(state, now)
            if changed or now - self._wrote >= WRITE_EVERY:
                self._wrote = now
                write_health(self._data, self._health(frame, counters, now))
            if now - self._drew >= PICTURE_EVERY:
                self._drew = now
                drawn = draw_scene(frame.image, self._camera, scene, reasons)
                write_picture(self._data, self._camera.id, encode_jpeg(drawn, 80))
        except (StoreError, OSError) as error:
            if not self._failed:
                self._tell(f"camera {self._camera.id}: its health cannot be written: {error}")
            self._failed = True

    def _change(self, state: tuple[str, tuple[str, ...]], now: datetime) -> None:
        before, self._state = self._state, state
        if state[0] == PAUSED:
            why = "enforcement paused: " + "; ".join(_WORDS.get(r, r) for r in state[1])
        elif before[0] == PAUSED:
            why = "enforcement resumed: the picture is fit again"
        else:
            why = "frames come"
        self._tell(f"camera {self._camera.id}: {why}")
        write_event(self._data, HealthEvent(now, self._camera.id, state[0], why))

    def _health(self, frame: Frame, counters: Counters, now: datetime) -> CameraHealth:
        arrived, quality = self._arrivals(), self._watch.last
        span = self._rate[-1] - self._rate[0]
        return CameraHealth(
            self._camera.id,
            self._state[0],
            self._state[1],
            live=self._live,
            source=self._source,
            last_frame_at=now,
            captured_at=frame.captured_at,
            frame_rate=round((len(self._rate) - 1) / span, 2) if span > 0 else None,
            lag_s=round((now - frame.captured_at).total_seconds(), 3) if arrived is None else arrived.lag_s,
            clock_offset_s=None if arrived is None else arrived.clock_offset_s,
            brightness=None if quality is None else round(quality.brightness, 1),
            sharpness=_rounded(None if quality is None else quality.sharpness),
            shift_px=_rounded(None if quality is None else quality.shift_px),
            frames=counters.frames if arrived is None else arrived.taken,
            dropped=counters.frames_dropped,
            missing=0 if arrived is None else arrived.missing,
            refused={} if arrived is None else dict(arrived.refused),
            flagged=sum(counters.flagged.values()),
            not_enforced=dict(counters.paused),
        )


def no_arrivals() -> None:
    """Stand for the arrivals of a source whose frames are not pushed."""


def watch_silence(data: Path, tell: Tell, now: datetime | None = None) -> list[str]:
    """Tell of every live camera that has fallen silent and was not told of yet; give their ids."""
    fallen = []
    for health in all_cameras(data, now):
        if health.state != SILENT or not health.live or health.last_frame_at is None:
            continue
        told = next((e for e in events(data, health.camera_id, 1)), None)
        if told is not None and told.what == SILENT and told.at >= health.last_frame_at:
            continue
        why = f"no frame since {health.last_frame_at:%Y-%m-%d %H:%M:%S} UTC: nothing is enforced"
        tell(f"camera {health.camera_id}: {why}")
        write_event(data, HealthEvent(now or datetime.now(UTC), health.camera_id, SILENT, why))
        fallen.append(health.camera_id)
    return fallen


def draw_scene(image: Image, camera: Camera, scene: Scene, reasons: tuple[str, ...]) -> Image:
    """Draw road, vehicles and signals on a frame, `PICTURE_WIDTH` wide at most; a pause is written over it."""
    drawn = draw_road(image.copy(), camera)
    seen = [(t.label, t.points[-1].box_xyxy) for t in scene.tracks]
    for words, box in seen:
        x1, y1, x2, y2 = (round(v) for v in box)
        cv2.rectangle(drawn, (x1, y1), (x2, y2), SUBJECT, 2)
        drawn = label(drawn, words, (box[0], box[1] - 4), max(12, image.shape[1] // 90), SUBJECT)
    for head in camera.file.signals:
        x1, y1, x2, y2 = (round(v) for v in head.region)
        cv2.rectangle(drawn, (x1, y1), (x2, y2), (220, 220, 220), 2)
        state = scene.signals.get(head.id)
        words = head.id if state is None else f"{head.id}: {state.value}"
        drawn = label(drawn, words, (x2 + 6, y2), image.shape[1] // 75, (220, 220, 220))
    if reasons:
        words = f"PENINDAKAN DIJEDA: {', '.join(reasons)}"
        drawn = label(drawn, words, (12, image.shape[0] // 12), image.shape[1] // 40, (60, 60, 255))
    if drawn.shape[1] <= PICTURE_WIDTH:
        return drawn
    size = (PICTURE_WIDTH, round(drawn.shape[0] * PICTURE_WIDTH / drawn.shape[1]))
    small: Image = cv2.resize(drawn, size, interpolation=cv2.INTER_AREA)
    return small


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
