"""``etle audit``: who looked at what, and whether that record is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import Exit, say, told
from cli.office import open_office
from cli.run import DATA

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _audit() -> None:
    """Hold the subcommands."""


@app.command("verify")
def verify(data: Annotated[Path, typer.Option(help="The data folder.")] = DATA) -> None:
    """Check the audit trail's chain and name what was altered; exit code 1 where anything was."""
    with told():
        with open_office(data) as office:
            faults = office.verify_audit()
        for fault in faults:
            say(f"etle: {fault}")
        if faults:
            raise typer.Exit(Exit.FAILED)
        print("audit trail verified, nothing altered")
