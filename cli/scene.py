"""``etle scene``: another rendered junction."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import UsageError, say, told
from cli.progress import progress

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _scene() -> None:
    """Hold the subcommands."""


@app.command("render")
def render(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to fill.")],
    seed: Annotated[int, typer.Option(help="Same seed, same bytes of truth.")],
    seconds: Annotated[float, typer.Option(min=1.0, help="How long the clip is.")] = 60.0,
    size: Annotated[str, typer.Option(help="Picture size, WIDTHxHEIGHT in even pixels.")] = "1920x1080",
    fps: Annotated[int, typer.Option(min=1, max=60, help="Pictures per second.")] = 12,
    rules: Annotated[
        str,
        typer.Option(help="first: what the first five rules look for; all: every rule one camera can see."),
    ] = "first",
    quiet: Annotated[bool, typer.Option(help="No progress bar.")] = False,
) -> None:
    """Render clip.mp4, camera.yaml, stnk.csv and truth.json."""
    from training.render.scene import render_scene

    with told():
        if rules not in ("first", "all"):
            raise UsageError(f"--rules {rules}: first or all")
        out.mkdir(parents=True, exist_ok=True)
        with progress(f"scene {seed}", round(seconds * fps), quiet) as advance:
            render_scene(seed, seconds, out, size, fps, lambda *_: advance(""), every_rule=rules == "all")
        say(f"{out}: clip.mp4, camera.yaml, stnk.csv, truth.json")
