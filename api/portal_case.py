"""The owner's own case: the notice with its evidence, letters, signature, payment, STNK and points."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from api.letter_words import LETTER_WORDS
from api.office import OfficeDoor, now, office, page, portal_address
from api.owner_session import OwnerSession, case_of, keys, owner_of, remember
from api.portal_answer import KINDS
from api.portal_pictures import CLIP, PHOTOS, letter_pictures, map_of, proof_of, qr, send_file, shown_roles
from api.portal_timeline import steps_of
from api.security import ProblemError, check_form, limit, refused
from pipeline.evidence import StoreError
from pipeline.images import ImageError
from ticketing import notice, outbox, states
from ticketing.errors import (
    GateError,
    GuardError,
    IllegalMoveError,
    NotFoundError,
    PictureError,
    ReasonError,
)
from ticketing.letter import letter_for
from ticketing.objection_files import files_of
from ticketing.owner_case import BY_VEHICLE, OwnerCase, letter_of, open_case, points_of_driver
from ticketing.plates import canonical_plate
from ticketing.vehicle_status import status_of

router = APIRouter(prefix="/perkara", include_in_schema=False)
Door = Annotated[OfficeDoor, Depends(office)]
Mine = Annotated[tuple[int, str, str | None], Depends(case_of)]
Held = Annotated[OwnerSession, Depends(owner_of)]
Token = Annotated[str, Form(max_length=200)]
NO_LETTER = (GateError, GuardError, IllegalMoveError, NotFoundError, PictureError, StoreError, ImageError)


def opened(door: OfficeDoor, mine: tuple[int, str, str | None]) -> OwnerCase:
    """Give the case of a session. Raises `ProblemError` 404 where it is none any more."""
    try:
        with door.session() as session:
            return open_case(session, *mine)
    except NotFoundError as error:
        raise ProblemError(
            404, "Tidak ada data / No data", "Surat tidak ada lagi / the notice is no more"
        ) from error


@router.get("")
def notice_page(request: Request, door: Door, mine: Mine, held: Held) -> Response:
    """Show the notice."""
    case = opened(door, mine)
    roles = shown_roles(door.evidence(case.view.violation_id))
    with door.session() as session:
        files = [
            (f.file_name, f.size_bytes)
            for f in files_of(session, case.view.case_id)
            if f.by == case.addressee and not _is_anothers(case, mine)
        ]
    answer = page(
        request,
        "portal/case.html",
        case=case,
        view=case.view,
        photos={role: PHOTOS[role] for role in roles if role in PHOTOS},
        frames=[role for role in roles if role.startswith("public_frame")],
        from_camera=case.measured.get("from_camera"),
        clip=CLIP in roles,
        steps=steps_of(case),
        map=map_of(case.latitude, case.longitude),
        answers=KINDS,
        letter_words=LETTER_WORDS,
        letter_statuses=outbox.WORDS,
        letter_now=case.view.state in states.LETTER_STATES
        and not case.letters
        and not _is_anothers(case, mine),
        files=files,
        several=len(held.cases) > 1,
        proof=qr(f"{portal_address(request, door)}/v/{case.view.reference}") if case.view.reference else "",
        ends=now() + timedelta(seconds=keys(request).session_s),
    )
    remember(request, answer, held)
    return answer


@router.get("/bukti/{role}")
def evidence(request: Request, door: Door, mine: Mine, role: str) -> Response:
    """Give a picture or the clip of this case, others masked."""
    case = opened(door, mine)
    try:
        return send_file(request, door, case.view.violation_id, role)
    except ProblemError:
        refused(request, "evidence that is not for the owner")
        raise


@router.get("/keaslian")
def authenticity(request: Request, door: Door, mine: Mine) -> Response:
    """Check the evidence's signature and files now, and say plainly what came of it."""
    view = opened(door, mine).view
    proof = proof_of(door, view.violation_id, view.evidence_manifest_sha256)
    return page(request, "portal/evidence.html", view=view, proof=proof)


@router.get("/kunci.pem")
def public_key(door: Door, mine: Mine) -> Response:  # noqa: ARG001
    """Give the public key that the evidence is verified with."""
    file = door.settings.data / "keys" / "evidence.pub.pem"
    if not file.exists():
        raise ProblemError(404, "Tidak ada data / No data", "Kunci publik tidak ada / there is no public key")
    return FileResponse(file, media_type="application/x-pem-file", filename="etle-evidence.pub.pem")


@router.get("/surat/{letter_id}.pdf")
def letter(request: Request, door: Door, mine: Mine, letter_id: int) -> Response:
    """Give a letter as it was sent."""
    opened(door, mine)
    try:
        with door.session() as session:
            data = letter_of(session, mine[0], letter_id, mine[1], now=now())
    except NotFoundError as error:
        refused(request, "letter that is not theirs")
        raise ProblemError(404, "Tidak ada data / No data", "Surat tidak ada / no such letter") from error
    return _pdf(data, f"surat-{letter_id}")


@router.get("/surat-konfirmasi.pdf")
def confirmation(request: Request, door: Door, mine: Mine) -> Response:
    """Make the confirmation letter of a case whose letter is not on its way yet."""
    case = _addressed(door, mine)
    try:
        with door.session() as session:
            pictures = letter_pictures(door, case.view.violation_id)
            data = letter_for(
                session, mine[0], pictures, portal_address(request, door), now=now(), who="owner"
            )
    except NO_LETTER as error:
        raise ProblemError(
            409, "Surat belum bisa dibuat / No letter yet", "Hubungi kantor / please contact the office"
        ) from error
    return _pdf(data, "surat-konfirmasi")


@router.get("/tanda-terima.pdf")
def receipt(request: Request, door: Door, mine: Mine) -> Response:
    """Make the receipt of the last payment."""
    _addressed(door, mine)
    try:
        with door.session() as session:
            data, _, _ = notice.notice_for(
                session, mine[0], notice.RECEIPT, (), portal_address(request, door), who="owner", now=now()
            )
    except NO_LETTER as error:
        raise ProblemError(
            404, "Belum ada / Not yet", "Belum ada pembayaran / there is no payment yet"
        ) from error
    return _pdf(data, "tanda-terima")


@router.get("/bayar")
def payment(request: Request, door: Door, mine: Mine) -> Response:
    """Show what is to be paid, how, by when, and what was received."""
    case = opened(door, mine)
    account = case.bill.virtual_account if case.bill else ""
    code = qr(account) if account else ""
    return page(
        request,
        "portal/payment.html",
        case=case,
        view=case.view,
        code=code,
        seen=_stand(case),
        payable=case.bill is not None and case.bill.due_rupiah > 0 and case.view.state not in states.ENDS,
    )


@router.get("/bayar/status")
def payment_status(door: Door, mine: Mine) -> JSONResponse:
    """Tell a waiting page where the money stands."""
    return JSONResponse({"stand": _stand(opened(door, mine))})


@router.get("/kendaraan")
def vehicle(request: Request, door: Door, mine: Mine) -> Response:
    """Show the status of the vehicle's STNK, and the form for SIM points."""
    return _vehicle(request, door, mine)


@router.post("/kendaraan")
def sim_points(
    request: Request,
    door: Door,
    mine: Mine,
    sim_number: Annotated[str, Form(max_length=40)],
    token: Token,
) -> Response:
    """Show the points of the licence whose holder has admitted to have driven in this case, of no other."""
    check_form(request, token)
    opened(door, mine)
    limit(request, door.limiter, f"sim of case {mine[0]}")
    try:
        with door.session() as session:
            found = points_of_driver(session, mine[0], sim_number, now=now())
    except ReasonError:
        found = None
    if found is None:
        refused(request, "points without result")
    return _vehicle(request, door, mine, asked=True, points=found)


def _vehicle(
    request: Request, door: OfficeDoor, mine: tuple[int, str, str | None], **more: object
) -> Response:
    case = opened(door, mine)
    if case.addressee != "owner":
        raise ProblemError(
            403,
            "Bukan untuk Anda / Not for you",
            "Status STNK hanya untuk pemilik kendaraan / the STNK's status is its owner's",
        )
    with door.session() as session:
        status = status_of(session, canonical_plate(case.view.plate), now=now())
    code = 404 if more.get("asked") and more.get("points") is None else 200
    return page(
        request, "portal/vehicle.html", code, vehicle=status, view=case.view, today=now().date(), **more
    )


def _is_anothers(case: OwnerCase, mine: tuple[int, str, str | None]) -> bool:
    return mine[1] == BY_VEHICLE and case.addressee != "owner"


def _addressed(door: OfficeDoor, mine: tuple[int, str, str | None]) -> OwnerCase:
    """Give the case of a session whose holder the letters go to. Raises `ProblemError` 403, 404."""
    case = opened(door, mine)
    if _is_anothers(case, mine):
        raise ProblemError(
            403, "Bukan untuk Anda / Not for you", "Surat ini untuk pengemudi / this letter is the driver's"
        )
    return case


def _stand(case: OwnerCase) -> str:
    paid = case.bill.paid_rupiah if case.bill else 0
    due = case.bill.due_rupiah if case.bill else 0
    return f"{case.view.state} {paid} {due}"


def _pdf(data: bytes, name: str) -> Response:
    return Response(
        data, media_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'}
    )
