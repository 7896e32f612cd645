"""Progress on standard error: a bar on a terminal, nothing where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.errors import console


class Advance(Protocol):
    """Takes the bar some steps on, with a few words."""

    def __call__(self, words: str, steps: int = 1) -> None:
        """Take steps."""


@contextmanager
def progress(title: str, total: int | None, quiet: bool = False) -> Iterator[Advance]:
    """Show a bar of ``total`` steps (None: unknown); what is given back takes a step and a few words."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}"),
    )
    out = console()
    with Progress(*columns, console=out, transient=True, disable=quiet or not out.is_terminal) as shown:
        task = shown.add_task(title, total=total, words="")

        def advance(words: str, steps: int = 1) -> None:
            shown.update(task, advance=steps, words=words)

        yield advance
