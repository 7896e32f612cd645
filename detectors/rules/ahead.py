"""Who stands or creeps ahead of a vehicle, or may: the excuse of whoever crosses a line to avoid it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

# A vehicle whose pace cannot be told goes as it certainly did so shortly before or does so shortly after; certainly: in
# so many sightings in a row. It is believed to be there at all when something like it was seen so often.
SETTLED_S, IN_A_ROW, UNTOLD_SIGHTINGS = 1.0, 3, 3
REMEMBERED_S = 20.0


@dataclass
class Ahead:
    """What one vehicle had before it; lines are known by their number, moments in seconds of the source's clock."""

    _slow_s: dict[int, float] = field(default_factory=dict)
    _untold: dict[int, set[tuple[float, int]]] = field(default_factory=dict)
    _row: dict[int, tuple[float, int]] = field(default_factory=dict)
    _moved_s: dict[int, float] = field(default_factory=dict)

    @property
    def unsettled(self) -> set[int]:
        """The ids of those whose pace could not be told."""
        return {other for untold in self._untold.values() for _, other in untold}

    def see(self, other: int, moves: bool | None, t_s: float) -> None:
        """Take in whether another vehicle surely moves in a moment, or surely does not; None: it cannot be told."""
        seen_s, row = self._row.get(other, (-math.inf, 0))
        if t_s <= seen_s:
            return
        row = row + 1 if moves else 0
        self._row[other] = (t_s, row)
        if row >= IN_A_ROW:
            self._moved_s[other] = t_s
            for untold in self._untold.values():
                untold -= {m for m in untold if m[1] == other and t_s - m[0] <= SETTLED_S}

    def note(self, line: int, other: int, moves: bool | None, t_s: float) -> None:
        """Note that another vehicle, seen in this moment, is in the way before a line unless it moves."""
        if moves is False:
            self._slow_s[line] = t_s
        elif t_s - self._moved_s.get(other, -math.inf) > SETTLED_S:
            self._untold.setdefault(line, set()).add((t_s, other))

    def in_the_way(self, line: int, since_s: float) -> bool:
        """Tell whether somebody was, or may have been, in the way before a line since a moment."""
        moments = {t_s for t_s, _ in self._untold.get(line, ()) if t_s >= since_s}
        return self._slow_s.get(line, -math.inf) >= since_s or len(moments) >= UNTOLD_SIGHTINGS

    def forget(self, t_s: float) -> None:
        """Let go of what was seen `REMEMBERED_S` before a moment."""
        since_s = t_s - REMEMBERED_S
        self._untold = {k: {m for m in untold if m[0] >= since_s} for k, untold in self._untold.items()}
        self._row = {k: seen for k, seen in self._row.items() if seen[0] >= since_s}
        self._moved_s = {k: moved for k, moved in self._moved_s.items() if moved >= since_s}
