"""Store and forward: hands a gateway's segments over in order, and waits while the server cannot take them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.outbox import Outbox, Parcel
from pipeline.sources.reconnect import backoff

TAKEN, REFUSED, NOT_OURS = (200, 201), (400, 404, 409, 413, 422), (401, 403)
RETRY_MOST_S = 3600.0


class PushStoppedError(RuntimeError):
    """The server will take nothing from this gateway; what waits stays on disk."""


@dataclass(frozen=True)
class Answer:
    """What the server said of a segment: ``status`` 0 where it could not be reached, ``detail`` why."""

    status: int
    detail: str = ""
    retry_after_s: float | None = None


class Forwarder:
    """Hands over what waits, oldest first.

    Args:
        outbox: what waits.
        post: hands one segment over; never raises for what the network does.
        wait: waits for so many seconds.
        tell: hears of refusals and of an absent server.
        rng: for the jitter.
    """

    def __init__(
        self,
        outbox: Outbox,
        post: Callable[[Parcel], Answer],
        wait: Callable[[float], object],
        tell: Callable[[str], None],
        rng: random.Random | None = None,
    ) -> None:
        self.taken = self.refused = 0
        self._outbox, self._post, self._wait, self._tell = outbox, post, wait, tell
        self._rng = rng or random.Random()
        self._failed = 0

    def send_one(self) -> bool:
        """Try the oldest segment once, and wait where the server asks to; tell whether one was there.

        Raises:
            PushStoppedError: the key is wrong, or does not speak for this camera.
        """
        waiting = self._outbox.waiting()
        if not waiting:
            return False
        parcel = waiting[0]
        answer = self._post(parcel)
        if answer.status in TAKEN:
            self._outbox.done(parcel)
            self.taken += 1
            if self._failed:
                self._tell(f"the server takes segments again, after {self._failed} tries")
            self._failed = 0
        elif answer.status in REFUSED:
            aside = self._outbox.refuse(parcel)
            self.refused += 1
            self._tell(f"segment {parcel.sequence} refused, kept as {aside}: {answer.detail}")
        elif answer.status in NOT_OURS:
            raise PushStoppedError(f"{answer.detail}; {len(waiting)} segments wait on disk")
        else:
            self._later(answer, len(waiting))
        return True

    def _later(self, answer: Answer, waiting: int) -> None:
        pause = backoff(self._failed, self._rng)
        if answer.retry_after_s is not None:
            # Never sooner than it asks, and not all gateways at once.
            pause = min(answer.retry_after_s, RETRY_MOST_S) + self._rng.uniform(0.0, 1.0)
        self._failed += 1
        if self._failed in (1, 2, 4, 8) or self._failed % 16 == 0:
            why = f"{answer.status}: {answer.detail}" if answer.status else answer.detail
            self._tell(f"not taken ({why}); {waiting} wait on disk, again in {pause:.1f} s")
        self._wait(pause)
