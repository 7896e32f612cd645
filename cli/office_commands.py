"""``etle migrate`` and ``etle serve``: the back office's database and its pages."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Annotated

import typer

from cli.channels import open_channels, open_samsat
from cli.errors import UsageError, say, told
from cli.office import open_office
from cli.run import DATA
from cli.sections import forget_passages, tell_passages
from ticketing.record_rules.settings import SettingsError

HOST, PORT = "127.0.0.1", 8000


def migrate(data: Annotated[Path, typer.Option(help="The data folder.")] = DATA) -> None:
    """Bring the database up to date."""
    with told(), open_office(data):
        say("etle: the database is up to date")


def schedule(
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
    every: Annotated[float, typer.Option(min=1, help="Seconds between two rounds.")] = 60.0,
    once: Annotated[bool, typer.Option("--once", help="One round, then leave.")] = False,
) -> None:
    """Keep the office's clocks: fire the deadlines that have passed, hand over the letters that are due, tell Samsat of
    blocks and releases, delete the passages whose time is over.

    Several may run at once, and any may be killed: each deadline fires, each letter and each order goes once.
    """
    with told(), open_office(data) as office:
        channels, samsat = open_channels(data), open_samsat(data)
        while True:
            for what, counts in office.run_schedule(channels, samsat).items():
                if counts:
                    say(f"etle: {what}: " + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())))
            # Last: letters wait for no section's settings.
            try:
                tell_passages(forget_passages(data, office))
            except SettingsError as error:
                if once:
                    raise
                say(f"etle: passages cannot be deleted: {error}")
            if once:
                return
            time.sleep(every)


def serve(
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = HOST,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = PORT,
    portal_url: Annotated[
        str | None,
        typer.Option(
            help="The public https:// address that letters' QR codes lead to; cookies then need HTTPS."
        ),
    ] = None,
    second_share: Annotated[
        float,
        typer.Option(min=0, max=1, help="Of this share of the cases a second officer decides too, blind."),
    ] = 0.0,
    second_factor: Annotated[
        bool, typer.Option(help="Officers give an authenticator's code too; off only for a trial.")
    ] = True,
) -> None:
    """Serve the pages of officers, owners and gateways."""
    with told():
        if not second_factor:
            say("etle: THE SECOND FACTOR IS OFF: a password alone opens the officer desk; for a trial only")
        if not is_free(host, port):
            raise UsageError(f"port {port} on {host} is taken; name another with --port")
        if portal_url is not None and not portal_url.startswith("https://"):
            raise UsageError(f"--portal-url {portal_url}: a public address begins with https://")
        with open_office(data):
            pass
        serve_pages(data, host, port, portal_url, second_factor=second_factor, second_share=second_share)


def serve_pages(
    data: Path,
    host: str,
    port: int,
    portal_url: str | None = None,
    *,
    second_factor: bool = True,
    second_share: float = 0.0,
) -> None:
    """Serve until interrupted; the database must be up to date."""
    import uvicorn

    from api.settings import Settings
    from cli.office import web_app

    app = web_app(data, portal_url, second_factor=second_factor, second_share=second_share)
    # A frame on a WebSocket is bounded before it is read whole: JPEG and a little for what goes around it.
    most = Settings.frame_bytes + 2**16
    uvicorn.run(app, host=host, port=port, log_level="warning", ws_max_size=most)


def is_free(host: str, port: int) -> bool:
    """Tell whether a port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str = HOST, first: int = PORT) -> int:
    """Give the first free port from ``first`` on. Raises `UsageError`."""
    for port in range(first, first + 100):
        if is_free(host, port):
            return port
    raise UsageError(f"no free port between {first} and {first + 99} on {host}")
