"""The queue of cases that wait for a decision, by rule, camera, confidence and age; and the way to the next one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.desk_access import Anybody, Door, Reviewer
from api.navigation import FIRST_PAGE
from api.office import now, page
from ticketing import audit, review_queue
from ticketing.errors import UnknownRuleError
from ticketing.law import title_of
from ticketing.officers import REVIEWER, SUPERVISOR
from ticketing.review_queue import Age, Confidence, Sort, Wanted

router = APIRouter(prefix="/desk")
CONFIDENCES = {
    "read": ("TNKB terbaca yakin", "Plate read surely"),
    "doubt": ("TNKB meragukan", "Plate in doubt"),
    "unread": ("TNKB tidak terbaca", "Plate not read"),
}
AGES = {
    "day": ("sampai 1 hari", "up to a day"),
    "3 days": ("1 sampai 3 hari", "1 to 3 days"),
    "older": ("lebih dari 3 hari", "more than 3 days"),
}
SORTS = {
    "oldest": ("Terlama dahulu", "Oldest first"),
    "newest": ("Terbaru dahulu", "Newest first"),
    "surest": ("TNKB paling yakin", "Surest plate"),
    "least sure": ("TNKB paling ragu", "Least sure plate"),
}


def wanted(
    rule: Annotated[str, Query(max_length=40)] = "",
    camera: Annotated[str, Query(max_length=64)] = "",
    confidence: Confidence = "",
    age: Age = "",
    sort: Sort = "oldest",
) -> Wanted:
    """Read from an address which cases are wanted."""
    return Wanted(rule, camera, confidence, age, sort)


Filters = Annotated[Wanted, Depends(wanted)]


def query_of(filters: Wanted, **more: object) -> str:
    """Write filters as the query of an address, ``?…``, empty where there are none."""
    given = {k: v for k, v in (asdict(filters) | more).items() if v not in ("", None, "oldest")}
    return f"?{urlencode(given)}" if given else ""


@router.get("")
def queue(
    request: Request, door: Door, who: Anybody, filters: Filters,
    number: Annotated[int, Query(alias="page", ge=1, le=10**6)] = 1,
) -> Response:  # fmt: skip
    """Show the cases that wait for a decision; a role that decides nothing is led to its own first page."""
    if who.role not in (REVIEWER, SUPERVISOR):
        return RedirectResponse(FIRST_PAGE[who.role], 303)
    with door.session() as session:
        shown = review_queue.page(session, who, filters, number, now=now())
        counted = review_queue.counts(session, who, now=now())
        seen = {"cases": len(shown.cases), **{k: v for k, v in asdict(filters).items() if v}}
        audit.record(session, now(), who.login, "queue read", "queue", seen)
    return page(
        request, "queue.html",
        shown=shown, counted=counted, filters=filters, query=query_of(filters), now=now(),
        pages=[(n, query_of(filters, page=n) or "?page=1") for n in _around(shown.number, shown.pages)],
        confidences=CONFIDENCES, ages=AGES, sorts=SORTS, rule_words={r: title(r) for r in counted.rules},
    )  # fmt: skip


@router.get("/next")
def next_case(
    door: Door, who: Reviewer, filters: Filters, after: Annotated[int | None, Query(ge=0)] = None,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:  # fmt: skip
    """Lead to the next case of the queue, or to the queue where none waits."""
    with door.session() as session:
        found = review_queue.following(session, who, filters, after, now=now())
    if found is None:
        return RedirectResponse("/desk" + query_of(filters), 303)
    told = {"done": done, "was": after} if done else {}
    return RedirectResponse(f"/desk/cases/{found}{query_of(filters, **told)}", 303)


def title(rule: str) -> str:
    """Give a rule's name in both languages; its id, where only an administrator's row knows it."""
    try:
        return title_of(rule)
    except UnknownRuleError:
        return rule


def _around(number: int, pages: int) -> list[int]:
    return sorted({1, pages, *range(max(1, number - 2), min(pages, number + 2) + 1)})
