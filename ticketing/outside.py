"""An outside register (ERI), read only: asked with a time limit, again where it stumbles, left alone while down."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Protocol

import httpx
from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.crypto import seal
from ticketing.errors import OutsideError, OutsideRecordError, PlateError
from ticketing.models import VehicleRow
from ticketing.plates import canonical_plate
from ticketing.registry import CLASSES, COLUMNS, NUMBERS, PERSONAL, PLATE_COLOURS, TEXTS
from ticketing.types import VehicleRecord

MOST_FAILURES = 5
REST_S = 60.0
TRIES = 3
FIRST_WAIT_S = 0.2


class OutsideRegister(Protocol):
    """A register elsewhere."""

    def find(self, nrkb: str) -> VehicleRecord | None:
        """Give the record of a canonical plate, or None where there is none.

        Raises:
            OutsideError: it did not answer, or not in time; asking again may help.
            OutsideRecordError: what it answered is no record; asking again does not help.
        """


class HttpRegister:
    """A register behind HTTP: ``GET URL/vehicles/B1234ABC`` gives a JSON object with `registry.COLUMNS`, or 404."""

    def __init__(
        self, url: str, token: str, *, timeout_s: float = 2.0, client: httpx.Client | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._client = client or httpx.Client(timeout=timeout_s)
        self._headers = {"Authorization": f"Bearer {token}"}

    def find(self, nrkb: str) -> VehicleRecord | None:
        """Ask."""
        try:
            answer = self._client.get(f"{self._url}/vehicles/{canonical_plate(nrkb)}", headers=self._headers)
        except httpx.HTTPError as error:
            raise OutsideError(f"the outside register did not answer: {error}") from error
        except PlateError:
            return None
        if answer.status_code == 404:
            return None
        if not answer.is_success:
            raise OutsideError(f"the outside register answered {answer.status_code}")
        try:
            return _record(answer.json(), canonical_plate(nrkb))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OutsideRecordError(f"the outside register gave no record of {nrkb}: {error}") from error


class Guarded:
    """Asks a register again where it stumbles, and lets it rest where it is down (a circuit breaker).

    After `MOST_FAILURES` failures in a row nobody asks for `REST_S` seconds; then one asks, and by its answer the
    others may again or not.

    Args:
        clock: seconds that only go forward; injected, as is ``sleep``, so that tests can travel.
    """

    def __init__(
        self,
        register: OutsideRegister,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._register, self._clock, self._sleep = register, clock, sleep
        self._failures, self._rests_until = 0, 0.0

    @property
    def resting(self) -> bool:
        """Whether the register is taken to be down."""
        return self._failures >= MOST_FAILURES and self._clock() < self._rests_until

    def find(self, nrkb: str) -> VehicleRecord | None:
        """Ask. Raises `OutsideError` at once while the register rests, and `OutsideRecordError`."""
        if self.resting:
            raise OutsideError("the outside register is down: nobody asks it for a minute")
        # After a rest one question decides.
        tries = 1 if self._failures >= MOST_FAILURES else TRIES
        for k in range(tries):
            try:
                found = self._register.find(nrkb)
            except OutsideError:
                self._failures += 1
                self._rests_until = self._clock() + REST_S
                if k == tries - 1 or self.resting:
                    raise
                self._sleep(FIRST_WAIT_S * 2**k)
            else:
                self._failures = 0
                return found
        raise AssertionError("unreachable")


def fetch(
    session: Session, register: OutsideRegister, nrkb: str, who: str, *, now: datetime
) -> VehicleRow | None:
    """Take the outside record of a plate into our register, in the place of the one that is there; on the trail.

    Raises:
        As `OutsideRegister.find`; nothing was changed.
    """
    record = register.find(canonical_plate(nrkb))
    if record is None:
        return None
    values: dict[str, Any] = {c: getattr(record, c) for c in (*TEXTS, *NUMBERS, "nrkb", "valid_until")}
    row = session.merge(VehicleRow(**values, personal=seal({c: getattr(record, c) for c in PERSONAL})))
    session.flush()
    audit.record(session, now, who, "record fetched", f"plate {record.nrkb}")
    return row


def _record(fields: dict[str, Any], nrkb: str) -> VehicleRecord:
    missing = [c for c in COLUMNS if c not in fields]
    if missing:
        raise ValueError(f"without {', '.join(missing)}")
    if canonical_plate(str(fields["nrkb"])) != nrkb:
        raise ValueError("of another plate")
    if fields["vehicle_class"] not in CLASSES or fields["plate_colour"] not in PLATE_COLOURS:
        raise ValueError("of an unknown class or plate colour")
    if not str(fields["owner_name"]).strip() or not str(fields["owner_address"]).strip():
        raise ValueError("without an owner's name or address")
    texts = {c: str(fields[c]).strip() for c in (*PERSONAL, *TEXTS)}
    numbers = {c: int(fields[c]) for c in NUMBERS}
    return VehicleRecord(
        nrkb=nrkb, **texts, **numbers, valid_until=date.fromisoformat(fields["valid_until"])  # type: ignore[arg-type]
    )  # fmt: skip
