"""Where frames come from; `open_source` chooses the source for what a person named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from detectors.camera import Camera
from pipeline.sources.base import InputFault, Source, SourceError, SourceMissingError
from pipeline.sources.image_folder import ImageFolderSource
from pipeline.sources.push import PushSource
from pipeline.sources.rtsp import RtspSource
from pipeline.sources.video_file import VideoFileSource

__all__ = [
    "ImageFolderSource",
    "InputFault",
    "PushSource",
    "RtspSource",
    "Source",
    "SourceError",
    "SourceMissingError",
    "VideoFileSource",
    "open_source",
]


def open_source(
    where: str | Path,
    camera: Camera,
    fps: float | None = None,
    tell: Callable[[InputFault], None] | None = None,
) -> Source:
    """Choose the source for a path or address; it is opened by entering it.

    Args:
        where: a video file, a folder of pictures, or ``rtsp://…``.
        camera: the camera whose frames these are.
        fps: for a folder of pictures that do not say when they were taken.
        tell: hears of a live source's faults as they happen.

    Raises:
        SourceMissingError: no such file or folder, or an address that is not RTSP.
    """
    text = str(where)
    if text.startswith(("rtsp://", "rtsps://")):
        return RtspSource(text, camera, tell=tell)
    if "://" in text:
        raise SourceMissingError(f"{text}: a source is a video file, a folder of pictures or rtsp://…")
    path = Path(where)
    if path.is_dir():
        return ImageFolderSource(path, camera, fps)
    if not path.exists():
        raise SourceMissingError(f"{path}: no such file or folder")
    return VideoFileSource(path, camera)
