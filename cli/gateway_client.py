"""What a gateway's commands need to speak to the server: its address, its key, answers that never raise."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from cli.errors import UsageError
from pipeline.forward import Answer

ENVIRONMENT = "ETLE_GATEWAY_KEY"
TIMEOUT_S = 60.0
_CHUNK = 64 * 1024


def gateway_key(file: Path | None) -> str:
    """Give the key from a file or the environment: on a command line anybody could read it. Raises `UsageError`."""
    if file is not None:
        key = file.read_text(encoding="utf-8").strip()
    else:
        key = os.environ.get(ENVIRONMENT, "").strip()
    if not key or not key.isascii():
        raise UsageError(f"give the gateway's key with --key-file, or in the environment as {ENVIRONMENT}")
    return key


class Server:
    """The server's API as one gateway reaches it; ``bytes_per_s`` limits what is sent, None: not at all."""

    def __init__(
        self,
        url: str,
        key: str,
        bytes_per_s: float | None = None,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], object] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises `UsageError` where the address is none."""
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"--server {url}: an address begins with https:// or http://")
        self._bytes_per_s, self._wait, self._monotonic = bytes_per_s, wait, monotonic
        self._client = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=TIMEOUT_S,
            transport=transport,
        )

    def post(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        files: Any = None,
    ) -> tuple[Answer, Any]:
        """Post a body, or parts; give the answer and its JSON, None where it has none."""
        request = self._client.build_request("POST", path, params=params, content=content, files=files)
        body = request.read()
        if self._bytes_per_s is not None:
            request = self._client.build_request(
                "POST",
                path,
                params=params,
                content=self._slowly(body, self._bytes_per_s),
                headers=request.headers,
            )
        try:
            response = self._client.send(request)
        except httpx.HTTPError as error:
            return Answer(0, f"the server cannot be reached: {error or type(error).__name__}"), None
        try:
            said = response.json()
        except ValueError:
            said = None
        detail = str(said.get("detail", "")) if isinstance(said, dict) else response.text[:200]
        return Answer(response.status_code, detail, _seconds(response.headers.get("retry-after"))), said

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _slowly(self, body: bytes, bytes_per_s: float) -> Iterator[bytes]:
        began = self._monotonic()
        for at in range(0, len(body), _CHUNK):
            early = at / bytes_per_s - (self._monotonic() - began)
            if early > 0:
                self._wait(early)
            yield body[at : at + _CHUNK]
        early = len(body) / bytes_per_s - (self._monotonic() - began)
        if early > 0:
            self._wait(early)


def _seconds(text: str | None) -> float | None:
    """Read Retry-After in seconds; a date (RFC 9110 allows one) is not what this server sends."""
    try:
        return None if text is None else max(0.0, float(text))
    except ValueError:
        return None
