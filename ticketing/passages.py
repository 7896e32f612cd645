"""Vehicles that passed an end of a measured section, for as long as they may yet turn out to have been too fast there.

Nearly all of them broke no law, and where people drive is nobody's business (UU 27/2022): the plate is kept for the
time that `record_rules.settings` names, is looked at by one rule only, and is then deleted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.models import CaseRow, PassageRow
from ticketing.record_rules import average_speed
from ticketing.record_rules.average_speed import COVERAGE
from ticketing.record_rules.base import Known, LookUp, RecordFinding, Register, Sighting
from ticketing.record_rules.settings import AverageSpeedSettings
from ticketing.types import FlaggedViolation

WHO = "clock"
MOMENT_DOUBT = "moment_doubt_s"
CLOCK_OFFSET = "clock_offset_s"
# A plate, the first camera and when it passed there.
_FirstPassage = tuple[str, str, str]


@dataclass(frozen=True)
class SectionFinding:
    """Two passages of one vehicle between which it was too fast; ``evidence_sha256`` are their manifests', the earlier
    first, as are ``finding.sightings``."""

    finding: RecordFinding
    evidence_sha256: tuple[str, str]


def keep(session: Session, passed: FlaggedViolation, now: datetime) -> None:
    """Keep a passage, the same one once; what was written first stays. Its plate must be accepted.

    ``passed`` is what a violation of it would be: ``occurred_at`` the moment, ``measured["moment_doubt_s"]`` half of
    that moment's 95% interval; ``measured["clock_offset_s"]``, where it is there, how far the camera's clock was off.
    """
    if not passed.plate_accepted or not passed.plate_text:
        raise ValueError("a passage with a plate in doubt is not kept")
    if session.get(PassageRow, passed.violation_id) is not None:
        return
    session.add(
        PassageRow(
            id=passed.violation_id,
            camera_id=passed.camera_id,
            latitude=passed.latitude,
            longitude=passed.longitude,
            timezone=passed.timezone,
            plate=passed.plate_text,
            vehicle_class=passed.vehicle_class,
            plate_colour=passed.plate_colour,
            seen_at=passed.occurred_at,
            seen_at_sigma_s=float(passed.measured[MOMENT_DOUBT]) / COVERAGE,
            clock_bias_s=abs(float(passed.measured.get(CLOCK_OFFSET, 0.0))),
            evidence_sha256=passed.evidence_manifest_sha256,
            kept_at=now,
        )
    )


def too_fast(
    session: Session, settings: AverageSpeedSettings, now: datetime, plate: str | None = None
) -> tuple[SectionFinding, ...]:
    """Judge what is kept of a plate, or of all, in any order of arrival: each pair that was too fast, told every time.

    What another worker has not committed is not seen: call it after the passage's own transaction, so that whichever of
    two workers comes last finds both. What is older than is promised is not looked at, deleted or not.
    """
    kept = (
        select(PassageRow)
        .where(PassageRow.kept_at > _over(settings, now))
        .order_by(PassageRow.seen_at, PassageRow.id)
    )
    by_plate: dict[str, list[PassageRow]] = defaultdict(list)
    for row in session.scalars(kept if plate is None else kept.where(PassageRow.plate == plate)):
        by_plate[row.plate].append(row)
    pairs = [found for rows in by_plate.values() for found in _of_one(rows, settings)]
    if not pairs:
        return ()
    made = _made(session, min(row.seen_at for rows in by_plate.values() for row in rows))
    # Another case that rests on the same first passage is the same drive: its track broke at the second camera, and the
    # later half was judged first.
    return tuple(
        p
        for p in pairs
        if made[_first_passage(p.finding.plate, p.finding.measured)] <= {p.finding.sightings[-1]}
    )


def forget(session: Session, settings: AverageSpeedSettings, now: datetime) -> int:
    """Delete the passages whose time is over; give how many, which goes on the audit trail."""
    over = _over(settings, now)
    gone = len(
        session.execute(
            delete(PassageRow).where(PassageRow.kept_at <= over).returning(PassageRow.id),
            execution_options={"synchronize_session": False},
        ).all()
    )
    if gone:
        audit.record(session, now, WHO, "passages deleted", "passages", {"passages": gone})
    return gone


def _over(settings: AverageSpeedSettings, now: datetime) -> datetime:
    return now - timedelta(minutes=settings.keep_minutes)


def _of_one(rows: list[PassageRow], settings: AverageSpeedSettings) -> list[SectionFinding]:
    evidence = {row.id: row.evidence_sha256 for row in rows}
    sightings = [_sighting(row) for row in rows]
    # The rule asks no register.
    unasked = LookUp(Register.NOT_REACHABLE)
    found: dict[str, SectionFinding] = {}
    for i, seen in enumerate(sightings):
        for finding in average_speed.judge(Known(seen, unasked, tuple(sightings[:i])), settings):
            first, last = finding.sightings
            # Where several sections end at one camera, a drive is one violation.
            found.setdefault(last, SectionFinding(finding, (evidence[first], evidence[last])))
    return list(found.values())


def _made(session: Session, since: datetime) -> dict[_FirstPassage, set[str]]:
    """Give the violations whose cases rest on each first passage."""
    cases = select(CaseRow.violation_id, CaseRow.flagged).where(
        CaseRow.rule == average_speed.RULE, CaseRow.occurred_at >= since
    )
    made: dict[_FirstPassage, set[str]] = defaultdict(set)
    for violation_id, flagged in session.execute(cases):
        made[_first_passage(flagged["plate_text"], flagged["measured"])].add(violation_id)
    return made


def _first_passage(plate: str, measured: Mapping[str, Any]) -> _FirstPassage:
    return plate, str(measured.get("from_camera")), str(measured.get("passed_from_at"))


def _sighting(row: PassageRow) -> Sighting:
    return Sighting(
        row.id,
        row.camera_id,
        row.latitude,
        row.longitude,
        row.timezone,
        row.seen_at,
        row.plate,
        True,
        row.vehicle_class,
        row.plate_colour,
        seen_at_sigma_s=row.seen_at_sigma_s,
        clock_bias_s=row.clock_bias_s,
    )
