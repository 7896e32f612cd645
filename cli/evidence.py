"""``etle evidence``: packages on disk, verified."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import Exit, UsageError, say, told
from cli.office import open_office
from cli.run import DATA
from pipeline.evidence import EvidenceStore, StoreError

CROPS = ("plate", "vehicle", "offence")
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png"}
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


@app.command("hard-examples")
def hard_examples(
    out: Annotated[Path, typer.Argument(metavar="OUT/", help="A folder for the table and the crops.")],
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day, UTC.")],
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
) -> None:
    """Copy the crops of what officers rejected or corrected, with a table of why, as examples for training.

    Exit code 3 where evidence of some is missing or damaged; they are named, the others are copied.
    """
    with told():
        out.mkdir(parents=True, exist_ok=True)
        with open_office(data) as office:
            violations = office.export_hard_examples(since.replace(tzinfo=UTC), out / "hard-examples.csv")
        faults = _copy_crops(EvidenceStore(data), violations, out)
        for fault in faults:
            say(f"etle: {fault}")
        print(f"{len(violations) - len(faults)} hard examples in {out}")
        if faults:
            raise typer.Exit(Exit.BAD_INPUT)


def _copy_crops(store: EvidenceStore, violations: Sequence[str], out: Path) -> list[str]:
    faults = []
    for violation_id in violations:
        try:
            evidence = store.get(violation_id)
            files = [f for f in evidence.files if f.role.split(":")[0] in CROPS] if evidence else []
            crops = {
                f.role.replace(":", "-") + SUFFIXES.get(f.media_type, ""): store.open(f.sha256) for f in files
            }
        except StoreError as error:
            faults.append(f"violation {violation_id}: {error}")
            continue
        if not crops:
            faults.append(f"violation {violation_id}: its evidence is missing")
            continue
        folder = out / violation_id
        folder.mkdir(exist_ok=True)
        for name, crop in crops.items():
            (folder / name).write_bytes(crop)
    return faults
