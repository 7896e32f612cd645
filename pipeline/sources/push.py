"""Frames that a gateway pushes: one bounded queue per camera, latest wins, every drop counted."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median
from types import TracebackType
from typing import Self

from detectors.camera import Camera
from detectors.types import Frame
from pipeline.frames import FrameOrder, FrameRefusedError, FrameTaken, PushedFrame, check_time, jpeg_size
from pipeline.images import ImageError, decode_image
from pipeline.queues import LatestQueue
from pipeline.sources.base import InputFault
from pipeline.types import Arrivals

FAULTS_KEPT = 200
# After so long without a frame what waits for more is handed on, and the next frame begins anew.
IDLE_S = 10.0
CLOCK_OFF_S = 2.0
_RECENT = 60


class PushSource:
    """JPEG frames with their capture times, pushed from any thread; decoded when the camera's loop takes
    them.

    Iterating ends when nothing came for ``idle_s`` after the first frame, and can be begun again until `close`.
    """

    live: bool = True
    expected_frames: int | None = None

    def __init__(
        self,
        camera: Camera,
        capacity: int = 8,
        frame_rate: float = 12.0,
        idle_s: float | None = None,
    ) -> None:
        self.name = f"push:{camera.id}"
        self.frame_rate = frame_rate
        self.faults: list[InputFault] = []
        self.broken = 0
        self._camera, self._idle_s = camera, idle_s
        self._signals = frozenset(head.id for head in camera.file.signals)
        self._queue: LatestQueue[tuple[int, PushedFrame]] = LatestQueue(capacity)
        self._order = FrameOrder()
        self._taken = self._missing = 0
        self._refused: Counter[str] = Counter()
        self._lags: deque[float] = deque(maxlen=_RECENT)
        self._offsets: deque[float] = deque(maxlen=_RECENT)
        self._lock = threading.Lock()

    @property
    def dropped(self) -> int:
        """How many frames were dropped because newer ones came."""
        return self._queue.dropped

    @property
    def waiting(self) -> int:
        """How many frames wait to be taken."""
        return len(self._queue)

    @property
    def closed(self) -> bool:
        """Whether no more frames can come."""
        return self._queue.closed

    def push(self, frame: PushedFrame) -> FrameTaken:
        """Take one frame in.

        Raises:
            FrameRefusedError: it is no JPEG of the camera's size, its time cannot be, it comes out of order, or it
                names a signal that the camera file does not have.
        """
        with self._lock:
            try:
                missing = self._check(frame)
            except FrameRefusedError as error:
                self._refused[error.name] += 1
                raise
            self._taken += 1
            self._missing += missing
            self._lags.append((frame.received_at - frame.captured_at).total_seconds())
            if frame.sent_at is not None:
                self._offsets.append((frame.sent_at - frame.received_at).total_seconds())
            lost = self._queue.put((self._taken - 1, frame))
            return FrameTaken(int(lost), self._queue.dropped, missing)

    def arrivals(self) -> Arrivals:
        """Tell how frames arrive."""
        with self._lock:
            lag = round(median(self._lags), 3) if self._lags else None
            offset = round(median(self._offsets), 3) if self._offsets else None
            return Arrivals(self._taken, self._missing, dict(self._refused), lag, offset)

    def clock_doubt(self) -> tuple[str, ...]:
        """Say ``clock`` where the gateway's clock is off by more than `CLOCK_OFF_S`."""
        offset = self.arrivals().clock_offset_s
        return ("clock",) if offset is not None and abs(offset) > CLOCK_OFF_S else ()

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
        for index, pushed in self._queue.until_idle(self._idle_s):
            at = pushed.captured_at.astimezone(UTC)
            try:
                image = decode_image(pushed.jpeg)
            except ImageError as error:
                self.broken += 1
                self.faults.append(InputFault(f"{self.name} frame {index} of {at.isoformat()}", str(error)))
                del self.faults[:-FAULTS_KEPT]
                continue
            began = began or at
            yield Frame(
                self._camera.id,
                index,
                (at - began).total_seconds(),
                at,
                image,
                pushed.signals,
                encoded=pushed.jpeg,
            )

    def _check(self, frame: PushedFrame) -> int:
        width, height = jpeg_size(frame.jpeg)
        wanted = self._camera.file.frame_size
        if (width, height) != wanted:
            raise FrameRefusedError(
                "wrong_size",
                f"the frame is {width}x{height}; the camera file's frame_size and calibration are "
                f"{wanted[0]}x{wanted[1]}",
            )
        unknown = sorted(set(frame.signals) - self._signals)
        if unknown:
            raise FrameRefusedError(
                "unknown_signal", f"camera {self._camera.id} has no signal {', '.join(unknown)[:100]}"
            )
        check_time(frame)
        return self._order.check(frame)
