"""What every door has of the office: database sessions, evidence, signed links, pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from fastapi.templating import Jinja2Templates
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api import language
from api.measured_words import measured_words
from api.navigation import ROLE_WORDS, links_for
from api.security import Limiter, ProblemError, form_token
from api.settings import Settings
from api.trail_words import in_words
from pipeline.evidence import EvidenceStore, StoreError
from pipeline.types import Evidence
from ticketing.wording import day_words, plain_number, rupiah, time_words

HERE = Path(__file__).parent
templates = Jinja2Templates(HERE / "templates")
templates.env.filters.update(rupiah=rupiah, days=day_words, plain_number=plain_number)
templates.env.globals.update(
    times=time_words,
    t=language.t,
    plain=language.plain,
    said=language.said,
    in_words=in_words,
    measured_words=measured_words,
    role_words=ROLE_WORDS,
)


@dataclass(frozen=True)
class OfficeDoor:
    """The office as pages and routes reach it."""

    settings: Settings
    engine: Engine
    store: EvidenceStore
    limiter: Limiter

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on an error."""
        with Session(self.engine) as session, session.begin():
            yield session

    def evidence(self, violation_id: str) -> Evidence | None:
        """Give a violation's evidence; None where it is missing or damaged, which the page then says."""
        try:
            return self.store.get(violation_id)
        except StoreError:
            return None

    def file(self, violation_id: str, role: str, keep_s: int = 0) -> Response:
        """Give one file of a violation's evidence by its role; a browser may keep it for ``keep_s`` seconds.

        Raises `ProblemError` 404.
        """
        evidence = self.evidence(violation_id)
        found = next((f for f in evidence.files if f.role == role), None) if evidence else None
        if found is None:
            raise ProblemError(
                404, "Tidak ada data / No data", "Berkas bukti tidak ada / there is no such file"
            )
        try:
            kept = {"Cache-Control": f"private, max-age={keep_s}"} if keep_s else None
            return Response(self.store.open(found.sha256), media_type=found.media_type, headers=kept)
        except StoreError as error:
            raise ProblemError(
                404, "Tidak ada data / No data", "Berkas bukti rusak / the evidence file is damaged"
            ) from error


def office(request: Request) -> OfficeDoor:
    """Give the office of the running application."""
    door: OfficeDoor = request.app.state.office
    return door


def portal_address(request: Request, door: OfficeDoor) -> str:
    """Give the owner portal's address, for the QR codes of letters."""
    return door.settings.portal_url or str(request.base_url).rstrip("/")


def now() -> datetime:
    """Give the time: timezone-aware UTC."""
    return datetime.now(UTC)


def page(request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Render a page in the reader's language; forms in it carry the session's token, and ``request.state.officer``,
    where somebody has signed in, gives it their navigation.
    """
    officer = getattr(request.state, "officer", None)
    context = {
        "token": form_token(request),
        "officer": officer,
        "navigation": links_for(officer.role, request.url.path) if officer else [],
        **language.switch(request),
        **values,
    }
    return templates.TemplateResponse(request, name, context, status_code=status)
