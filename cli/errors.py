"""Exit codes, and errors told in one clear line on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum

import typer
from rich.console import Console

from detectors.base import DetectorError
from detectors.camera import CameraFileError
from pipeline.blobs import StoreError
from pipeline.images import ImageError
from pipeline.sources.base import InputFault, SourceError, SourceMissingError
from pipeline.spool import SpoolError
from plate_reader.base import PlateReaderError
from ticketing.errors import GatewayError
from ticketing.record_rules.settings import SettingsError

FAULTS_SHOWN = 20


class Exit(IntEnum):
    """What the command's exit code says."""

    DONE = 0
    FAILED = 1
    WRONG_USE = 2
    BAD_INPUT = 3


class UsageError(Exception):
    """The command was asked for something that cannot be; the message says what to ask instead."""


def console() -> Console:
    """Give the console for messages and progress: standard error, so that output can be piped."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Tell a person something, on standard error."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def told() -> Iterator[None]:
    """Turn the errors that a person can act on into one line and an exit code; all others are faults of ours
    and keep their traceback."""
    try:
        yield
    except (CameraFileError, SourceMissingError, UsageError, GatewayError, SettingsError) as error:
        _leave(str(error), Exit.WRONG_USE)
    except (SourceError, StoreError, SpoolError, DetectorError, PlateReaderError, ImageError) as error:
        _leave(str(error), Exit.FAILED)
    except BrokenPipeError:
        # Whoever read our output has gone: nobody is left to be told.
        sys.stderr.close()
        raise typer.Exit(Exit.FAILED) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _leave(f"{where}{error.strerror or error}", Exit.FAILED)
    except KeyboardInterrupt:
        _leave("interrupted", Exit.FAILED)


def _leave(message: str, code: Exit) -> None:
    say(f"etle: {message}")
    raise typer.Exit(code) from None


def leave_over(faults: Sequence[InputFault]) -> None:
    """Name the input that could not be used and leave with its exit code; do nothing where there is none."""
    if not faults:
        return
    for fault in faults[:FAULTS_SHOWN]:
        say(f"etle: bad input: {fault}")
    if len(faults) > FAULTS_SHOWN:
        say(f"etle: and {len(faults) - FAULTS_SHOWN} more")
    raise typer.Exit(Exit.BAD_INPUT)
