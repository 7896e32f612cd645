"""Keeping a connection to what may break off at any time."""

from __future__ import annotations

import random
from collections.abc import Callable

BACKOFF_FIRST_S, BACKOFF_MOST_S = 1.0, 60.0


def backoff(attempt: int, rng: random.Random) -> float:
    """Give the seconds to wait before try ``attempt`` (0 is the first again): exponential with full jitter,
    never under half a second.

    Source: M. Brooker, Exponential Backoff and Jitter, AWS Architecture Blog, 2015.
    """
    ceiling = min(BACKOFF_MOST_S, BACKOFF_FIRST_S * 2.0 ** min(attempt, 16))
    return max(0.5, rng.uniform(0.0, ceiling))


def keep_connected(
    once: Callable[[], tuple[str, bool]],
    closed: Callable[[], bool],
    wait: Callable[[float], object],
    rng: random.Random,
    fault: Callable[[str], None],
    attempts: int | None = None,
) -> int:
    """Connect again whenever a connection ends, until ``closed``, or ``attempts`` in a row gave nothing.

    Args:
        once: holds one connection as long as it goes; gives why it ended, and whether anything came.
        closed: whether to stop.
        wait: waits for so many seconds.
        rng: for the jitter.
        fault: hears why each connection ended, and what comes next.
        attempts: None: for ever.

    Returns:
        How often it connected again.
    """
    failed = again = 0
    while not closed():
        reason, came = once()
        failed = 0 if came else failed + 1
        if closed():
            break
        if attempts is not None and failed >= attempts:
            fault(f"{reason}; given up after {failed} attempts")
            break
        again += 1
        pause = backoff(failed, rng)
        fault(f"{reason}; connecting again in {pause:.1f} s")
        wait(pause)
    return again
