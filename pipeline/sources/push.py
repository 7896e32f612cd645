"""Frames that a gateway pushes: one bounded queue per camera, latest wins, every drop counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from detectors.camera import Camera
from detectors.types import Frame
from pipeline.images import ImageError, decode_image
from pipeline.queues import LatestQueue
from pipeline.sources.base import InputFault

FAULTS_KEPT = 200


class PushSource:
    """JPEG frames with their capture times, pushed from any thread; decoded when the camera's loop takes
    them."""

    live: bool = True
    expected_frames: int | None = None

    def __init__(self, camera: Camera, capacity: int = 8, frame_rate: float = 12.0) -> None:
        self.name = f"push:{camera.id}"
        self.frame_rate = frame_rate
        self.faults: list[InputFault] = []
        self.broken = 0
        self._camera = camera
        self._queue: LatestQueue[tuple[int, bytes, datetime]] = LatestQueue(capacity)
        self._pushed = 0

    @property
    def dropped(self) -> int:
        """How many frames were dropped because newer ones came."""
        return self._queue.dropped

    def push(self, jpeg: bytes, captured_at: datetime) -> bool:
        """Hand over one frame; tell whether an older one had to be dropped for it.

        Raises:
            ImageError: not a JPEG, or ``captured_at`` names no zone.
        """
        if captured_at.tzinfo is None:
            raise ImageError("captured_at must name its zone, as in 2026-08-17T07:15:00.250+07:00")
        if not jpeg.startswith(b"\xff\xd8\xff"):
            raise ImageError("a pushed frame must be a JPEG" if jpeg else "the frame is empty (0 bytes)")
        self._pushed += 1
        return self._queue.put((self._pushed - 1, jpeg, captured_at.astimezone(UTC)))

    def close(self) -> None:
        """Say that no more frames come."""
        self._queue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        began: datetime | None = None
        for index, jpeg, at in self._queue:
            try:
                image = decode_image(jpeg)
            except ImageError as error:
                self.broken += 1
                self.faults.append(InputFault(f"{self.name} frame {index} of {at.isoformat()}", str(error)))
                del self.faults[:-FAULTS_KEPT]
                continue
            began = began or at
            yield Frame(self._camera.id, index, (at - began).total_seconds(), at, image, encoded=jpeg)
