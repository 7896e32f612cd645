"""What a recorded segment holds: a video of a few seconds, or a batch of pictures with the time of each."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from detectors.camera import Camera
from pipeline.frames import jpeg_size
from pipeline.sources import ImageFolderSource, Source, SourceError, VideoFileSource
from pipeline.spool import Segment
from pipeline.worker import at_segment

_ZIP = b"PK\x03\x04"
MOST_PICTURES = 2000
# Every archive of the same pictures is the same bytes, so that one handed over again is known.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


class BatchError(ValueError):
    """A batch of pictures that cannot be a segment; the message says why."""


def pack_pictures(pictures: Sequence[tuple[datetime, bytes]]) -> bytes:
    """Put JPEGs with their capture times (timezone-aware, growing) into one segment, each as it is.

    Raises:
        BatchError: none or too many, a time without a zone or not after the one before.
        FrameRefusedError: one is no JPEG, or too large.
    """
    if not 0 < len(pictures) <= MOST_PICTURES:
        raise BatchError(f"a batch holds 1 to {MOST_PICTURES} pictures, not {len(pictures)}")
    out = io.BytesIO()
    before: datetime | None = None
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for index, (at, jpeg) in enumerate(pictures):
            if at.tzinfo is None or (before is not None and at <= before):
                raise BatchError(
                    f"picture {index}: captured_at must name its zone and grow: {at.isoformat()}"
                )
            jpeg_size(jpeg)
            before = at
            name = f"{index:06d}_{at.astimezone(UTC):%Y%m%dT%H%M%S.%f}Z.jpg"
            archive.writestr(zipfile.ZipInfo(name, _NO_DATE), jpeg)
    return out.getvalue()


def unpack_pictures(data: bytes) -> list[tuple[datetime, bytes]]:
    """Give back what `pack_pictures` put together."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [
            (datetime.strptime(i.filename[7:-4], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC), archive.read(i))
            for i in archive.infolist()
        ]


def is_batch(data: bytes) -> bool:
    """Tell a batch of pictures from a video by how it begins."""
    return data.startswith(_ZIP)


@contextmanager
def open_segment(segment: Segment, camera: Camera) -> Iterator[tuple[Camera, Source]]:
    """Open a segment as its camera's source; give the camera as of the segment's own start.

    Raises:
        SourceError: it is neither a video nor a batch of pictures.
    """
    then = at_segment(camera, segment)
    try:
        with segment.path.open("rb") as file:
            packed = is_batch(file.read(len(_ZIP)))
    except OSError as error:
        raise SourceError(f"{segment.path}: cannot be read: {error.strerror}") from error
    if not packed:
        with VideoFileSource(segment.path, then) as video:
            yield then, video
        return
    with tempfile.TemporaryDirectory(prefix="etle-segment-") as folder:
        try:
            _unpack(segment.path, Path(folder))
        except (zipfile.BadZipFile, OSError) as error:
            raise SourceError(f"{segment.path}: the batch of pictures is damaged: {error}") from error
        with ImageFolderSource(Path(folder), then) as pictures:
            yield then, pictures


def _unpack(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for index, info in enumerate(archive.infolist()):
            # Only what `pack_pictures` writes: plain names, nothing compressed, so nothing grows.
            plain = info.filename == Path(info.filename).name and info.filename.endswith(".jpg")
            if not plain or info.compress_type != zipfile.ZIP_STORED or index >= MOST_PICTURES:
                raise zipfile.BadZipFile("not a batch of pictures as the server packs them")
            (folder / info.filename).write_bytes(archive.read(info))
