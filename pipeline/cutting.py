"""Cuts a source into recorded segments, nothing encoded anew: video between key frames, pictures as they are."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av

from pipeline.frames import FrameRefusedError
from pipeline.segments import MOST_PICTURES, BatchError, pack_pictures
from pipeline.sources.base import InputFault, SourceError, SourceMissingError
from pipeline.sources.image_folder import exif_time, name_time
from pipeline.sources.rtsp import STALL_S
from pipeline.sources.video_file import recorded_at_of

VIDEO, PICTURES = ".mp4", ".zip"
# A clock and a stream's timestamps may drift apart this far before the two are brought together again.
DRIFT_S = 2.0


@dataclass(frozen=True)
class Cut:
    """One segment: ``recorded_at`` is the time of its first picture, ``data`` a video or a batch of pictures, as
    ``kind`` says; ``after`` is where in the source the next one begins: seconds, or the last picture's name."""

    recorded_at: datetime
    data: bytes
    kind: str
    after: float | str


class _Muxer:
    """Collects the packets of one segment; times begin at its first packet."""

    def __init__(self, stream: Any, first: Any) -> None:
        self._out = io.BytesIO()
        self._container = av.open(self._out, "w", format="mp4")
        try:
            self._stream = self._container.add_stream_from_template(stream)
        except ValueError as error:
            raise SourceError(
                f"video of the kind {stream.codec.name} cannot be cut into MP4: {error}"
            ) from error
        self._dts = first.dts if first.dts is not None else first.pts
        self.began = first.pts
        self.last = first.pts

    def add(self, packet: Any) -> None:
        self.last = max(self.last, packet.pts)
        packet.pts, packet.dts = packet.pts - self._dts, packet.dts - self._dts
        packet.stream = self._stream
        self._container.mux(packet)

    def close(self) -> bytes:
        self._container.close()
        return self._out.getvalue()


def cut_video(path: Path, seconds: float, began: datetime | None = None, after: float = 0.0) -> Iterator[Cut]:
    """Cut a video file at its key frames, into segments of at least ``seconds`` each but the last.

    Args:
        path: the file.
        seconds: how long a segment is at least.
        began: when its first picture was taken; by default what the file says, else its time on disk.
        after: where to go on, in seconds from its first picture, as a `Cut` of the same file named it.

    Raises:
        SourceError: it is no video, or breaks off.
    """
    if not path.is_file():
        raise SourceMissingError(f"{path}: no such file")
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise SourceError(f"{path}: holds no video stream")
            yield from _cut_file(container, path, seconds, began, after)
    except (av.FFmpegError, OSError) as error:
        raise SourceError(
            f"{path}: breaks off or is no video: {getattr(error, 'strerror', error)}"
        ) from error


def _cut_file(
    container: Any, path: Path, seconds: float, began: datetime | None, after: float
) -> Iterator[Cut]:
    stream = container.streams.video[0]
    base = float(stream.time_base)
    first = stream.start_time or 0
    start = began or recorded_at_of(container, path)
    if after > 0:
        container.seek(first + round(after / base), stream=stream, backward=True)
    muxer: _Muxer | None = None

    def done(segment: _Muxer, until_s: float) -> Cut:
        at = start.astimezone(UTC) + timedelta(seconds=round((segment.began - first) * base, 6))
        return Cut(at, segment.close(), VIDEO, until_s)

    for packet in container.demux(stream):
        if packet.pts is None or packet.dts is None:
            continue
        at_s = (packet.pts - first) * base
        if packet.is_keyframe and at_s >= after - base / 2:
            if muxer is not None and (packet.pts - muxer.began) * base >= seconds:
                yield done(muxer, at_s)
                muxer = None
            muxer = muxer or _Muxer(stream, packet)
        if muxer is not None:
            muxer.add(packet)
    if muxer is not None:
        yield done(muxer, (muxer.last - first) * base + 1e-3)


def cut_stream(
    container: Any,
    seconds: float,
    closed: Callable[[], bool],
    now: Callable[[], datetime],
    monotonic: Callable[[], float],
) -> Iterator[Cut]:
    """Cut one connection to a live stream at its key frames, dated by our clock at each segment's first picture.

    Ends when ``closed``; what came since the last cut is given too. Raises `SourceError` at a stall, after that.
    """
    if not container.streams.video:
        raise SourceError("the stream holds no video")
    stream = container.streams.video[0]
    base = float(stream.time_base)
    muxer: _Muxer | None = None
    anchor: tuple[int, datetime] | None = None
    seen, fault = monotonic(), ""

    def done(segment: _Muxer) -> Cut:
        assert anchor is not None
        return Cut(
            anchor[1] + timedelta(seconds=(segment.began - anchor[0]) * base), segment.close(), VIDEO, 0.0
        )

    try:
        for packet in container.demux():
            if closed():
                break
            if packet.stream is not stream:
                if monotonic() - seen > STALL_S:
                    fault = f"stalled: no picture for {STALL_S:.0f} s"
                    break
                continue
            if packet.pts is None or packet.dts is None:
                continue
            seen = monotonic()
            if packet.is_keyframe:
                if muxer is not None and (packet.pts - muxer.began) * base >= seconds:
                    yield done(muxer)
                    muxer = None
                if muxer is None:
                    at = now()
                    by_stream = None if anchor is None else (packet.pts - anchor[0]) * base
                    if by_stream is None or abs((at - anchor[1]).total_seconds() - by_stream) > DRIFT_S:  # type: ignore[index]
                        anchor = (packet.pts, at)
                    muxer = _Muxer(stream, packet)
            if muxer is not None:
                muxer.add(packet)
    except (av.FFmpegError, OSError) as error:
        fault = f"the stream broke off: {getattr(error, 'strerror', None) or error}"
    if muxer is not None:
        yield done(muxer)
    if fault:
        raise SourceError(fault)


def cut_pictures(
    folder: Path,
    seconds: float,
    zone: ZoneInfo,
    fault: Callable[[InputFault], None],
    fps: float | None = None,
    began: datetime | None = None,
    after: str = "",
) -> Iterator[Cut]:
    """Cut a folder of JPEGs, in the order of their names, into batches of ``seconds`` each.

    Args:
        folder: the pictures; those that are no JPEG or say no time are named to ``fault`` and left out.
        seconds: how much of time a batch holds.
        zone: of times that name none.
        fault: hears what was left out.
        fps: with ``began``: the n-th picture was taken at ``began + n / fps``.
        began: when the first was taken.
        after: the last picture of the batch before.

    Raises:
        SourceError: there is no JPEG in it.
    """
    files = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".jpg", ".jpeg"))
    if not files:
        raise SourceError(f"{folder}: holds no JPEG pictures (*.jpg, *.jpeg)")
    held: list[tuple[datetime, bytes]] = []
    last = after
    for index, file in enumerate(files):
        if file.name <= after:
            continue
        data = file.read_bytes()
        if fps is not None and began is not None:
            at: datetime | None = began.astimezone(UTC) + timedelta(seconds=round(index / fps, 6))
        else:
            at = exif_time(data, zone) or name_time(file.name, zone)
        why = "no time in its EXIF data or name; give --fps and --recorded-at" if at is None else ""
        if at is not None and held and at <= held[-1][0]:
            why = "its time is not after that of the picture before"
        if at is None or why:
            fault(InputFault(str(file), why))
            continue
        try:
            pack_pictures([(at, data)])
        except (FrameRefusedError, BatchError) as error:
            fault(InputFault(str(file), str(error)))
            continue
        if held and ((at - held[0][0]).total_seconds() >= seconds or len(held) == MOST_PICTURES):
            yield Cut(held[0][0], pack_pictures(held), PICTURES, last)
            held = []
        held.append((at, data))
        last = file.name
    if held:
        yield Cut(held[0][0], pack_pictures(held), PICTURES, last)
