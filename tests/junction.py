"""The sample junction and the commands that run it."""

import subprocess
import sys
from dataclasses import dataclass
from importlib import resources
from itertools import islice
from pathlib import Path

import av

SAMPLE = Path(str(resources.files("samples") / "junction"))


def etle(*arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-c", "from cli.main import app; app()", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run_junction(clip: Path, data: Path) -> subprocess.Popen:
    """Start the shipped detector and reader on a clip of the sample junction."""
    return etle("run", SAMPLE / "camera.yaml", "--source", clip, "--data", data, "--jsonl", "-")


@dataclass(frozen=True)
class Ran:
    """``lines`` as `etle run --jsonl -` printed them; ``data`` is the data folder: copy it before changing it."""

    clip: Path
    data: Path
    lines: str


def moment(out: Path, begin_s: float, end_s: float, every: int = 1) -> Path:
    """Cut seconds out of the middle of the sample clip; encoded anew, for they do not begin with a key frame.

    ``every``: of so many frames one is kept.
    """
    with av.open(str(SAMPLE / "clip.mp4")) as old, av.open(str(out), "w") as new:
        video = old.streams.video[0]
        rate = video.average_rate / every
        stream = new.add_stream("libx264", rate=rate, options={"crf": "12", "preset": "fast"})
        stream.width, stream.height, stream.pix_fmt = video.width, video.height, "yuv420p"
        chosen = (f for f in old.decode(video) if begin_s <= f.time < end_s)
        for number, frame in enumerate(islice(chosen, 0, None, every)):
            frame.pts, frame.time_base = number, 1 / rate
            frame.pict_type = av.video.frame.PictureType.NONE
            new.mux(stream.encode(frame))
        new.mux(stream.encode())
    return out


def done(command: subprocess.Popen) -> str:
    """Wait for a command that must succeed; give what it printed."""
    lines, errors = command.communicate()
    assert command.returncode == 0, errors
    return lines


def import_register(data: Path) -> None:
    """Take the sample's STNK records in."""
    done(etle("registry", "import", SAMPLE / "stnk.csv", "--data", data))
