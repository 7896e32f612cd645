"""Who looks: the owner's and the reporter's sessions. Signed, short, for one case or conversation and one address,
in a cookie that scripts cannot read; no address of a page ever gives a case away.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from api.security import Limiter, Links, ProblemError, network_of, refused
from pipeline.uploads import UploadStore

OWNER, CONTACT = "etle_owner", "etle_contact"
ENDED = (
    "Sesi berakhir / The session has ended",
    "Demi keamanan Anda, cari lagi surat atau laporan Anda / for your safety, look your notice or report up again",
)


@dataclass(frozen=True)
class PortalKeys:
    """What the portal signs its sessions with, and where it keeps what people send."""

    owner: Links
    contact: Links
    session_s: int
    https: bool
    uploads: UploadStore
    contacts: Limiter


@dataclass(frozen=True)
class OwnerSession:
    """The cases that a look-up found, which of them is open, and by what it was shown (`ticketing.owner_case`);
    ``reference`` is the letter's, where it was shown by one.
    """

    cases: tuple[int, ...]
    open: int | None
    by: str
    plate: str
    reference: str | None = None


def keys(request: Request) -> PortalKeys:
    """Give the portal's keys of the running application."""
    found: PortalKeys = request.app.state.portal
    return found


def remember(request: Request, answer: Response, session: OwnerSession) -> None:
    """Keep an owner's session; its time begins anew."""
    value = [list(session.cases), session.open, session.by, session.plate, session.reference, _mark(request)]
    _set(request, answer, OWNER, keys(request).owner.sign(value))


def owner_of(request: Request) -> OwnerSession:
    """Give the session of an owner. Raises `ProblemError` where there is none, or it is another address's."""
    cases, opened, by, plate, reference, mark = _read(request, OWNER, keys(request).owner)
    _check_mark(request, mark)
    return OwnerSession(tuple(cases), opened, by, plate, reference)


def case_of(request: Request) -> tuple[int, str, str | None]:
    """Give the case that an owner has open, how they have shown that it is theirs, and by which reference.

    Raises `ProblemError`.
    """
    session = owner_of(request)
    if session.open is None:
        raise ProblemError(
            303, "Pilih / Choose", "Pilih surat / choose a notice", {"Location": "/perkara/pilih"}
        )
    return session.open, session.by, session.reference


def remember_contact(request: Request, answer: Response, contact_id: int) -> None:
    """Keep the session of somebody who follows what they wrote."""
    _set(request, answer, CONTACT, keys(request).contact.sign([contact_id, _mark(request)]))


def contact_of(request: Request) -> int:
    """Give the conversation or report that is followed. Raises `ProblemError`."""
    contact_id, mark = _read(request, CONTACT, keys(request).contact)
    _check_mark(request, mark)
    return int(contact_id)


def forget(answer: Response) -> None:
    """End the sessions."""
    for name in (OWNER, CONTACT):
        answer.delete_cookie(name, httponly=True, samesite="strict")


def _set(request: Request, answer: Response, name: str, value: str) -> None:
    held = keys(request)
    answer.set_cookie(
        name, value, max_age=held.session_s, httponly=True, samesite="strict", secure=held.https
    )


def _read(request: Request, name: str, links: Links) -> Any:
    token = request.cookies.get(name, "")
    try:
        return links.read(token)
    except ProblemError:
        refused(request, "session expired or made up" if token else "no session")
        raise ProblemError(403, *ENDED) from None


def _check_mark(request: Request, mark: str) -> None:
    if mark != _mark(request):
        refused(request, "session from another address")
        raise ProblemError(403, *ENDED)


def _mark(request: Request) -> str:
    # Signed along with the rest, so it need not be secret, only not say the address to who reads the cookie.
    return hashlib.sha256(f"etle session {network_of(request)}".encode()).hexdigest()[:16]
