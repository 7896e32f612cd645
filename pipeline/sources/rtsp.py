"""Frames pulled from a camera or gateway over RTSP, for as long as it stands."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import av
import numpy as np

from detectors.camera import Camera
from detectors.types import Frame
from pipeline.queues import LatestQueue
from pipeline.sources.base import InputFault, SourceError
from pipeline.sources.reconnect import keep_connected

# No picture for so long is a stall: the connection is given up and made anew.
STALL_S = 3.0
FAULTS_KEPT = 200
# The stream's clock may drift from ours this far before the two are brought together again.
DRIFT_S = 2.0


def open_rtsp(url: str) -> Any:
    """Open a stream with FFmpeg over TCP; an answer or a packet that is `STALL_S` in coming fails."""
    options = {"rtsp_transport": "tcp", "fflags": "nobuffer", "max_delay": "500000"}
    return av.open(url, options=options, timeout=(STALL_S, STALL_S))


class RtspSource:
    """An RTSP stream. Reconnects for ever (or ``attempts`` times in a row), latest frame wins. ``tell`` hears
    of each fault as it happens.

    ``t_s`` runs on by the monotonic clock and the stream's timestamps also across a reconnection, where it
    jumps by the time that was lost. ``captured_at`` is our own clock's time at the stream's first frame plus
    the stream's time since.
    """

    live: bool = True
    expected_frames: int | None = None

    def __init__(
        self,
        url: str,
        camera: Camera,
        capacity: int = 4,
        attempts: int | None = None,
        connect: Callable[[str], Any] = open_rtsp,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        wait: Callable[[float], object] | None = None,
        rng: random.Random | None = None,
        tell: Callable[[InputFault], None] | None = None,
    ) -> None:
        self.name = without_password(url)
        self.frame_rate = 12.0
        self.faults: list[InputFault] = []
        self.faults_seen = 0
        self.reconnections = 0
        self._url, self._camera, self._attempts, self._connect = url, camera, attempts, connect
        self._monotonic, self._now = monotonic, now
        self._closing = threading.Event()
        self._wait = wait or self._closing.wait
        self._rng = rng or random.Random()
        self._tell = tell
        self._queue: LatestQueue[Frame] = LatestQueue(capacity)
        self._thread = threading.Thread(target=self._pull, name=f"rtsp {camera.id}", daemon=True)
        self._index = 0
        self._began: float | None = None

    @property
    def dropped(self) -> int:
        """How many frames were dropped because newer ones came."""
        return self._queue.dropped

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._queue.close()
        self._thread.join(timeout=STALL_S + 2)

    def __iter__(self) -> Iterator[Frame]:
        yield from self._queue
        if self._index == 0 and self.faults:
            raise SourceError(str(self.faults[-1]))

    def _pull(self) -> None:
        try:
            keep_connected(
                self._once, self._closing.is_set, self._wait, self._rng, self._broke_off, self._attempts
            )
        finally:
            self._queue.close()

    def _once(self) -> tuple[str, bool]:
        before = self._index
        return self._one_connection(), self._index > before

    def _broke_off(self, what: str) -> None:
        self.reconnections += "connecting again" in what
        self._fault(what)

    def _one_connection(self) -> str:
        try:
            container = self._connect(self._url)
        except (av.FFmpegError, OSError) as error:
            return f"cannot connect: {getattr(error, 'strerror', None) or error}"
        try:
            return self._read(container)
        except (av.FFmpegError, OSError) as error:
            return f"the stream broke off: {getattr(error, 'strerror', None) or error}"
        finally:
            container.close()

    def _read(self, container: Any) -> str:
        if not container.streams.video:
            return "the stream holds no video"
        stream = container.streams.video[0]
        self.frame_rate = float(stream.average_rate or self.frame_rate)
        anchor: tuple[float, float, datetime] | None = None
        seen = self._monotonic()
        for picture in _pictures(container, stream):
            if self._closing.is_set():
                return "closed"
            if picture is None:
                # Sound or other data still comes: to FFmpeg that is no stall.
                if self._monotonic() - seen > STALL_S:
                    return f"stalled: no picture for {STALL_S:.0f} s"
                continue
            seen = self._monotonic()
            if picture.is_corrupt or picture.time is None:
                self._fault("a damaged frame; left out")
                continue
            mono = self._monotonic()
            if anchor is None or abs((mono - anchor[1]) - (picture.time - anchor[0])) > DRIFT_S:
                anchor = (picture.time, mono, self._now())
            since = picture.time - anchor[0]
            self._began = anchor[1] + since if self._began is None else self._began
            image = np.ascontiguousarray(picture.to_ndarray(format="bgr24"))
            at = anchor[2] + timedelta(seconds=since)
            self._queue.put(Frame(self._camera.id, self._index, anchor[1] + since - self._began, at, image))
            self._index += 1
        return "the stream ended"

    def _fault(self, what: str) -> None:
        self.faults_seen += 1
        self.faults.append(InputFault(self.name, what))
        del self.faults[:-FAULTS_KEPT]
        if self._tell is not None:
            self._tell(self.faults[-1])


def _pictures(container: Any, stream: Any) -> Iterator[Any]:
    """Give each picture as it is decoded, and None for each packet that gave none."""
    for packet in container.demux():
        pictures = packet.decode() if packet.stream is stream else []
        yield from pictures or (None,)


def without_password(url: str) -> str:
    """Give a stream's address as it may be shown: without user and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
