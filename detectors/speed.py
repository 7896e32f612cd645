"""How fast a track went, with its interval and a second estimate that does not know where it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from detectors.camera import Camera
from detectors.geometry import Homography
from detectors.kinematics import KMH, Array, Axis, contact, path
from detectors.types import TrackPoint
from detectors.vehicles import ANY_VEHICLE, SIZES
from detectors.viewpoint import CalibrationSpread, Viewpoint

TIMESTAMP_SIGMA_S = 0.004
# Of the fit of position on time: place, speed, acceleration.
PARAMETERS = 3


@dataclass(frozen=True)
class Speed:
    """A measured speed: ``half_width_kmh`` is half of the 95% interval; ``second_kmh`` the independent
    estimate."""

    kmh: float
    half_width_kmh: float
    second_kmh: float | None
    points: int
    length_m: float
    start_s: float
    end_s: float

    @property
    def lower_kmh(self) -> float:
        """The lower bound of the 95% interval."""
        return self.kmh - self.half_width_kmh

    @property
    def agrees(self) -> bool:
        """Tell whether the second estimate exists and lies within max(6 km/h, 15%) of the first."""
        return self.second_kmh is not None and abs(self.second_kmh - self.kmh) <= max(6.0, 0.15 * self.kmh)


def speed_over(
    points: Sequence[TrackPoint],
    label: str,
    camera: Camera,
    axis: Axis,
    spread: CalibrationSpread,
    view: Viewpoint | None,
) -> Speed | None:
    """Measure the mean speed along ``axis`` over the sightings given.

    Weighted least squares of position on time, with an acceleration; each weight is 1/(box jitter² + (speed ·
    timestamp jitter)²). The speed's variance is scaled up by the residuals where they exceed what was assumed
    (never below a quarter), and by (1+r)/(1-r) for residuals that follow one another with lag-one correlation
    r. To it are added, in squares, the calibration's own error of the distance covered and that of what is
    lowest. The interval is 95%, Student's t with N-3 degrees of freedom. Source: Draper and Smith, Applied
    Regression Analysis, 3rd ed., sections 1.4 and 9.2; JCGM 100:2008, section 5.

    Returns:
        None where fewer than five sightings can be measured from.
    """
    used = [p for p in points if p.measurable]
    if len(used) < PARAMETERS + 2:
        return None
    p = path(used, camera.homography, axis)
    rough = abs(p.along[-1] - p.along[0]) / max(p.t[-1] - p.t[0], 1e-6)
    variance = _even(p.t, p.sigma) ** 2 + (rough * TIMESTAMP_SIGMA_S) ** 2
    slope, slope_variance, residuals = _fit(p.t, p.along, variance)
    keep = np.abs(residuals) <= 3.5 * max(1.0, 1.4826 * float(np.median(np.abs(residuals))))
    if PARAMETERS + 2 <= keep.sum() < len(keep):
        slope, slope_variance, residuals = _fit(p.t[keep], p.along[keep], variance[keep])
    n = len(residuals)
    scale = max(float(np.sum(residuals**2)) / (n - PARAMETERS), 0.25)
    r = float(
        np.clip(np.sum(residuals[1:] * residuals[:-1]) / max(float(np.sum(residuals**2)), 1e-12), 0.0, 0.8)
    )
    ends = np.array([contact(used[0].box_xyxy), contact(used[-1].box_xyxy)], float)
    distance = abs(float(p.along[-1] - p.along[0]))
    moved = spread.shifts(ends) @ np.asarray(axis.unit)
    relative = float(np.sqrt(np.sum((moved[:, 1] - moved[:, 0]) ** 2))) / max(distance, 0.5)
    # Any shift up to the most that is possible is as likely (GUM 4.3.7: a rectangular distribution).
    wander = SIZES.get(label, ANY_VEHICLE).wander_max / np.sqrt(3) / max(distance, 0.5)
    sigma = np.sqrt(slope_variance * scale * (1 + r) / (1 - r) + slope**2 * (relative**2 + wander**2))
    second = speed_from_size(used, label, camera.homography, axis, view)
    return Speed(
        slope * KMH,
        float(stdtrit(n - PARAMETERS, 0.975) * sigma) * KMH,
        None if second is None else second * KMH,
        n,
        distance,
        float(p.t[0]),
        float(p.t[-1]),
    )


def _even(t: Array, sigma: Array) -> Array:
    """Give the sigmas as a smooth function of time.

    A box edge that jitters upwards seems further away and so less sure: weights taken from single sightings
    would lean the fit towards the near side.
    """
    centred = (t - t.mean()) / max(float(np.ptp(t)), 1e-6)
    out: Array = np.exp(np.polyval(np.polyfit(centred, np.log(sigma), 2), centred))
    return out


def _fit(t: Array, s: Array, variance: Array) -> tuple[float, float, Array]:
    """Fit ``s = s0 + v τ + a τ²/2``, τ from the middle of the time: give v, its variance and the residuals in sigmas.

    The mean speed from the first to the last moment is v whatever a is; a straight line would give the speed
    of the near side, which weighs most, and with it too little for whoever pulls away and too much for who
    brakes.
    """
    middle = t - (t[0] + t[-1]) / 2
    x = np.column_stack([np.ones_like(middle), middle, middle**2 / 2])
    w = 1.0 / np.sqrt(variance)
    q, r = np.linalg.qr(x * w[:, None])
    inverse = np.linalg.inv(r)
    best = inverse @ (q.T @ (s * w))
    residuals: Array = (s - x @ best) * w
    return float(best[1]), float((inverse @ inverse.T)[1, 1]), residuals


def speed_from_size(
    points: Sequence[TrackPoint], label: str, homography: Homography, axis: Axis, view: Viewpoint | None
) -> float | None:
    """Estimate the speed along the axis, m/s, from how fast the box shrinks or grows: not from where it is.

    Under a pinhole camera a thing of fixed width W shows ``w = W f / d`` pixels at depth d. For a point of
    the road the depth is, up to one factor, the denominator of the road-to-image homography, linear in the
    road position: ``d = g·(x, y, 1)`` with g its third row. So ``u = 1/w`` is proportional to d, and along
    the axis ``v = (d_mid / (∂d/∂s)) · (du/dt) / u_mid``: the unknown W and f drop out. A box spans the side
    of a vehicle too where the camera sees it; where the camera's position is known, the width of a
    class-typical cuboid's silhouette at each place is divided out first. Source: Hartley and Zisserman,
    section 8.1; the time-to-contact relation of Lee, 1976.

    Returns:
        None where depth hardly changes along the axis (a camera looking across or straight down).
    """
    used = [p for p in points if p.measurable]
    if len(used) < 4:
        return None
    road = np.array([p.road_xy for p in used])
    g = np.linalg.inv(homography.image_to_road)[2]
    depth = np.column_stack([road, np.ones(len(road))]) @ g
    gradient = float(g[0] * axis.unit[0] + g[1] * axis.unit[1])
    t = np.array([p.t_s for p in used])
    width = np.array([p.box_xyxy[2] - p.box_xyxy[0] for p in used])
    if view is not None:
        width = width / (_silhouette_widths(road, label, axis, view) * np.abs(depth))
    else:
        width = width * 1.0
    if np.any(~np.isfinite(width)) or np.any(width <= 0) or gradient == 0.0:
        return None
    middle = float(np.median(depth))
    reach = abs(gradient) * float(np.ptp(road @ np.asarray(axis.unit)))
    if reach < 0.12 * abs(middle):
        return None
    u = 1.0 / width
    i, j = np.triu_indices(len(t), 1)
    rate = float(np.median((u[j] - u[i]) / (t[j] - t[i])))
    at = float(np.median(u - rate * (t - t.mean())))
    return float(np.mean(depth)) / gradient * rate / at


def _silhouette_widths(road: Array, label: str, axis: Axis, view: Viewpoint) -> Array:
    """Give (N,) widths in pixels of a class-typical cuboid with its near end at each road point."""
    size = SIZES.get(label, SIZES["car"])
    unit, side = np.asarray(axis.unit), np.array([-axis.unit[1], axis.unit[0]])
    away = (road - np.asarray(view.position[:2])) @ unit >= 0
    out = []
    for place, seen_from_rear in zip(road, away, strict=True):
        far = unit * size.length * (1.0 if seen_from_rear else -1.0)
        corners = [
            [*(place + d + side * k * size.width / 2), z]
            for d in (0 * far, far)
            for k in (-1, 1)
            for z in (0.3, size.height)
        ]
        out.append(float(np.ptp(view.to_image(np.array(corners))[:, 0])))
    return np.array(out)
