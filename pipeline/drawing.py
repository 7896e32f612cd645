"""The annotated picture: what the rule saw, drawn on the frame so that a person can check it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

import cv2
import numpy as np

from detectors.camera import Camera
from detectors.types import Box, Image, Point, SignalState
from pipeline.text import label, with_caption
from ticketing.wording import plain_number

# The rule whose vehicles cross the section line; all others' cross the stop line.
SECTION_RULE = "average_speed"
# The vehicle that a picture is about, BGR.
SUBJECT = (0, 215, 255)
_LANE, _LINE = (210, 160, 60), (60, 60, 255)
_ZONE, _MARKING = (60, 60, 255), (240, 240, 240)
_SIGNAL_COLOURS = {
    SignalState.RED: (60, 60, 255),
    SignalState.AMBER: (0, 190, 255),
    SignalState.GREEN: (90, 220, 90),
    SignalState.OFF: (150, 150, 150),
    SignalState.UNKNOWN: (220, 220, 220),
}


def annotate(
    image: Image,
    camera: Camera,
    box: Box | None,
    caption: str,
    signals: Mapping[str, SignalState],
    lines: Sequence[str],
    zone: str | None = None,
    rule: str | None = None,
) -> Image:
    """Draw the subject's box, lanes, the rule's line and signal states on a frame and put ``lines`` below it.

    Only the heads in ``signals`` are drawn: a rule that judges no signal names none. So it is with ``zone``.

    ``image`` is (H, W, 3) BGR and stays untouched; ``box`` is in its pixels, None where it is not known.
    """
    scene = draw_road(image.copy(), camera, zone, rule)
    thick = max(2, image.shape[1] // 500)
    for head in camera.file.signals:
        if head.id not in signals:
            continue
        state = signals[head.id]
        x1, y1, x2, y2 = (round(v) for v in head.region)
        cv2.rectangle(scene, (x1 - 3, y1 - 3), (x2 + 3, y2 + 3), _SIGNAL_COLOURS[state], thick)
        scene = label(
            scene, f"{head.id}: {state.value}", (x2 + 6, y2), image.shape[1] // 75, _SIGNAL_COLOURS[state]
        )
    if box is not None:
        x1, y1, x2, y2 = (round(v) for v in box)
        cv2.rectangle(scene, (x1, y1), (x2, y2), SUBJECT, thick)
        scene = label(scene, caption, (box[0], box[1] - 4), max(12, image.shape[1] // 70), SUBJECT)
    return with_caption(scene, lines)


def local_time(at: datetime, camera: Camera) -> str:
    """Write a moment in the camera's zone, to the millisecond, as in ``17-08-2026 10:00:00.250 WIB``."""
    there = at.astimezone(camera.zone)
    return f"{there:%d-%m-%Y %H:%M:%S}.{there.microsecond // 1000:03d} {there.tzname()}"


def measured_text(measured: Mapping[str, float | str]) -> str:
    """Write what was measured in one line."""
    return ", ".join(
        f"{name.replace('_', ' ')} {plain_number(value) if isinstance(value, float) else value}"
        for name, value in measured.items()
    )


def lines_across(camera: Camera, rule: str | None) -> list[Sequence[Point]]:
    """Give the line across the road that a rule's vehicles cross, in road metres; without a rule all there are."""
    file = camera.file
    lines = ((file.stop_line, rule != SECTION_RULE), (file.section_line, rule in (None, SECTION_RULE)))
    return [line.road for line, shown in lines if line is not None and shown]


def draw_road(scene: Image, camera: Camera, zone: str | None = None, rule: str | None = None) -> Image:
    """Draw lanes, the rule's line (`lines_across`), solid lines and the named zone on a picture (H, W, 3) BGR, which is
    changed."""
    thick = max(2, scene.shape[1] // 500)
    for lane in camera.file.lanes:
        _polyline(scene, camera, (*lane.polygon, lane.polygon[0]), _LANE, max(1, thick // 2))
    for marking in camera.file.markings:
        if marking.kind == "solid":
            _polyline(scene, camera, marking.road, _MARKING, thick)
    for part in camera.file.zones:
        if part.id == zone:
            _polyline(scene, camera, (*part.polygon, part.polygon[0]), _ZONE, thick)
    for line in lines_across(camera, rule):
        _polyline(scene, camera, line, _LINE, thick + 1)
    return scene


def _polyline(
    scene: Image, camera: Camera, road: Sequence[Point], colour: tuple[int, int, int], thick: int
) -> None:
    """Draw a line of road metres; pieces behind the camera or beyond the horizon are left out."""
    h, w = scene.shape[:2]
    for a, b in pairwise(road):
        steps = np.linspace(0.0, 1.0, 33)[:, None]
        pixels = camera.homography.to_image(np.asarray(a) * (1 - steps) + np.asarray(b) * steps)
        near = np.all(np.isfinite(pixels), axis=1)
        near &= (np.abs(pixels[:, 0]) < 4 * w) & (np.abs(pixels[:, 1]) < 4 * h)
        for i in np.flatnonzero(near[:-1] & near[1:]):
            start, end = (tuple(int(v) for v in np.round(pixels[j])) for j in (i, i + 1))
            cv2.line(scene, start, end, colour, thick, cv2.LINE_AA)
