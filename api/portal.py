"""The owner portal: look a notice up by reference and plate; nothing tells a wrong one from none."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from api.office import OfficeDoor, now, office, page
from api.security import ProblemError, check_form
from ticketing.owner import OwnerView, look_up

router = APIRouter(include_in_schema=False)
# What an owner may see: pictures in which everybody else is masked, and their own plate.
ROLES = ("public_offence", "public_vehicle", "plate")
Door = Annotated[OfficeDoor, Depends(office)]
Text = Annotated[str, Form(max_length=60)]


@router.get("/")
def start(request: Request) -> Response:
    """Show the look-up form."""
    return page(request, "look_up.html", reference="")


@router.get("/t/{reference}")
def from_letter(request: Request, reference: str) -> Response:
    """Show the look-up form with the reference filled in, as a letter's QR code leads to it."""
    return page(request, "look_up.html", reference=reference[:20])


@router.post("/")
def show(
    request: Request, door: Door, reference: Text, plate: Text, token: Annotated[str, Form(max_length=200)]
) -> Response:
    """Show the notice of a reference and a plate; the same answer for a wrong plate and for no such notice."""
    check_form(request, token)
    address = request.client.host if request.client else "-"
    typed = "".join(plate.split()).upper()
    if not door.limiter.allows(f"address {address}", f"plate {typed}"):
        raise ProblemError(
            429,
            "Terlalu banyak percobaan / Too many tries",
            "Tunggu satu menit lalu coba lagi / wait a minute, then try again",
            {"Retry-After": "60"},
        )
    with door.session() as session:
        view = look_up(session, reference, plate, now=now())
    if view is None:
        return page(request, "look_up.html", 404, reference=reference, plate=plate, missing=True)
    evidence = door.evidence(view.violation_id)
    held = {f.role for f in evidence.files} if evidence else set()
    pictures = {r: door.links.sign([view.violation_id, r]) for r in ROLES if r in held}
    return page(request, "notice.html", view=view, pictures=pictures, steps=_steps(view))


@router.get("/bukti/{token}")
def picture(door: Door, token: str) -> Response:
    """Give a picture whose link this portal signed a short while ago."""
    violation_id, role = door.links.read(token)
    return door.file(violation_id, role)


def _steps(view: OwnerView) -> list[tuple[str, str, date, bool]]:
    """Give the timeline: Bahasa Indonesia, English, day, whether it lies behind us."""
    zone = ZoneInfo(view.timezone)
    today = now().astimezone(zone).date()
    days = [
        ("Pelanggaran tercatat", "Violation recorded", view.occurred_at.astimezone(zone).date()),
        ("Dikonfirmasi petugas", "Confirmed by an officer", view.confirmed_at.astimezone(zone).date()),
        ("Batas menjawab", "Answer by", view.answer_by),
        ("Batas membayar", "Pay by", view.pay_by),
    ]
    return [(text_id, text_en, day, day <= today and i < 2) for i, (text_id, text_en, day) in enumerate(days)]
