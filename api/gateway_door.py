"""What every gateway route has: keys, problem documents, bodies that are never read beyond what is allowed."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, HTTPConnection

from api.metrics import Metrics
from api.office import OfficeDoor, now
from api.security import Limiter, ProblemError, digest, network_of, problem_response
from ticketing.gateways import Gateway, gateway_of_key

KEY_KEPT_S = 2.0
MOST_KEPT = 10_000
# What an honest gateway meets any day: counted, and not in the log with every frame.
ORDINARY = ("spool_full", "not_running", "out_of_order")
log = logging.getLogger("etle.refused")
CAMERA_ID = r"^[a-z0-9][a-z0-9-]{1,62}$"
CameraId = Annotated[str, Path(pattern=CAMERA_ID, description="The camera's id.", examples=["simpang-1"])]


class Problem(BaseModel):
    """A refusal as RFC 9457 has it; ``detail`` is a sentence that can be acted on."""

    type: str = Field(examples=["urn:etle:problem:out_of_order"])
    title: str = Field(examples=["Frame refused"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["captured_at runs backwards: … after …"])


_WORDS = {
    401: "No key, or one that opens nothing",
    403: "Not this key's camera",
    404: "Nothing is there",
    409: "It contradicts what came before; or no worker holds the camera: come again after `Retry-After` seconds",
    413: "Too large",
    422: "Not what it should be; the answer says what is wrong",
    429: "Come again after `Retry-After` seconds",
    507: "The server's disk is full",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe refusals for the OpenAPI document."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        s: {"description": _WORDS[s], "content": {"application/problem+json": {"schema": schema}}}
        for s in (401, *statuses)
    }


class ProblemRoute(APIRoute):
    """Answers a malformed request as a problem document too, and counts what is refused."""

    def get_route_handler(self) -> Any:
        """Give the handler."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except RequestValidationError as error:
                faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
                problem = ProblemError(422, "Request cannot be read", faults, name="malformed")
                count_refusal(request, self.name, problem)
                return problem_response(problem)
            except ClientDisconnect:
                # Nobody is left to be answered; what was half sent is not taken.
                return problem_response(ProblemError(400, "Cut off", "the request was cut off"))
            except ProblemError as problem:
                count_refusal(request, self.name, problem)
                raise

        return answer


def count_refusal(connection: HTTPConnection, what: str, problem: ProblemError) -> None:
    """Count a refusal, and put it into the log by its name where no honest gateway would meet it."""
    metrics: Metrics = connection.app.state.metrics
    why = problem.name or str(problem.status)
    metrics.refused(what, why)
    if why not in ORDINARY:
        log.warning("gateway's %s refused: %s from %s", what, why, network_of(connection))


class KeyBook:
    """Which gateway a key opens the API for; what was found is kept for `KEY_KEPT_S`, so that a key that is revoked
    opens nothing soon after, and one that is used for every frame is looked up seldom."""

    def __init__(
        self, door: OfficeDoor, wrong_keys_per_minute: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._door, self._clock = door, clock
        self._wrong = Limiter(wrong_keys_per_minute)
        self._kept: dict[str, tuple[float, Gateway]] = {}
        self._lock = threading.Lock()

    def gateway(self, key: str, network: str) -> Gateway:
        """Give a key's gateway. Raises `ProblemError`: 401 for a wrong key, 429 after too many from one network."""
        hashed, at = digest(key), self._clock()
        with self._lock:
            kept = self._kept.get(hashed)
        if kept is not None and kept[0] > at:
            return kept[1]
        with self._door.session() as session:
            found = gateway_of_key(session, key, now()) if key else None
        if found is None:
            raise self._refusal(network)
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[hashed] = (at + KEY_KEPT_S, found)
        return found

    def _refusal(self, network: str) -> ProblemError:
        if not self._wrong.allows(network):
            return ProblemError(
                429,
                "Too many wrong keys",
                "keys from this address are not looked at for a minute",
                {"Retry-After": "60"},
                name="too_many_wrong_keys",
            )
        return ProblemError(
            401,
            "No key",
            "send Authorization: Bearer KEY with a key from `etle gateway add`",
            {"WWW-Authenticate": "Bearer"},
            name="no_key",
        )


_bearer = HTTPBearer(auto_error=False, description="A gateway's key, from `etle gateway add`.")


def gateway_of(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Gateway:
    """Give the gateway whose key was sent. Raises `ProblemError`."""
    return keys(request).gateway("" if given is None else given.credentials, network_of(request))


GatewayOf = Annotated[Gateway, Depends(gateway_of)]


def keys(connection: HTTPConnection) -> KeyBook:
    """Give the key book of the running application."""
    book: KeyBook = connection.app.state.gateway_keys
    return book


def check_camera(gateway: Gateway, camera_id: str) -> None:
    """Refuse a camera that a gateway does not speak for. Raises `ProblemError` 403."""
    if camera_id not in gateway.cameras:
        raise ProblemError(
            403,
            "Not your camera",
            f"this key does not speak for camera {camera_id[:64]!r}",
            name="not_your_camera",
        )


def check_time(name: str, at: datetime) -> datetime:
    """Refuse a time that no calendar of ours holds once it is in UTC. Raises `ProblemError` 422."""
    if not 2000 <= at.year <= 9000:
        raise ProblemError(422, "Request cannot be read", f"{name}: no such time", name="malformed")
    return at


async def capped(request: Request, most: int, what: str) -> AsyncGenerator[bytes, None]:
    """Give a body as it comes, never more of it than is allowed. Raises `ProblemError` 413."""
    too_large = ProblemError(413, "Too large", f"{what} has at most {most} bytes", name="too_large")
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise too_large
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise too_large
        yield chunk


async def read_body(request: Request, most: int, what: str) -> bytes:
    """Read a body whole. Raises `ProblemError` 413."""
    return b"".join([chunk async for chunk in capped(request, most, what)])


async def read_parts(request: Request, most: int, most_parts: int, what: str) -> list[tuple[str, str, bytes]]:
    """Read a multipart body: each part's field, file name and content, in order. Raises `ProblemError` 413, 422."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise ProblemError(422, "Not multipart", f"{what} is sent as multipart/form-data", name="malformed")
    parser = MultiPartParser(
        request.headers, capped(request, most, what), max_files=most_parts, max_fields=8, max_part_size=2**20
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError, ValueError) as error:
        why = getattr(error, "message", None) or "the multipart body cannot be read"
        raise ProblemError(422, "Request cannot be read", str(why), name="malformed") from error
    try:
        return [
            (field, value.filename or "", await value.read())
            if isinstance(value, UploadFile)
            else (field, "", value.encode("utf-8", "replace"))
            for field, value in form.multi_items()
        ]
    finally:
        await form.close()


def parse_json(text: bytes | str, what: str) -> Any:
    """Read JSON strictly. Raises `ProblemError` 422."""

    def no_number(word: str) -> Any:
        raise ValueError(f"{word} is no number")

    try:
        return json.loads(text, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        raise ProblemError(
            422, "Request cannot be read", f"{what}: not JSON: {error}", name="malformed"
        ) from error
