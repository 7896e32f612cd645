"""Measured sections, wired: passages kept and deleted, and the cases of those that were too fast."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from cli.errors import say
from cli.office import Office
from detectors.camera import Camera
from pipeline.blobs import StoreError
from pipeline.sources import PushSource, Source
from ticketing.errors import TicketingError

if TYPE_CHECKING:
    from pipeline.evidence import EvidenceStore
    from pipeline.package import Finding
    from pipeline.section_cases import SectionCases
    from pipeline.types import Counters

log = logging.getLogger(__name__)

RULE = "average_speed"
ROUND_S = 60.0


def open_passages(
    camera: Camera,
    source: Source,
    data: Path,
    store: EvidenceStore,
    office: Office,
    models: Mapping[str, str],
) -> Callable[[Finding, Counters], None] | None:
    """Give what takes a camera's passages; None, and why is told, where they could serve no measurement."""
    from pipeline.passages import PassageSink, PassageStore

    if RULE not in camera.file.enforce:
        return None
    if not office.measures(camera.id):
        say(
            f"etle: camera {camera.id}: {RULE}: no section of ETLE_RECORD_RULES ends here, nobody is followed"
        )
        return None
    # Two cameras' clocks are compared: a stream's frames bear the time of their arrival here, seconds off.
    pushed = source if isinstance(source, PushSource) else None
    untold = (
        "the stream does not tell its clock"
        if source.live
        else "the recording's time is not known (recorded_at)"
    )
    if pushed is None and (source.live or camera.file.recorded_at is None):
        say(f"etle: camera {camera.id}: {RULE}: {untold}, not measured")
        return None
    offset = (lambda: 0.0) if pushed is None else lambda: pushed.arrivals().clock_offset_s
    cases = section_cases(data, store, office)
    return PassageSink(camera, PassageStore(data), office.keep_passage, cases, models, offset)


def section_cases(data: Path, store: EvidenceStore, office: Office) -> SectionCases:
    """Give what makes the cases of a data folder's passages."""
    from pipeline.passages import PassageStore
    from pipeline.section_cases import SectionCases

    return SectionCases(PassageStore(data), store, office.flag, office.title_of)


def resume_sections(data: Path, store: EvidenceStore, office: Office) -> None:
    """Make the cases that a crash left unmade, then let go of passages whose time is over.

    A pair of which no case can be made is told, and keeps no camera from starting.
    """
    cases = section_cases(data, store, office)
    told: Counter[str] = Counter()
    for found in office.too_fast():
        try:
            cases(found)
        except (TicketingError, StoreError) as error:
            log.error("average_speed %s: no case: %s", found.finding.sightings[-1], error)
            told["no case"] += 1
    tell_passages(told + forget_passages(data, office))


def forget_passages(data: Path, office: Office, now: datetime | None = None) -> Counter[str]:
    """Delete the passages whose time is over, rows and files; give how many of each."""
    from pipeline.passages import PassageStore

    now = now or datetime.now(UTC)
    rows, minutes = office.forget_passages(now)
    files, left = PassageStore(data).forget(now - timedelta(minutes=minutes))
    told = (("deleted", rows), ("files deleted", files), ("files that cannot be deleted", left))
    return Counter({what: n for what, n in told if n})


def tell_passages(told: Counter[str]) -> None:
    """Say what became of passages, where anything did."""
    if told:
        say("etle: passages: " + ", ".join(f"{n} {what}" for what, n in sorted(told.items())))


class Forgetting:
    """Deletes the passages whose time is over while a worker runs; `round` may be called at any time, and looks once a
    minute. What goes wrong is told: the cameras go on."""

    def __init__(self, data: Path, office: Office, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._data, self._office, self._monotonic = data, office, monotonic
        self._next = monotonic() + ROUND_S

    def round(self) -> None:
        """Delete, where a minute has passed since the last time."""
        if self._monotonic() < self._next:
            return
        self._next = self._monotonic() + ROUND_S
        try:
            tell_passages(forget_passages(self._data, self._office))
        except (SQLAlchemyError, OSError) as error:
            say(f"etle: passages cannot be deleted: {error}")
