"""The last moments of a camera, compressed and in memory, so that evidence has its frames when a rule
speaks."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from detectors.types import Detection, SignalState

FULL_S = 8.0
THINNED_S = 60.0
THINNED_EVERY_S = 0.5
MOST_BYTES = 160 * 2**20


@dataclass(frozen=True)
class StoredFrame:
    """A frame as it is kept: ``jpeg`` is the source's own where ``as_received``, else quality 95 of the
    decoded frame. ``detections`` are what was found in it, None where nobody looked (nothing had moved).
    ``signals`` are the states of the signal heads as the rules were told them."""

    index: int
    t_s: float
    captured_at: datetime
    jpeg: bytes = field(repr=False)
    as_received: bool
    detections: tuple[Detection, ...] | None = None
    signals: Mapping[str, SignalState] = field(default_factory=dict)


class FrameRing:
    """All frames of the last `FULL_S`, some (each `THINNED_EVERY_S`) of `THINNED_S` before; bounded bytes."""

    def __init__(
        self, full_s: float = FULL_S, thinned_s: float = THINNED_S, most_bytes: int = MOST_BYTES
    ) -> None:
        self._full_s, self._thinned_s, self._most_bytes = full_s, thinned_s, most_bytes
        self._full: deque[StoredFrame] = deque()
        self._thinned: deque[StoredFrame] = deque()
        self._bytes = 0

    def add(self, stored: StoredFrame) -> None:
        """Take in the newest frame; a time that jumps back empties the ring."""
        if self._full and stored.t_s <= self._full[-1].t_s:
            self._full.clear()
            self._thinned.clear()
            self._bytes = 0
        self._full.append(stored)
        self._bytes += len(stored.jpeg)
        while self._full[0].t_s < stored.t_s - self._full_s:
            self._thin(self._full.popleft())
        while self._thinned and (
            self._thinned[0].t_s < stored.t_s - self._full_s - self._thinned_s
            or self._bytes > self._most_bytes
        ):
            self._bytes -= len(self._thinned.popleft().jpeg)
        while self._bytes > self._most_bytes and len(self._full) > 1:
            self._bytes -= len(self._full.popleft().jpeg)

    def _thin(self, stored: StoredFrame) -> None:
        if not self._thinned or stored.t_s - self._thinned[-1].t_s >= THINNED_EVERY_S:
            self._thinned.append(stored)
        else:
            self._bytes -= len(stored.jpeg)

    def between(self, start_s: float, end_s: float) -> tuple[StoredFrame, ...]:
        """Give what is kept from one moment to another, in order."""
        return tuple(f for f in (*self._thinned, *self._full) if start_s <= f.t_s <= end_s)

    def nearest(self, t_s: float) -> StoredFrame | None:
        """Give the kept frame whose time is closest, or None where nothing is kept."""
        return min((*self._thinned, *self._full), key=lambda f: abs(f.t_s - t_s), default=None)
