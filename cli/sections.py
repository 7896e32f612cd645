"""Measured sections, wired: passages kept and deleted, and the cases of those that were too fast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import say
from cli.office import Office
from detectors.camera import Camera
from pipeline.sources import PushSource, Source

if TYPE_CHECKING:
    from pipeline.evidence import EvidenceStore
    from pipeline.package import Finding
    from pipeline.section_cases import SectionCases
    from pipeline.types import Counters

RULE = "average_speed"


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
    if not source.live and camera.file.recorded_at is None:
        say(
            f"etle: camera {camera.id}: {RULE}: the recording's time is not known (recorded_at), not measured"
        )
        return None
    offset = (lambda: source.arrivals().clock_offset_s) if isinstance(source, PushSource) else lambda: 0.0
    cases = section_cases(data, store, office)
    return PassageSink(camera, PassageStore(data), office.keep_passage, cases, models, offset)


def section_cases(data: Path, store: EvidenceStore, office: Office) -> SectionCases:
    """Give what makes the cases of a data folder's passages."""
    from pipeline.passages import PassageStore
    from pipeline.section_cases import SectionCases

    return SectionCases(PassageStore(data), store, office.flag, office.title_of)


def resume_sections(data: Path, store: EvidenceStore, office: Office) -> None:
    """Let go of passages whose time is over, and make the cases that a crash left unmade."""
    told = forget_passages(data, office)
    if told:
        say("etle: passages: " + ", ".join(f"{n} {what}" for what, n in sorted(told.items())))
    cases = section_cases(data, store, office)
    for found in office.too_fast():
        cases(found)


def forget_passages(data: Path, office: Office, now: datetime | None = None) -> Counter[str]:
    """Delete the passages whose time is over, rows and files; give how many of each."""
    from pipeline.passages import PassageStore

    now = now or datetime.now(UTC)
    rows, minutes = office.forget_passages(now)
    files = PassageStore(data).forget(now - timedelta(minutes=minutes))
    return Counter({what: n for what, n in (("deleted", rows), ("files deleted", files)) if n})
