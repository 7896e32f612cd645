"""One case before an officer: its evidence, its file, and the decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from api.desk_access import Door, Id, Reader, Reviewer, Text, Token
from api.desk_queue import Filters, query_of
from api.office import OfficeDoor, now, page
from api.security import ProblemError, check_form
from pipeline.types import Evidence
from ticketing import audit, case_file, desk, review_queue, reviews, sightings, states, trail
from ticketing.errors import (
    GateError,
    GuardError,
    IllegalMoveError,
    LockedError,
    NotFoundError,
    PlateError,
    ReasonError,
)
from ticketing.gate import CHECKS, COLOURS
from ticketing.models import CaseRow
from ticketing.officers import AUDITOR, REVIEWER, SUPERVISOR
from ticketing.registry import CLASSES, PLATE_COLOURS
from ticketing.review_queue import Wanted
from ticketing.reviews import Decision
from ticketing.types import CaseDetail, Officer

router = APIRouter(prefix="/desk")
REFUSALS = (GateError, GuardError, IllegalMoveError, LockedError, PlateError, ReasonError, NotFoundError)
CHECK_WORDS = {
    "plate_legible": ("TNKB terbaca jelas", "The plate is legible"),
    "nothing_in_the_way": ("Tidak ada yang menghalangi", "Nothing stands in the way"),
    "vehicle_matches": ("Merek, tipe dan warna cocok dengan STNK", "Make, type and colour match the record"),
    "violation_visible": (
        "Pelanggaran terlihat, dan siapa yang melakukannya",
        "The violation can be seen, and who commits it",
    ),
}
assert CHECK_WORDS.keys() == CHECKS.keys()
DONE = {
    "confirmed": ("Dikonfirmasi", "Confirmed"),
    "rejected": ("Ditolak", "Rejected"),
    "passed on": ("Keputusan dicatat", "Your decision is on record"),
}
# A browser keeps the pictures of a case for so long: those of the next one are fetched before it is opened.
KEPT_S = 600
# Without a key of their own the pictures that show most come first.
PRELOADED = ("offence", "plate", "vehicle")


@router.get("/cases/{case_id}")
def review(
    request: Request, door: Door, who: Reader, case_id: Id, filters: Filters,
    done: Annotated[str, Query(max_length=20)] = "", was: int | None = None,
) -> Response:  # fmt: skip
    """Open a case: for review where it waits for one, only to be read by an auditor."""
    return _review(request, door, who, case_id, filters, done=(DONE.get(done), was))


def _review(
    request: Request, door: OfficeDoor, who: Officer, case_id: int, filters: Wanted,
    fault: Exception | None = None, status: int = 200, done: tuple[Any, int | None] = (None, None),
) -> Response:  # fmt: skip
    try:
        with door.session() as session:
            case = _open(session, who, case_id, now())
            file = case_file.gather(session, case, who)
            mine = case.state in states.PENDING and who.role != AUDITOR
            following = review_queue.following(session, who, filters, case_id, now=now()) if mine else None
            ahead = _preload(session, door, following, who, now()) if following else []
    except NotFoundError as error:
        raise ProblemError(404, "Tidak ada data / No data", str(error)) from error
    except LockedError as error:
        raise ProblemError(409, "Sedang dibuka petugas lain / Open elsewhere", str(error)) from error
    except IllegalMoveError as error:
        raise ProblemError(409, "Menunggu petugas lain / Waits for another officer", str(error)) from error
    evidence = door.evidence(case.violation_id)
    faults = [(m.text_id, m.text_en) for m in fault.mismatches] if isinstance(fault, GateError) else []
    return page(
        request, "review.html", status,
        case=case, file=file, pending=mine, words=states.WORDS[case.state], state_words=states.WORDS,
        roles=_roles(evidence), checks=CHECK_WORDS, reasons=desk.REJECT_REASONS, reason_words=desk.REASON_WORDS,
        altered=evidence is None or evidence.manifest_sha256 != case.evidence_manifest_sha256,
        classes=CLASSES, colours=PLATE_COLOURS, colour_words=COLOURS, query=query_of(filters),
        following=following, ahead=ahead,
        characters=list(zip(case.plate_text or "", case.character_probabilities, strict=False)),
        fault=fault, may_resolve=who.role in (REVIEWER, SUPERVISOR),
        faults=faults or ([("", str(fault))] if fault else []), done=done,
    )  # fmt: skip


def _open(session: Session, who: Officer, case_id: int, at: datetime) -> CaseDetail:
    if who.role == AUDITOR:
        return desk.show_case(session, case_id, who.login, now=at)
    return reviews.open_case(session, case_id, who, now=at)


def _check_evidence(door: OfficeDoor, case_id: int) -> None:
    """Raise `ProblemError` where the evidence is not there, or is not what the case was made of."""
    with door.session() as session:
        case = session.get(CaseRow, case_id)
        made_of = (case.violation_id, case.flagged["evidence_manifest_sha256"]) if case else None
    evidence = door.evidence(made_of[0]) if made_of else None
    if made_of and (evidence is None or evidence.manifest_sha256 != made_of[1]):
        raise ProblemError(
            409, "Bukti berubah / Evidence altered", "Perkara tidak bisa dikonfirmasi / not to be confirmed"
        )


def _preload(session: Session, door: OfficeDoor, case_id: int, who: Officer, at: datetime) -> list[str]:
    """Give the addresses of the next case's first pictures, and put on record that this officer is given them."""
    case = session.get_one(CaseRow, case_id)
    audit.record(session, at, who.login, "preloaded", f"case {case_id}")
    evidence = door.evidence(case.violation_id)
    held = {f.role for f in evidence.files} if evidence else set()
    return [f"/desk/cases/{case_id}/evidence/{role}" for role in PRELOADED if role in held]


def _roles(evidence: Evidence | None) -> dict[str, list[str]]:
    """Give the roles of an evidence package, sorted by what they show."""
    roles = [f.role for f in evidence.files] if evidence else []
    return {
        "main": [r for r in ("offence", "vehicle") if r in roles],
        "frames": [r for r in roles if r.startswith("annotated:")],
        "first": [r for r in roles if r == "first_vehicle"],
        # In a case of two cameras (`pipeline.section_cases`) the first one's plate.
        "first_plate": [r for r in roles if r == "plate:1" and "first_passage" in roles],
        "plates": [r for r in roles if r.split(":")[0] == "plate"],
        "clip": [r for r in roles if r == "clip"],
        "untouched": [r for r in roles if r.startswith("frame:")],
    }


@router.get("/cases/{case_id}/evidence/{role}")
def evidence_file(door: Door, who: Reader, case_id: Id, role: str) -> Response:
    """Give a file of a case's evidence, by its role, to whom the trail has as having opened the case."""
    since = now() - timedelta(seconds=door.settings.session_s)
    with door.session() as session:
        case = session.get(CaseRow, case_id)
        opened = case is not None and trail.has_opened(session, case_id, who.login, since)
        violation_id = case.violation_id if case else ""
    if case is not None and not opened:
        raise ProblemError(
            403,
            "Buka perkara dulu / Open the case first",
            "Setiap yang dibuka tercatat / what is opened is recorded",
        )
    return door.file(violation_id, role, KEPT_S)


@router.post("/cases/{case_id}/confirm")
def confirm(
    request: Request, door: Door, who: Reviewer, case_id: Id, filters: Filters, token: Token,
    checked: Annotated[list[str] | None, Form()] = None, then: Literal["", "next"] = Form(""),
) -> Response:  # fmt: skip
    """Confirm a case whose gate and checklist hold."""
    _check_evidence(door, case_id)
    ticked = desk.Checklist(**{name: name in (checked or []) for name in CHECK_WORDS})
    return _decide(request, door, who, case_id, filters, token, Decision("confirm", ticked), then)


@router.post("/cases/{case_id}/reject")
def reject(
    request: Request, door: Door, who: Reviewer, case_id: Id, filters: Filters, token: Token, reason: Text,
    note: Text = "", then: Literal["", "next"] = Form(""),
) -> Response:  # fmt: skip
    """Reject a case with a reason."""
    decision = Decision("reject", reason=reason, note=note)
    return _decide(request, door, who, case_id, filters, token, decision, then)


@router.post("/cases/{case_id}/ask")
def ask(
    request: Request, door: Door, who: Reviewer, case_id: Id, filters: Filters, token: Token, note: Text = "",
) -> Response:  # fmt: skip
    """Ask another officer to decide."""
    return _decide(request, door, who, case_id, filters, token, Decision("ask", note=note), "next")


def _decide(
    request: Request, door: OfficeDoor, who: Officer, case_id: int, filters: Wanted, token: str, decision: Decision,
    then: str,
) -> Response:  # fmt: skip
    check_form(request, token)
    try:
        with door.session() as session:
            share = door.settings.second_share
            outcome = reviews.decide(session, case_id, who, decision, share, now=now())
    except REFUSALS as error:
        return _review(request, door, who, case_id, filters, error, 409)
    if then != "next" and outcome.state not in states.PENDING:
        return RedirectResponse(f"/desk/cases/{case_id}{query_of(filters)}", 303)
    # Whether another officer decides too is told to nobody who goes on at once.
    done = outcome.state if outcome.state in DONE and share == 0 else "passed on"
    return RedirectResponse(f"/desk/next{query_of(filters, after=case_id, done=done)}", 303)


@router.post("/cases/{case_id}/plate")
def plate(
    request: Request, door: Door, who: Reviewer, case_id: Id, filters: Filters, token: Token, text: Text
) -> Response:
    """Put the officer's reading of the plate in the reader's place."""
    return _change(
        request, door, who, case_id, filters, token,
        lambda session: desk.correct_plate(session, case_id, who.login, text, now=now()),
    )  # fmt: skip


@router.post("/cases/{case_id}/vehicle")
def vehicle(
    request: Request, door: Door, who: Reviewer, case_id: Id, filters: Filters, token: Token, vehicle_class: Text,
    plate_colour: Text = "", body_colour: Text = "", make: Text = "",
) -> Response:  # fmt: skip
    """Put what the officer sees of the vehicle in the machine's place."""
    return _change(
        request, door, who, case_id, filters, token,
        lambda session: desk.correct_vehicle(
            session, case_id, who.login, vehicle_class, plate_colour or None,
            body_colour=body_colour or None, make=make or None, now=now(),
        ),
    )  # fmt: skip


@router.post("/cases/{case_id}/alerts/{alert_id}")
def resolve(
    request: Request, door: Door, who: Reviewer, case_id: Id, alert_id: Id, filters: Filters, token: Token,
    note: Text = "",
) -> Response:  # fmt: skip
    """Note what was found out about an alert of the case."""
    return _change(
        request, door, who, case_id, filters, token,
        lambda session: sightings.resolve_alert(session, case_id, alert_id, who.login, note, now=now()),
    )  # fmt: skip


def _change(
    request: Request, door: OfficeDoor, who: Officer, case_id: int, filters: Wanted, token: str,
    act: Callable[[Session], Any],
) -> Response:  # fmt: skip
    check_form(request, token)
    try:
        with door.session() as session:
            act(session)
    except REFUSALS as error:
        return _review(request, door, who, case_id, filters, error, 409)
    return RedirectResponse(f"/desk/cases/{case_id}{query_of(filters)}", 303)
