"""The owner portal's door: look a notice up, prove that one is real, the status of an STNK. Nothing tells a wrong
answer from none.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from api.office import OfficeDoor, now, office, page
from api.owner_session import OwnerSession, forget, owner_of, remember
from api.security import ProblemError, check_form, limit, refused
from ticketing.errors import NotFoundError
from ticketing.owner import look_up, look_up_by_vehicle, proves_vehicle
from ticketing.owner_case import BY_LETTER, BY_VEHICLE, genuine, open_case
from ticketing.vehicle_status import status_of

router = APIRouter(include_in_schema=False)
Door = Annotated[OfficeDoor, Depends(office)]
Text = Annotated[str, Form(max_length=60)]
Token = Annotated[str, Form(max_length=200)]
Session = Annotated[OwnerSession, Depends(owner_of)]


@router.get("/")
def start(request: Request) -> Response:
    """Show the look-up forms."""
    return page(request, "portal/look_up.html")


@router.post("/")
def by_letter(request: Request, door: Door, reference: Text, plate: Text, token: Token) -> Response:
    """Find the notice of a reference and a plate; the same answer for a wrong plate and for no such notice."""
    check_form(request, token)
    limit(request, door.limiter, _plate_key(plate))
    with door.session() as session:
        view = look_up(session, reference, plate, now=now())
    if view is None:
        refused(request, "look-up without result")
        return page(request, "portal/look_up.html", 404, reference=reference, plate=plate, missing=True)
    answer = RedirectResponse("/perkara", 303)
    remember(
        request, answer, OwnerSession((view.case_id,), view.case_id, BY_LETTER, view.plate, view.reference)
    )
    return answer


@router.post("/kendaraan")
def by_vehicle(
    request: Request, door: Door, vehicle_plate: Text, chassis: Text, engine: Text, token: Token
) -> Response:
    """Find a vehicle's notices by the ends of its chassis and engine number; one answer for all that is wrong."""
    check_form(request, token)
    limit(request, door.limiter, _plate_key(vehicle_plate))
    with door.session() as session:
        views = look_up_by_vehicle(session, vehicle_plate, chassis, engine, now=now())
    if not views:
        refused(request, "look-up without result")
        return page(
            request, "portal/look_up.html", 404, vehicle_plate=vehicle_plate, missing=True, by_vehicle=True
        )
    cases = tuple(view.case_id for view in views)
    answer = RedirectResponse("/perkara" if len(cases) == 1 else "/perkara/pilih", 303)
    opened = cases[0] if len(cases) == 1 else None
    remember(request, answer, OwnerSession(cases, opened, BY_VEHICLE, views[0].plate))
    return answer


@router.get("/perkara/pilih")
def choose(request: Request, door: Door, held: Session) -> Response:
    """Show the notices that a look-up found."""
    try:
        with door.session() as session:
            found = [open_case(session, case_id, held.by, held.reference).view for case_id in held.cases]
    except NotFoundError as error:
        raise ProblemError(
            404, "Tidak ada data / No data", "Surat tidak ada lagi / the notice is no more"
        ) from error
    return page(request, "portal/choose.html", found=found)


@router.post("/perkara/pilih")
def chosen(
    request: Request, held: Session, number: Annotated[int, Form(ge=0, le=10_000)], token: Token
) -> Response:
    """Open one of them: the session is for that one from now on, until another is chosen."""
    check_form(request, token)
    if number >= len(held.cases):
        refused(request, "notice of no look-up of theirs")
    answer = RedirectResponse("/perkara" if number < len(held.cases) else "/perkara/pilih", 303)
    opened = held.cases[number] if number < len(held.cases) else None
    remember(request, answer, OwnerSession(held.cases, opened, held.by, held.plate, held.reference))
    return answer


@router.get("/t/{reference}")
@router.get("/v/{reference}")
def is_it_real(request: Request, door: Door, reference: str) -> Response:
    """Say whether a notice with this code is real, as its QR code leads here; nothing of whom it concerns."""
    limit(request, door.limiter)
    with door.session() as session:
        found = genuine(session, reference[:60])
    if found is None:
        refused(request, "unknown notice code")
    status = 200 if found else 404
    return page(request, "portal/verify.html", status, found=found, reference=reference[:20])


@router.get("/stnk")
def stnk_form(request: Request) -> Response:
    """Show the form that asks for a vehicle's numbers."""
    return page(request, "portal/vehicle.html", vehicle=None)


@router.post("/stnk")
def stnk(
    request: Request, door: Door, vehicle_plate: Text, chassis: Text, engine: Text, token: Token
) -> Response:
    """Show an STNK's status to whoever knows the vehicle's numbers; one answer for all that is wrong."""
    check_form(request, token)
    limit(request, door.limiter, _plate_key(vehicle_plate))
    with door.session() as session:
        try:
            proved = proves_vehicle(session, vehicle_plate, chassis, engine)
            status = status_of(session, vehicle_plate, now=now()) if proved else None
        except NotFoundError:
            status = None
    if status is None:
        refused(request, "look-up without result")
        return page(
            request, "portal/vehicle.html", 404, vehicle=None, vehicle_plate=vehicle_plate, missing=True
        )
    return page(request, "portal/vehicle.html", vehicle=status, today=now().date())


@router.post("/keluar")
def leave(request: Request, token: Token) -> Response:
    """End the owner's session."""
    check_form(request, token)
    answer = RedirectResponse("/", 303)
    forget(answer)
    return answer


def _plate_key(plate: str) -> str:
    return f"plate {re.sub(r'[^0-9A-Za-z]', '', plate).upper()[:12]}"
