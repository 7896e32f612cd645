"""The health of the server and of each camera, for gateways; metrics for Prometheus."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, Field

from api.gateway_door import CameraId, GatewayOf, ProblemRoute, check_camera, problems
from api.metrics import Metrics
from api.office import office
from api.security import ProblemError, is_loopback, refused
from pipeline.cameras import camera_file
from pipeline.health import CameraHealth, camera_health, events
from pipeline.live import is_held
from pipeline.spool import Spool

router = APIRouter(route_class=ProblemRoute)
metrics_router = APIRouter(include_in_schema=False)


class ServerHealth(BaseModel):
    """Whether the server takes segments, and how many it holds by state."""

    status: str = Field(examples=["ok"])
    segments: dict[str, int] = Field(examples=[{"waiting": 2, "done": 4031}])


class Event(BaseModel):
    """A change that somebody was told of."""

    model_config = ConfigDict(from_attributes=True)
    at: datetime
    what: str = Field(examples=["paused"])
    why: str = Field(examples=["enforcement paused: the picture is blurred: clean or focus the lens"])


class Health(BaseModel):
    """A camera's health; see `pipeline.health.CameraHealth` for each figure."""

    model_config = ConfigDict(from_attributes=True)
    camera_id: str = Field(examples=["simpang-1"])
    registered: bool = Field(description="Its camera file is on the server.")
    held: bool = Field(description="A worker takes its live frames.")
    state: str = Field(description="ok, paused, silent or unseen", examples=["paused"])
    reasons: list[str] = Field(description="of dark, blurred, moved, clock", examples=[["moved"]])
    last_frame_at: datetime | None
    captured_at: datetime | None
    frame_rate: float | None = Field(description="frames a second", examples=[12.0])
    lag_s: float | None = Field(examples=[0.21])
    clock_offset_s: float | None = Field(description="how far the gateway's clock is ahead", examples=[0.02])
    brightness: float | None = Field(description="0 to 255", examples=[168.0])
    sharpness: float | None = Field(description="share of the reference's detail", examples=[1.04])
    shift_px: float | None = Field(description="how far the view has moved", examples=[14.2])
    frames: int
    dropped: int
    missing: int
    refused: dict[str, int] = Field(examples=[{"out_of_order": 2}])
    flagged: int
    not_enforced: dict[str, int] = Field(examples=[{"moved": 1}])
    events: list[Event]


@router.get("/health", name="health", summary="Whether the server takes segments, and how many it holds")
def health(request: Request) -> ServerHealth:
    """Give the spool's counts by state."""
    spool: Spool = request.app.state.spool
    return ServerHealth(status="ok", segments=spool.counts())


@router.get("/cameras", name="cameras", summary="The cameras of this key", responses=problems(429))
def cameras(request: Request, gateway: GatewayOf) -> list[Health]:
    """Give every camera that this key speaks for, with its health."""
    return [_health(request, camera_id) for camera_id in gateway.cameras]


@router.get(
    "/cameras/{camera_id}/health",
    name="camera_health",
    summary="One camera's health",
    responses=problems(403, 422, 429),
)
def one_camera(request: Request, camera_id: CameraId, gateway: GatewayOf) -> Health:
    """Give the last frame, frame rate, lag, clock offset, picture quality, whether enforcement is paused and why."""
    check_camera(gateway, camera_id)
    return _health(request, camera_id)


@metrics_router.get("/metrics")
def metrics(request: Request) -> Response:
    """Give the metrics in Prometheus' text format, to whoever sends the token; without one, to this machine alone."""
    token = office(request).settings.metrics_token
    given = request.headers.get("authorization", "").encode()
    if token and not hmac.compare_digest(given, f"Bearer {token}".encode()):
        refused(request, "metrics without the token")
        raise ProblemError(
            401,
            "Perlu token / Token needed",
            "Kirim Authorization: Bearer TOKEN / send it with the server's ETLE_METRICS_TOKEN",
            {"WWW-Authenticate": "Bearer"},
        )
    if not token and not is_loopback(request):
        refused(request, "metrics from another machine")
        raise ProblemError(
            403,
            "Hanya dari mesin ini / From this machine only",
            "Server tanpa ETLE_METRICS_TOKEN / a server without ETLE_METRICS_TOKEN tells nobody else",
        )
    book: Metrics = request.app.state.metrics
    return Response(book.text(), media_type=CONTENT_TYPE_LATEST)


def _health(request: Request, camera_id: str) -> Health:
    data = office(request).settings.data
    known: CameraHealth = camera_health(data, camera_id)
    told = [Event.model_validate(event) for event in events(data, camera_id, 10)]
    values: dict[str, Any] = {
        name: getattr(known, name) for name in Health.model_fields if hasattr(known, name)
    }
    values |= {
        "reasons": list(known.reasons),
        "registered": camera_file(data, camera_id).exists(),
        "held": is_held(data, camera_id),
        "events": told,
    }
    return Health(**values)
