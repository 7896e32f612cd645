"""The officer desk: everything below ``/desk``, each part in a module of its own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from api import (
    desk_admin,
    desk_figures,
    desk_login,
    desk_office,
    desk_queue,
    desk_review,
    desk_trail,
    desk_wall,
)
from api.desk_access import signed_in
from api.desk_review import CHECK_WORDS
from ticketing.types import Officer

__all__ = ["CHECK_WORDS", "Who", "router", "signed_in"]

router = APIRouter(include_in_schema=False)
for part in (
    desk_login, desk_queue, desk_review, desk_office, desk_wall, desk_figures, desk_trail, desk_admin,
):  # fmt: skip
    router.include_router(part.router)


def _login(officer: Annotated[Officer, Depends(signed_in)]) -> str:
    return officer.login


Who = Annotated[str, Depends(_login)]
"""The login of whoever has signed in, whatever their role."""
