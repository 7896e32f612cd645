"""The drawings of an evidence sheet: the path on the picture, the road from above, the course over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from detectors.camera import Camera
from detectors.kinematics import Axis
from detectors.types import Box, Image, Point, SignalState, TrackPoint
from pipeline.drawing import draw_road, lines_across
from pipeline.explain.motion import Motion, SpeedFit
from pipeline.text import label

COLOURS = {
    SignalState.RED: "#d1281f",
    SignalState.AMBER: "#f0a30a",
    SignalState.GREEN: "#2a9d4a",
    SignalState.OFF: "#777777",
    SignalState.UNKNOWN: "#cfcfcf",
}
SUBJECT, MARK = "#0b3d6e", "#d1281f"
DPI = 160
SMALL = 8
Signals = Sequence[tuple[float, SignalState]]
Marks = Sequence[tuple[float, str]]


def path_on_picture(
    image: Image,
    camera: Camera,
    path: Sequence[TrackPoint],
    box: Box | None,
    marks: Marks,
    zone: str | None,
    rule: str,
) -> Image:
    """Draw the road's lines and where the vehicle met the road, sighting by sighting, numbered at the key moments."""
    scene = draw_road(image.copy(), camera, zone, rule)
    width = image.shape[1]
    dot = max(3, width // 380)
    feet = [(p, _foot(p.box_xyxy)) for p in path if p.measurable]
    for (_, a), (_, b) in pairwise(feet):
        cv2.line(scene, a, b, (0, 215, 255), max(2, dot // 2), cv2.LINE_AA)
    for _, foot in feet:
        cv2.circle(scene, foot, dot, (16, 16, 16), -1, cv2.LINE_AA)
        cv2.circle(scene, foot, max(1, dot - 2), (0, 215, 255), -1, cv2.LINE_AA)
    if box is not None:
        x1, y1, x2, y2 = (round(v) for v in box)
        cv2.rectangle(scene, (x1, y1), (x2, y2), (0, 215, 255), max(2, width // 600), cv2.LINE_AA)
    for t, name in marks:
        nearest = min(feet, key=lambda f: abs(f[0].t_s - t), default=None)
        if nearest is not None:
            scene = label(scene, name, (nearest[1][0] + dot, nearest[1][1]), width // 48, (0, 215, 255))
    return scene


def _foot(box: Box) -> tuple[int, int]:
    return round((box[0] + box[2]) / 2), round(box[3])


def road_plan(
    camera: Camera,
    path: Sequence[TrackPoint],
    marks: Marks,
    ahead: Axis,
    size: tuple[int, int],
    zone: str | None,
    rule: str,
    speed: bool = False,
) -> Image:
    """Draw the road from above, in metres, and the vehicle's path on it, ``ahead`` to the right.

    ``size`` is (width, height) in pixels; the measuring zone is drawn where a speed was measured.
    """
    figure, axes = _figure(size)
    file = camera.file

    def turned(points: Sequence[Point]) -> np.ndarray:
        return np.array([(ahead.along(p), ahead.left(p)) for p in points]).reshape(-1, 2)

    def area(points: Sequence[Point], **look: Any) -> None:
        axes.add_patch(Polygon(turned(points), closed=True, **look))

    for lane in file.lanes:
        area(lane.polygon, fc="#eef1f4", ec="#9aa5b1", lw=1)
    if file.junction:
        area(file.junction, fc="#fff3d6", ec="#d79b2a", lw=1, alpha=0.6)
    for part in file.zones:
        if part.id == zone:
            area(part.polygon, fc="#f6d5d3", ec=MARK, lw=1.5, alpha=0.6)
    if speed and file.measuring_zone:
        area(file.measuring_zone, fill=False, ec=SUBJECT, lw=1.2, ls="--")
    for marking in file.markings:
        line = turned(marking.road)
        axes.plot(line[:, 0], line[:, 1], color="#16202c", lw=2, ls="-" if marking.kind == "solid" else "--")
    across = [turned(line) for line in lines_across(camera, rule)]
    for line in across:
        axes.plot(line[:, 0], line[:, 1], color=MARK, lw=3)
    used = [p for p in path if p.measurable]
    way = turned([p.road_xy for p in used])
    if len(way):
        axes.plot(way[:, 0], way[:, 1], "o-", color=SUBJECT, ms=4, lw=1.4)
        for t, name in marks:
            nearest = way[int(np.argmin([abs(p.t_s - t) for p in used]))]
            axes.annotate(
                name, nearest, (0, 6), textcoords="offset points", weight="bold", color=MARK, ha="center"
            )
    near = np.vstack([way, *across])
    if len(near):
        middle = (near.min(axis=0) + near.max(axis=0)) / 2
        half = max(
            float(np.ptp(near[:, 0])) / 2 + 3.0, (float(np.ptp(near[:, 1])) / 2 + 2.0) * size[0] / size[1]
        )
        axes.set_xlim(middle[0] - half, middle[0] + half)
        axes.set_ylim(middle[1] - half * size[1] / size[0], middle[1] + half * size[1] / size[0])
    axes.set_aspect("equal")
    axes.set_xlabel("meter / metres", fontsize=SMALL)
    return _image(figure)


def course(
    motion: Motion, signals: Signals, marks: Marks, span: tuple[float, float], size: tuple[int, int]
) -> Image:
    """Draw a course over time with its doubt, above it what the signal showed; seconds from the span's start."""
    figure, axes = _figure(size)
    zero_s = span[0]
    shown = (motion.t >= span[0]) & (motion.t <= span[1])
    t = motion.t[shown] - zero_s
    low, high = motion.low[shown], motion.high[shown]
    axes.fill_between(
        t, low, high, color=SUBJECT, alpha=0.18, lw=0, label=f"{motion.band[0]}\n{motion.band[1]}"
    )
    axes.plot(t, motion.middle[shown], "o-", color=SUBJECT, ms=3, lw=1.2)
    zero = MARK if motion.is_line else "#5a6673"
    axes.axhline(0, color=zero, lw=2 if motion.is_line else 1)
    axes.text(0, 0, f" {motion.zero[0]} / {motion.zero[1]} ", color=zero, va="bottom", fontsize=SMALL)
    axes.set_ylabel(f"{motion.name[0]}\n{motion.name[1]}", fontsize=SMALL)
    axes.set_xlim(0, span[1] - zero_s)
    if len(t):
        least, most = min(0.0, float(low.min())), max(0.0, float(high.max()))
        axes.set_ylim(least - 0.08 * (most - least), most + 0.25 * (most - least))
    _mark(axes, marks, zero_s)
    if signals:
        _signal_strip(axes, signals, span)
    axes.set_xlabel("detik / seconds", fontsize=SMALL)
    if len(t) and motion.middle[shown][-1] >= motion.middle[shown][0]:
        axes.legend(loc="upper left", bbox_to_anchor=(0.0, 0.88), fontsize=SMALL, framealpha=0.9)
    else:
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 0.06), fontsize=SMALL, framealpha=0.9)
    return _image(figure)


def _signal_strip(axes: Axes, signals: Signals, span: tuple[float, float]) -> None:
    bottom, top = axes.get_ylim()
    height = 0.1 * (top - bottom)
    for (t, state), (following, _) in zip(signals, [*signals[1:], (span[1], SignalState.OFF)], strict=True):
        start, end = max(t, span[0]), min(following, span[1])
        if end > start:
            axes.broken_barh(
                [(start - span[0], end - start)], (top - height, height), color=COLOURS[state], lw=0, zorder=3
            )
    axes.text(0, top - height / 2, " lampu / signal", fontsize=SMALL, va="center", color="white", zorder=4)
    axes.set_ylim(bottom, top)


def speed_chart(fit: SpeedFit, stated: Mapping[str, Any], size: tuple[int, int]) -> Image:
    """Draw the sightings in the measuring zone, the line fitted through them, and the lines at the limit."""
    figure, axes = _figure(size)
    t = fit.t - fit.t[0]
    axes.errorbar(
        t,
        fit.along,
        2 * fit.sigma,
        fmt="o",
        color=SUBJECT,
        ms=4,
        capsize=2,
        label="letak ± 95% / place ± 95%",
    )
    middle = float(np.mean(fit.along - fit.speed.kmh / 3.6 * t))
    for kmh, colour, name in (
        (fit.speed.kmh, SUBJECT, f"{fit.speed.kmh:.1f} ± {fit.speed.half_width_kmh:.1f} km/jam (km/h)"),
        (float(stated["limit_kmh"]), MARK, f"batas / limit {float(stated['limit_kmh']):.0f} km/jam (km/h)"),
    ):
        start = middle if colour == SUBJECT else 0.0
        axes.plot(
            t, start + kmh / 3.6 * t, color=colour, lw=1.8, ls="-" if colour == SUBJECT else "--", label=name
        )
    axes.set_xlabel("detik / seconds", fontsize=SMALL)
    axes.set_ylabel("Jarak di zona ukur (m)\nDistance in the measuring zone (m)", fontsize=SMALL)
    axes.legend(loc="upper left", fontsize=SMALL)
    return _image(figure)


def _mark(axes: Axes, marks: Marks, zero_s: float) -> None:
    bottom, _ = axes.get_ylim()
    for t, name in marks:
        axes.axvline(t - zero_s, color="#5a6673", lw=1, ls=":")
        axes.text(t - zero_s, bottom, f" {name}", fontsize=SMALL, weight="bold", color=MARK, va="bottom")


def _figure(size: tuple[int, int]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(size[0] / DPI, size[1] / DPI), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.tick_params(labelsize=SMALL)
    axes.grid(True, color="#e4e8ec", lw=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _image(figure: Figure) -> Image:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    rgba = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    image: Image = np.ascontiguousarray(rgba[:, :, 2::-1])
    return image
