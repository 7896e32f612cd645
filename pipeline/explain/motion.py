"""How the vehicle moved, against what its rule judges by: reckoned anew from the path that the evidence holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.camera import Camera
from detectors.geometry import inside
from detectors.kinematics import Axis, sigma_along
from detectors.rules.approach import SIGMAS, Approach
from detectors.rules.crossing import Line
from detectors.rules.sideways import Sideways, half_width
from detectors.speed import Speed, speed_over
from detectors.types import TrackPoint
from detectors.viewpoint import CalibrationSpread, viewpoint
from pipeline.explain.words import Pair

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Motion:
    """A course over time: ``t`` seconds, ``middle``, ``low`` and ``high`` metres, what they are, and what 0 is.

    ``is_line``: 0 is a line on the road that the vehicle was not to cross.
    """

    t: Array
    middle: Array
    low: Array
    high: Array
    name: Pair
    zero: Pair
    band: Pair
    is_line: bool = True


def motion(violation: Mapping[str, Any], path: tuple[TrackPoint, ...], camera: Camera) -> Motion | None:
    """Give the course that shows a violation; None for a rule that judges no movement."""
    points = [p for p in path if p.measurable]
    measured, label = violation["measured"], str(violation["vehicle_class"])
    if len(points) < 3:
        return None
    if violation["rule"] in ("red_light", "stop_line"):
        return _past_the_line(points, label, str(measured["lane"]), camera)
    if "marking" in measured:
        return _beside_the_line(points, label, str(measured["marking"]), camera)
    if "zone" in measured:
        zone = next(z for z in camera.file.zones if z.id == measured["zone"])
        return _along(points, Axis.of(zone.polygon[0], zone.direction), camera, ("zona", "zone"))
    if violation["rule"] in ("wrong_way", "speeding"):
        lane = camera.lane(str(measured["lane"]))
        return _along(points, Axis.of(lane.polygon[0], lane.direction), camera, ("lajur", "lane"))
    return None


def _past_the_line(points: list[TrackPoint], label: str, lane: str, camera: Camera) -> Motion | None:
    line = camera.file.stop_line
    if line is None:
        return None
    approach = Approach(camera, line, camera.lane(lane))
    reaches = [approach.reach(p, label) for p in points]
    return Motion(
        np.array([p.t_s for p in points]),
        np.array([r.front for r in reaches]),
        np.array([r.front_min for r in reaches]),
        np.array([r.front_max for r in reaches]),
        ("Bagian depan kendaraan dari garis henti (m)", "Front of the vehicle from the stop line (m)"),
        ("garis henti", "stop line"),
        ("letak bagian depan, 95%, untuk kendaraan terpendek hingga terpanjang",
         "where the front is, 95%, for the shortest to the longest vehicle"),
    )  # fmt: skip


def _beside_the_line(points: list[TrackPoint], label: str, name: str, camera: Camera) -> Motion | None:
    marking = next(m for m in camera.file.markings if m.id == name)
    line = Line(marking, Sideways(camera))
    places = [place for p in points if (place := line.place(p, label)) is not None]
    if len(places) < 3:
        return None
    left = np.array([p.left for p in places])
    reach = np.array([half_width(label) + p.doubt for p in places])
    return Motion(
        np.array([p.point.t_s for p in places]),
        left,
        left - reach,
        left + reach,
        ("Jarak ke kiri garis utuh (m)", "Distance to the left of the solid line (m)"),
        ("garis utuh", "solid line"),
        ("lebar kendaraan dan keraguannya, 95%", "the vehicle's width and its doubt, 95%"),
    )


def _along(points: list[TrackPoint], axis: Axis, camera: Camera, what: Pair) -> Motion:
    along = np.array([axis.along(p.road_xy) for p in points])
    sigma = np.array([sigma_along(camera.homography, p, axis.unit) for p in points])
    along = along - along[0]
    return Motion(
        np.array([p.t_s for p in points]),
        along,
        along - SIGMAS * sigma,
        along + SIGMAS * sigma,
        (f"Jarak searah {what[0]} (m)", f"Distance in the {what[1]}'s direction (m)"),
        ("pertama terlihat", "first seen"),
        ("keraguan letak, 95%", "doubt of the place, 95%"),
        is_line=False,
    )


@dataclass(frozen=True)
class SpeedFit:
    """The speed reckoned anew: ``t`` and ``along`` of the sightings in the measuring zone, and the fit."""

    t: Array
    along: Array
    sigma: Array
    speed: Speed


def speed_fit(violation: Mapping[str, Any], path: tuple[TrackPoint, ...], camera: Camera) -> SpeedFit | None:
    """Reckon a speed anew from the path, as `detectors.rules.speeding` did; None where there is no speed."""
    zone = camera.file.measuring_zone
    if violation["rule"] != "speeding" or violation.get("speed_kmh") is None or zone is None:
        return None
    start, end = float(violation["start_s"]) - 1e-6, float(violation["end_s"]) + 1e-6
    used = [p for p in path if p.measurable and start <= p.t_s <= end and inside(tuple(zone), p.road_xy)]
    lane = camera.lane(str(violation["measured"]["lane"]))
    axis = Axis.of(lane.polygon[0], lane.direction)
    view = viewpoint(camera.homography.image_to_road, camera.file.frame_size)
    speed = speed_over(
        used, str(violation["vehicle_class"]), camera, axis, CalibrationSpread.of(camera), view
    )
    if speed is None:
        return None
    along = np.array([axis.along(p.road_xy) for p in used])
    sigma = np.array([sigma_along(camera.homography, p, axis.unit) for p in used])
    return SpeedFit(np.array([p.t_s for p in used]), along - along[0], sigma, speed)
