"""``etle calibrate``: a page to mark points and lines on a camera's frame."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import UsageError, say, told
from detectors.types import Image

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
BESIDE = "clip.mp4"


def calibrate(
    camera_file: Annotated[Path, typer.Argument(metavar="CAMERA.yaml", help="The camera file.")],
    source: Annotated[
        str | None,
        typer.Option(help=f"A picture, a video file or rtsp://…; default: {BESIDE} beside it."),
    ] = None,
    at: Annotated[float, typer.Option(min=0.0, help="Seconds into the video.")] = 0.0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Mark points and lines on a frame, give their metres, and save them to the camera file."""
    import webbrowser

    import uvicorn

    from cli.calibration_page import CalibrationDesk, create_app
    from cli.office_commands import free_port, is_free

    with told():
        frame = frame_of(source or _beside(camera_file), at)
        app = create_app(CalibrationDesk(camera_file, frame))
        if port and not is_free("127.0.0.1", port):
            raise UsageError(f"port {port} is taken: give another, or none")
        chosen = port or free_port()
        address = f"http://127.0.0.1:{chosen}/"
        say(f"etle: calibrate {camera_file} at {address} (Ctrl-C ends)")
        if browser:
            webbrowser.open(address)
        uvicorn.run(app, host="127.0.0.1", port=chosen, log_level="warning")


def frame_of(source: str, at_s: float = 0.0) -> Image:
    """Give one picture of a source: a picture's own, or a video's first one at or after ``at_s`` seconds.

    Raises:
        UsageError: there is no such source, or no picture can be had from it at that time.
        ImageError: a picture file that is broken.
    """
    import av
    import numpy as np

    from pipeline.images import decode_image

    if source.lower().endswith(PICTURES):
        try:
            return decode_image(Path(source).read_bytes())
        except OSError as error:
            raise UsageError(f"{source}: cannot be read: {error.strerror}") from error
    try:
        with av.open(source, timeout=10.0) as video:
            first: float | None = None
            for frame in video.decode(video=0):
                first = float(frame.time or 0.0) if first is None else first
                if float(frame.time or 0.0) - first >= at_s:
                    image: Image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
                    return image
    except (av.FFmpegError, OSError, IndexError) as error:
        raise UsageError(f"{source}: no picture can be had: {error}") from error
    raise UsageError(f"{source}: ends before second {at_s:g}")


def _beside(camera_file: Path) -> str:
    clip = camera_file.parent / BESIDE
    if not clip.exists():
        raise UsageError(f"there is no {clip}: name a picture or a video with --source")
    return str(clip)
