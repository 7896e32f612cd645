"""Watches one camera's picture while it runs, and pauses enforcement for as long as the picture is unfit."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from detectors.camera import Camera
from detectors.picture_quality import PictureQuality, View
from detectors.types import Frame, Image
from pipeline.blobs import write_whole
from pipeline.images import ImageError, decode_image, encode_jpeg

EVERY_S = 5.0
CLEAN_TO_RESUME = 3
STRANGE_TO_PAUSE = 3
# Below this median of luma the road is lit by lamps: its detail is not that of the day.
NIGHT_LUMA = 60.0
_CHECKS_KEPT = 64


@dataclass(frozen=True)
class _Check:
    t_s: float
    reasons: tuple[str, ...]


class References:
    """The pictures a camera is compared with, one by day and one by night, of this very camera file: a new
    calibration begins anew. In memory only where no folder is named."""

    def __init__(self, camera: Camera, folder: Path | None) -> None:
        self._folder, self._sha256 = folder, camera.sha256
        self._held: dict[str, Image] = {}

    def get(self, light: str) -> Image | None:
        """Give the picture kept for ``day`` or ``night``, None where there is none that can be read."""
        if light not in self._held and self._folder is not None:
            try:
                self._held[light] = decode_image(self._path(light).read_bytes())
            except (OSError, ImageError):
                # Not there yet, or damaged: the next picture takes its place.
                return None
        return self._held.get(light)

    def keep(self, light: str, image: Image) -> None:
        """Keep a picture. Raises `pipeline.blobs.StoreError` where it cannot be written."""
        self._held[light] = image
        if self._folder is not None:
            write_whole(self._path(light), encode_jpeg(image))

    def _path(self, light: str) -> Path:
        assert self._folder is not None
        return self._folder / f"reference-{light}-{self._sha256[:12]}.jpg"


class PictureWatch:
    """Looks at a picture every `EVERY_S` of the source's time, never of a clock: a replay pauses where the run did.

    ``more`` gives reasons that no picture shows, as a gateway's clock that is off.
    """

    def __init__(
        self,
        camera: Camera,
        folder: Path | None = None,
        more: Callable[[], tuple[str, ...]] = tuple,
        every_s: float = EVERY_S,
    ) -> None:
        self.last: PictureQuality | None = None
        self.paused: tuple[str, ...] = ()
        self._camera, self._more, self._every_s = camera, more, every_s
        self._references = References(camera, folder)
        self._views: dict[str, View] = {}
        self._checks: deque[_Check] = deque(maxlen=_CHECKS_KEPT)
        self._clean = self._strange = 0

    def look(self, frame: Frame) -> None:
        """Look at a frame if it is time to."""
        if self._checks and frame.t_s < self._checks[-1].t_s:
            self._checks.clear()
        if not self._checks or frame.t_s >= self._checks[-1].t_s + self._every_s:
            self._check(frame)

    def doubt(self, start_s: float, end_s: float, now: Frame) -> str | None:
        """Say why what happened from ``start_s`` to ``end_s`` cannot be enforced, None where it can.

        The last look before it, every look during it and the first one after it must all have found nothing; where
        none came after it yet, ``now`` is looked at.
        """
        if not self._checks or self._checks[-1].t_s < end_s:
            self._check(now)
        checks = list(self._checks)
        first = max((i for i, c in enumerate(checks) if c.t_s <= start_s), default=0)
        last = next((i for i, c in enumerate(checks) if c.t_s >= end_s), len(checks) - 1)
        return next((", ".join(c.reasons) for c in checks[first : last + 1] if c.reasons), None)

    def _check(self, frame: Frame) -> None:
        quality = self.last = self._compare(frame.image)
        self._strange = self._strange + 1 if quality.strange else 0
        faults = set(quality.faults) | set(self._more())
        if self._strange >= STRANGE_TO_PAUSE:
            faults.add("moved")
        self._clean = 0 if faults else self._clean + 1
        if faults:
            self.paused = tuple(sorted(faults | set(self.paused)))
        elif self._clean >= CLEAN_TO_RESUME:
            self.paused = ()
        self._checks.append(_Check(frame.t_s, self.paused))

    def _compare(self, image: Image) -> PictureQuality:
        light = light_of(image)
        other = "day" if light == "night" else "night"
        for name in (light, other):
            kept = self._references.get(name) if name not in self._views else None
            if kept is not None and kept.shape == image.shape:
                self._views[name] = View(kept, self._camera)
        own, across = self._views.get(light), self._views.get(other)
        if own is not None:
            return own.compare(image)
        # Another light's detail is no measure of this one's, but a view that has moved shows across.
        seen = View(image, self._camera) if across is None else across
        quality = seen.compare(image)
        faults = tuple(f for f in quality.faults if f != "blurred")
        quality = replace(quality, sharpness=None, faults=faults, strange=False)
        if not faults:
            self._references.keep(light, image)
            self._views[light] = View(image, self._camera)
        return quality


def light_of(image: Image) -> str:
    """Tell ``day`` from ``night`` by the picture itself, (H, W, 3) uint8 BGR."""
    return "night" if float(np.median(image[::8, ::8])) < NIGHT_LUMA else "day"


def keep_reference(camera: Camera, folder: Path, image: Image) -> None:
    """Keep the picture that a camera was calibrated on. Raises `pipeline.blobs.StoreError`."""
    References(camera, folder).keep(light_of(image), image)
