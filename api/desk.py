"""The officer desk: everything below ``/desk``, each part in a module of its own."""

from __future__ import annotations

from fastapi import APIRouter

from api import (
    desk_admin,
    desk_deliveries,
    desk_figures,
    desk_login,
    desk_office,
    desk_queue,
    desk_review,
    desk_trail,
    desk_wall,
)
from api.desk_review import CHECK_WORDS

__all__ = ["CHECK_WORDS", "router"]

router = APIRouter(include_in_schema=False)
for part in (
    desk_login, desk_queue, desk_review, desk_office, desk_deliveries, desk_wall, desk_figures, desk_trail, desk_admin,
):  # fmt: skip
    router.include_router(part.router)
