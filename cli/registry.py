"""``etle registry``: the vehicle register."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import Exit, say, told
from cli.office import open_office
from cli.run import DATA
from pipeline.sources.base import SourceMissingError

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _registry() -> None:
    """Hold the subcommands."""


@app.command("import")
def import_records(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="STNK records.")],
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
) -> None:
    """Take STNK records in: all rows or none. A row that cannot be is named with its number and column."""
    with told():
        if not file.is_file():
            raise SourceMissingError(f"{file}: no such file")
        with open_office(data) as office:
            taken, faults = office.import_register(file)
        for fault in faults:
            say(f"etle: {file}: {fault}")
        if faults:
            say(f"etle: {file}: nothing was taken in")
            raise typer.Exit(Exit.BAD_INPUT)
        print(f"{taken} STNK records taken in")
