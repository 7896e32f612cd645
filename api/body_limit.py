"""No request's body is larger than its path takes: a larger one is refused before, or while, it is read."""

from __future__ import annotations

import logging
from collections.abc import Callable

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("etle.refused")


class BodyLimit:
    """ASGI middleware; ``limit_of`` gives the most bytes for a path, or None where the route itself counts."""

    def __init__(self, app: ASGIApp, limit_of: Callable[[str], int | None]) -> None:
        self._app, self._limit_of = app, limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 413."""
        most = self._limit_of(scope["path"]) if scope["type"] == "http" else None
        if most is None:
            await self._app(scope, receive, send)
            return
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if not told.isdigit() or int(told) > most:
            await _refuse(scope, receive, send, most)
            return
        taken, over = 0, False

        async def counted() -> Message:
            nonlocal taken, over
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                over = True
                # What was sent so far is dropped, and the rest is not waited for.
                return {"type": "http.disconnect"}
            return message

        async def guarded(message: Message) -> None:
            if not over:
                await send(message)

        try:
            await self._app(scope, counted, guarded)
        except Exception:
            if not over:
                raise
        if over:
            await _refuse(scope, receive, send, most)


async def _refuse(scope: Scope, receive: Receive, send: Send, most: int) -> None:
    log.warning("body too large: %s takes %d bytes", scope["path"], most)
    text = f"Terlalu besar / Too large: paling banyak / at most {most // 1024} KiB"
    await PlainTextResponse(text, 413, {"X-Content-Type-Options": "nosniff"})(scope, receive, send)
