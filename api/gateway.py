"""The gateway API: recorded segments in, durable before they are answered, each at most once."""

from __future__ import annotations

import hmac
import json
import secrets
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import AwareDatetime, BaseModel, TypeAdapter

from api.office import office
from api.security import ProblemError, digest, problem_response
from pipeline.spool import SegmentConflictError, Spool, SpoolError

KEYS = "keys/gateways.json"
RETRY_S = "10"


class _ProblemRoute(APIRoute):
    """Answers a malformed request as a problem document too."""

    def get_route_handler(self) -> Any:
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except RequestValidationError as error:
                faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
                return problem_response(ProblemError(422, "Request cannot be read", faults))

        return answer


router = APIRouter(prefix="/api/v1", route_class=_ProblemRoute)


class GatewayKey(BaseModel):
    """A gateway: the SHA-256 of its key, and the cameras that it speaks for."""

    sha256: str
    cameras: list[str]


class Taken(BaseModel):
    """A segment that is on disk; ``new`` is false where it was here already."""

    camera_id: str
    sequence: int
    recorded_at: datetime
    new: bool


_Keys = TypeAdapter(dict[str, GatewayKey])


def read_gateways(data: Path) -> dict[str, GatewayKey]:
    """Give the gateways of a data folder by name."""
    file = data / KEYS
    return _Keys.validate_json(file.read_bytes()) if file.exists() else {}


def add_gateway(data: Path, name: str, cameras: list[str]) -> str:
    """Add a gateway, or give it a new key; the key is given once and only its hash is kept."""
    key = f"etle_{secrets.token_urlsafe(32)}"
    gateways = {**read_gateways(data), name: GatewayKey(sha256=digest(key), cameras=cameras)}
    file = data / KEYS
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps({n: g.model_dump() for n, g in gateways.items()}, indent=1), encoding="utf-8")
    fresh.replace(file)
    return key


def _gateway(request: Request, authorization: Annotated[str | None, Header()] = None) -> GatewayKey:
    kind, _, key = (authorization or "").partition(" ")
    given = digest(key.strip())
    found = None
    for gateway in read_gateways(office(request).settings.data).values():
        if hmac.compare_digest(gateway.sha256, given):
            found = gateway
    if kind.lower() != "bearer" or found is None:
        raise ProblemError(
            401,
            "No key",
            "send Authorization: Bearer KEY with a key from `etle gateway add`",
            {"WWW-Authenticate": "Bearer"},
        )
    return found


@router.get("/health", summary="Whether the server takes segments, and how many it holds")
def health(request: Request) -> JSONResponse:
    """Give the spool's counts by state."""
    spool: Spool = request.app.state.spool
    return JSONResponse({"status": "ok", "segments": spool.counts()})


@router.post(
    "/cameras/{camera_id}/segments",
    status_code=201,
    summary="Hand a recorded segment over",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    responses={
        200: {"model": Taken, "description": "It was here already, unchanged"},
        **{s: {"description": "A problem document (RFC 9457)"} for s in (401, 403, 409, 413, 422, 429, 507)},
    },
)
async def take_segment(
    request: Request,
    response: Response,
    camera_id: str,
    sequence: Annotated[int, Query(ge=0, lt=2**63, examples=[17])],
    recorded_at: Annotated[AwareDatetime, Query(examples=["2026-08-18T10:12:00+07:00"])],
    gateway: Annotated[GatewayKey, Depends(_gateway)],
) -> Taken:
    """Take a video of a few seconds in. Answered once it is on disk; the same segment again changes nothing.

    ``sequence`` counts a camera's segments from 0 without end; ``recorded_at`` is the time of the first picture.
    """
    if camera_id not in gateway.cameras:
        raise ProblemError(403, "Not your camera", f"this key does not speak for camera {camera_id[:64]!r}")
    spool: Spool = request.app.state.spool
    settings = office(request).settings
    counts = await run_in_threadpool(spool.counts)
    if counts.get("waiting", 0) >= settings.waiting_segments:
        raise ProblemError(
            429,
            "Spool full",
            f"{counts['waiting']} segments wait; send this one again later",
            {"Retry-After": RETRY_S},
        )
    data = await _body(request, settings.segment_bytes)
    try:
        new = await run_in_threadpool(spool.accept, camera_id, sequence, recorded_at, data)
    except SegmentConflictError as error:
        raise ProblemError(409, "Another segment has this number", str(error)) from error
    except SpoolError as error:
        status, title = (422, "Empty segment") if not data else (507, "Cannot be kept")
        raise ProblemError(status, title, str(error)) from error
    response.status_code = 201 if new else 200
    return Taken(camera_id=camera_id, sequence=sequence, recorded_at=recorded_at, new=new)


async def _body(request: Request, most: int) -> bytes:
    """Read a body, never more of it than is allowed. Raises `ProblemError` 413."""
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise ProblemError(413, "Too large", f"a segment has at most {most} bytes; cut it shorter")
        parts.append(chunk)
    return b"".join(parts)
