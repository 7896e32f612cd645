"""Works off the spool: each segment that a gateway handed over is run through its camera's loop, at least
once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from detectors.camera import Camera
from pipeline.sources.base import SourceError
from pipeline.spool import Segment, Spool

LEASE_S = 120.0
PAUSE_S = 10.0


class LeaseLostError(RuntimeError):
    """Another worker was given the segment meanwhile: what this one does no longer counts."""


@dataclass
class Worked:
    """What came of the segments: how many are done, and what stood against the others."""

    done: int = 0
    put_back: int = 0


Process = Callable[[Segment, Callable[[], None]], None]
"""Runs one segment; calls what it is given now and then, to keep the segment. Raises `SourceError`."""


def work_off(spool: Spool, process: Process, tell: Callable[[str], None]) -> Worked:
    """Process what is waiting until nothing is; a segment that cannot be is put back with the reason.

    What a segment yields is written under ids that a second run of it gives again, so at least once is
    enough. ``tell`` hears of what could not be processed.
    """
    worked = Worked()
    while (segment := spool.take(LEASE_S)) is not None:
        taken = segment

        def keep(held: Segment = taken) -> None:
            if not spool.renew(held, LEASE_S):
                raise LeaseLostError(f"camera {held.camera_id} segment {held.sequence}")

        try:
            process(taken, keep)
        except SourceError as error:
            spool.give_back(taken, str(error), PAUSE_S)
            tell(f"camera {taken.camera_id} segment {taken.sequence}: {error}")
            worked.put_back += 1
        except LeaseLostError as error:
            tell(f"{error}: taken over by another worker")
        else:
            worked.done += spool.acknowledge(taken)
    return worked


def at_segment(camera: Camera, segment: Segment) -> Camera:
    """Give the camera with the segment's own start in the place of its file's ``recorded_at``."""
    return replace(camera, file=camera.file.model_copy(update={"recorded_at": segment.recorded_at}))
