"""The contact centre's public door: begin a conversation or report, and follow it with a reference and a secret.
Nobody is asked who they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from api.office import OfficeDoor, now, office, page
from api.owner_session import OWNER, case_of, contact_of, keys, remember_contact
from api.security import ProblemError, check_form, limit, network_of, refused
from api.uploads import open_file, take_files
from pipeline.uploads import UploadError
from ticketing import contact, contact_rules
from ticketing.contact_models import ContactRow
from ticketing.errors import ReasonError, TooManyError

router = APIRouter(prefix="/kontak", include_in_schema=False)
Door = Annotated[OfficeDoor, Depends(office)]
Mine = Annotated[int, Depends(contact_of)]
Token = Annotated[str, Form(max_length=200)]
Files = Annotated[list[UploadFile] | None, File()]
Long = Annotated[str, Form(max_length=20_000)]
Short = Annotated[str, Form(max_length=300)]
FORMS = {contact_rules.CONVERSATION: "contact/ask.html", contact_rules.REPORT: "contact/report.html"}


@router.get("")
def start(request: Request) -> Response:
    """Show what the contact centre does, and the form to follow what was begun."""
    return page(request, "contact/start.html")


@router.get("/tanya")
def ask_form(request: Request) -> Response:
    """Show the form that begins a conversation."""
    return _form(request, contact_rules.CONVERSATION)


@router.get("/lapor")
def report_form(request: Request, jenis: str = "") -> Response:
    """Show the form of a road-safety report."""
    return _form(request, contact_rules.REPORT, typed={"topic": jenis[:30]})


@router.post("/tanya")
def ask(
    request: Request, door: Door, topic: Short, text: Long, token: Token, about: Short = "", website: Short = "",
    files: Files = None,
) -> Response:  # fmt: skip
    """Begin a conversation, about the case of the owner's session where they ask so."""
    case_id = _own_case(request) if about == "case" else None
    return _begin(
        request, door, contact_rules.CONVERSATION, token, website, files or (),
        {"topic": topic, "text": text, "about": about}, case_id=case_id,
    )  # fmt: skip


@router.post("/lapor")
def report(
    request: Request, door: Door, topic: Short, text: Long, place: Short, token: Token, latitude: Short = "",
    longitude: Short = "", website: Short = "", files: Files = None,
) -> Response:  # fmt: skip
    """Begin a road-safety report."""
    return _begin(
        request, door, contact_rules.REPORT, token, website, files or (),
        {"topic": topic, "text": text, "place": place, "latitude": latitude, "longitude": longitude},
    )  # fmt: skip


@router.post("/ikuti")
def follow(request: Request, door: Door, reference: Short, secret: Short, token: Token) -> Response:
    """Open what a reference and its secret belong to; one answer for all that is wrong."""
    check_form(request, token)
    limit(request, keys(request).contacts, f"contact {reference[:40].upper()}")
    with door.session() as session:
        found = contact.enter(session, reference, secret)
    if found is None:
        refused(request, "contact not found")
        return page(request, "contact/start.html", 404, missing=True, reference=reference[:40])
    answer = RedirectResponse("/kontak/milik-saya", 303)
    remember_contact(request, answer, found)
    return answer


@router.get("/milik-saya")
def thread(request: Request, door: Door, mine: Mine) -> Response:
    """Show the conversation or report."""
    return _thread(request, door, mine)


@router.post("/milik-saya")
def write(
    request: Request, door: Door, mine: Mine, text: Long, token: Token, files: Files = None
) -> Response:
    """Write on."""
    check_form(request, token)
    limit(request, keys(request).contacts, f"contact {mine}")
    try:
        attached = take_files(request, files or (), contact_rules.limits().files)
        with door.session() as session:
            contact.write(session, mine, text, attached, now=now())
    except (UploadError, ReasonError, TooManyError) as error:
        return _thread(request, door, mine, _fault(error), text, 422)
    return _thread(request, door, mine)


@router.get("/milik-saya/berkas/{number}")
def own_file(request: Request, door: Door, mine: Mine, number: int) -> Response:
    """Give a file that was sent with it."""
    with door.session() as session:
        files = [f for m in contact.messages(session, mine) for f in m.files]
    if not 0 <= number < len(files):
        refused(request, "contact file that is not theirs")
        raise ProblemError(404, "Tidak ada data / No data", "Berkas tidak ada / there is no such file")
    return open_file(request, files[number])


def _begin(
    request: Request, door: OfficeDoor, kind: str, token: str, trap: str, files: Sequence[UploadFile],
    typed: dict[str, str], case_id: int | None = None,
) -> Response:  # fmt: skip
    check_form(request, token)
    if trap:
        # Only a machine fills in what no person can see.
        refused(request, "a machine's form")
        raise ProblemError(422, "Tidak terkirim / Not sent", "Kosongkan isian tersembunyi / leave it empty")
    limit(request, keys(request).contacts)
    try:
        place = _place(typed) if kind == contact_rules.REPORT else None
        attached = take_files(request, files, contact_rules.limits().files)
        with door.session() as session:
            opened = contact.begin(
                session, kind, typed["topic"], typed["text"], network_of(request),
                case_id=case_id, place=place, files=attached, now=now(),
            )  # fmt: skip
    except TooManyError as error:
        refused(request, "too many contacts")
        return _form(request, kind, typed, _fault(error), 429)
    except (UploadError, ReasonError) as error:
        return _form(request, kind, typed, _fault(error), 422)
    answer = page(request, "contact/begun.html", 201, opened=opened, kind=kind)
    remember_contact(request, answer, opened.contact_id)
    return answer


def _place(typed: dict[str, str]) -> contact.Place:
    if not typed["latitude"].strip() and not typed["longitude"].strip():
        return contact.Place(typed["place"])
    try:
        return contact.Place(typed["place"], float(typed["latitude"]), float(typed["longitude"]))
    except ValueError:
        raise ReasonError("a position is two numbers, such as -6.2 and 106.8: or leave both empty") from None


def _own_case(request: Request) -> int | None:
    return case_of(request)[0] if request.cookies.get(OWNER) else None


def _form(
    request: Request,
    kind: str,
    typed: dict[str, str] | None = None,
    fault: tuple[str, str] | None = None,
    status: int = 200,
) -> Response:
    return page(
        request,
        FORMS[kind],
        status,
        topics=contact_rules.topics(kind),
        promises={t: contact_rules.promise_for(kind, t, now().date()) for t in contact_rules.topics(kind)},
        limits=contact_rules.limits(),
        typed=typed or {},
        fault=fault,
        with_case=OWNER in request.cookies,
    )


def _thread(
    request: Request,
    door: OfficeDoor,
    contact_id: int,
    fault: tuple[str, str] | None = None,
    typed: str = "",
    status: int = 200,
) -> Response:
    with door.session() as session:
        row = session.get_one(ContactRow, contact_id)
        said = contact.messages(session, contact_id)
        session.expunge(row)
    answer = page(
        request,
        "contact/thread.html",
        status,
        row=row,
        said=said,
        topics=contact_rules.topics(row.kind),
        statuses=contact.STATUSES,
        outcomes=contact_rules.outcomes(),
        limits=contact_rules.limits(),
        fault=fault,
        typed=typed,
        late=row.escalated_at is not None,
    )
    remember_contact(request, answer, contact_id)
    return answer


def _fault(error: Exception) -> tuple[str, str]:
    if isinstance(error, UploadError):
        return f"{error.name} {error.text_id}".strip(), f"{error.name} {error.text_en}".strip()
    if isinstance(error, TooManyError):
        return "Terlalu banyak kiriman: tunggu jawaban, atau coba lagi nanti", str(error)
    return "Periksa isian Anda", str(error)
