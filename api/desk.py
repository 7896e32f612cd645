"""The officer desk: sign in, the queue, one case with its evidence, and the decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from api.office import OfficeDoor, now, office, page
from api.security import ProblemError, check_form
from pipeline.evidence import StoreError
from pipeline.images import ImageError, decode_image, encode_jpeg
from pipeline.types import Evidence
from ticketing import desk, registry, states
from ticketing.errors import (
    GateError,
    IllegalMoveError,
    LockedError,
    LoginError,
    NotFoundError,
    PictureError,
    PlateError,
    ReasonError,
)
from ticketing.gate import CHECKS
from ticketing.letter import letter_for
from ticketing.models import CaseRow
from ticketing.officers import Officer, check_login

router = APIRouter(prefix="/desk", include_in_schema=False)
REFUSALS = (GateError, IllegalMoveError, LockedError, PlateError, ReasonError, NotFoundError)
LETTER_ROLES = ("public_wide", "public_vehicle", "plate", "public_offence")
CHECK_WORDS = {
    "plate_legible": ("TNKB terbaca jelas", "The plate is legible"),
    "nothing_in_the_way": ("Tidak ada yang menghalangi", "Nothing stands in the way"),
    "vehicle_matches": ("Merek, tipe dan warna cocok dengan STNK", "Make, type and colour match the record"),
    "violation_visible": ("Pelanggaran terlihat", "The violation can be seen"),
}
assert CHECK_WORDS.keys() == CHECKS.keys()
Door = Annotated[OfficeDoor, Depends(office)]
Token = Annotated[str, Form(max_length=200)]
Text = Annotated[str, Form(max_length=500)]


def signed_in(request: Request) -> str:
    """Give the login of the officer whose session this is. Raises `ProblemError` that leads to the login page."""
    login = request.session.get("officer")
    if not login:
        raise ProblemError(
            303, "Masuk / Sign in", "Silakan masuk / please sign in", {"Location": "/desk/login"}
        )
    role = request.session.get("role", "reviewer")
    request.state.officer = Officer(str(login), request.session.get("name", str(login)), role)
    return str(login)


Who = Annotated[str, Depends(signed_in)]


@router.get("/login")
def login_page(request: Request) -> Response:
    """Show the login form."""
    return page(request, "login.html")


@router.post("/login")
def login(request: Request, door: Door, login: Text, password: Text, token: Token) -> Response:
    """Sign an officer in: a new session, so that one planted before is of no use."""
    check_form(request, token)
    failed: LoginError | None = None
    with door.session() as session:
        # A wrong try is counted in this very transaction, so it must not be rolled back.
        try:
            officer = check_login(session, login, password, now=now())
        except LoginError as error:
            failed = error
    if failed is not None:
        return page(request, "login.html", 401, wrong=str(failed), login=login[:80])
    request.session.clear()
    request.session["officer"] = officer.login
    request.session["name"], request.session["role"] = officer.name, officer.role
    return RedirectResponse("/desk", 303)


@router.post("/logout")
def logout(request: Request, token: Token) -> Response:
    """Sign out."""
    check_form(request, token)
    request.session.clear()
    return RedirectResponse("/desk/login", 303)


@router.get("")
def queue(request: Request, door: Door, who: Who) -> Response:
    """Show the cases that wait for a decision."""
    with door.session() as session:
        cases = desk.queue(session, now=now())
    return page(request, "queue.html", cases=cases, who=who)


@router.get("/cases/{case_id}")
def review(request: Request, door: Door, who: Who, case_id: int) -> Response:
    """Open a case for review."""
    return _review(request, door, who, case_id)


def _review(
    request: Request, door: OfficeDoor, who: str, case_id: int, fault: str | None = None, status: int = 200
) -> Response:
    try:
        with door.session() as session:
            case = desk.open_case(session, case_id, who, now=now())
    except NotFoundError as error:
        raise ProblemError(404, "Tidak ada data / No data", str(error)) from error
    except LockedError as error:
        raise ProblemError(409, "Sedang dibuka petugas lain / Open elsewhere", str(error)) from error
    evidence = door.evidence(case.violation_id)
    return page(
        request,
        "review.html",
        status,
        case=case,
        pending=case.state in states.PENDING,
        words=states.WORDS[case.state],
        roles=_roles(evidence),
        altered=evidence is None or evidence.manifest_sha256 != case.evidence_manifest_sha256,
        checks=CHECK_WORDS,
        reasons=desk.REJECT_REASONS,
        reason_words=desk.REASON_WORDS,
        classes=registry.CLASSES,
        colours=registry.PLATE_COLOURS,
        characters=list(zip(case.plate_text or "", case.character_probabilities, strict=False)),
        fault=fault,
    )


def _roles(evidence: Evidence | None) -> dict[str, list[str]]:
    """Give the roles of an evidence package, sorted by what they show."""
    roles = [f.role for f in evidence.files] if evidence else []
    return {
        "main": [r for r in ("offence", "vehicle") if r in roles],
        "frames": [r for r in roles if r.startswith("annotated:")],
        "plates": [r for r in roles if r.split(":")[0] == "plate"],
        "clip": [r for r in roles if r == "clip"],
        "untouched": [r for r in roles if r.startswith("frame:")],
    }


@router.get("/cases/{case_id}/evidence/{role}")
def evidence_file(door: Door, who: Who, case_id: int, role: str) -> Response:  # noqa: ARG001
    """Give a file of the case's evidence, by its role."""
    with door.session() as session:
        case = session.get(CaseRow, case_id)
        violation_id = case.violation_id if case else ""
    return door.file(violation_id, role)


@router.post("/cases/{case_id}/confirm")
def confirm(
    request: Request, door: Door, who: Who, case_id: int, token: Token,
    checked: Annotated[list[str] | None, Form()] = None,
) -> Response:  # fmt: skip
    """Confirm a case whose gate and checklist hold."""
    ticked = {name: name in (checked or []) for name in CHECK_WORDS}
    return _decide(
        request, door, who, case_id, token,
        lambda session: desk.confirm(session, case_id, who, desk.Checklist(**ticked), now=now()),
    )  # fmt: skip


@router.post("/cases/{case_id}/reject")
def reject(
    request: Request, door: Door, who: Who, case_id: int, token: Token, reason: Text, note: Text = ""
) -> Response:
    """Reject a case with a reason."""
    return _decide(
        request, door, who, case_id, token,
        lambda session: desk.reject(session, case_id, who, reason, note, now=now()),
    )  # fmt: skip


@router.post("/cases/{case_id}/plate")
def plate(request: Request, door: Door, who: Who, case_id: int, token: Token, text: Text) -> Response:
    """Put the officer's reading of the plate in the reader's place."""
    return _decide(
        request, door, who, case_id, token,
        lambda session: desk.correct_plate(session, case_id, who, text, now=now()),
    )  # fmt: skip


@router.post("/cases/{case_id}/vehicle")
def vehicle(
    request: Request, door: Door, who: Who, case_id: int, token: Token, vehicle_class: Text,
    plate_colour: Text = "",
) -> Response:  # fmt: skip
    """Put what the officer sees of the vehicle in the machine's place."""
    return _decide(
        request, door, who, case_id, token,
        lambda session: desk.correct_vehicle(
            session, case_id, who, vehicle_class, plate_colour or None, now=now()
        ),
    )  # fmt: skip


def _decide(
    request: Request, door: OfficeDoor, who: str, case_id: int, token: str, act: Callable[[Session], Any]
) -> Response:
    check_form(request, token)
    try:
        with door.session() as session:
            act(session)
    except REFUSALS as error:
        return _review(request, door, who, case_id, str(error), 409)
    return RedirectResponse(f"/desk/cases/{case_id}", 303)


@router.get("/cases/{case_id}/letter.pdf")
def letter(request: Request, door: Door, who: Who, case_id: int) -> Response:
    """Give the confirmation letter of a confirmed case, with others masked in its pictures."""
    try:
        with door.session() as session:
            case = session.get(CaseRow, case_id)
            pictures = _letter_pictures(door, case.violation_id) if case else []
            address = door.settings.portal_url or str(request.base_url).rstrip("/")
            data = letter_for(session, case_id, pictures, address, now=now(), who=who)
    except (*REFUSALS, PictureError, StoreError, ImageError) as error:
        raise ProblemError(409, "Surat belum bisa dibuat / No letter yet", str(error)) from error
    name = f'inline; filename="surat-konfirmasi-{case_id}.pdf"'
    return Response(data, media_type="application/pdf", headers={"Content-Disposition": name})


def _letter_pictures(door: OfficeDoor, violation_id: str) -> list[bytes]:
    evidence = door.evidence(violation_id)
    files = {f.role: f for f in evidence.files} if evidence else {}
    out = []
    for role in LETTER_ROLES:
        if role not in files:
            continue
        data = door.store.open(files[role].sha256)
        out.append(data if files[role].media_type == "image/jpeg" else encode_jpeg(decode_image(data), 92))
    return out
