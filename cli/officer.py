"""``etle officer``: who may sign in at the officer desk."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import told
from cli.office import open_office
from cli.run import DATA

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _officer() -> None:
    """Hold the subcommands."""


@app.command("add")
def add(
    login: Annotated[str, typer.Argument(help="What the officer signs in with.")],
    name: Annotated[str, typer.Argument(help="The officer's name as letters show it.")],
    role: Annotated[
        str, typer.Option(help="reviewer, supervisor, auditor or admin: what they may open.")
    ] = "reviewer",
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
) -> None:
    """Add an officer; the password is random and shown this once.

    Where the server asks for a second factor, they set it up when they first sign in.
    """
    password = secrets.token_urlsafe(12)
    with told(), open_office(data) as office:
        office.add_officer(login, name, password, role)
    print(password)
