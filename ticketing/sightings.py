"""The same plate seen twice: one violation from two cameras, or a plate that cannot have been at both places.

Distance is the great circle's (haversine, sphere of 6,371 km): a road is never shorter, so the speed that a vehicle
would have needed is never overstated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import audit, gate, states
from ticketing.errors import GuardError, NotFoundError, ReasonError
from ticketing.law import setting
from ticketing.models import AlertRow, CaseRow
from ticketing.types import FlaggedViolation

EARTH_KM = 6371.0
CLONE = "clone"
# Beyond this no two places in Indonesia are too far apart for an airliner's speed, let alone a vehicle's.
WIDEST = timedelta(hours=36)


def km_between(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Give the distance of two places, each latitude and longitude in degrees."""
    lat1, lon1, lat2, lon2 = (radians(v) for v in (*here, *there))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, half)))


def impossible(
    here: tuple[float, float], there: tuple[float, float], apart: timedelta
) -> dict[str, float] | None:
    """Tell whether one vehicle cannot have been at both places so soon: km, minutes and the km/h that it took."""
    limits = setting("sightings")
    km = km_between(here, there)
    hours = max(abs(apart).total_seconds(), 1.0) / 3600
    if km < limits["least_km"] or km / hours <= limits["fastest_kmh"]:
        return None
    return {"km": round(km, 1), "minutes": round(hours * 60, 1), "kmh": round(km / hours)}


def same_violation(session: Session, flagged: FlaggedViolation) -> CaseRow | None:
    """Give the case of the same vehicle, rule and minutes from another camera, where one camera's is open."""
    if not flagged.plate_accepted or not flagged.plate_text:
        return None
    window = timedelta(minutes=setting("sightings")["same_violation_minutes"])
    near = session.scalars(
        select(CaseRow)
        .where(
            CaseRow.rule == flagged.rule,
            CaseRow.camera_id != flagged.camera_id,
            CaseRow.nrkb == flagged.plate_text,
            CaseRow.state.not_in(states.ENDS),
            CaseRow.occurred_at.between(flagged.occurred_at - window, flagged.occurred_at + window),
        )
        .order_by(CaseRow.id)
    )
    for case in near:
        there = (case.flagged["latitude"], case.flagged["longitude"])
        apart = case.occurred_at - flagged.occurred_at
        if impossible((flagged.latitude, flagged.longitude), there, apart) is None:
            return case
    return None


def watch(session: Session, case: CaseRow, who: str, now: datetime) -> None:
    """Raise an alert on this case and on each other one that shows its plate where its vehicle cannot have been."""
    if case.nrkb is None:
        return
    others = session.scalars(
        select(CaseRow)
        .where(
            CaseRow.nrkb == case.nrkb,
            CaseRow.id != case.id,
            CaseRow.occurred_at.between(case.occurred_at - WIDEST, case.occurred_at + WIDEST),
        )
        .order_by(CaseRow.id)
    )
    here = (case.flagged["latitude"], case.flagged["longitude"])
    for other in others:
        there = (other.flagged["latitude"], other.flagged["longitude"])
        found = impossible(here, there, case.occurred_at - other.occurred_at)
        if found is not None:
            _raise(session, case, {**found, "case": other.id}, who, now)
            _raise(session, other, {**found, "case": case.id}, who, now)


@dataclass(frozen=True)
class Alert:
    """An alert that nobody has resolved: the same plate in another case, so far away in so few minutes."""

    id: int
    other_case: int
    km: float
    minutes: float
    raised_at: datetime


def alerts_of(case: CaseRow) -> list[Alert]:
    """Give the open alerts of a case."""
    return [
        Alert(row.id, row.detail["case"], row.detail["km"], row.detail["minutes"], row.raised_at)
        for row in gate.open_alerts(case)
    ]


def resolve_alert(
    session: Session, case_id: int, alert_id: int, officer: str, note: str, *, now: datetime
) -> AlertRow:
    """Note what an officer found out about an alert; the gate is open again, as far as it is concerned.

    Raises:
        ReasonError: no note.
        NotFoundError: the case has no such alert.
        GuardError: the case waits for a decision, and this officer has not opened it.
    """
    if not note.strip():
        raise ReasonError("say what you found out: why this plate is not cloned, or what was done")
    alert = session.get(AlertRow, alert_id)
    if alert is None or alert.case_id != case_id:
        raise NotFoundError(f"case {case_id} has no alert {alert_id}")
    case = session.get_one(CaseRow, case_id, populate_existing=True)
    if case.state in states.PENDING and (case.locked_by != officer or case.locked_until is None):
        raise GuardError(f"open case {case_id} first: another officer may have it")
    if alert.resolved_at is None:
        alert.resolved_at, alert.resolved_by, alert.note = now, officer, note.strip()
        session.flush()
        detail = {"alert": alert.id, "note": note.strip()}
        audit.record(session, now, officer, "alert resolved", f"case {alert.case_id}", detail)
    return alert


def _raise(session: Session, case: CaseRow, detail: dict[str, Any], who: str, now: datetime) -> None:
    if any(a.kind == CLONE and a.detail["case"] == detail["case"] for a in case.alerts):
        return
    case.alerts.append(AlertRow(kind=CLONE, detail=detail, raised_at=now))
    session.flush()
    audit.record(session, now, who, "clone alert", f"case {case.id}", detail)
