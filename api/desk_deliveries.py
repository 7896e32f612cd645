"""Letters whose sending is in doubt, and orders that Samsat refused or may have taken: a supervisor finds out what came
of each, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from api.desk_access import Door, Id, Overseer, Supervisor, Token
from api.letter_words import CHANNEL_WORDS, GROUND_WORDS, LETTER_WORDS, ORDER_WORDS
from api.office import OfficeDoor, now, page
from api.security import check_form
from ticketing import audit, outbox, samsat_delivery, troubled
from ticketing.errors import TicketingError

router = APIRouter(prefix="/desk/deliveries")
Happened = Annotated[Literal["yes", "no"], Form()]


@router.get("")
def deliveries(request: Request, door: Door, who: Overseer) -> Response:
    """Show what waits, the oldest first; that it was read is on record."""
    with door.session() as session:
        audit.record(session, now(), who.login, "deliveries read", "deliveries", {})
    return _deliveries(request, door)


def _deliveries(request: Request, door: OfficeDoor, fault: str = "", status: int = 200) -> Response:
    with door.session() as session:
        letters, orders = troubled.letters(session), troubled.orders(session)
    return page(
        request, "deliveries.html", status, letters=letters, orders=orders, fault=fault, letter_words=LETTER_WORDS,
        channel_words=CHANNEL_WORDS, order_words=ORDER_WORDS, ground_words=GROUND_WORDS,
    )  # fmt: skip


@router.post("/letters/{letter_id}")
def clear_letter(
    request: Request, door: Door, who: Supervisor, letter_id: Id, token: Token, happened: Happened
) -> Response:
    """Say whether a letter was sent; if not, it goes out once more."""
    return _clear(
        request, door, token,
        lambda session: outbox.clear_doubt(session, letter_id, who.login, happened == "yes", now=now()),
    )  # fmt: skip


@router.post("/orders/{order_id}")
def clear_order(
    request: Request, door: Door, who: Supervisor, order_id: Id, token: Token, happened: Happened
) -> Response:
    """Say whether Samsat has done what it was told; if not, it is told again."""
    return _clear(
        request, door, token,
        lambda session: samsat_delivery.clear(session, order_id, who.login, happened == "yes", now=now()),
    )  # fmt: skip


def _clear(request: Request, door: OfficeDoor, token: str, act: Callable[[Session], Any]) -> Response:
    check_form(request, token)
    try:
        with door.session() as session:
            act(session)
    except TicketingError as error:
        return _deliveries(request, door, str(error), 409)
    return RedirectResponse("/desk/deliveries", 303)
