"""Where ``--jsonl`` goes: a file that is there whole once the run is done, or standard output."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Write = Callable[[Mapping[str, Any]], None]


def nowhere(row: Mapping[str, Any]) -> None:
    """Write a row nowhere."""
    del row


@contextmanager
def jsonl(target: str | None, growing: bool = False) -> Iterator[Write]:
    """Open a target for lines of JSON: None for nowhere, ``-`` for standard output, else a file.

    A file is written beside its name and put there at the end, so that half an output never passes for the
    whole; ``growing`` (a live source, which has no end) adds to the file itself.
    """
    if target is None:
        yield nowhere
    elif target == "-":
        yield lambda row: print(_line(row), flush=True)
    elif growing:
        with Path(target).open("a", encoding="utf-8") as out:
            yield lambda row: print(_line(row), file=out, flush=True)
    else:
        path = Path(target)
        part = path.with_name(path.name + ".part")
        try:
            with part.open("w", encoding="utf-8") as out:
                yield lambda row: print(_line(row), file=out, flush=True)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, allow_nan=False)
