"""The web application: officer desk, owner portal, gateway API over one data folder."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.sessions import SessionMiddleware

from api import (
    bank,
    contact,
    contact_desk,
    desk,
    gateway,
    gateway_health,
    language,
    portal,
    portal_answer,
    portal_case,
)
from api.body_limit import BodyLimit
from api.gateway_door import KeyBook, Problem
from api.metrics import Metrics
from api.office import HERE, OfficeDoor, page
from api.owner_session import PortalKeys
from api.security import Limiter, Links, ProblemError, add_headers, kept_key, problem_response, refused
from api.settings import Settings
from api.uploads import FORM_BYTES
from pipeline.evidence import EvidenceStore
from pipeline.live import LiveSender
from pipeline.spool import Spool
from pipeline.uploads import UploadStore
from ticketing.db import make_engine

API = "/api/"
# Gateways' routes count what they take themselves; forms with files are larger than all others.
WITH_FILES = ("/perkara/jawab", "/kontak/")
OTHER_BYTES = 256 * 1024


def most_bytes(path: str) -> int | None:
    """Give the largest body that a path takes; None where its route counts itself."""
    if path.startswith(API) and not path.startswith(f"{API}v1.0/"):
        return None
    return FORM_BYTES if path.startswith(WITH_FILES) else OTHER_BYTES


def create_app(settings: Settings) -> FastAPI:
    """Make the application. The database must be up to date, and the key for personal data in the environment."""
    app = FastAPI(
        title="ETLE gateway API",
        version="1",
        docs_url=None,
        openapi_url=f"{API}openapi.json",
        redoc_url=None,
    )
    key = kept_key(settings.data / "keys" / "session.key")
    app.state.office = OfficeDoor(
        settings,
        make_engine(settings.database_url),
        EvidenceStore(settings.data),
        Limiter(settings.look_ups_per_minute),
    )
    app.state.log_ins = Limiter(settings.log_ins_per_minute)
    app.state.portal = PortalKeys(
        Links(key, "owner", settings.owner_session_s),
        Links(key, "contact", settings.owner_session_s),
        settings.owner_session_s,
        settings.https,
        UploadStore(settings.data / "uploads"),
        Limiter(settings.contacts_per_minute),
    )
    app.state.spool = Spool(settings.data / "spool")
    app.state.gateway_keys = KeyBook(app.state.office, settings.wrong_keys_per_minute)
    app.state.live = LiveSender(settings.data)
    app.state.metrics = Metrics(settings.data, app.state.spool)
    app.add_middleware(
        SessionMiddleware,
        secret_key=key,
        session_cookie="etle",
        max_age=settings.session_s,
        same_site="strict",
        https_only=settings.https,
    )
    app.add_middleware(BaseHTTPMiddleware, dispatch=add_headers)
    app.add_middleware(BodyLimit, limit_of=most_bytes)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    for door in (contact_desk, desk, portal, portal_answer, portal_case, contact, bank, gateway, language):
        app.include_router(door.router)
    app.include_router(gateway_health.metrics_router)

    plain_openapi = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain_openapi()
        document["components"]["schemas"].setdefault("Problem", Problem.model_json_schema())
        return document

    app.openapi = openapi  # type: ignore[method-assign]

    @app.exception_handler(ProblemError)
    async def _problem(request: Request, problem: ProblemError) -> Response:
        if request.url.path.startswith(API):
            return problem_response(problem)
        answer = page(request, "problem.html", problem.status, title=problem.title, detail=problem.detail)
        answer.headers.update(problem.headers)
        return answer

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
        return await _problem(request, ProblemError(422, "Isian tidak bisa dibaca / Cannot be read", faults))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        refused(request, f"nothing there ({error.status_code})")
        detail = (
            "Halaman tidak ada / there is no such page" if error.status_code == 404 else str(error.detail)
        )
        return await _problem(request, ProblemError(error.status_code, "Tidak bisa / Not possible", detail))

    return app
