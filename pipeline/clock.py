"""Is the source's time fit for evidence? Jumps, gaps and a clock that was set make a window around them
unfit."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from statistics import median

from detectors.types import Frame

GAP_S = 1.0
GAP_FRAMES = 4.0
CLOCK_SET_S = 0.25
UNFIT_AFTER_S = 1.0


def with_clock_fitness(frames: Iterable[Frame]) -> Iterator[tuple[Frame, bool]]:
    """Pair each frame with whether its time is fit for evidence.

    Unfit are the frame before and those within `UNFIT_AFTER_S` after: a time that does not advance; a gap
    of over a second and over four usual intervals; a wall clock set by over a quarter of a second against
    the stream's own time. The last frame is held back until the next comes, since that one judges it.
    """
    intervals: deque[float] = deque(maxlen=31)
    held: Frame | None = None
    held_fit = True
    fit_again_s = float("-inf")
    for frame in frames:
        if held is None:
            held = frame
            continue
        fault = _jumped(held, frame, median(intervals) if intervals else None)
        yield held, held_fit and not fault
        if fault:
            fit_again_s = frame.t_s + UNFIT_AFTER_S
        else:
            intervals.append(frame.t_s - held.t_s)
        # After a jump far back every later time would lie before the end of an old window.
        if frame.t_s < fit_again_s - UNFIT_AFTER_S:
            fit_again_s = frame.t_s + UNFIT_AFTER_S
        held, held_fit = frame, frame.t_s >= fit_again_s
    if held is not None:
        yield held, held_fit


def _jumped(a: Frame, b: Frame, usual_s: float | None) -> bool:
    dt = b.t_s - a.t_s
    wall = (b.captured_at - a.captured_at).total_seconds()
    if dt <= 0 or abs(wall - dt) > CLOCK_SET_S:
        return True
    return dt > max(GAP_S, GAP_FRAMES * (usual_s if usual_s is not None else dt))
