"""``etle registry``: the vehicle register."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import FAULTS_SHOWN, Exit, say, told
from cli.office import open_office
from cli.progress import progress
from cli.run import DATA
from pipeline.sources.base import SourceMissingError
from ticketing.errors import RegistryImportError

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _registry() -> None:
    """Hold the subcommands."""


@app.command("import")
def import_records(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="STNK records.")],
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
    report: Annotated[
        Path | None, typer.Option(help="Where to list rows that cannot be taken in; else in the data folder.")
    ] = None,
) -> None:
    """Take STNK records in. A row that cannot be is listed with its number, column and reason, the others are taken.

    A run that was cut off goes on where it stopped when it is started again with the same file.
    """
    with told():
        if not file.is_file():
            raise SourceMissingError(f"{file}: no such file")
        report = report or data / "register-faults" / f"{file.stem}.csv"
        with open_office(data) as office, progress(file.name, _rows(file)) as advance:
            done = 0

            def show(rows: int, _total: int) -> None:
                nonlocal done
                advance("", rows - done)
                done = rows

            try:
                taken = office.import_register(file, report, show)
            except RegistryImportError as error:
                for fault in error.faults:
                    say(f"etle: {file}: {fault}")
                say(f"etle: {file}: nothing was taken in")
                raise typer.Exit(Exit.BAD_INPUT) from None
        if taken.resumed_after:
            say(f"etle: went on after the {taken.resumed_after} rows of an earlier run")
        print(f"{taken.taken} STNK records taken in")
        if taken.refused:
            for row_fault in taken.faults[:FAULTS_SHOWN]:
                say(f"etle: {file}: {row_fault}")
            say(
                f"etle: {file}: {taken.refused} rows were not taken in; all of them, with reasons, are in {report}"
            )
            raise typer.Exit(Exit.BAD_INPUT)


def _rows(file: Path) -> int:
    """Count the lines of a file, for the bar."""
    with file.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b"")) - 1
