"""The live wall: cameras with their last annotated picture and health, and where they stand."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.camera_state import REASONS, SEGMENT_WORDS, WORDS, camera_states
from api.desk_access import Anybody, Door
from api.office import now, page
from api.plots import Place, chart
from api.security import ProblemError
from ticketing import audit

router = APIRouter(prefix="/desk")
# The masked picture first: a wall hangs where everybody passes by.
PICTURES = ("public_offence", "offence", "annotated:0")
REFRESH_S, FRAME_S = 30, 1


@router.get("/wall")
def wall(request: Request, door: Door, who: Anybody, live: bool = True) -> Response:
    """Show every camera; the page asks for itself again every half minute, unless it is held still."""
    with door.session() as session:
        cameras = camera_states(door, session, now=now())
        audit.record(session, now(), who.login, "wall opened", "live wall", {"cameras": len(cameras)})
    places = [
        Place(c.name.split(" / ")[0], f"#camera-{i}", c.latitude, c.longitude, c.health)
        for i, c in enumerate(cameras)
        if c.latitude is not None and c.longitude is not None
    ]
    drawn = chart("Peta kamera / Map of cameras", places)
    answer = page(
        request,
        "wall.html",
        cameras=cameras,
        words=WORDS,
        reasons=REASONS,
        segment_words=SEGMENT_WORDS,
        map=drawn,
        refresh_s=REFRESH_S,
        at=now(),
        live=live,
    )
    if live:
        answer.headers["Refresh"] = str(REFRESH_S)
    return answer


@router.get("/wall/{camera_id}.jpg")
def last_picture(door: Door, who: Anybody, camera_id: str) -> Response:  # noqa: ARG001
    """Give a camera's last annotated frame, else its last violation's picture: the wall is no way round the trail."""
    with door.session() as session:
        states = camera_states(door, session, now=now())
    shown = next((c for c in states if c.id == camera_id), None)
    if shown is not None and shown.seen is not None and shown.seen.picture is not None:
        headers = {"Cache-Control": f"private, max-age={FRAME_S}"}
        return Response(shown.seen.picture.read_bytes(), media_type="image/jpeg", headers=headers)
    evidence = door.evidence(shown.last_violation) if shown is not None and shown.last_violation else None
    held = {f.role for f in evidence.files} if evidence else set()
    role = next((r for r in PICTURES if r in held), None)
    if shown is None or shown.last_violation is None or role is None:
        raise ProblemError(404, "Tidak ada data / No data", "Gambar tidak ada / there is no such picture")
    return door.file(shown.last_violation, role, REFRESH_S)
