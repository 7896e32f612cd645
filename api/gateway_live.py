"""Live frames: by POST, one answer each, or over a WebSocket; the worker that holds the camera has the queue."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from api.gateway_door import (
    CameraId,
    GatewayOf,
    ProblemRoute,
    check_camera,
    check_time,
    count_refusal,
    keys,
    problems,
    read_body,
)
from api.metrics import Metrics
from api.office import now, office
from api.security import ProblemError, network_of, problem_body, problem_response
from pipeline.frames import FrameRefusedError, FrameTaken, PushedFrame, SignalState, jpeg_size
from pipeline.live import LiveSender, NobodyHoldsError

WHAT = "a live frame"
RETRY_S = "5"
SIGNAL = r"^[A-Za-z0-9_.-]{1,40}:(red|amber|green|off|unknown)$"
_STATUS = {"out_of_order": 409, "too_large": 413}
router = APIRouter(route_class=ProblemRoute)
Signal = Annotated[str, Field(pattern=SIGNAL)]


class FrameHead(BaseModel):
    """What goes before a frame on a WebSocket."""

    sequence: int = Field(ge=0, lt=2**63)
    captured_at: AwareDatetime
    sent_at: AwareDatetime | None = None
    signals: dict[str, SignalState] = Field(default_factory=dict, max_length=64)


class FrameAnswer(BaseModel):
    """A frame that is in its camera's queue: ``dropped`` older ones made room for it, ``dropped_in_all`` since the
    worker started; ``missing`` numbers between the frame before and this one never came."""

    camera_id: str = Field(examples=["simpang-1"])
    sequence: int = Field(examples=[4711])
    dropped: int = Field(examples=[0])
    dropped_in_all: int = Field(examples=[3])
    missing: int = Field(examples=[0])


@router.post(
    "/cameras/{camera_id}/frames",
    name="frame",
    summary="Push one live frame",
    response_model=FrameAnswer,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "A JPEG in the camera file's frame_size.",
            "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    responses=problems(403, 409, 413, 422, 429),
)
async def push_frame(
    request: Request,
    camera_id: CameraId,
    sequence: Annotated[
        int, Query(ge=0, lt=2**63, examples=[4711], description="Grows; begins again at 0 with a restart.")
    ],
    captured_at: Annotated[
        AwareDatetime,
        Query(examples=["2026-08-18T10:12:00.250+07:00"], description="By the gateway's clock."),
    ],
    gateway: GatewayOf,
    sent_at: Annotated[
        AwareDatetime | None,
        Query(description="The gateway's time now: tells how far its clock is off.", examples=[None]),
    ] = None,
    signal: Annotated[
        list[Signal] | None,
        Query(max_length=64, examples=[["S1:red"]], description="A wired signal's state, as in S1:red."),
    ] = None,
) -> FrameAnswer:
    """Take a frame into its camera's bounded queue, where the latest wins: what is too late for the worker is dropped,
    counted and told. For a stream, one WebSocket at ``/api/v1/cameras/{camera_id}/live`` with the same key serves
    better: for each frame a text message (JSON: ``sequence``, ``captured_at``, ``sent_at``, ``signals``) and a binary
    one (the JPEG), each pair answered in order with this answer or a problem.
    """
    check_camera(gateway, camera_id)
    jpeg = await read_body(request, office(request).settings.frame_bytes, WHAT)
    states = dict(part.split(":") for part in signal or ())
    head = FrameHead.model_construct(
        sequence=sequence,
        captured_at=captured_at,
        sent_at=sent_at,
        signals={name: SignalState(state) for name, state in states.items()},
    )
    return await _send(request.app.state, camera_id, head, jpeg)


@router.websocket("/cameras/{camera_id}/live")
async def live(websocket: WebSocket, camera_id: str) -> None:
    """Take frames one after another over one connection."""
    state = websocket.app.state
    kind, _, key = websocket.headers.get("authorization", "").partition(" ")
    key = key.strip() if kind.lower() == "bearer" else ""
    try:
        await run_in_threadpool(_authorise, websocket, key, camera_id)
    except ProblemError as problem:
        count_refusal(websocket, "frame", problem)
        await websocket.send_denial_response(problem_response(problem))
        return
    await websocket.accept()
    most = state.office.settings.frame_bytes
    try:
        while True:
            text, jpeg = await websocket.receive_text(), await websocket.receive_bytes()
            try:
                await run_in_threadpool(_authorise, websocket, key, camera_id)
                answer: dict[str, Any] = (
                    await _send(state, camera_id, _head(text), _bounded(jpeg, most))
                ).model_dump()
            except ProblemError as problem:
                count_refusal(websocket, "frame", problem)
                answer = problem_body(problem)
            await websocket.send_json(answer)
            if answer.get("status") in (401, 403):
                await websocket.close(code=1008)
                return
    except (WebSocketDisconnect, KeyError):
        # Gone, or a text where a picture should be: the two kinds of message can no longer be told apart.
        return


def _authorise(websocket: WebSocket, key: str, camera_id: str) -> None:
    check_camera(keys(websocket).gateway(key, network_of(websocket)), camera_id)


def _head(text: str) -> FrameHead:
    try:
        return FrameHead.model_validate_json(text)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ProblemError(422, "Request cannot be read", faults, name="malformed") from error


def _bounded(jpeg: bytes, most: int) -> bytes:
    if len(jpeg) > most:
        raise ProblemError(413, "Too large", f"{WHAT} has at most {most} bytes", name="too_large")
    return jpeg


async def _send(state: Any, camera_id: str, head: FrameHead, jpeg: bytes) -> FrameAnswer:
    sender: LiveSender = state.live
    metrics: Metrics = state.metrics
    began = time.perf_counter()
    check_time("captured_at", head.captured_at)
    sent_at = None if head.sent_at is None else check_time("sent_at", head.sent_at)
    frame = PushedFrame(head.sequence, head.captured_at, jpeg, now(), sent_at, head.signals)
    try:
        # Read here first, so that what is no picture is refused also while no worker holds the camera.
        jpeg_size(jpeg)
        taken: FrameTaken = await run_in_threadpool(sender.send, camera_id, frame)
    except FrameRefusedError as error:
        status = _STATUS.get(error.name, 422)
        raise ProblemError(status, "Frame refused", str(error), name=error.name) from error
    except NobodyHoldsError as error:
        # No fault of the server's: the camera is not being run, and whoever pushes comes again or tells somebody.
        raise ProblemError(
            409, "Camera not running", str(error), {"Retry-After": RETRY_S}, name="not_running"
        ) from error
    metrics.taken("frame")
    metrics.frame_took(time.perf_counter() - began)
    return FrameAnswer(
        camera_id=camera_id,
        sequence=frame.sequence,
        dropped=taken.dropped,
        dropped_in_all=taken.dropped_in_all,
        missing=taken.missing,
    )
