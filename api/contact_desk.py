"""The contact centre at the officer desk: what waits, the promise for each, and what an officer does about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from api.desk_access import Door, Id, Reviewer, Token
from api.office import OfficeDoor, now, page
from api.security import ProblemError, check_form
from api.uploads import open_file
from ticketing import contact, contact_office, contact_rules
from ticketing.errors import GuardError, NotFoundError, ReasonError
from ticketing.types import Officer

router = APIRouter(prefix="/desk/kontak", include_in_schema=False)
Long = Annotated[str, Form(max_length=20_000)]
Short = Annotated[str, Form(max_length=100)]


@router.get("")
def inbox(request: Request, door: Door, who: Reviewer, tertutup: bool = False) -> Response:  # noqa: ARG001
    """Show what is open, the escalated first; or what was closed."""
    with door.session() as session:
        rows = contact_office.inbox(session, closed=tertutup)
        session.expunge_all()
    return page(
        request,
        "contact/desk.html",
        rows=rows,
        closed=tertutup,
        now=now(),
        statuses=contact.STATUSES,
        words={**contact_rules.topics("conversation"), **contact_rules.topics("report")},
        outcomes=contact_rules.outcomes(),
        written=contact.written,
        escalated=sum(row.escalated_at is not None for row in rows),
    )


@router.get("/{contact_id}")
def one(request: Request, door: Door, who: Reviewer, contact_id: Id) -> Response:
    """Open one; the look at it is on the trail."""
    return _one(request, door, who, contact_id)


@router.get("/{contact_id}/berkas/{number}")
def file(request: Request, door: Door, who: Reviewer, contact_id: Id, number: int) -> Response:
    """Give a file that its sender sent along."""
    _, said = _read(door, who, contact_id)
    files = [f for message in said for f in message.files]
    if not 0 <= number < len(files):
        raise ProblemError(404, "Tidak ada data / No data", "Berkas tidak ada / there is no such file")
    return open_file(request, files[number])


@router.post("/{contact_id}/jawab")
def answer(request: Request, door: Door, who: Reviewer, contact_id: Id, text: Long, token: Token) -> Response:
    """Answer its sender."""
    return _act(
        request, door, who, contact_id, token,
        lambda session: contact_office.answer(session, contact_id, who.login, text, now=now()),
    )  # fmt: skip


@router.post("/{contact_id}/satuan")
def send_unit(
    request: Request, door: Door, who: Reviewer, contact_id: Id, unit: Short, token: Token
) -> Response:
    """Send a field unit."""
    return _act(
        request, door, who, contact_id, token,
        lambda session: contact_office.send_unit(session, contact_id, who.login, unit, now=now()),
    )  # fmt: skip


@router.post("/{contact_id}/tutup")
def close(
    request: Request, door: Door, who: Reviewer, contact_id: Id, outcome: Short, text: Long, token: Token
) -> Response:
    """Close with an outcome."""
    return _act(
        request, door, who, contact_id, token,
        lambda session: contact_office.close(session, contact_id, who.login, outcome, text, now=now()),
    )  # fmt: skip


def _act(
    request: Request,
    door: OfficeDoor,
    who: Officer,
    contact_id: int,
    token: str,
    act: Callable[[Session], Any],
) -> Response:
    check_form(request, token)
    try:
        with door.session() as session:
            act(session)
    except NotFoundError as error:
        raise ProblemError(404, "Tidak ada data / No data", str(error)) from error
    except (ReasonError, GuardError) as error:
        return _one(request, door, who, contact_id, str(error), 422)
    return RedirectResponse(f"/desk/kontak/{contact_id}", 303)


def _read(door: OfficeDoor, who: Officer, contact_id: int) -> tuple[Any, list[contact.Message]]:
    try:
        with door.session() as session:
            row, said = contact_office.read(session, contact_id, who.login, now=now())
            session.expunge(row)
    except NotFoundError as error:
        raise ProblemError(404, "Tidak ada data / No data", str(error)) from error
    return row, said


def _one(
    request: Request,
    door: OfficeDoor,
    who: Officer,
    contact_id: int,
    fault: str | None = None,
    status: int = 200,
) -> Response:
    row, said = _read(door, who, contact_id)
    return page(
        request,
        "contact/desk_one.html",
        status,
        row=row,
        said=said,
        who=who.login,
        now=now(),
        topics=contact_rules.topics(row.kind),
        statuses=contact.STATUSES,
        outcomes=contact_rules.outcomes(),
        reference=contact.written(row.reference),
        fault=fault,
    )
