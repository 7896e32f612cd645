"""Signing in at the desk: password, then the authenticator's code, then a session; and out again."""

from __future__ import annotations

from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from api.desk_access import COOKIE, OVER, Anybody, Door, Text, Token, half_way, set_session
from api.office import OfficeDoor, now, page
from api.security import address_of, check_form, limit, refused
from ticketing import desk_sessions, second_factor
from ticketing.desk_sessions import Held
from ticketing.errors import LoginError
from ticketing.officers import check_login

router = APIRouter(prefix="/desk")
HalfWay = Annotated[Held, Depends(half_way)]


@router.get("/login")
def login_page(request: Request, door: Door, over: str = "") -> Response:
    """Show the log-in form."""
    return page(request, "login.html", over=OVER.get(over), trial=not door.settings.second_factor)


@router.post("/login")
def login(request: Request, door: Door, login: Text, password: Text, token: Token) -> Response:
    """Take the password: a new session, so that one planted before is of no use."""
    check_form(request, token)
    limit(request, request.app.state.log_ins)
    failed: LoginError | None = None
    with door.session() as session:
        # A wrong try is counted in this very transaction, so it must not be rolled back.
        try:
            officer = check_login(session, login, password, address_of(request), now=now())
        except LoginError as error:
            failed = error
    if failed is not None:
        refused(request, "log-in refused")
        trial = not door.settings.second_factor
        return page(request, "login.html", 401, wrong=str(failed), login=login[:80], trial=trial)
    return _begin(request, door, officer.login, passed=not door.settings.second_factor)


@router.get("/login/code")
def code_page(request: Request, door: Door, held: HalfWay) -> Response:
    """Ask for the code; lead to its set-up where there is none yet."""
    with door.session() as session:
        on = second_factor.is_on(session, held.officer.login)
    return page(request, "login_code.html") if on else RedirectResponse("/desk/login/setup", 303)


@router.get("/login/setup")
def setup_page(request: Request, door: Door, held: HalfWay) -> Response:
    """Offer a secret for the authenticator, as a QR code and to type."""
    return _setup(request, door, held)


def _setup(request: Request, door: OfficeDoor, held: Held, wrong: bool = False) -> Response:
    try:
        with door.session() as session:
            offer = second_factor.offer(session, held.officer.login)
    except LoginError:
        return RedirectResponse("/desk/login/code", 303)
    drawn = segno.make(offer.uri, error="m").svg_inline(scale=5, border=3, light="white", svgclass="qr")
    spaced = " ".join(offer.secret[i : i + 4] for i in range(0, len(offer.secret), 4))
    return page(
        request, "login_setup.html", 401 if wrong else 200, qr=Markup(drawn), secret=spaced, wrong=wrong  # noqa: S704
    )  # fmt: skip


@router.post("/login/code")
def code(request: Request, door: Door, held: HalfWay, code: Text, token: Token) -> Response:
    """Take the code; the session of the password alone is replaced by one that may do something."""
    check_form(request, token)
    limit(request, request.app.state.log_ins)
    wrong = False
    with door.session() as session:
        was_on = second_factor.is_on(session, held.officer.login)
    with door.session() as session:
        try:
            second_factor.check(session, held.officer.login, code, address_of(request), now=now())
        except LoginError:
            wrong = True
    if wrong:
        refused(request, "code refused")
        return (
            page(request, "login_code.html", 401, wrong=True) if was_on else _setup(request, door, held, True)
        )
    with door.session() as session:
        desk_sessions.end(session, held.id, held.officer.login, desk_sessions.REPLACED, now=now())
    return _begin(request, door, held.officer.login, passed=True)


@router.post("/logout")
def logout(request: Request, door: Door, who: Anybody, token: Token) -> Response:
    """Sign out; the browser forgets the pictures that it kept."""
    check_form(request, token)
    with door.session() as session:
        held = request.state.session_id
        desk_sessions.end(session, held, who.login, desk_sessions.SIGNED_OUT, now=now())
    request.session.clear()
    answer = RedirectResponse("/desk/login", 303, {"Clear-Site-Data": '"cache"'})
    answer.delete_cookie(COOKIE, path="/desk")
    return answer


def _begin(request: Request, door: OfficeDoor, login: str, *, passed: bool) -> Response:
    with door.session() as session:
        token = desk_sessions.begin(session, login, address_of(request), passed=passed, now=now())
    request.session.clear()
    answer = RedirectResponse("/desk" if passed else "/desk/login/code", 303)
    set_session(door, answer, token)
    return answer
