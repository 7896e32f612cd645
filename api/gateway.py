"""The gateway API: recorded segments in, durable before they are answered, each at most once; its other ways in and
the cameras' health are routers of their own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from api import gateway_health, gateway_live, gateway_violations
from api.gateway_door import (
    CameraId,
    GatewayOf,
    ProblemRoute,
    check_camera,
    check_time,
    count_refusal,
    parse_json,
    problems,
    read_body,
    read_parts,
)
from api.metrics import Metrics
from api.office import office
from api.security import ProblemError
from pipeline.frames import FrameRefusedError
from pipeline.segments import MOST_PICTURES, BatchError, is_batch, pack_pictures
from pipeline.spool import SegmentConflictError, Spool, SpoolError

RETRY_S = "10"
MOST_SEGMENTS = 100
Sequence = Annotated[int, Query(ge=0, lt=2**63, examples=[17])]

router = APIRouter(prefix="/api/v1")
segments = APIRouter(route_class=ProblemRoute)


class Taken(BaseModel):
    """A segment that is on disk; ``new`` is false where it was here already."""

    camera_id: str = Field(examples=["simpang-1"])
    sequence: int = Field(examples=[17])
    recorded_at: datetime = Field(examples=["2026-08-18T10:12:00+07:00"])
    new: bool = Field(examples=[True])


class BatchedSegment(BaseModel):
    """One segment of a batch: a video, or pictures with ``captured_at`` each, by their parts' file names."""

    model_config = ConfigDict(extra="forbid")
    sequence: int = Field(ge=0, lt=2**63)
    recorded_at: AwareDatetime
    files: list[str] = Field(min_length=1, max_length=MOST_PICTURES)
    captured_at: list[AwareDatetime] | None = Field(None, max_length=MOST_PICTURES)


class BatchAnswer(BaseModel):
    """What became of one segment of a batch: ``status`` and ``detail`` as had it come alone."""

    sequence: int = Field(examples=[17])
    status: int = Field(examples=[201])
    detail: str = Field(examples=[""])


_Batch = TypeAdapter(Annotated[list[BatchedSegment], Field(min_length=1, max_length=MOST_SEGMENTS)])


@segments.post(
    "/cameras/{camera_id}/segments",
    name="segment",
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
        **problems(403, 409, 413, 422, 429, 507),
    },
)
async def take_segment(
    request: Request,
    response: Response,
    camera_id: CameraId,
    sequence: Sequence,
    recorded_at: Annotated[AwareDatetime, Query(examples=["2026-08-18T10:12:00+07:00"])],
    gateway: GatewayOf,
) -> Taken:
    """Take a video of a few seconds in. Answered once it is on disk; the same segment again changes nothing, and
    segments may come in any order: they are worked off in their numbers' order as far as they are there.

    ``sequence`` counts a camera's segments from 0 without end; ``recorded_at`` is the time of the first picture.
    """
    check_camera(gateway, camera_id)
    check_time("recorded_at", recorded_at)
    await _check_room(request)
    data = await read_body(request, office(request).settings.segment_bytes, "a segment")
    if is_batch(data):
        raise ProblemError(
            422,
            "Not a video",
            "a batch of pictures is sent as multipart to …/segments/batch",
            name="not_a_video",
        )
    new = await run_in_threadpool(_accept, request, camera_id, sequence, recorded_at, data)
    response.status_code = 201 if new else 200
    return Taken(camera_id=camera_id, sequence=sequence, recorded_at=recorded_at, new=new)


@segments.post(
    "/cameras/{camera_id}/segments/batch",
    name="batch",
    status_code=207,
    summary="Hand several recorded segments over, of videos or of pictures",
    response_model=list[BatchAnswer],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["segments", "file"],
                        "properties": {
                            "segments": {"type": "string", "description": "JSON: a list of BatchedSegment"},
                            "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        },
                    },
                    "example": {
                        "segments": '[{"sequence":17,"recorded_at":"2026-08-18T10:12:00+07:00","files":["17.mp4"]}]',
                        "file": ["17.mp4"],
                    },
                }
            },
        }
    },
    responses=problems(403, 413, 422, 429),
)
async def take_batch(request: Request, camera_id: CameraId, gateway: GatewayOf) -> list[BatchAnswer]:
    """Take several segments in at once, each judged by itself and answered with the status that it would have had
    alone. The part ``segments`` lists them as JSON: ``sequence``, ``recorded_at`` and ``files``, the file names of
    their parts. A segment of pictures names several JPEGs and when each was taken (``captured_at``): they are kept as
    they came.
    """
    check_camera(gateway, camera_id)
    await _check_room(request)
    most = office(request).settings.segment_bytes
    parts = await read_parts(request, most, MOST_PICTURES, "a batch of segments")
    head = next((content for field, _, content in parts if field == "segments"), b"")
    try:
        listed = _Batch.validate_python(parse_json(head, "segments"))
    except ValidationError as error:
        faults = "; ".join(f"segments.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ProblemError(422, "Request cannot be read", faults[:2000], name="malformed") from error
    files = {name: content for field, name, content in parts if field == "file"}
    return [await _take_batched(request, camera_id, segment, files) for segment in listed]


async def _take_batched(
    request: Request, camera_id: str, segment: BatchedSegment, files: dict[str, bytes]
) -> BatchAnswer:
    try:
        check_time("recorded_at", segment.recorded_at)
        await _check_room(request)
        data = _batched(segment, files)
        new = await run_in_threadpool(
            _accept, request, camera_id, segment.sequence, segment.recorded_at, data
        )
    except ProblemError as problem:
        count_refusal(request, "segment", problem)
        return BatchAnswer(sequence=segment.sequence, status=problem.status, detail=problem.detail)
    return BatchAnswer(sequence=segment.sequence, status=201 if new else 200, detail="")


def _batched(segment: BatchedSegment, files: dict[str, bytes]) -> bytes:
    if len(set(segment.files)) != len(segment.files):
        raise ProblemError(422, "File named twice", "each part is one picture, once", name="malformed")
    missing = [name for name in segment.files if name not in files]
    if missing:
        raise ProblemError(
            422, "File missing", f"no part has the file name {missing[0][:80]!r}", name="malformed"
        )
    if segment.captured_at is None:
        if len(segment.files) != 1 or is_batch(files[segment.files[0]]):
            raise ProblemError(
                422,
                "Not a video",
                "a segment is one video, or pictures with captured_at of each",
                name="malformed",
            )
        return files[segment.files[0]]
    if len(segment.captured_at) != len(segment.files):
        raise ProblemError(422, "Times missing", "captured_at holds one time for each file", name="malformed")
    times = [check_time("captured_at", at) for at in segment.captured_at]
    try:
        return pack_pictures([(at, files[name]) for at, name in zip(times, segment.files, strict=True)])
    except FrameRefusedError as error:
        raise ProblemError(422, "Picture refused", str(error), name=error.name) from error
    except BatchError as error:
        raise ProblemError(422, "Not a batch of pictures", str(error), name="malformed") from error


async def _check_room(request: Request) -> None:
    spool: Spool = request.app.state.spool
    waiting = await run_in_threadpool(spool.waiting)
    if waiting >= office(request).settings.waiting_segments:
        raise ProblemError(
            429,
            "Spool full",
            f"{waiting} segments wait; send this one again later",
            {"Retry-After": RETRY_S},
            name="spool_full",
        )


def _accept(request: Request, camera_id: str, sequence: int, recorded_at: datetime, data: bytes) -> bool:
    spool: Spool = request.app.state.spool
    try:
        new = spool.accept(camera_id, sequence, recorded_at, data)
    except SegmentConflictError as error:
        raise ProblemError(409, "Another segment has this number", str(error), name="conflict") from error
    except SpoolError as error:
        status, title, name = (
            (422, "Empty segment", "empty") if not data else (507, "Cannot be kept", "no_room")
        )
        raise ProblemError(status, title, str(error), name=name) from error
    metrics: Metrics = request.app.state.metrics
    metrics.taken("segment")
    return new


for _part in (gateway_health.router, gateway_live.router, segments, gateway_violations.router):
    router.include_router(_part)
