"""``etle camera``: the cameras that this server runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import say, told
from cli.run import DATA

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _camera() -> None:
    """Hold the subcommands."""


@app.command("add")
def add(
    camera_file: Annotated[Path, typer.Argument(metavar="CAMERA.yaml", help="The camera file.")],
    picture: Annotated[
        Path | None,
        typer.Option(
            help="What it saw when it was calibrated; the first picture that comes stands in without it."
        ),
    ] = None,
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
) -> None:
    """Register a camera, or its new calibration; running workers are to be started anew for it."""
    from pipeline.cameras import register_camera

    with told():
        camera = register_camera(data, camera_file, picture)
        say(f"etle: camera {camera.id} registered: {camera.file.name}")


@app.command("health")
def health(data: Annotated[Path, typer.Option(help="The data folder.")] = DATA) -> None:
    """Say how every camera is, one line each; exit code 1 where enforcement is paused or a camera is silent."""
    from pipeline.health import OK, UNSEEN, all_cameras

    with told():
        cameras = all_cameras(data)
        for c in cameras:
            rate = "" if c.frame_rate is None else f", {c.frame_rate:g} frames/s"
            lag = "" if c.lag_s is None or not c.live else f", lag {c.lag_s:g} s"
            why = f" ({', '.join(c.reasons)})" if c.reasons else ""
            print(f"{c.camera_id}: {c.state}{why}{rate}{lag}, {c.frames} frames, {c.dropped} dropped")
        if any(c.state not in (OK, UNSEEN) for c in cameras):
            raise typer.Exit(1)
