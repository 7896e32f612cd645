"""What an administrator keeps: officers and their sessions, exempt plates, rows of law, gateways' keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.desk_access import Admin, Door, Id, Text, Token, limits
from api.office import OfficeDoor, now, page
from api.security import check_form
from ticketing import administration, audit, desk_sessions, exempt, gateways, law
from ticketing.case_models import ExemptPlateRow, LawAmendmentRow
from ticketing.errors import TicketingError
from ticketing.officers import ROLES, add_officer
from ticketing.types import Officer

router = APIRouter(prefix="/desk/admin")
Act = Literal["password", "disable", "enable", "reset", "role"]


@router.get("/officers")
def officers(request: Request, door: Door, who: Admin) -> Response:
    """Show who may sign in, and who is signed in."""
    return _officers(request, door, who)


def _officers(
    request: Request, door: OfficeDoor, who: Officer, fault: str = "", status: int = 200,
    shown_once: tuple[str, str] | None = None,
) -> Response:  # fmt: skip
    with door.session() as session:
        found = administration.officers(session, now=now())
        running = desk_sessions.running(session, limits(door), now=now())
    return page(
        request, "admin_officers.html", status, officers=found, running=running, roles=ROLES, fault=fault,
        once=shown_once, me=who.login, mine=request.state.session_id,
    )  # fmt: skip


@router.post("/officers")
def add(
    request: Request, door: Door, who: Admin, token: Token, login: Text, name: Text, role: Text
) -> Response:
    """Add an officer; the password is random and shown this once."""
    check_form(request, token)
    password = administration.new_password()
    try:
        with door.session() as session:
            added = add_officer(session, login, name, password, role, now=now())
            audit.record(session, now(), who.login, "added officer", f"officer {added.login}", {"role": role})
    except TicketingError as error:
        return _officers(request, door, who, str(error), 409)
    return _officers(request, door, who, shown_once=(added.login, password))


@router.post("/officers/{login}/{act}")
def change(
    request: Request, door: Door, who: Admin, login: str, act: Act, token: Token, role: Text = ""
) -> Response:
    """Give a password anew, close or open a login, reset its second factor, or change its role."""
    check_form(request, token)
    password = None
    try:
        with door.session() as session:
            if act == "password":
                password = administration.give_password(session, login, who.login, now=now())
            elif act == "role":
                administration.set_role(session, login, role, who.login, now=now())
            else:
                does = {
                    "disable": administration.disable,
                    "enable": administration.enable,
                    "reset": administration.reset_second_factor,
                }[act]
                does(session, login, who.login, now=now())
    except TicketingError as error:
        return _officers(request, door, who, str(error), 409)
    if password is not None:
        return _officers(request, door, who, shown_once=(login, password))
    return RedirectResponse("/desk/admin/officers", 303)


@router.post("/sessions/end")
def end_session(request: Request, door: Door, who: Admin, token: Token, session_id: Text) -> Response:
    """End somebody's session."""
    check_form(request, token)
    with door.session() as session:
        desk_sessions.end(session, session_id, who.login, desk_sessions.ENDED, now=now())
    return RedirectResponse("/desk/admin/officers", 303)


@router.get("/rules")
def rules(request: Request, door: Door, who: Admin) -> Response:  # noqa: ARG001
    """Show the exempt plates and the rows of law that administrators entered."""
    return _rules(request, door)


def _rules(request: Request, door: OfficeDoor, fault: str = "", status: int = 200) -> Response:
    with door.session() as session:
        plates = list(
            session.scalars(select(ExemptPlateRow).order_by(ExemptPlateRow.nrkb, ExemptPlateRow.id))
        )
        rows = list(session.scalars(select(LawAmendmentRow).order_by(LawAmendmentRow.id.desc())))
        session.expunge_all()
    return page(
        request, "admin_rules.html", status, plates=plates, rows=rows, fault=fault, fields=law.RULE_FIELDS
    )  # fmt: skip


def _kept(request: Request, door: OfficeDoor, token: str, act: Callable[[Session], Any]) -> Response:
    check_form(request, token)
    try:
        with door.session() as session:
            act(session)
    except (TicketingError, ValueError) as error:
        return _rules(request, door, str(error), 409)
    return RedirectResponse("/desk/admin/rules", 303)


@router.post("/exempt")
def add_exempt(
    request: Request, door: Door, who: Admin, token: Token, plate: Text,
    kind: Annotated[str, Form(max_length=60)], valid_from: Annotated[date, Form()],
) -> Response:  # fmt: skip
    """Put a plate on the exempt list."""
    return _kept(
        request, door, token, lambda s: exempt.add(s, who.login, plate, kind, valid_from, now=now())
    )  # fmt: skip


@router.post("/exempt/{row_id}/end")
def end_exempt(
    request: Request, door: Door, who: Admin, row_id: Id, token: Token, last_day: Annotated[date, Form()]
) -> Response:
    """Let a plate's exemption end with a day."""
    return _kept(request, door, token, lambda s: exempt.end(s, who.login, row_id, last_day, now=now()))


@router.post("/law")
def amend(
    request: Request, door: Door, who: Admin, token: Token, table: Text, key: Annotated[str, Form(max_length=120)],
    valid_from: Annotated[date, Form()], values: Annotated[str, Form(max_length=4000)],
    source: Annotated[str, Form(max_length=2000)],
) -> Response:  # fmt: skip
    """Enter a row of law; its fields are JSON, checked before anything is kept."""

    def act(session: Session) -> None:
        given = json.loads(values)
        if not isinstance(given, dict):
            raise ValueError('the fields are a JSON object, such as {"answer": 10}')
        law.amend(session, who.login, table, key.strip(), valid_from, given, source, now=now())

    return _kept(request, door, token, act)


@router.get("/gateways")
def gateway_list(request: Request, door: Door, who: Admin) -> Response:  # noqa: ARG001
    """Show the gateways, the cameras that each speaks for, and its keys."""
    return _gateways(request, door)


def _gateways(
    request: Request,
    door: OfficeDoor,
    fault: str = "",
    status: int = 200,
    once: tuple[str, str] | None = None,
) -> Response:
    at = now()
    with door.session() as session:
        found = gateways.gateways(session, at)
    return page(request, "admin_gateways.html", status, gateways=found, once=once, fault=fault, at=at)


@router.post("/gateways")
def add_gateway(
    request: Request, door: Door, who: Admin, token: Token, name: Text,
    cameras: Annotated[str, Form(min_length=1, max_length=2000)],
) -> Response:  # fmt: skip
    """Add a gateway; its key is shown this once."""
    ids = cameras.replace(",", " ").split()
    return _with_key(
        request, door, token, name.strip(),
        lambda s: gateways.add_gateway(s, name.strip(), ids, who=who.login, now=now()),
    )  # fmt: skip


@router.post("/gateways/{name}/key")
def rotate_key(request: Request, door: Door, who: Admin, token: Token, name: str) -> Response:
    """Give a gateway a new key, shown this once; the old one stays good for a day."""
    return _with_key(
        request, door, token, name, lambda s: gateways.rotate_key(s, name, who=who.login, now=now())
    )


@router.post("/gateways/{name}/revoke")
def revoke_keys(request: Request, door: Door, who: Admin, token: Token, name: str) -> Response:
    """End every key of a gateway at once."""
    return _with_key(
        request, door, token, name, lambda s: gateways.revoke_key(s, name, who=who.login, now=now())
    )


def _with_key(
    request: Request, door: OfficeDoor, token: str, name: str, act: Callable[[Session], str | int]
) -> Response:
    check_form(request, token)
    try:
        with door.session() as session:
            given = act(session)
    except TicketingError as error:
        return _gateways(request, door, str(error), 409)
    return _gateways(request, door, once=(name, given) if isinstance(given, str) else None)
