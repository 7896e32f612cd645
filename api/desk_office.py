"""After the confirmation: what waits for the office, and each case brought to its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from api.desk_access import Door, Id, Reader, Reviewer, Supervisor, Text, Token
from api.desk_queue import title
from api.letter_words import CHANNEL_WORDS, LETTER_WORDS
from api.office import OfficeDoor, now, page, portal_address
from api.portal_pictures import letter_pictures
from api.security import ProblemError, check_form
from api.uploads import open_file
from pipeline.evidence import StoreError
from pipeline.images import ImageError
from ticketing import (
    answers,
    banks,
    blocks,
    desk,
    dispatch,
    letters,
    money,
    notice,
    office_file,
    states,
    tickets,
    troubled,
    worklist,
)  # fmt: skip
from ticketing.channels import EMAIL, MESSAGE, POST
from ticketing.errors import NotFoundError, PictureError, TicketingError
from ticketing.letter import letter_for
from ticketing.models import CaseRow
from ticketing.officers import AUDITOR, SUPERVISOR
from ticketing.types import Officer

router = APIRouter(prefix="/desk")
ANSWER_WORDS = {
    states.ADMIT: ("Saya yang mengemudi", "I drove"),
    states.NAME_DRIVER: ("Orang lain yang mengemudi", "Somebody else drove"),
    states.SELL: ("Kendaraan sudah dijual", "The vehicle was sold"),
    states.DISOWN: ("Bukan kendaraan saya", "Not my vehicle"),
    states.CONTEST: ("Keberatan", "Contests it"),
}
DECISION_WORDS = {
    states.ACCEPT: ("Diterima, perkara dihentikan", "Accepted, the case is withdrawn"),
    states.REFUSE: ("Ditolak, perkara berlanjut", "Refused, the case goes on"),
    states.PASS_ON: ("Diteruskan kepada yang disebut", "Passed on to whom it names"),
}
CLOCK_WORDS = {
    states.SEND: ("Kirim surat", "Send the letter"), states.ANSWER: ("Pemilik menjawab", "The owner answers"),
    states.READDRESS: ("Cari alamat", "Find the address"),
    states.DECIDE: ("Putuskan keberatan", "Decide the objection"),
    states.ISSUE_BY: ("Terbitkan tilang", "Issue the ticket"), states.PAY_BY: ("Pemilik membayar", "The owner pays"),
    states.HEARING_BY: ("Jadwalkan sidang", "Set a hearing"), states.HEARING: ("Sidang", "The hearing"),
    states.COLLECT: ("Tagih putusan", "Collect what was given"), states.REVIEW: ("Periksa perkara", "Review the case"),
    states.REFUND: ("Kembalikan uang", "Give money back"), states.REFUND_LAPSES: ("Masa klaim", "Time to claim"),
}  # fmt: skip
# What the office itself has to do; in the other states it waits for somebody else.
OURS = (
    states.CONFIRMED, states.UNDELIVERED, states.DRIVER_NAMED, states.SILENT, states.ADMITTED, *states.DISPUTES,
    states.UNPAID, states.PAID, states.COURT, states.JUDGED,
)  # fmt: skip
Amount = Annotated[int, Form(ge=0, le=10**9)]


@router.get("/office")
def waiting(
    request: Request, door: Door, who: Reader,
    state: Annotated[str, Query(max_length=20)] = "", overdue: bool = False,
) -> Response:  # fmt: skip
    """Show the decided cases by what they wait for, the next day first."""
    with door.session() as session:
        counts = worklist.counts(session)
        chosen = (state,) if state in states.WORDS else OURS
        cases = worklist.waiting(session, chosen, overdue=overdue)
        in_doubt = troubled.count(session) if who.role in (SUPERVISOR, AUDITOR) else 0
    return page(
        request, "office.html", cases=cases, counts=counts, state=state, overdue=overdue, who=who, in_doubt=in_doubt,
        words=states.WORDS, clocks=CLOCK_WORDS, ours=OURS, after=[s for s in states.CLOCKS if s not in states.PENDING],
        today=now().date(), titles={c.rule: title(c.rule) for c in cases},
    )  # fmt: skip


@router.get("/office/{case_id}")
def file(request: Request, door: Door, who: Reader, case_id: Id) -> Response:
    """Show a decided case with its letters, answers and money; that they were read is on record."""
    return _file(request, door, who, case_id)


def _file(
    request: Request, door: OfficeDoor, who: Officer, case_id: int, fault: str = "", status: int = 200
) -> Response:
    try:
        with door.session() as session:
            row = session.get(CaseRow, case_id)
            if row is not None and row.state in states.PENDING and who.role != AUDITOR:
                to = {"Location": f"/desk/cases/{case_id}"}
                raise ProblemError(303, "Antrean / Queue", "Belum diputus / not decided yet", to)
            case = desk.show_case(session, case_id, who.login, now=now())
            shown = office_file.gather(session, case_id, who.login, now=now())
    except NotFoundError as error:
        raise ProblemError(404, "Tidak ada data / No data", str(error)) from error
    may = {event for event in states.WHO_MAY if "officer" in states.WHO_MAY[event]}
    open_to = {event for state, event in states.MOVES if state == case.state and event in may}
    if case.state in states.DISPUTES:
        open_to.add(states.REFUSE)
    return page(
        request, "office_case.html", status,
        case=case, file=shown, fault=fault, words=states.WORDS, events=open_to, answer_words=ANSWER_WORDS,
        decision_words=DECISION_WORDS, block_words=blocks.WORDS, letter_words=LETTER_WORDS,
        channel_words=CHANNEL_WORDS,
        grounds=[g for g, held in blocks.GROUNDS.items() if case.state in held], kinds=notice.KINDS,
    )  # fmt: skip


@router.get("/office/{case_id}/files/{file_id}")
def objection_file(request: Request, door: Door, who: Reader, case_id: Id, file_id: Id) -> Response:
    """Give a file that came with an objection."""
    try:
        with door.session() as session:
            found = office_file.objection_file(session, case_id, file_id, who.login, now=now())
    except NotFoundError as error:
        raise ProblemError(404, "Tidak ada data / No data", str(error)) from error
    return open_file(request, found)


@router.post("/office/{case_id}/send")
def send(
    request: Request, door: Door, who: Reviewer, case_id: Id, token: Token,
    name: Text = "", address: Text = "", channels: Annotated[list[str] | None, Form()] = None,
) -> Response:  # fmt: skip
    """Send the confirmation letter, to a better address where the first one came back."""
    better = (name, address) if name.strip() or address.strip() else None
    through = [POST, *(c for c in (EMAIL, MESSAGE) if c in (channels or []))]

    def act(session: Session) -> Any:
        pictures = letter_pictures(door, _violation(session, case_id))
        portal = portal_address(request, door)
        return dispatch.send_confirmation(
            session, case_id, who.login, pictures, portal, through, better_address=better, now=now()
        )

    return _act(request, door, who, case_id, token, act)


@router.post("/office/{case_id}/returned")
def returned(request: Request, door: Door, who: Reviewer, case_id: Id, token: Token, why: Text) -> Response:
    """Note that the letter came back."""
    return _act(
        request, door, who, case_id, token,
        lambda session: letters.letter_returned(session, case_id, who.login, why, now=now()),
    )  # fmt: skip


@router.post("/office/{case_id}/decide")
def decide(
    request: Request, door: Door, who: Supervisor, case_id: Id, token: Token, decision: Text,
    note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Decide an objection."""
    return _act(
        request, door, who, case_id, token,
        lambda session: answers.decide(session, case_id, who.login, decision, note, now=now()),
    )  # fmt: skip


@router.post("/office/{case_id}/issue")
def issue(request: Request, door: Door, who: Supervisor, case_id: Id, token: Token) -> Response:
    """Issue the ticket, and send it."""

    def act(session: Session) -> Any:
        tickets.issue(session, case_id, who.login, prefix=banks.prefix_for(session, case_id), now=now())
        _tell(session, request, door, case_id, notice.TILANG, who)

    return _act(request, door, who, case_id, token, act)


@router.post("/office/{case_id}/withdraw")
def withdraw(
    request: Request, door: Door, who: Supervisor, case_id: Id, token: Token, reason: Text
) -> Response:
    """Withdraw the case."""
    return _act(
        request, door, who, case_id, token,
        lambda session: tickets.withdraw(session, case_id, who.login, reason, now=now()),
    )  # fmt: skip


@router.post("/office/{case_id}/hearing")
def hearing(
    request: Request, door: Door, who: Supervisor, case_id: Id, token: Token, day: Annotated[date, Form()],
    place: Annotated[str, Form(min_length=1, max_length=120)],
) -> Response:  # fmt: skip
    """Set the day and place of the hearing."""
    return _act(
        request, door, who, case_id, token,
        lambda session: tickets.set_hearing(session, case_id, who.login, day, place.strip(), now=now()),
    )  # fmt: skip


@router.post("/office/{case_id}/verdict")
def verdict(
    request: Request, door: Door, who: Supervisor, case_id: Id, token: Token, fine: Amount, costs: Amount,
    number: Annotated[str, Form(min_length=1, max_length=60)],
) -> Response:  # fmt: skip
    """Record the verdict."""
    return _act(
        request, door, who, case_id, token,
        lambda session: tickets.give_verdict(session, case_id, who.login, fine, costs, number.strip(), now=now()),
    )  # fmt: skip


@router.post("/office/{case_id}/block")
def block(request: Request, door: Door, who: Supervisor, case_id: Id, token: Token, ground: Text) -> Response:
    """Ask for a block of the STNK, and tell the owner."""

    def act(session: Session) -> Any:
        tickets.block_stnk(session, case_id, who.login, ground, now=now())
        _tell(session, request, door, case_id, notice.BLOCK, who)

    return _act(request, door, who, case_id, token, act)


@router.post("/office/{case_id}/refund")
def refund(
    request: Request, door: Door, who: Supervisor, case_id: Id, token: Token, amount: Amount,
    reference: Annotated[str, Form(min_length=1, max_length=60)],
) -> Response:  # fmt: skip
    """Book that money was given back."""
    return _act(
        request, door, who, case_id, token,
        lambda session: money.refund(session, case_id, who.login, amount, reference.strip(), now=now()),
    )  # fmt: skip


@router.post("/office/{case_id}/notice")
def tell(request: Request, door: Door, who: Reviewer, case_id: Id, token: Token, kind: Text) -> Response:
    """Send a notice of what has become of the case; each goes once."""
    if kind not in notice.KINDS:
        raise ProblemError(422, "Surat tidak dikenal / No such notice", kind[:40])
    return _act(
        request, door, who, case_id, token, lambda session: _tell(session, request, door, case_id, kind, who)
    )  # fmt: skip


@router.get("/cases/{case_id}/letter.pdf")
def letter(request: Request, door: Door, who: Reader, case_id: Id) -> Response:
    """Give the confirmation letter of a confirmed case, with others masked in its pictures."""
    try:
        with door.session() as session:
            pictures = letter_pictures(door, _violation(session, case_id))
            address = portal_address(request, door)
            data = letter_for(session, case_id, pictures, address, now=now(), who=who.login)
    except (TicketingError, StoreError, ImageError) as error:
        raise ProblemError(409, "Surat belum bisa dibuat / No letter yet", str(error)) from error
    name = f'inline; filename="surat-konfirmasi-{case_id}.pdf"'
    return Response(data, media_type="application/pdf", headers={"Content-Disposition": name})


def _tell(
    session: Session, request: Request, door: OfficeDoor, case_id: int, kind: str, who: Officer
) -> None:
    pictures = letter_pictures(door, _violation(session, case_id)) if kind == notice.TILANG else []
    portal = portal_address(request, door)
    dispatch.send_notice(session, case_id, kind, who.login, pictures, portal, now=now())


def _violation(session: Session, case_id: int) -> str:
    case = session.get(CaseRow, case_id)
    return case.violation_id if case else ""


def _act(
    request: Request, door: OfficeDoor, who: Officer, case_id: int, token: str, act: Callable[[Session], Any]
) -> Response:
    check_form(request, token)
    try:
        with door.session() as session:
            act(session)
    except (TicketingError, PictureError, StoreError, ImageError) as error:
        return _file(request, door, who, case_id, str(error), 409)
    return RedirectResponse(f"/desk/office/{case_id}", 303)
