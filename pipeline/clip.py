"""A short H.264 clip from kept frames, with the frames' own times."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av

from detectors.types import Image
from pipeline.images import decode_image
from pipeline.ring import StoredFrame

_TICKS = 90_000
WIDEST_PX = 1280


class ClipError(RuntimeError):
    """A clip cannot be made; the message says why."""


def encode_clip(frames: Sequence[StoredFrame]) -> bytes:
    """Encode frames as MP4 (H.264, yuv420p, at most 1280 px wide); frame times are kept to 1/90000 s.

    Raises:
        ClipError: no frames, or FFmpeg refuses.
    """
    if not frames:
        raise ClipError("no frames are kept for the clip")
    first = decode_image(frames[0].jpeg)
    height, width = first.shape[:2]
    scale = min(1.0, WIDEST_PX / width)
    size = (max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2))
    # FFmpeg opens the file a second time to move its index to the front: memory will not do.
    with tempfile.TemporaryDirectory(prefix="etle-clip-") as folder:
        path = Path(folder) / "clip.mp4"
        try:
            _write(path, frames, size)
            return path.read_bytes()
        except (av.FFmpegError, OSError) as error:
            raise ClipError(f"the clip cannot be encoded: {error}") from error


def _write(path: Path, frames: Sequence[StoredFrame], size: tuple[int, int]) -> None:
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "23", "preset": "veryfast"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, _TICKS)
        for stored in frames:
            picture = _picture(decode_image(stored.jpeg), size)
            picture.pts = round((stored.t_s - frames[0].t_s) * _TICKS)
            picture.time_base = Fraction(1, _TICKS)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _picture(image: Image, size: tuple[int, int]) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(image, format="bgr24")
    return frame.reformat(width=size[0], height=size[1], format="yuv420p")
