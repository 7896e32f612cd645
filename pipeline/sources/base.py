"""The one interface of a source of frames, and what can go wrong with one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from detectors.types import Frame


class SourceError(Exception):
    """Nothing can be had from a source; the message names the source and what to do."""


class SourceMissingError(SourceError):
    """There is no such file, folder or kind of source."""


@dataclass(frozen=True)
class InputFault:
    """A part of the input that could not be used: ``where`` names it, ``what`` says why."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Source(Protocol):
    """Frames of one camera, in the order they were taken.

    ``live``: what comes too late is dropped and counted in ``dropped``; a recorded source waits and drops
    nothing. ``frame_rate`` is the nominal rate in frames per second, ``expected_frames`` how many there will
    be where the source says so. ``faults`` grows as bad input is met, so that it can be reported afterwards.
    """

    name: str
    live: bool
    frame_rate: float
    expected_frames: int | None
    faults: list[InputFault]

    @property
    def dropped(self) -> int:
        """How many frames were dropped because newer ones came."""
        ...

    def __enter__(self) -> Self:
        """Open it. Raises `SourceError`."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; a consumer blocked in another thread is let go."""
        ...

    def __iter__(self) -> Iterator[Frame]:
        """Give the frames. Raises `SourceError` where not one can be had."""
        ...
