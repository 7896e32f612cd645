"""A camera whose live frames a worker's thread runs, with a detector that knows colours."""

import sys
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))

from drawn import FPS, WRONG_WAY, ColourDetector, FixedReader, camera, picture, write_camera, write_clip

from cli.live import LiveCameras
from cli.models import Models, shared
from cli.office import Office


@contextmanager
def held(folder: Path, engine: Engine, detector=None, told=None, **changes):
    """Hold the drawn camera, its files under ``folder``, as a worker does."""
    models = shared(Models(detector or ColourDetector(), FixedReader(), {}))
    known = camera(folder, **changes)
    with LiveCameras(
        {known.id: known}, folder, models, Office(engine), (told or []).append, idle_s=0.5
    ) as live:
        yield live


__all__ = [
    "FPS",
    "WRONG_WAY",
    "ColourDetector",
    "FixedReader",
    "camera",
    "held",
    "picture",
    "write_camera",
    "write_clip",
]
