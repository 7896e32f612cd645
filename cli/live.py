"""The cameras whose live frames this worker holds: a queue and a loop for each, in threads that share the models."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from cli.errors import say
from cli.models import Models
from cli.office import Office
from cli.run import run_camera
from detectors.base import DetectorError
from detectors.camera import Camera
from pipeline.evidence import EvidenceStore, StoreError
from pipeline.health_book import watch_silence
from pipeline.live import CameraHeldError, LiveReceiver
from pipeline.sources import PushSource, SourceError
from pipeline.sources.push import IDLE_S
from plate_reader.base import PlateReaderError
from ticketing.record_rules.settings import SettingsError

ROUND_S = 2.0
PAUSE_S = 5.0
JOIN_S = 30.0
# What one camera may suffer without the others being harmed: it is told, and the camera goes on with the next frame.
_ONE_CAMERAS = (
    StoreError, SourceError, DetectorError, PlateReaderError, SettingsError, SQLAlchemyError, OSError
)  # fmt: skip


class LiveCameras:
    """Holds every camera that no other worker holds, and takes over those that become free.

    ``models`` may be used by several threads at once (`cli.models.shared`). An error that is a fault of ours ends
    the worker: `check` raises it.
    """

    def __init__(
        self,
        cameras: Mapping[str, Camera],
        data: Path,
        models: Models,
        office: Office,
        tell: Callable[[str], None] = lambda text: say(f"etle: {text}"),
        idle_s: float = IDLE_S,
    ) -> None:
        self._cameras, self._data, self._models, self._office = dict(cameras), data, models, office
        self._tell, self._idle_s = tell, idle_s
        self._held: dict[str, tuple[LiveReceiver, PushSource, threading.Thread]] = {}
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._keeper = threading.Thread(target=self._keep, name="live keeper", daemon=True)

    def __enter__(self) -> Self:
        self._hold_free()
        self._keeper.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take no more frames, and let what waits become cases."""
        self._stop.set()
        self._keeper.join(timeout=JOIN_S)
        for receiver, source, _ in self._held.values():
            receiver.close()
            source.close()
        for _, _, thread in self._held.values():
            thread.join(timeout=JOIN_S)

    @property
    def held(self) -> list[str]:
        """The ids of the cameras that this worker holds."""
        return sorted(self._held)

    def waiting(self, camera_id: str) -> int:
        """Give how many frames of a camera that is held wait for its loop."""
        return self._held[camera_id][1].waiting

    def check(self) -> None:
        """Raise what ended a camera's thread, if anything did."""
        if self._error is not None:
            raise self._error

    def _keep(self) -> None:
        while not self._stop.wait(ROUND_S):
            try:
                self._hold_free()
                watch_silence(self._data, self._tell)
            except (StoreError, OSError) as error:
                self._tell(f"live cameras: {error}")

    def _hold_free(self) -> None:
        for camera_id, camera in self._cameras.items():
            if camera_id in self._held:
                continue
            source = PushSource(camera, idle_s=self._idle_s)
            try:
                receiver = LiveReceiver(self._data, camera_id, source.push)
            except CameraHeldError:
                continue
            thread = threading.Thread(
                target=self._run, args=(camera, source), name=f"camera {camera_id}", daemon=True
            )
            self._held[camera_id] = (receiver, source, thread)
            thread.start()

    def _run(self, camera: Camera, source: PushSource) -> None:
        try:
            while not source.closed:
                try:
                    store = EvidenceStore(self._data)
                    run_camera(camera, source, self._models, store, self._office, quiet=True, data=self._data)
                except _ONE_CAMERAS as error:
                    self._tell(f"camera {camera.id}: {error}; it goes on in {PAUSE_S:.0f} s")
                    self._stop.wait(PAUSE_S)
        except BaseException as error:
            # Kept for the main thread, which raises it.
            self._error = error
