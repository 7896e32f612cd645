"""Recorded segments that a gateway handed over: on disk before they are acknowledged, processed at least
once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.blobs import BlobStore, StoreError, sha256_hex

_SCHEMA = """
CREATE TABLE IF NOT EXISTS segment (
    camera_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    recorded_at TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'taken', 'done', 'set_aside')),
    attempts INTEGER NOT NULL DEFAULT 0,
    leased_until REAL NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (camera_id, sequence)
) STRICT;
CREATE INDEX IF NOT EXISTS segment_by_state ON segment (state);
"""
ATTEMPTS = 5


class SpoolError(RuntimeError):
    """The spool cannot take or give a segment; the message says why."""


class SegmentConflictError(SpoolError):
    """The same camera and sequence were handed over before with other content."""


@dataclass(frozen=True)
class Segment:
    """A segment in hand: ``path`` holds its video; ``attempt`` counts from 1."""

    camera_id: str
    sequence: int
    recorded_at: datetime
    sha256: str
    path: Path
    attempt: int


class Spool:
    """Segments in a folder, by camera and sequence, in SQLite (WAL, synchronous FULL).

    One camera's segments are given in sequence and one at a time: the next only once the one before is done
    or set aside. What was taken and not acknowledged within its lease is given again.
    """

    def __init__(self, root: Path, now: Callable[[], float] = time.time) -> None:
        """Open or make the spool. Raises `SpoolError`. ``now`` gives seconds of the wall clock."""
        self._now = now
        self._files = BlobStore(root / "files")
        self._path = root / "spool.sqlite3"
        try:
            root.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as db:
                db.execute("PRAGMA journal_mode=WAL")
                db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise SpoolError(f"{root}: the spool cannot be opened: {error}") from error

    def accept(self, camera_id: str, sequence: int, recorded_at: datetime, data: bytes) -> bool:
        """Take a segment in, durably; tell whether it is new (False: it was here already, unchanged).

        Raises:
            SegmentConflictError: that sequence was handed over with other content, or of another time.
            SpoolError: an empty segment, or a time without a zone.
        """
        if not data:
            raise SpoolError(f"camera {camera_id} segment {sequence}: empty (0 bytes)")
        if recorded_at.tzinfo is None:
            raise SpoolError(f"camera {camera_id} segment {sequence}: recorded_at must name its zone")
        sha256 = sha256_hex(data)
        row = (camera_id, sequence, recorded_at.astimezone(UTC).isoformat(), sha256, len(data))
        with self._transaction() as db:
            known = db.execute(
                "SELECT sha256, recorded_at FROM segment WHERE camera_id = ? AND sequence = ?",
                (camera_id, sequence),
            ).fetchone()
            if known is None:
                self._files.put(data)
                db.execute(
                    "INSERT INTO segment (camera_id, sequence, recorded_at, sha256, size_bytes)"
                    " VALUES (?, ?, ?, ?, ?)",
                    row,
                )
        if known is not None and known[0] != sha256:
            raise SegmentConflictError(
                f"camera {camera_id} segment {sequence}: handed over before with other content "
                f"(SHA-256 {known[0]}, now {sha256})"
            )
        if known is not None and known[1] != row[2]:
            raise SegmentConflictError(
                f"camera {camera_id} segment {sequence}: handed over before as recorded at {known[1]}, now at "
                f"{row[2]}: number segments on, and never begin anew"
            )
        return known is None

    def take(self, lease_s: float = 120.0) -> Segment | None:
        """Take the next segment that is waiting, or whose lease ran out; None where there is none."""
        now = self._now()
        with self._transaction() as db:
            db.execute(
                "UPDATE segment SET state = 'set_aside',"
                " reason = 'given up after ' || attempts || ' attempts: '"
                " || CASE reason WHEN '' THEN 'the worker vanished each time' ELSE reason END"
                " WHERE state IN ('waiting', 'taken') AND leased_until <= ? AND attempts >= ?",
                (now, ATTEMPTS),
            )
            row = db.execute(
                "SELECT camera_id, sequence, recorded_at, sha256, attempts FROM segment AS s"
                " WHERE state IN ('waiting', 'taken') AND leased_until <= ? AND NOT EXISTS ("
                "  SELECT 1 FROM segment AS earlier WHERE earlier.camera_id = s.camera_id"
                "  AND earlier.sequence < s.sequence AND earlier.state IN ('waiting', 'taken'))"
                " ORDER BY recorded_at, camera_id, sequence LIMIT 1",
                (now,),
            ).fetchone()
            if row is not None:
                db.execute(
                    "UPDATE segment SET state = 'taken', attempts = attempts + 1, leased_until = ?"
                    " WHERE camera_id = ? AND sequence = ?",
                    (now + lease_s, row[0], row[1]),
                )
        if row is None:
            return None
        path = self._files.path(row[3])
        return Segment(row[0], row[1], datetime.fromisoformat(row[2]), row[3], path, row[4] + 1)

    def renew(self, segment: Segment, lease_s: float = 120.0) -> bool:
        """Prolong a lease; tell whether it was still held."""
        with self._transaction() as db:
            return self._settle(db, segment, "state = 'taken', leased_until = ?", (self._now() + lease_s,))

    def acknowledge(self, segment: Segment) -> bool:
        """Say that a segment is processed; tell whether this holder still held it. Its video is let go."""
        with self._transaction() as db:
            if not self._settle(db, segment, "state = 'done', leased_until = 0", ()):
                return False
            needed = db.execute(
                "SELECT 1 FROM segment WHERE sha256 = ? AND state <> 'done' LIMIT 1", (segment.sha256,)
            ).fetchone()
            if needed is None:
                segment.path.unlink(missing_ok=True)
        return True

    def give_back(self, segment: Segment, reason: str, pause_s: float = 0.0) -> bool:
        """Say that a segment could not be processed now; after `ATTEMPTS` it is set aside with the reason."""
        values = (reason, self._now() + pause_s)
        with self._transaction() as db:
            return self._settle(db, segment, "state = 'waiting', reason = ?, leased_until = ?", values)

    def counts(self) -> dict[str, int]:
        """Give how many segments are waiting, taken, done and set aside."""
        with closing(self._connect()) as db:
            return dict(db.execute("SELECT state, count(*) FROM segment GROUP BY state").fetchall())

    def waiting(self) -> int:
        """Give how many segments wait."""
        with closing(self._connect()) as db:
            row = db.execute("SELECT count(*) FROM segment WHERE state = 'waiting'").fetchone()
        return int(row[0])

    def set_aside(self) -> list[tuple[str, int, str]]:
        """Give the segments that nobody could process: camera, sequence, reason."""
        with closing(self._connect()) as db:
            return [
                (str(c), int(s), str(r))
                for c, s, r in db.execute(
                    "SELECT camera_id, sequence, reason FROM segment WHERE state = 'set_aside'"
                    " ORDER BY camera_id, sequence"
                )
            ]

    def _settle(
        self, db: sqlite3.Connection, segment: Segment, change: str, values: tuple[object, ...]
    ) -> bool:
        """Change a segment only where this very attempt still holds it: a lease that ran out is lost."""
        done = db.execute(
            f"UPDATE segment SET {change} WHERE camera_id = ? AND sequence = ?"  # noqa: S608 - our own text
            " AND attempts = ? AND state = 'taken'",
            (*values, segment.camera_id, segment.sequence, segment.attempt),
        )
        return done.rowcount == 1

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the spool alone; an error leaves it as it was. Raises `SpoolError`."""
        try:
            with closing(self._connect()) as db:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
        except (sqlite3.Error, StoreError) as error:
            raise SpoolError(f"{self._path}: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=30.0, isolation_level=None)
        db.execute("PRAGMA synchronous=FULL")
        return db
