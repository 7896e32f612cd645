"""Who may open what at the desk: the session behind a cookie, and the roles that each route asks for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated

from fastapi import Depends, Form, Path, Request
from fastapi.responses import Response

from api.office import OfficeDoor, now, office
from api.security import ProblemError, address_of, refused
from ticketing import audit, desk_sessions
from ticketing.officers import ADMIN, AUDITOR, REVIEWER, SUPERVISOR
from ticketing.types import Officer

# What a page may be asked for: days that can be counted on from, and numbers that a database holds.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
Id = Annotated[int, Path(ge=1, lt=2**63)]
COOKIE = "etle_desk"
LOGIN = "/desk/login"
# Why a session is over, as the log-in page says it.
OVER = {
    desk_sessions.IDLE: ("Sesi berakhir karena tidak dipakai", "The session ended: it was not used for a while"),
    desk_sessions.OLD: ("Sesi berakhir: masuk lagi", "The session has reached its longest: sign in again"),
    desk_sessions.ENDED: ("Sesi diakhiri administrator", "The session was ended by an administrator"),
    desk_sessions.STOLEN: (
        "Sesi ditolak: datang dari alamat lain",
        "The session was refused: it came from another address",
    ),
}  # fmt: skip


def limits(door: OfficeDoor) -> desk_sessions.Limits:
    """Give how long sessions last on this server."""
    settings = door.settings
    return desk_sessions.Limits(timedelta(seconds=settings.idle_s), timedelta(seconds=settings.session_s))


def set_session(door: OfficeDoor, answer: Response, token: str) -> None:
    """Hand a session's token to the browser: for the desk only, out of reach of scripts and of other sites."""
    answer.set_cookie(
        COOKIE, token, path="/desk", httponly=True, samesite="strict", secure=door.settings.https,
        max_age=door.settings.session_s,
    )  # fmt: skip


def half_way(request: Request) -> desk_sessions.Held:
    """Give the session of whoever has given their password at least. Raises `ProblemError` that leads to the log-in."""
    door, token = office(request), request.cookies.get(COOKIE)
    found: desk_sessions.Held | str | None = None
    if token:
        with door.session() as session:
            found = desk_sessions.resume(session, token, address_of(request), limits(door), now=now())
    if isinstance(found, desk_sessions.Held):
        return found
    if found == desk_sessions.STOLEN:
        refused(request, "session from another address")
        raise ProblemError(403, "Sesi ditolak / Session refused", " / ".join(OVER[found]))
    to = f"{LOGIN}?over={found.replace(' ', '+')}" if found in OVER else LOGIN
    raise ProblemError(303, "Masuk / Sign in", "Silakan masuk / please sign in", {"Location": to})


def signed_in(request: Request, held: Annotated[desk_sessions.Held, Depends(half_way)]) -> Officer:
    """Give the officer who has signed in, whatever their role. Raises `ProblemError` that leads to the log-in."""
    if not held.passed:
        raise ProblemError(303, "Kode / Code", "Masukkan kode / give the code", {"Location": f"{LOGIN}/code"})
    request.state.officer = held.officer
    request.state.session_id = held.id
    return held.officer


def only(*roles: str) -> Callable[..., Officer]:
    """Make a dependency that lets these roles in; another one is refused, and that is on record."""

    def allowed(request: Request, officer: Annotated[Officer, Depends(signed_in)]) -> Officer:
        if officer.role not in roles:
            detail = {"role": officer.role, "method": request.method, "path": request.url.path[:200]}
            with office(request).session() as session:
                audit.record(session, now(), officer.login, "refused", f"officer {officer.login}", detail)
            raise ProblemError(
                403, "Bukan untuk peran Anda / Not for your role", f"{officer.role}: {request.url.path[:80]}"
            )
        return officer

    return allowed


Door = Annotated[OfficeDoor, Depends(office)]
Anybody = Annotated[Officer, Depends(signed_in)]
Reviewer = Annotated[Officer, Depends(only(REVIEWER, SUPERVISOR))]
Reader = Annotated[Officer, Depends(only(REVIEWER, SUPERVISOR, AUDITOR))]
Supervisor = Annotated[Officer, Depends(only(SUPERVISOR))]
Overseer = Annotated[Officer, Depends(only(SUPERVISOR, AUDITOR))]
Admin = Annotated[Officer, Depends(only(ADMIN))]
Token = Annotated[str, Form(max_length=200)]
Text = Annotated[str, Form(max_length=500)]
