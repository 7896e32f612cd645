"""Violations that a gateway found itself, with their signed evidence."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from api.gateway_door import CameraId, GatewayOf, ProblemRoute, check_camera, problems, read_parts
from api.metrics import Metrics
from api.office import now, office
from api.security import ProblemError
from pipeline.cameras import registered_camera
from pipeline.edge import MOST_FILES, EdgeRefusedError, receive
from pipeline.evidence import EvidenceStore, StoreError
from ticketing.cases import flag_violation
from ticketing.gateways import Gateway

_STATUS = {"conflict": 409, "bad_signature": 403, "no_signing_key": 403, "wrong_camera": 403}
router = APIRouter(route_class=ProblemRoute)


class EdgeAnswer(BaseModel):
    """A violation that is kept, with its evidence and its case; ``new`` is false where it was here already."""

    violation_id: str = Field(examples=["6f1c5b1e-93f0-5c5e-8a0c-2b1d1f6a7c11"])
    case_id: int = Field(examples=[1201])
    new: bool = Field(examples=[True])


@router.post(
    "/cameras/{camera_id}/violations",
    name="violation",
    status_code=201,
    summary="Hand a violation over that the gateway found itself",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["manifest", "file"],
                        "properties": {
                            "manifest": {
                                "type": "string",
                                "format": "binary",
                                "description": "evidence/manifests/ID.json of the gateway, as it is",
                            },
                            "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        },
                    }
                }
            },
        }
    },
    responses={
        200: {"model": EdgeAnswer, "description": "It was here already, unchanged"},
        **problems(403, 409, 413, 422, 429, 507),
    },
)
async def take_violation(
    request: Request, response: Response, camera_id: CameraId, gateway: GatewayOf
) -> EdgeAnswer:
    """Take a violation with its evidence in: the manifest that the gateway's own pipeline wrote and signed, and each
    file that it names. Answered once the evidence is on disk and the case is made; the same one again changes nothing.

    The signature must be of an Ed25519 key registered for this gateway (`etle gateway signing-key`), every file must
    have the SHA-256 that the manifest names, the violation's id must follow from its camera, rule and track, and
    office, street and place must be those of the camera file that is registered here.
    """
    check_camera(gateway, camera_id)
    most = office(request).settings.evidence_bytes
    parts = await read_parts(request, most, MOST_FILES + 1, "a violation")
    manifests = [content for field, _, content in parts if field == "manifest"]
    files = [content for field, _, content in parts if field == "file"]
    if len(manifests) != 1:
        raise ProblemError(422, "Manifest missing", "send one part named manifest", name="malformed")
    answer = await run_in_threadpool(_take, request, gateway, camera_id, manifests[0], files)
    response.status_code = 201 if answer.new else 200
    return answer


def _take(
    request: Request, gateway: Gateway, camera_id: str, manifest: bytes, files: list[bytes]
) -> EdgeAnswer:
    door = office(request)
    at = now()
    try:
        # A store of its own: requests run in several threads.
        store = EvidenceStore(door.settings.data)
        camera = registered_camera(door.settings.data, camera_id)
        taken = receive(store, gateway.name, gateway.signing_keys, camera_id, camera, manifest, files, at)
    except EdgeRefusedError as error:
        raise ProblemError(
            _STATUS.get(error.name, 422), "Violation refused", str(error), name=error.name
        ) from error
    except StoreError as error:
        raise ProblemError(507, "Cannot be kept", str(error), name="no_room") from error
    with door.session() as session:
        case_id = flag_violation(session, taken.flagged, at).id
    metrics: Metrics = request.app.state.metrics
    metrics.taken("violation")
    return EdgeAnswer(violation_id=taken.flagged.violation_id, case_id=case_id, new=taken.new)
