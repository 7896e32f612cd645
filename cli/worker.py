"""``etle worker``: works off the segments that gateways handed over."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import UsageError, say, told
from cli.models import Models, load_models
from cli.office import Office, open_office
from cli.run import DATA, check_camera, run_camera
from detectors.camera import Camera
from pipeline.cases import resume_cases
from pipeline.evidence import EvidenceStore
from pipeline.sources import SourceError, VideoFileSource
from pipeline.spool import Segment, Spool
from pipeline.worker import at_segment, work_off

IDLE_S = 2.0


def worker(
    cameras: Annotated[Path, typer.Argument(metavar="CAMERAS", help="A folder of camera files.")],
    data: Annotated[Path, typer.Option(help="The data folder; its spool holds the segments.")] = DATA,
    once: Annotated[bool, typer.Option("--once", help="Stop when nothing is waiting.")] = False,
    weights: Annotated[Path | None, typer.Option(help="Other detector weights than those shipped.")] = None,
) -> None:
    """Run every segment in the spool through its camera's loop; what is flagged becomes cases."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with told():
        known = {camera.id: camera for camera in map(check_camera, sorted(cameras.glob("*.yaml")))}
        if not known:
            raise UsageError(f"{cameras}: holds no camera files (*.yaml)")
        spool = Spool(data / "spool")
        with open_office(data) as office:
            resume_cases(EvidenceStore(data), office.flag)
            models = load_models(max(c.file.detect_size for c in known.values()), weights)

            def process(segment: Segment, keep: Callable[[], None]) -> None:
                _run(segment, known, models, EvidenceStore(data), office, keep)

            while True:
                worked = work_off(spool, process, lambda text: say(f"etle: {text}"))
                if worked.done:
                    say(f"etle: {worked.done} segments done")
                if once:
                    break
                time.sleep(IDLE_S)
            for camera_id, sequence, reason in spool.set_aside():
                say(f"etle: camera {camera_id} segment {sequence}: {reason}")


def _run(
    segment: Segment,
    known: dict[str, Camera],
    models: Models,
    store: EvidenceStore,
    office: Office,
    keep: Callable[[], None],
) -> None:
    camera = known.get(segment.camera_id)
    if camera is None:
        raise SourceError(f"no camera file has the id {segment.camera_id}")
    then = at_segment(camera, segment)
    with VideoFileSource(segment.path, then) as source:
        ran = run_camera(then, source, models, store, office, keep=keep, quiet=True)
    for fault in ran.faults:
        say(f"etle: bad input: camera {segment.camera_id} segment {segment.sequence}: {fault.what}")
