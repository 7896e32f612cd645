"""Dashboards: where cases end, by day, camera, rule or officer; and how officers review."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, get_args

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy import func, select

from api.desk_access import FIRST_DAY, LAST_DAY, Anybody, Door, Overseer
from api.desk_queue import title
from api.office import now, page
from api.plots import Bar, bars, shares
from ticketing import audit, desk
from ticketing.funnel import By, Counts, funnel
from ticketing.models import CaseRow
from ticketing.officers import ADMIN, AUDITOR, SUPERVISOR
from ticketing.quality import quality

router = APIRouter(prefix="/desk")
STEPS = {
    "captured": ("Tertangkap kamera", "Captured"), "flagged": ("Ditandai", "Flagged"),
    "confirmed": ("Dikonfirmasi", "Confirmed"), "rejected": ("Ditolak", "Rejected"),
    "answered": ("Dijawab", "Answered"), "paid": ("Dibayar", "Paid"),
    "contested": ("Disanggah", "Contested"), "won": ("Sanggahan diterima", "Objections won"),
}  # fmt: skip
BYS = {
    "day": ("hari", "day"), "camera": ("kamera", "camera"), "rule": ("pelanggaran", "rule"),
    "officer": ("petugas", "officer"),
}  # fmt: skip
SPAN = timedelta(days=30)
LONGEST = timedelta(days=400)
Day = Annotated[date | None, Query(ge=FIRST_DAY, le=LAST_DAY)]


@router.get("/figures")
def figures(
    request: Request, door: Door, who: Anybody, by: By = "day", since: Day = None, until: Day = None
) -> Response:
    """Show how many cases came how far. By officer only to a supervisor or an auditor."""
    with door.session() as session:
        newest = session.scalar(select(func.max(CaseRow.occurred_at)))
    first, last = _span(since, until, newest)
    if by == "officer" and who.role not in (SUPERVISOR, AUDITOR):
        by = "day"
    with door.session() as session:
        found = funnel(session, by, _start(first), _start(last + timedelta(days=1)))
        audit.record(
            session,
            now(),
            who.login,
            "figures read",
            "figures",
            {"by": by, "since": str(first), "until": str(last)},
        )
    total = _sum(found)
    whole = [Bar(f"{STEPS[s][0]}", [(s, _number(total, s))]) for s in STEPS]
    rows = {title(k) if by == "rule" else k: counts for k, counts in found.items()}
    split = [
        Bar(
            key.split(" / ")[0],
            [
                ("confirmed", c.confirmed), ("rejected", c.rejected.total()),
                ("waiting", max(0, c.flagged - c.confirmed - c.rejected.total())),
            ],
        )
        for key, c in rows.items()
    ]  # fmt: skip
    reasons = [Bar(desk.REASON_WORDS.get(r, (r, r))[0], [("rejected", n)]) for r, n in shares(total.rejected)]
    return page(
        request, "figures.html",
        by=by, bys=[b for b in get_args(By) if b != "officer" or who.role in (SUPERVISOR, AUDITOR)], by_words=BYS,
        since=first, until=last, rows=rows, total=total, steps=STEPS, reason_words=desk.REASON_WORDS,
        whole=bars("Corong / Funnel", whole), split=bars("Keputusan / Decisions", split),
        reasons=bars("Alasan penolakan / Reasons for rejection", reasons) if reasons else "", admin=who.role == ADMIN,
    )  # fmt: skip


@router.get("/quality")
def reviewers(request: Request, door: Door, who: Overseer, since: Day = None, until: Day = None) -> Response:
    """Show how officers review: agreement, time per case, and who only nods."""
    first, last = _span(since, until)
    hasty = door.settings.hasty_s
    with door.session() as session:
        found = quality(session, _start(first), _start(last + timedelta(days=1)), hasty)
        audit.record(
            session, now(), who.login, "quality read", "reviewers", {"since": str(first), "until": str(last)}
        )
    drawn = bars("Keputusan / Decisions", [
        Bar(h.officer, [("confirmed", h.confirmed), ("rejected", h.rejected), ("waiting", h.asked)])
        for h in found.officers
    ])  # fmt: skip
    return page(
        request, "quality.html", quality=found, since=first, until=last, hasty_s=hasty, plot=drawn,
        share=door.settings.second_share,
    )  # fmt: skip


def _span(since: date | None, until: date | None, newest: datetime | None = None) -> tuple[date, date]:
    """Give the days asked for, at most `LONGEST`; where none are, the month up to the newest case or to this day."""
    last = until or (newest or now()).date() + timedelta(days=1)
    first = since or last - SPAN
    return max(min(first, last), last - LONGEST), last


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _sum(found: dict[str, Counts]) -> Counts:
    total = Counts(rejected=Counter())
    for counts in found.values():
        total.rejected += counts.rejected
        for name in ("captured", "flagged", "confirmed", "answered", "contested", "won", "paid"):
            setattr(total, name, getattr(total, name) + getattr(counts, name))
    return total


def _number(counts: Counts, step: str) -> int:
    return counts.rejected.total() if step == "rejected" else int(getattr(counts, step))
