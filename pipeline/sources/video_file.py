"""Frames of a recorded video file, with the times that the recording itself holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np

from detectors.camera import Camera
from detectors.types import Frame
from pipeline.sources.base import InputFault, SourceError, SourceMissingError

# A container counts the last frame's display time, audio and rounding too: less than this is no loss.
SHORT_BY_S = 0.6


class VideoFileSource:
    """A video file. ``t_s`` comes from presentation timestamps; ``captured_at`` is the camera file's
    ``recorded_at`` plus ``t_s``, else the container's creation time, else the file's time on disk.

    A file that breaks off or is damaged midway gives what can be decoded whole, and the rest as ``faults``.
    """

    live = False
    dropped = 0

    def __init__(self, path: Path, camera: Camera) -> None:
        self.name = str(path)
        self.frame_rate = 25.0
        self.expected_frames: int | None = None
        self.faults: list[InputFault] = []
        self._path, self._camera = path, camera
        self._container: Any = None

    def __enter__(self) -> Self:
        if not self._path.exists():
            raise SourceMissingError(f"{self._path}: no such file")
        try:
            self._container = av.open(str(self._path))
        except (av.FFmpegError, OSError) as error:
            raise SourceError(_why_not(self._path, error)) from error
        if not self._container.streams.video:
            self._container.close()
            raise SourceError(f"{self._path}: holds no video stream; give a video file")
        stream = self._container.streams.video[0]
        stream.thread_type = "AUTO"
        self.frame_rate = float(stream.average_rate or stream.guessed_rate or 25.0)
        self.expected_frames = stream.frames or None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._container is not None:
            self._container.close()

    def __iter__(self) -> Iterator[Frame]:
        stream = self._container.streams.video[0]
        began = self._camera.file.recorded_at or recorded_at_of(self._container, self._path)
        first: float | None = None
        last = 0.0
        index = -1
        for picture in self._pictures(stream):
            if picture.is_corrupt:
                self._fault(f"frame {index + 1}", "damaged; left out")
                continue
            seconds = picture.time
            if seconds is None:
                self._fault(f"frame {index + 1}", "has no timestamp; left out")
                continue
            first = seconds if first is None else first
            index += 1
            last = seconds - first
            image = picture.to_ndarray(format="bgr24")
            at = began.astimezone(UTC) + timedelta(seconds=round(last, 6))
            yield Frame(self._camera.id, index, last, at, np.ascontiguousarray(image))
        if first is None:
            raise SourceError(f"{self._path}: not one frame of it can be decoded; the recording is damaged")
        self._check_length(stream, index + 1, last)

    def _pictures(self, stream: Any) -> Iterator[Any]:
        packets = self._container.demux(stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError as error:
                self._fault("stream", f"breaks off: {error.strerror}")
                return
            try:
                yield from packet.decode()
            except av.EOFError:
                return
            except av.FFmpegError as error:
                self._fault(f"packet at {_seconds(packet)}", f"cannot be decoded: {error.strerror}")

    def _check_length(self, stream: Any, frames: int, last: float) -> None:
        if stream.frames and frames < stream.frames - 1 and not self.faults:
            self._fault("stream", f"breaks off: {frames} of {stream.frames} frames at {last:.1f} s")
            return
        length = float(stream.duration * stream.time_base) if stream.duration else None
        if length is not None and last + 1 / self.frame_rate < length - SHORT_BY_S and not self.faults:
            self._fault("stream", f"breaks off at {last:.1f} s of {length:.1f} s")

    def _fault(self, where: str, what: str) -> None:
        self.faults.append(InputFault(f"{self._path} {where}", what))


def _why_not(path: Path, error: Exception) -> str:
    if path.is_file() and path.stat().st_size == 0:
        return f"{path}: the file is empty (0 bytes)"
    if isinstance(error, av.InvalidDataError):
        return (
            f"{path}: not a video, or a recording cut short before its index was written; "
            "record again or repair it"
        )
    return f"{path}: cannot be opened as a video: {getattr(error, 'strerror', error)}"


def recorded_at_of(container: Any, path: Path) -> datetime:
    """Give when a video began by its container's creation time, else by the file's time on disk."""
    text = container.metadata.get("creation_time")
    if text:
        try:
            at = datetime.fromisoformat(text)
            return at if at.tzinfo else at.replace(tzinfo=UTC)
        except ValueError:
            # An unreadable tag is as good as none: the file's own time stands in.
            pass
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _seconds(packet: Any) -> str:
    return f"{float(packet.pts * packet.time_base):.1f} s" if packet.pts is not None else "unknown time"
