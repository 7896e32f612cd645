"""``etle gateway``: who may hand frames, segments and violations over, with which keys."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli import gateway_push, gateway_violations
from cli.errors import say, told
from cli.office import open_office
from cli.run import DATA

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The gateway's name.")]
Data = Annotated[Path, typer.Option(help="The data folder.")]
CameraIds = Annotated[list[str], typer.Option(help="The id of a camera that it speaks for; may be repeated.")]


@app.callback()
def _gateway() -> None:
    """Hold the subcommands."""


@app.command("add")
def add(name: Name, camera: CameraIds, data: Data = DATA) -> None:
    """Register a gateway; its key is printed, this once."""
    from ticketing.gateways import add_gateway

    with told(), open_office(data) as office, office.session() as session:
        key = add_gateway(session, name, camera, who=_who(), now=datetime.now(UTC))
        _tell_unregistered(data, camera)
        say(f"etle: gateway {name} added")
    print(key)


@app.command("rotate")
def rotate(
    name: Name,
    overlap_hours: Annotated[
        float, typer.Option(min=0, help="How long the key before it stays valid.")
    ] = 24.0,
    data: Data = DATA,
) -> None:
    """Give a gateway a new key, printed this once; the one before stays valid for a while."""
    from ticketing.gateways import rotate_key

    overlap = timedelta(hours=overlap_hours)
    with told(), open_office(data) as office, office.session() as session:
        key = rotate_key(session, name, overlap=overlap, who=_who(), now=datetime.now(UTC))
        say(f"etle: gateway {name} has a new key; the one before ends in {overlap_hours:g} hours")
    print(key)


@app.command("revoke")
def revoke(
    name: Name,
    key: Annotated[
        int | None, typer.Option(help="One key's number, as in the list; every key without it.")
    ] = None,
    data: Data = DATA,
) -> None:
    """End a gateway's keys at once."""
    from ticketing.gateways import revoke_key

    with told(), open_office(data) as office, office.session() as session:
        ended = revoke_key(session, name, key, who=_who(), now=datetime.now(UTC))
        say(f"etle: {ended} keys of gateway {name} end now")


@app.command("cameras")
def cameras(name: Name, camera: CameraIds, data: Data = DATA) -> None:
    """Say anew which cameras a gateway speaks for."""
    from ticketing.gateways import set_cameras

    with told(), open_office(data) as office, office.session() as session:
        set_cameras(session, name, camera, who=_who(), now=datetime.now(UTC))
        _tell_unregistered(data, camera)


@app.command("signing-key")
def signing_key(
    name: Name,
    public_key: Annotated[
        Path,
        typer.Argument(
            metavar="evidence.pub.pem", help="keys/evidence.pub.pem of the gateway's data folder."
        ),
    ],
    data: Data = DATA,
) -> None:
    """Register the key that a gateway signs its own evidence with."""
    from pipeline.signing import read_public_key
    from ticketing.gateways import add_signing_key

    with told(), open_office(data) as office, office.session() as session:
        raw = read_public_key(public_key).public_bytes_raw()
        add_signing_key(session, name, raw, who=_who(), now=datetime.now(UTC))
        say(f"etle: evidence that gateway {name} signed with this key is now taken in")


@app.command("list")
def list_gateways(data: Data = DATA) -> None:
    """List the gateways with their cameras and keys; a key's fingerprint opens nothing."""
    from ticketing.gateways import gateways

    now = datetime.now(UTC)
    with told(), open_office(data) as office, office.session() as session:
        for gateway in gateways(session, now):
            print(f"{gateway.name}: {', '.join(gateway.cameras) or 'no cameras'}")
            for key in gateway.keys:
                until = (
                    ""
                    if key.ends_at is None
                    else f", {'until' if key.valid(now) else 'ended'} {key.ends_at:%Y-%m-%d %H:%M} UTC"
                )
                print(
                    f"  {key.id}: {key.kind} {key.fingerprint}, made {key.made_at:%Y-%m-%d %H:%M} UTC{until}"
                )


app.command("push")(gateway_push.push)
app.command("push-violations")(gateway_violations.push_violations)


def _who() -> str:
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):
        # A container's user may have no name.
        return "command line"


def _tell_unregistered(data: Path, cameras: list[str]) -> None:
    from pipeline.cameras import camera_file

    for camera_id in cameras:
        if not camera_file(data, camera_id).exists():
            say(f"etle: camera {camera_id} is not registered yet: etle camera add CAMERA.yaml")
