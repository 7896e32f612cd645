"""Metrics for Prometheus: what the doors count, and what the cameras' health and the spool say when they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from pipeline.health import PAUSED, SILENT, CameraHealth, all_cameras
from pipeline.spool import Spool


class Metrics:
    """The metrics of one server process."""

    def __init__(self, data: Path, spool: Spool) -> None:
        self._registry = CollectorRegistry()
        self._taken = Counter(
            "etle_gateway_taken",
            "What gateways handed over and was taken.",
            ["what"],
            registry=self._registry,
        )
        self._refused = Counter(
            "etle_gateway_refused",
            "What was refused, by the name of the refusal.",
            ["what", "why"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "etle_gateway_frame_seconds",
            "From a live frame's last byte to its answer.",
            registry=self._registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
        )
        self._registry.register(_Cameras(data, spool))

    def taken(self, what: str) -> None:
        """Count something that was taken."""
        self._taken.labels(what).inc()

    def refused(self, what: str, why: str) -> None:
        """Count a refusal; both words are ours, never what was sent."""
        self._refused.labels(what, why).inc()

    def frame_took(self, seconds: float) -> None:
        """Count how long a live frame took."""
        self._seconds.observe(seconds)

    def text(self) -> bytes:
        """Write all of it in Prometheus' text format."""
        return generate_latest(self._registry)


class _Cameras(Collector):
    def __init__(self, data: Path, spool: Spool) -> None:
        self._data, self._spool = data, spool

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        cameras = all_cameras(self._data, now)
        gauges = {
            "last_frame_age_seconds": ("Seconds since a camera's last frame.", _age(now)),
            "frame_rate": ("Frames a second.", lambda c: c.frame_rate),
            "lag_seconds": ("From capture to arrival.", lambda c: c.lag_s),
            "clock_offset_seconds": ("How far the gateway's clock is ahead.", lambda c: c.clock_offset_s),
            "picture_brightness": ("0 to 255.", lambda c: c.brightness),
            "picture_sharpness": ("Share of the reference's detail.", lambda c: c.sharpness),
            "view_shift_pixels": ("How far the view has moved.", lambda c: c.shift_px),
            "paused": ("1 while enforcement is paused.", lambda c: float(c.state == PAUSED)),
            "silent": ("1 while no frames come.", lambda c: float(c.state == SILENT)),
        }
        for name, (words, value) in gauges.items():
            family = GaugeMetricFamily(f"etle_camera_{name}", words, labels=["camera"])
            for camera in cameras:
                if (given := value(camera)) is not None:
                    family.add_metric([camera.camera_id], given)
            yield family
        for name, words in (
            ("frames", "Frames that came."),
            ("dropped", "Frames that made room for newer ones."),
            ("missing", "Frames that never came."),
        ):
            counter = CounterMetricFamily(f"etle_camera_{name}", words, labels=["camera"])
            for camera in cameras:
                counter.add_metric([camera.camera_id], getattr(camera, name))
            yield counter
        refused = CounterMetricFamily(
            "etle_camera_refused", "Frames refused, by name.", labels=["camera", "why"]
        )
        for camera in cameras:
            for why, count in camera.refused.items():
                refused.add_metric([camera.camera_id, why], count)
        yield refused
        segments = GaugeMetricFamily("etle_spool_segments", "Recorded segments by state.", labels=["state"])
        for state, count in self._spool.counts().items():
            segments.add_metric([state], count)
        yield segments


def _age(now: datetime) -> Callable[[CameraHealth], float | None]:
    def age(camera: CameraHealth) -> float | None:
        return None if camera.last_frame_at is None else (now - camera.last_frame_at).total_seconds()

    return age
