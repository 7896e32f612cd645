"""Frames from a folder of pictures, in the order of their names."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from detectors.camera import Camera
from detectors.types import Frame
from pipeline.images import ImageError, decode_image
from pipeline.sources.base import InputFault, SourceError, SourceMissingError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp"})
_TIME_IN_NAME = re.compile(
    r"(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[T_ -]?(\d\d)[-_.:h]?(\d\d)[-_.:m]?(\d\d)(?:[._,-](\d{1,6}))?(Z)?(?!\d)"
)
# EXIF 2.32, table 8: the original's date and time, its fraction of a second, its offset from UTC.
_EXIF_IFD, _TAKEN, _FRACTION, _OFFSET = 0x8769, 0x9003, 0x9291, 0x9011


class ImageFolderSource:
    """A folder of pictures. With ``fps`` the n-th name is at ``n / fps``; otherwise each picture's time is
    read from its EXIF data or its name (in the camera's zone where neither names one).

    A picture that is broken, has no time or another size is named in ``faults`` and left out.
    """

    live = False
    dropped = 0

    def __init__(self, path: Path, camera: Camera, fps: float | None = None) -> None:
        if fps is not None and fps <= 0:
            raise SourceError(f"{path}: --fps must be greater than 0 (given: {fps})")
        self.name = str(path)
        self.frame_rate = fps or 12.0
        self.expected_frames: int | None = None
        self.faults: list[InputFault] = []
        self._path, self._camera, self._fps = path, camera, fps
        self._files: list[Path] = []

    def __enter__(self) -> Self:
        if not self._path.is_dir():
            raise SourceMissingError(f"{self._path}: no such folder")
        self._files = sorted(p for p in self._path.iterdir() if p.suffix.lower() in SUFFIXES)
        if not self._files:
            raise SourceError(f"{self._path}: holds no pictures ({', '.join(sorted(SUFFIXES))})")
        self.expected_frames = len(self._files)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def __iter__(self) -> Iterator[Frame]:
        began: datetime | None = None
        untimed = 0
        for index, file in enumerate(self._files):
            try:
                data = file.read_bytes()
                image = decode_image(data)
            except (ImageError, OSError) as error:
                self.faults.append(InputFault(str(file), str(error)))
                continue
            at = self._taken_at(file, data, index)
            if at is None:
                untimed += 1
                self.faults.append(InputFault(str(file), "no time in its EXIF data or name; give --fps"))
                continue
            began = began or at
            own = data if file.suffix.lower() in (".jpg", ".jpeg") else None
            yield Frame(
                self._camera.id, index, (at - began).total_seconds(), at, image, encoded=_as_stored(own)
            )
        if began is None and untimed:
            raise SourceError(f"{self._path}: no picture says when it was taken; give --fps")
        if began is None:
            raise SourceError(f"{self._path}: not one of {len(self._files)} pictures can be read")

    def _taken_at(self, file: Path, data: bytes, index: int) -> datetime | None:
        if self._fps is not None:
            first = self._camera.file.recorded_at or datetime.fromtimestamp(
                self._files[0].stat().st_mtime, UTC
            )
            return first.astimezone(UTC) + timedelta(seconds=round(index / self._fps, 6))
        return exif_time(data, self._camera.zone) or name_time(file.name, self._camera.zone)


def name_time(name: str, zone: ZoneInfo) -> datetime | None:
    """Read the time in a file's name, as in ``cam1_20260817T071500.250.jpg``: UTC where it ends in Z, else
    local."""
    found = _TIME_IN_NAME.search(name)
    if found is None:
        return None
    *parts, fraction, zulu = found.groups()
    micro = int((fraction or "0").ljust(6, "0"))
    try:
        at = datetime(*(int(p) for p in parts), micro, tzinfo=UTC if zulu else zone)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
    return at.astimezone(UTC)


def exif_time(data: bytes, zone: ZoneInfo) -> datetime | None:
    """Read when a picture was taken from its EXIF data, UTC; local time where it names no offset."""
    try:
        with Pillow.open(io.BytesIO(data)) as picture:
            tags = picture.getexif().get_ifd(_EXIF_IFD)
    except (UnidentifiedImageError, ModuleNotFoundError, OSError, ValueError, SyntaxError):
        # Ultralytics replaces `PIL.Image.open` with its own, which looks for a plug-in where nothing is recognised.
        return None
    text = str(tags.get(_TAKEN, "")).strip("\0 ")
    fraction = str(tags.get(_FRACTION, "")).strip("\0 ")
    offset = str(tags.get(_OFFSET, "")).strip("\0 ")
    try:
        at = datetime.strptime(text + (offset or ""), "%Y:%m:%d %H:%M:%S" + ("%z" if offset else ""))  # noqa: DTZ007
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=zone)
    if fraction.isdigit():
        at = at.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    return at.astimezone(UTC)


def _as_stored(data: bytes | None) -> bytes | None:
    """Give a JPEG's own bytes where they show the same pixels as the frame (not turned by EXIF)."""
    if data is None:
        return None
    with Pillow.open(io.BytesIO(data)) as picture:
        return data if picture.format == "JPEG" and picture.getexif().get(0x0112, 1) == 1 else None
