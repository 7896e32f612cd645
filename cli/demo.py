"""``etle demo``: the whole way once, from the sample clip to a ticket that its owner can look up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.errors import Exit, UsageError, leave_over, say, told
from cli.models import load_models
from cli.office import Demonstration, open_office
from cli.office_commands import HOST, free_port, serve_pages
from cli.run import Ran, report, run_camera
from pipeline.cameras import check_camera
from pipeline.evidence import EvidenceStore
from pipeline.sources import open_source
from samples.score import Score, score

DATA = Path("var/demo")
MARK = ".etle-demo"


def demo(
    once: Annotated[bool, typer.Option("--once", help="Do not serve; fail where flagged ≠ truth.")] = False,
    data: Annotated[Path, typer.Option(help="Made anew each time.")] = DATA,
) -> None:
    """Run the sample junction, compare with its truth, and serve the pages."""
    with told():
        sample = Path(str(resources.files("samples") / "junction"))
        _fresh(data)
        ran, outcome, shown = _run(sample, data)
        console = Console()
        console.print(table(outcome))
        console.print(_sentence(outcome))
        if shown is not None:
            say(f"ticket to look up: plate {shown.plate}, reference {shown.reference}")
        if once:
            leave_over(ran.faults)
            if shown is None:
                raise UsageError("no case could be confirmed: there is no ticket to look up")
            raise typer.Exit(Exit.DONE if outcome.exact else Exit.FAILED)
        _serve(data, shown)


def _run(sample: Path, data: Path) -> tuple[Ran, Score, Demonstration | None]:
    truth = read_truth(sample / "truth.json")
    camera = check_camera(sample / "camera.yaml")
    models = load_models(camera.file.detect_size)
    with open_office(data) as office, open_source(sample / "clip.mp4", camera) as source:
        register = office.import_register(sample / "stnk.csv")
        if register.faults:
            raise UsageError(f"{sample / 'stnk.csv'}: {register.faults[0]}")
        say(f"{register.taken} STNK records taken in")
        ran = run_camera(camera, source, models, EvidenceStore(data), office)
        say(report(ran.counters, source))
        return ran, score(truth, ran.rows), office.demonstrate()


def read_truth(path: Path) -> Sequence[Mapping[str, Any]]:
    """Give the violations that a scene's truth holds. Raises `UsageError`."""
    try:
        rows: Sequence[Mapping[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["violations"]
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"{path}: no scene's truth: {error}") from error
    return rows


def table(outcome: Score) -> Table:
    """Show flagged beside truth, in the order of time."""
    out = Table(title="Flagged against truth")
    for name in ("time", "rule", "true plate", "plate read", "true km/h", "measured km/h", "outcome"):
        out.add_column(name, justify="right" if "km/h" in name or name == "time" else "left")
    wrong = {id(f) for f, _ in outcome.wrong_plate}
    rows = [
        (t["start_s"], t, f, "[red]wrong plate[/red]" if id(f) in wrong else "[green]right[/green]")
        for f, t in outcome.right
    ]
    rows += [(t["start_s"], t, {}, "[red]missed[/red]") for t in outcome.missed]
    rows += [(f["start_s"], {}, f, "[red]false[/red]") for f in outcome.false]
    for at, truth, flagged, verdict in sorted(rows, key=lambda row: float(row[0])):
        out.add_row(
            f"{at:.1f} s",
            str((truth or flagged)["rule"]),
            str(truth.get("plate", "-")),
            _plate(flagged),
            _speed(truth.get("speed_kmh")),
            _speed(flagged.get("speed_kmh"), flagged.get("speed_uncertainty_kmh")),
            verdict,
        )
    return out


def _plate(flagged: Mapping[str, Any]) -> str:
    if not flagged:
        return "-"
    text = flagged.get("plate") or "not read"
    return str(text) if flagged.get("plate_accepted") else f"{text} (for an officer)"


def _speed(kmh: float | None, uncertainty: float | None = None) -> str:
    if kmh is None:
        return "-"
    return f"{kmh:.1f}" if uncertainty is None else f"{kmh:.1f} ± {uncertainty:.1f}"


def _sentence(outcome: Score) -> str:
    return (
        f"{len(outcome.right)} of {outcome.n} violations flagged, {len(outcome.false)} false, "
        f"{len(outcome.missed)} missed, {len(outcome.wrong_plate)} with a wrong plate"
    )


def _serve(data: Path, shown: Demonstration | None) -> None:
    port = free_port()
    base = f"http://{HOST}:{port}"
    say(f"officer desk: {base}/desk")
    say(f"owner portal: {base}/")
    if shown is not None:
        say(f"officer logins: {', '.join(shown.logins)}; password of each: {shown.password}")
        say("THE SECOND FACTOR IS OFF in this demonstration: etle serve asks each officer for one")
    say("stop with Ctrl-C")
    serve_pages(data, HOST, port, second_factor=False)


def _fresh(data: Path) -> None:
    """Make the demo's folder anew; a folder that no demo made is left alone."""
    if data.exists():
        if any(data.iterdir()) and not (data / MARK).exists():
            raise UsageError(f"{data}: was not made by a demo; name another folder with --data")
        shutil.rmtree(data)
    data.mkdir(parents=True)
    (data / MARK).touch()
