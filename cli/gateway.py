"""``etle gateway``: who may hand recorded segments over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import UsageError, say, told
from cli.run import DATA

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _gateway() -> None:
    """Hold the subcommands."""


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The gateway's name.")],
    camera: Annotated[
        list[str], typer.Option(help="The id of a camera that it speaks for; may be repeated.")
    ],
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
) -> None:
    """Add a gateway, or give it a new key in the old one's place; the key is shown this once."""
    from api.gateway import add_gateway, read_gateways

    with told():
        if not name.strip() or not all(c.strip() for c in camera):
            raise UsageError("a gateway and its cameras need names")
        known = name in read_gateways(data)
        key = add_gateway(data, name, camera)
        say(f"etle: gateway {name} {'has a new key, the old one is void' if known else 'added'}")
    print(key)
