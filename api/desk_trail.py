"""The audit trail as supervisors and auditors read it, and whether it is whole."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.desk_access import FIRST_DAY, LAST_DAY, Door, Overseer
from api.office import now, page
from ticketing import audit, trail

router = APIRouter(prefix="/desk")
Text = Annotated[str, Query(max_length=80)]
Day = Annotated[date | None, Query(ge=FIRST_DAY, le=LAST_DAY)]


@router.get("/audit")
def read(
    request: Request, door: Door, who: Overseer, by: Text = "", what: Text = "", subject: Text = "",
    since: Day = None, until: Day = None,
    number: Annotated[int, Query(alias="page", ge=1, le=10**9)] = 1, verify: bool = False,
) -> Response:  # fmt: skip
    """Show the trail, filtered; with ``verify`` walk its chain of hashes from the beginning."""
    asked = trail.Asked(
        by.strip(), what, subject.strip(), _start(since), _start(until + timedelta(days=1)) if until else None
    )
    with door.session() as session:
        shown = trail.read(session, asked, number, who.login, now=now())
        kinds = trail.kinds(session)
    faults = None
    if verify:
        # In a transaction of its own, which writes nothing: the walk is long, and nobody shall wait for it.
        with door.session() as session:
            faults = audit.verify(session)
    given = {"by": by, "what": what, "subject": subject, "since": since or "", "until": until or ""}
    query = urlencode({k: v for k, v in given.items() if v})
    return page(request, "trail.html", shown=shown, kinds=kinds, given=given, query=query, faults=faults)


def _start(day: date | None) -> datetime | None:
    return datetime.combine(day, time.min, UTC) if day else None
