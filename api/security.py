"""What keeps the doors: keys in files, signed links, form tokens, a limit on tries, headers, problem documents."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.middleware.base import RequestResponseEndpoint
from starlette.requests import HTTPConnection
from starlette.responses import Response

CSRF = "csrf"
log = logging.getLogger("etle.refused")
WINDOW_S = 60.0
HEADERS = {
    # Pages bring everything with them: nothing is fetched from anywhere else, nothing may frame them.
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class ProblemError(Exception):
    """A refusal with an HTTP status; ``detail`` is a sentence that the caller can act on (RFC 9457).

    ``name`` is for programs: the problem's type is then ``urn:etle:problem:NAME``.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        headers: dict[str, str] | None = None,
        name: str = "",
    ) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail, self.headers = status, title, detail, headers or {}
        self.name = name


def problem_body(problem: ProblemError) -> dict[str, Any]:
    """Write a problem as RFC 9457 has it."""
    kind = f"urn:etle:problem:{problem.name}" if problem.name else "about:blank"
    return {"type": kind, "title": problem.title, "status": problem.status, "detail": problem.detail}


def problem_response(problem: ProblemError) -> JSONResponse:
    """Answer with a problem document."""
    return JSONResponse(problem_body(problem), problem.status, problem.headers, "application/problem+json")


def address_of(connection: HTTPConnection) -> str:
    """Give the address that a request came from."""
    return connection.client.host if connection.client else "-"


def network_of(connection: HTTPConnection) -> str:
    """Give the network whose tries count together: an IPv4 address, or the /64 of an IPv6 one within which one
    machine takes addresses as it likes (RFC 8981).
    """
    try:
        address = ipaddress.ip_address(address_of(connection))
    except ValueError:
        return address_of(connection)
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def is_loopback(connection: HTTPConnection) -> bool:
    """Tell whether a request came from this very machine."""
    try:
        return ipaddress.ip_address(address_of(connection)).is_loopback
    except ValueError:
        return False


def refused(request: Request, what: str) -> None:
    """Put a refusal into the log, without what was typed: it may be somebody's."""
    # A path can hold anything: nobody writes lines of their own into the log.
    path = "".join(c if c.isprintable() else "?" for c in request.url.path)[:200]
    log.warning("%s: %s %s from %s", what, request.method, path, network_of(request))


def limit(request: Request, limiter: Limiter, *also: str) -> None:
    """Count a try of the request's network, and of what else it concerns. Raises `ProblemError` 429."""
    if limiter.allows(f"address {network_of(request)}", *also):
        return
    refused(request, "too many tries")
    raise too_many_tries()


def too_many_tries() -> ProblemError:
    """Make the refusal of whoever has tried too often on a page (429, RFC 6585)."""
    return ProblemError(
        429,
        "Terlalu banyak percobaan / Too many tries",
        "Tunggu satu menit lalu coba lagi / wait a minute, then try again",
        {"Retry-After": "60"},
    )


def kept_key(file: Path) -> str:
    """Give the random key in a file, made at first use and readable by its owner alone."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48), encoding="ascii")
    return file.read_text(encoding="ascii")


def form_token(request: Request) -> str:
    """Give the session's form token, made at first use."""
    token: str = request.session.setdefault(CSRF, secrets.token_urlsafe(24))
    return token


def check_form(request: Request, token: str) -> None:
    """Refuse a form that this session's pages did not hand out. Raises `ProblemError`."""
    expected = request.session.get(CSRF, "")
    if not expected or not hmac.compare_digest(str(expected).encode(), token.encode()):
        refused(request, "form of no page of this session")
        raise ProblemError(
            403, "Formulir kedaluwarsa / Form expired", "Muat ulang halaman / load the page again"
        )


class Links:
    """Signs links that are good for a while, for one purpose each."""

    def __init__(self, key: str, purpose: str, good_for_s: int) -> None:
        self._serializer = URLSafeTimedSerializer(key, salt=purpose)
        self._good_for_s = good_for_s

    def sign(self, value: Any) -> str:
        """Give a token for a value of plain JSON."""
        return str(self._serializer.dumps(value))

    def read(self, token: str) -> Any:
        """Give the value of a token. Raises `ProblemError` where it is not ours or too old."""
        try:
            return self._serializer.loads(token, max_age=self._good_for_s)
        except BadSignature:
            raise ProblemError(
                404, "Tidak ada data / No data", "Tautan tidak berlaku / the link is not valid"
            ) from None


class Limiter:
    """At most so many tries per key in `WINDOW_S`, in this process's memory: several processes count apart."""

    MOST_KEYS = 100_000

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._tries: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def allows(self, *keys: str) -> bool:
        """Count a try under every key, in order; tell whether none of them has had too many.

        Nothing is counted under the keys that follow one which has: who is refused already shuts no other's door.
        """
        now = self._clock()
        with self._lock:
            if len(self._tries) > self.MOST_KEYS:
                self._tries = {k: t for k, t in self._tries.items() if t and t[-1] > now - WINDOW_S}
            for key in keys:
                tries = self._tries.setdefault(key, deque())
                while tries and tries[0] <= now - WINDOW_S:
                    tries.popleft()
                if len(tries) >= self._most:
                    return False
                tries.append(now)
            return True


def digest(key: str) -> str:
    """Give the SHA-256 of a random key, to be stored in its stead."""
    return hashlib.sha256(key.encode()).hexdigest()


async def add_headers(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Send `HEADERS` with every answer; fixed files may be kept."""
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.url.path.startswith("/static/"):
        response.headers["Cache-Control"] = "public, max-age=3600"
    return response
