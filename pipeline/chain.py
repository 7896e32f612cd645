"""The chain of manifests: one line per evidence package, each naming the one before; only ever added to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_UN, flock
from pathlib import Path

from pipeline.blobs import StoreError, sync_folder

START = "0" * 64


@dataclass(frozen=True)
class Link:
    """One package's place: ``previous`` is the manifest hash of the link before, `START` for the first."""

    sequence: int
    violation_id: str
    manifest_sha256: str
    previous: str


class Chain:
    """The file of links. A package counts as written when its link is, and not before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] | None = None
        self._links: list[Link] = []
        self._by_violation: dict[str, Link] = {}
        self.broken_lines: list[str] = []

    def links(self) -> list[Link]:
        """Give all links in order."""
        self._refresh()
        return self._links

    def of(self, violation_id: str) -> Link | None:
        """Give a violation's link."""
        self._refresh()
        return self._by_violation.get(violation_id)

    def head(self) -> str:
        """Give the last manifest's hash."""
        links = self.links()
        return links[-1].manifest_sha256 if links else START

    def next_sequence(self) -> int:
        """Give the number of the link to come."""
        links = self.links()
        return links[-1].sequence + 1 if links else 1

    def append(self, link: Link) -> None:
        """Add a link, durably. The caller holds `locked`. Raises `StoreError`."""
        line = json.dumps(
            {
                "sequence": link.sequence,
                "violation_id": link.violation_id,
                "manifest_sha256": link.manifest_sha256,
                "previous": link.previous,
            }
        )
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
            try:
                before = os.fstat(handle).st_size
                data = f"{line}\n".encode()
                if os.write(handle, data) != len(data):
                    os.ftruncate(handle, before)
                    raise StoreError(f"{self._path}: cannot be written: no room left")
                os.fsync(handle)
            finally:
                os.close(handle)
            sync_folder(self._path.parent)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from error

    def drop_unfinished(self) -> None:
        """Take away a last line that a crash cut short. The caller holds `locked`."""
        if not self._path.exists():
            return
        data = self._path.read_bytes()
        if data and not data.endswith(b"\n"):
            with self._path.open("r+b") as file:
                file.truncate(data.rfind(b"\n") + 1)
                os.fsync(file.fileno())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other writer, of this process or another, out."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path.parent / ".lock", os.O_RDWR | os.O_CREAT, 0o640)
        except OSError as error:
            raise StoreError(f"{self._path.parent}: cannot be written: {error.strerror}") from error
        try:
            flock(handle, LOCK_EX)
            yield
        finally:
            flock(handle, LOCK_UN)
            os.close(handle)

    def _refresh(self) -> None:
        status = self._path.stat() if self._path.exists() else None
        seen = (status.st_size, status.st_mtime_ns, status.st_ino) if status is not None else ()
        if seen == self._seen:
            return
        self._links, self._by_violation, self.broken_lines = [], {}, []
        text = self._path.read_text(encoding="utf-8", errors="replace") if status is not None else ""
        for number, line in enumerate(text.splitlines(keepends=True), start=1):
            link = _parse(line)
            if link is None:
                self.broken_lines.append(f"line {number}")
                continue
            self._links.append(link)
            self._by_violation.setdefault(link.violation_id, link)
        self._seen = seen


def _parse(line: str) -> Link | None:
    if not line.endswith("\n"):
        return None
    try:
        row = json.loads(line)
        return Link(
            int(row["sequence"]), str(row["violation_id"]), str(row["manifest_sha256"]), str(row["previous"])
        )
    except (ValueError, KeyError, TypeError):
        return None
