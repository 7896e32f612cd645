"""Taking STNK records in from CSV: in one stream, batch by batch, resumed where it was cut off.

The whole file is looked through once before anything changes: what is no register file is refused whole, with the
reason. After that a good row is taken in, and a bad one reported.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.errors import PlateError, RegistryImportError
from ticketing.models import RegisterImportRow, VehicleRow
from ticketing.plates import canonical_plate
from ticketing.register_rows import RowFault, read_row
from ticketing.registry import COLUMNS

__all__ = ["Imported", "RegistryImportError", "RowFault", "import_csv"]

BATCH = 2000
MOST_COLUMNS = 60
LONGEST_LINE = 1 << 20
REPORT_HEAD = ("row", "nrkb", "column", "reason")


@dataclass(frozen=True)
class Imported:
    """What came of a file: rows taken in and refused, in all runs; ``resumed_after`` rows an earlier run had done."""

    taken: int
    refused: int
    resumed_after: int
    faults: tuple[RowFault, ...]


@dataclass(frozen=True)
class _File:
    sha256: str
    rows: int
    header: list[str]


def import_csv(
    session: Session,
    path: Path,
    *,
    report: Path | None = None,
    keep: Callable[[], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
    who: str = "administration",
    now: datetime | None = None,
) -> Imported:
    """Take the records of a UTF-8 CSV file in; known plates are brought up to date.

    Args:
        report: where rows that were not taken in are listed with their reasons, as CSV; without it only the first
            `BATCH` faults are given back.
        keep: called after each batch, to commit it; without it all of it is the caller's transaction.
        progress: called after each batch with the rows done and the rows there are.
        who: for the audit trail.

    Raises:
        RegistryImportError: the file is no register file: not UTF-8, a column missing or twice, too many columns.
            Nothing was changed.
    """
    file = _look_through(path)
    places = _places(file.header)
    now = now or datetime.now(UTC)
    run = _run(session, file, path, now)
    resumed_after = run.rows
    faults: list[RowFault] = []
    if report is not None:
        _begin_report(report, run.line)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        next(reader)
        for _ in islice(reader, resumed_after):
            pass
        while batch := [(cells, reader.line_num) for cells in islice(reader, BATCH)]:
            good, bad = _read_batch(session, run.id, batch, places, len(file.header))
            _upsert(session, good)
            run.rows, run.line = run.rows + len(batch), batch[-1][1]
            run.taken += len(good)
            run.refused += len({fault.row for fault in bad})
            faults += bad[: BATCH - len(faults)]
            if report is not None:
                _append(report, bad)
            session.flush()
            if keep is not None:
                keep()
            if progress is not None:
                progress(run.rows, file.rows)
    run.finished_at = now
    counted = {"file": path.name[:120], "taken": run.taken, "refused": run.refused}
    audit.record(session, now, who, "register imported", f"file {file.sha256[:16]}", counted)
    if keep is not None:
        keep()
    return Imported(run.taken, run.refused, resumed_after, tuple(faults))


def _run(session: Session, file: _File, path: Path, now: datetime) -> RegisterImportRow:
    cut_off = select(RegisterImportRow).where(
        RegisterImportRow.sha256 == file.sha256, RegisterImportRow.finished_at.is_(None)
    )
    run = session.scalars(cut_off).first()
    if run is None:
        run = RegisterImportRow(
            sha256=file.sha256, name=path.name[:120], rows=0, line=1, taken=0, refused=0, started_at=now
        )
        session.add(run)
        session.flush()
    return run


def _look_through(path: Path) -> _File:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            reader = csv.reader(_lines(stream, digest))
            header = next(reader, [])
            rows = sum(1 for _ in reader)
    except csv.Error as error:
        raise RegistryImportError(
            [f"row {reader.line_num}: {error}: is a quote left open above it?"]
        ) from error
    except OSError as error:
        raise RegistryImportError([f"{path}: {error.strerror}"]) from error
    return _File(digest.hexdigest(), rows, [name.strip() for name in header])


def _lines(stream: BinaryIO, digest: Any) -> Iterator[str]:
    for number, line in enumerate(iter(lambda: stream.readline(LONGEST_LINE), b""), 1):
        digest.update(line)
        if len(line) == LONGEST_LINE:
            raise RegistryImportError([f"row {number}: a line of a megabyte: this is no register file"])
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise RegistryImportError(
                [
                    f"row {number}: the file is not UTF-8 (byte {line[error.start]:#04x}); it looks like Windows-1252: "
                    "save it as CSV UTF-8 and import it again"
                ]
            ) from error


def _places(header: list[str]) -> dict[str, int]:
    faults = []
    missing = [c for c in COLUMNS if c not in header]
    if missing:
        hint = "; it has semicolons: save it with commas" if ";" in "".join(header) else ""
        faults.append(f"row 1: missing columns: {', '.join(missing)}{hint}")
    if twice := [c for c in COLUMNS if header.count(c) > 1]:
        faults.append(f"row 1: columns that stand there twice: {', '.join(twice)}")
    if len(header) > MOST_COLUMNS:
        faults.append(
            f"row 1: {len(header)} columns: a register file has {len(COLUMNS)}, at most {MOST_COLUMNS}"
        )
    if faults:
        raise RegistryImportError(faults)
    return {c: header.index(c) for c in COLUMNS}


def _read_batch(
    session: Session,
    run: int,
    batch: list[tuple[list[str], int]],
    places: dict[str, int],
    width: int,
) -> tuple[list[dict[str, Any]], list[RowFault]]:
    good: dict[str, dict[str, Any]] = {}
    bad: list[RowFault] = []
    plates = [cells[places["nrkb"]] for cells, _ in batch if len(cells) == width]
    written = select(VehicleRow.nrkb).where(
        VehicleRow.import_run == run, VehicleRow.nrkb.in_([_bare(plate) for plate in plates])
    )
    before = set(session.scalars(written))
    for cells, line in batch:
        values, faults = read_row(cells, places, width, line)
        bad += faults
        if values is None:
            continue
        nrkb = values["nrkb"]
        if nrkb in good or nrkb in before:
            reason = "stands further up in the file already: which of the records is right?"
            bad.append(RowFault(line, nrkb, "nrkb", f"{nrkb!r} {reason}"))
        else:
            good[nrkb] = {**values, "import_run": run}
    return list(good.values()), bad


def _bare(plate: str) -> str:
    try:
        return canonical_plate(plate)
    except PlateError:
        return ""


def _upsert(session: Session, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    kind = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = kind.insert(VehicleRow)
    changed = {c: getattr(insert.excluded, c) for c in rows[0] if c != "nrkb"}
    statement = insert.on_conflict_do_update(index_elements=["nrkb"], set_=changed)
    session.connection().execute(statement, rows)


def _begin_report(report: Path, line: int) -> None:
    # What the cut-off run had listed beyond its last whole batch is read, and listed, again.
    kept: list[list[str]] = []
    if line > 1 and report.exists():
        with report.open(encoding="utf-8", newline="") as file:
            kept = [row for row in list(csv.reader(file))[1:] if int(row[0]) <= line]
    report.parent.mkdir(parents=True, exist_ok=True)
    with report.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([REPORT_HEAD, *kept])


def _append(report: Path, faults: list[RowFault]) -> None:
    with report.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows((f.row, f.nrkb, f.column, f.reason) for f in faults)
