"""``etle evidence``: packages on disk, verified."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import Exit, UsageError, say, told
from cli.run import DATA
from pipeline.evidence import EvidenceStore

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _evidence() -> None:
    """Hold the subcommands."""


@app.command("verify")
def verify(
    violation_id: Annotated[
        str | None, typer.Argument(metavar="[VIOLATION]", help="One violation only.")
    ] = None,
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
) -> None:
    """Check every file, signature and link, and name what was altered; exit code 1 where anything was."""
    with told():
        if not (data / "evidence").is_dir():
            raise UsageError(f"{data}: holds no evidence; name the data folder with --data")
        store = EvidenceStore(data)
        faults = store.verify(violation_id)
        for fault in faults:
            say(f"etle: {fault}")
        checked = 1 if violation_id else len(store.violation_ids())
        if faults:
            say(f"etle: {len(faults)} faults in {checked} evidence packages")
            raise typer.Exit(Exit.FAILED)
        print(f"{checked} evidence packages verified, nothing altered")
