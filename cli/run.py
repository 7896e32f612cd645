"""``etle run``: one camera over one source."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.errors import UsageError, leave_over, say, told
from cli.models import Models, load_models
from cli.office import Office, open_office
from cli.output import Write, jsonl, nowhere
from cli.progress import progress
from cli.sections import open_passages, resume_sections
from detectors.camera import Camera
from detectors.types import Frame, Track
from pipeline.cameras import check_camera
from pipeline.cases import CaseSink, resume_cases
from pipeline.evidence import EvidenceStore
from pipeline.health import FOLDER
from pipeline.health_book import HealthBook, no_arrivals
from pipeline.package import NO_PLATE, Finding
from pipeline.picture_watch import PictureWatch
from pipeline.sources import InputFault, PushSource, Source, open_source
from pipeline.types import Counters

DATA = Path("var/data")
BESIDE = "clip.mp4"
KEEP_EVERY_FRAMES = 200


@dataclass(frozen=True)
class Ran:
    """What a run came to."""

    counters: Counters
    rows: tuple[Mapping[str, Any], ...]
    faults: tuple[InputFault, ...]


def run(
    camera_file: Annotated[Path, typer.Argument(metavar="CAMERA.yaml", help="The camera file.")],
    source: Annotated[
        str | None,
        typer.Option(help=f"Video file, folder of pictures or rtsp://…; default: {BESIDE} beside it."),
    ] = None,
    jsonl_out: Annotated[
        str | None,
        typer.Option("--jsonl", metavar="[OUT]", help="One line per violation; standard output without OUT."),
    ] = None,
    tracks_out: Annotated[
        str | None, typer.Option("--tracks", metavar="OUT", help="One line per vehicle that was followed.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help=f"Where evidence and cases go; default {DATA}.")] = None,
    cases: Annotated[
        bool,
        typer.Option(
            help="--no-cases makes no cases, and keeps evidence only where --data names a folder.",
        ),
    ] = True,
    fps: Annotated[float | None, typer.Option(help="Pictures per second of a folder without times.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Other detector weights than those shipped.")] = None,
    quiet: Annotated[bool, typer.Option(help="No progress bar.")] = False,
) -> None:
    """Run one camera: what it flags becomes evidence and cases for an officer to review."""
    # A service manager stops a live camera with SIGTERM: it ends as with Ctrl-C, nothing that waits is lost.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with told():
        camera = check_camera(camera_file)
        opened = open_source(
            source or _beside(camera_file), camera, fps, tell=lambda fault: say(f"etle: {fault}")
        )
        with ExitStack() as stack:
            stack.enter_context(opened)
            store = EvidenceStore(data or DATA) if cases or data is not None else None
            office = stack.enter_context(open_office(data or DATA)) if cases else None
            if store is not None and office is not None:
                resume_cases(store, office.flag)
                resume_sections(data or DATA, store, office)
            models = load_models(camera.file.detect_size, weights)
            write = stack.enter_context(jsonl(jsonl_out, opened.live))
            write_track = stack.enter_context(jsonl(tracks_out, opened.live))
            folder = (data or DATA) if store is not None else None
            ran = run_camera(camera, opened, models, store, office, write, write_track, quiet, data=folder)
            say(report(ran.counters, opened))
        leave_over(ran.faults)


def run_camera(
    camera: Camera,
    source: Source,
    models: Models,
    store: EvidenceStore | None,
    office: Office | None,
    write: Write = nowhere,
    write_track: Write = nowhere,
    quiet: bool = False,
    keep: Callable[[], None] | None = None,
    data: Path | None = None,
) -> Ran:
    """Run a camera over an open source; give what was flagged, counted and could not be used.

    ``keep`` is called every few hundred frames: whoever lent the source learns that it is still in use. ``data`` is
    where the camera's health, the pictures that it is compared with and its passages are kept, None: nowhere.
    """
    # Brings torch along, seconds that no other command is to wait for.
    from pipeline.loop import CameraLoop, Watchers

    rows: list[Mapping[str, Any]] = []
    sink: CaseSink | None = None

    def found(finding: Finding) -> None:
        if sink is not None:
            sink(finding)
        rows.append(violation_row(finding))
        write(rows[-1])

    pushed = source if isinstance(source, PushSource) else None
    folder = None if data is None else data / FOLDER / camera.id
    watch = (
        PictureWatch(camera, folder) if pushed is None else PictureWatch(camera, folder, pushed.clock_doubt)
    )
    book = None
    if data is not None:
        arrivals = no_arrivals if pushed is None else pushed.arrivals
        book = HealthBook(
            data, camera, watch, source.live, source.name, lambda t: say(f"etle: {t}"), arrivals
        )

    passed = None
    if data is not None and store is not None and office is not None:
        passed = open_passages(camera, source, data, store, office, models.sha256_by_name)
    with progress(camera.id, source.expected_frames, quiet) as advance:
        watchers = Watchers(
            found,
            lambda track: write_track(track_row(track)),
            _telling(advance, keep),
            None if office is None else office.exempts,
            None if book is None else lambda frame, scene: book.frame(frame, scene, loop.counters),
            None if passed is None else lambda finding: passed(finding, loop.counters),
        )
        loop = CameraLoop(camera, models.detector, models.reader, watchers, watch=watch)
        if store is not None:
            flag = office.flag if office is not None else None
            title_of = office.title_of if office is not None else str
            sink = CaseSink(camera, store, flag, models.sha256_by_name, title_of, loop.counters)
        counters = loop.run(source)
    return Ran(counters, tuple(rows), tuple(source.faults))


def violation_row(finding: Finding) -> Mapping[str, Any]:
    """Write a finding as a line of ``--jsonl``: seconds from the source's first frame, speeds in km/h."""
    violation, reading = finding.violation, finding.reading
    return {
        "rule": violation.rule,
        "start_s": round(violation.start_s, 3),
        "end_s": round(violation.end_s, 3),
        "plate": reading.text if reading else None,
        "plate_accepted": bool(reading and reading.accepted and reading.text),
        "speed_kmh": _rounded(violation.speed_kmh),
        "speed_uncertainty_kmh": _rounded(violation.speed_uncertainty_kmh),
        "violation_id": violation.id,
        "vehicle_class": violation.vehicle_class,
        "track_id": violation.track_id,
        "occurred_at": violation.started_at.isoformat(timespec="milliseconds"),
        "plate_reason": reading.reason if reading else NO_PLATE,
    }


def track_row(track: Track) -> Mapping[str, Any]:
    """Write a vehicle that was followed as a line of ``--tracks``."""
    first, last = track.points[0], track.points[-1]
    return {
        "track_id": track.id,
        "class": track.label,
        "began_at": track.began_at.isoformat(timespec="milliseconds"),
        "start_s": round(first.t_s, 3),
        "end_s": round(last.t_s, 3),
        "sightings": len(track.points),
        "first_box": [round(v, 1) for v in first.box_xyxy],
        "last_box": [round(v, 1) for v in last.box_xyxy],
    }


def report(counters: Counters, source: Source) -> str:
    """Say what came of a run, above all what was dropped, not flagged and not read, and why."""
    c = counters
    lines = [
        f"vehicles: {c.vehicles}{_each(c.by_class)}; "
        f"{c.tracks_unconfirmed} too short-lived to count, never flagged",
        f"frames: {c.frames} ({c.frames_detected} looked at, {c.frames_still} with nothing moving); "
        f"dropped {c.frames_dropped}, of another size {c.frames_wrong_size}, unusable {len(source.faults)}",
        f"flagged: {sum(c.flagged.values())}{_each(c.flagged)}",
        f"plates: {c.plates_read} read; {sum(c.not_read.values())} left to an officer{_each(c.not_read)}; "
        f"{c.plates_in_doubt} sightings of a plate whose vehicle was in doubt",
    ]
    if c.let_pass:
        lines.append(
            f"let pass for their plate, record, beacon or a doubt about their track{_each(c.let_pass)}"
        )
    if c.passages:
        lines.append(f"passages at the end of a measured section, kept for a while: {c.passages}")
    if c.paused:
        lines.append(f"not flagged, the picture being unfit{_each(c.paused)}")
    if c.frames_clock_unfit:
        lines.append(f"clock: {c.frames_clock_unfit} frames around a jump or gap, not measured on")
    if c.signal_unknown:
        lines.append(f"signals: {c.signal_unknown} frames with a signal that could not be told, not judged")
    if c.evidence_incomplete:
        lines.append(f"evidence incomplete{_each(c.evidence_incomplete)}")
    return "\n".join(lines)


def _each(counts: Mapping[str, int]) -> str:
    return f" ({', '.join(f'{name} {n}' for name, n in sorted(counts.items()))})" if counts else ""


def _telling(
    advance: Callable[[str], None], keep: Callable[[], None] | None
) -> Callable[[Frame, Counters], None]:
    def tell(frame: Frame, counters: Counters) -> None:
        advance(f"{frame.t_s:.0f} s, {counters.vehicles} vehicles, {sum(counters.flagged.values())} flagged")
        if keep is not None and counters.frames % KEEP_EVERY_FRAMES == 0:
            keep()

    return tell


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _beside(camera_file: Path) -> Path:
    clip = camera_file.parent / BESIDE
    if not clip.exists():
        raise UsageError(f"there is no {clip}: name a source with --source")
    return clip
