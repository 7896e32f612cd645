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

from api import desk, gateway, gateway_health, language, portal
from api.gateway_door import KeyBook, Problem
from api.metrics import Metrics
from api.office import HERE, OfficeDoor, page
from api.security import Limiter, Links, ProblemError, add_headers, kept_key, problem_response
from api.settings import Settings
from pipeline.evidence import EvidenceStore
from pipeline.live import LiveSender
from pipeline.spool import Spool
from ticketing.db import make_engine

API = "/api/"


def create_app(settings: Settings) -> FastAPI:
    """Make the application. The database must be up to date, and the key for personal data in the environment."""
    app = FastAPI(
        title="ETLE gateway API",
        version="1",
        docs_url=f"{API}docs",
        openapi_url=f"{API}openapi.json",
        redoc_url=None,
    )
    key = kept_key(settings.data / "keys" / "session.key")
    app.state.office = OfficeDoor(
        settings,
        make_engine(settings.database_url),
        EvidenceStore(settings.data),
        Links(key, "owner-picture", settings.picture_s),
        Limiter(settings.look_ups_per_minute),
    )
    app.state.log_ins = Limiter(settings.log_ins_per_minute)
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
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    for router in (
        desk.router,
        portal.router,
        gateway.router,
        gateway_health.metrics_router,
        language.router,
    ):
        app.include_router(router)

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
        detail = (
            "Halaman tidak ada / there is no such page" if error.status_code == 404 else str(error.detail)
        )
        return await _problem(request, ProblemError(error.status_code, "Tidak bisa / Not possible", detail))

    return app
