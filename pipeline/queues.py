"""Two queues between threads: latest wins for live frames, and read-ahead that loses nothing for recorded."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class LatestQueue(Generic[T]):
    """Bounded; the oldest makes room for the newest, and each one lost is counted in ``dropped``."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError("a queue needs room for at least one")
        self._items: deque[T] = deque()
        self._capacity = capacity
        self._changed = threading.Condition()
        self._closed = False
        self.dropped = 0

    def put(self, item: T) -> bool:
        """Add; tell whether an older one had to go. After `close` nothing is taken in."""
        with self._changed:
            if self._closed:
                return False
            lost = len(self._items) >= self._capacity
            if lost:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._changed.notify()
            return lost

    def close(self) -> None:
        """Say that nothing more comes; what is held can still be had."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def closed(self) -> bool:
        """Whether nothing more can come."""
        return self._closed

    def __iter__(self) -> Iterator[T]:
        """Give items as they come, until closed and empty."""
        return self.until_idle(None)

    def until_idle(self, idle_s: float | None) -> Iterator[T]:
        """Give items as they come, until closed and empty, or none came for ``idle_s`` after the first."""
        wait_s: float | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._items) or self._closed, wait_s)
                if not self._items:
                    return
                item = self._items.popleft()
            wait_s = idle_s
            yield item


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def read_ahead(items: Iterable[T], prepare: Callable[[T], R], depth: int = 8) -> Iterator[R]:
    """Apply ``prepare`` to items in a thread of its own, at most ``depth`` ahead; order kept, none lost.

    An error of the items or of ``prepare`` is raised here, after the results before it.
    """
    done = object()
    results: queue.Queue[object] = queue.Queue(maxsize=depth)
    stop = threading.Event()

    def put(value: object) -> None:
        while not stop.is_set():
            try:
                results.put(value, timeout=0.2)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put(prepare(item))
                if stop.is_set():
                    return
            put(done)
        except BaseException as error:
            # Carried over to the thread that waits, and raised there.
            put(_Failed(error))

    thread = threading.Thread(target=work, name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            value = results.get()
            if value is done:
                return
            if isinstance(value, _Failed):
                raise value.error
            yield value  # type: ignore[misc]
    finally:
        stop.set()
        thread.join(timeout=5.0)
