"""``etle worker``: runs what gateways hand over, live frames as they come and recorded segments from the spool."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import UsageError, say, told
from cli.live import LiveCameras
from cli.models import Models, load_models, shared
from cli.office import Office, open_office
from cli.run import DATA, run_camera
from cli.sections import Forgetting, resume_sections
from detectors.camera import Camera
from pipeline.cameras import check_camera, registered_files
from pipeline.cases import resume_cases
from pipeline.evidence import EvidenceStore
from pipeline.segments import open_segment
from pipeline.sources import SourceError
from pipeline.spool import Segment, Spool
from pipeline.worker import work_off

IDLE_S = 2.0


def worker(
    cameras: Annotated[
        Path | None,
        typer.Argument(metavar="[CAMERAS]", help="A folder of camera files; the registered ones without it."),
    ] = None,
    data: Annotated[Path, typer.Option(help="The data folder; its spool holds the segments.")] = DATA,
    once: Annotated[
        bool, typer.Option("--once", help="Only the segments that wait; stop when none does.")
    ] = False,
    live: Annotated[bool, typer.Option(help="--no-live leaves live frames to other workers.")] = True,
    weights: Annotated[Path | None, typer.Option(help="Other detector weights than those shipped.")] = None,
) -> None:
    """Run what gateways hand over through its camera's loop; what is flagged becomes cases."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with told():
        known = _known(cameras, data)
        spool = Spool(data / "spool")
        with ExitStack() as stack:
            office = stack.enter_context(open_office(data))
            resume_cases(EvidenceStore(data), office.flag)
            resume_sections(data, EvidenceStore(data), office)
            passages = Forgetting(data, office)
            models = shared(load_models(max(c.file.detect_size for c in known.values()), weights))
            held = None
            if live and not once:
                held = stack.enter_context(LiveCameras(known, data, models, office))
                say(f"etle: holding {', '.join(held.held) or 'no camera yet'} for live frames")

            def process(segment: Segment, keep: Callable[[], None]) -> None:
                passages.round()
                if held is not None:
                    held.check()
                _run(segment, known, models, data, office, keep)

            while True:
                worked = work_off(spool, process, lambda text: say(f"etle: {text}"))
                if worked.done:
                    say(f"etle: {worked.done} segments done")
                if once:
                    break
                passages.round()
                if held is not None:
                    held.check()
                time.sleep(IDLE_S)
            for camera_id, sequence, reason in spool.set_aside():
                say(f"etle: camera {camera_id} segment {sequence}: {reason}")


def _known(cameras: Path | None, data: Path) -> dict[str, Camera]:
    files = registered_files(data) if cameras is None else sorted(cameras.glob("*.yaml"))
    if not files:
        raise UsageError(
            f"{data}: no camera is registered; etle camera add CAMERA.yaml"
            if cameras is None
            else f"{cameras}: holds no camera files (*.yaml)"
        )
    return {camera.id: camera for camera in map(check_camera, files)}


def _run(
    segment: Segment,
    known: dict[str, Camera],
    models: Models,
    data: Path,
    office: Office,
    keep: Callable[[], None],
) -> None:
    camera = known.get(segment.camera_id)
    if camera is None:
        raise SourceError(f"no camera file has the id {segment.camera_id}")
    with open_segment(segment, camera) as (then, source):
        ran = run_camera(then, source, models, EvidenceStore(data), office, keep=keep, quiet=True, data=data)
    for fault in ran.faults:
        say(f"etle: bad input: camera {segment.camera_id} segment {segment.sequence}: {fault.what}")
