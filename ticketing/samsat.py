"""Ways to tell Samsat that an STNK is blocked or released: a web service, or a folder for whoever carries it there.

Which interface Samsat offers is not public: both are ours, small enough to be put before the real one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import httpx

from ticketing.errors import DeliveryError, InDoubtError, SamsatRefusedError


@dataclass(frozen=True)
class BlockOrder:
    """What Samsat is told, nothing personal in it. ``kind`` is block or release; ``since`` is UTC.

    ``key`` is the same at every try. ``block`` is the same for a block and all its releases: a vehicle may be
    blocked for two cases, and a release is of one of them. ``ground`` is an id of `blocks.WORDS` or an objection's
    state. ``reference`` is the vehicle's owner's, empty where they have none (`references.owners`).
    """

    key: str
    block: str
    kind: str
    nrkb: str
    ground: str
    reference: str
    since: datetime

    def plain(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {**asdict(self), "since": self.since.isoformat()}


class Samsat(Protocol):
    """A way to Samsat. ``idempotent``: told the same key twice, it does it once."""

    idempotent: bool

    def tell(self, order: BlockOrder) -> str | None:
        """Hand an order over; give Samsat's own number of it where there is one.

        Raises:
            DeliveryError: it was not handed over; try again.
            SamsatRefusedError: it will not be done, however often it is asked.
            InDoubtError: it may have been done: nobody can tell.
        """


class HttpSamsat:
    """A web service: ``POST URL/orders`` with the order as JSON, which must hold a key that it has seen for one.

    ``X-Signature`` is HMAC-SHA256, in hex, over the body with the secret that both share.
    """

    idempotent = True

    def __init__(self, url: str, secret: str, *, client: httpx.Client | None = None) -> None:
        self._url, self._secret = url.rstrip("/"), secret
        self._client = client or httpx.Client(timeout=15.0)

    def tell(self, order: BlockOrder) -> str | None:
        """Post it; the service's ``id`` is its own number."""
        body = json.dumps(order.plain()).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": order.key,
            "X-Signature": hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest(),
        }
        try:
            answer = self._client.post(f"{self._url}/orders", content=body, headers=headers)
        except httpx.ConnectError as error:
            raise DeliveryError(f"Samsat cannot be reached: {error}") from error
        except httpx.HTTPError as error:
            raise InDoubtError(f"Samsat fell silent: {error}") from error
        if answer.status_code in (400, 404, 409, 410, 422):
            raise SamsatRefusedError(f"Samsat answered {answer.status_code}: {answer.text[:200]}")
        if not answer.is_success:
            raise DeliveryError(f"Samsat answered {answer.status_code}")
        try:
            number = answer.json().get("id")
        except (ValueError, AttributeError):
            number = None
        return str(number)[:80] if number is not None else None


class SamsatFolder:
    """Puts each order into a folder as ``KEY.json``, whole once it is there. A second try writes the same."""

    idempotent = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def tell(self, order: BlockOrder) -> str | None:
        """Write the file. Raises `DeliveryError` where it cannot be."""
        partial = self._folder / f".{order.key}.partial"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(json.dumps(order.plain(), indent=1).encode())
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._folder / f"{order.key}.json")
        except OSError as error:
            raise DeliveryError(f"{self._folder}: {error.strerror}") from error
        return None
