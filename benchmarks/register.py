"""The STNK register at size: import rate, index size, and how long a plate takes to find.

``python -m benchmarks.register --filled 10000000 --records 200000`` writes ten million made-up records straight into
the table, in no order; takes a register file of 200,000 more in as an office would; and looks plates up: registered
ones as read, and readings with two doubtful characters. ``--url`` names another database than a new SQLite file;
what is in it is kept, and the records are added. Both numbers 0: only look-ups, in a database that is there.

All plates are looked up twice: a page that nobody has touched yet comes from the disk, and that time is the disk's.
Each look-up is timed twice: by the clock on the wall, and by the processor's time of this process, which other
programs on the machine do not lengthen; of PostgreSQL that leaves the server's own part out.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from ticketing.crypto import ENVIRONMENT, new_key, seal
from ticketing.db import make_engine, migrate
from ticketing.matching import Seen, match
from ticketing.models import VehicleRow
from ticketing.register_import import import_csv
from ticketing.registry import COLUMNS, PERSONAL

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
REGIONS = ("B", "D", "F", "L", "N", "AB", "AD", "BK", "DK")


def plate(rng: random.Random) -> str:
    """Make a number up."""
    return (
        f"{rng.choice(REGIONS)}{rng.randint(1, 9999)}{''.join(rng.choices(LETTERS, k=rng.choice((2, 3, 3))))}"
    )


RECORD = {
    "owner_name": "Siti Lestari", "owner_address": "Jl. Melati No. 12, RT 001/RW 002, Jakarta", "make": "Honda",
    "type": "Beat", "model_class": "skuter", "year": 2020, "cylinder_cc": 110, "colour": "hitam", "fuel": "bensin",
    "location_code": "09", "valid_until": "2028-01-31", "registration_year": 2020, "phone": "081234567890",
    "email": "", "chassis_number": "MH1JM0000000001", "engine_number": "JM11E1000001", "bpkb_number": "N1000001",
    "vehicle_class": "sepeda motor", "plate_colour": "white",
}  # fmt: skip
OPEN = [name for name in RECORD if name not in PERSONAL]


def write_file(path: Path, records: int, rng: random.Random) -> None:
    """Write a register file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for nrkb in {plate(rng) for _ in range(records)}:
            writer.writerow({**RECORD, "nrkb": nrkb})


def fill(engine: Engine, records: int, rng: random.Random) -> None:
    """Put records straight into the table; all have one ciphertext, which makes rows as long as real ones."""
    sealed = seal({c: str(RECORD[c]) for c in PERSONAL})
    fields = [RECORD[c] if c != "valid_until" else date.fromisoformat(RECORD[c]) for c in OPEN]
    columns = ("nrkb", "personal", *OPEN)
    if engine.dialect.name == "postgresql":
        _copy(engine, columns, ((plate(rng), sealed, *fields) for _ in range(records)))
        return
    raw = engine.raw_connection()
    # One bulk load: the index stays in memory, and a crash would only mean to begin anew.
    for pragma in ("cache_size=-800000", "synchronous=OFF"):
        raw.execute(f"PRAGMA {pragma}")
    marks = ", ".join(["?"] * len(columns))
    fields = [str(f) if isinstance(f, date) else f for f in fields]
    insert = f"INSERT OR IGNORE INTO vehicles ({', '.join(columns)}) VALUES ({marks})"
    for done in range(0, records, 500_000):
        some = min(500_000, records - done)
        raw.executemany(insert, ((plate(rng), sealed, *fields) for _ in range(some)))
        raw.commit()
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    engine.dispose()


def _copy(engine: Engine, columns: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE filling (LIKE vehicles) ON COMMIT DROP"))
        cursor = connection.connection.cursor()
        with cursor.copy(f"COPY filling ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.execute(text("INSERT INTO vehicles SELECT * FROM filling ON CONFLICT DO NOTHING"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE vehicles"))


def percentile(times: list[float], share: float) -> float:
    """Give a percentile in milliseconds."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))] * 1000


def main() -> None:
    """Measure, and print one line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--filled", type=int, default=0)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--look-ups", type=int, default=2000)
    parser.add_argument("--url")
    options = parser.parse_args()
    os.environ.setdefault(ENVIRONMENT, new_key())
    rng = random.Random()
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or f"sqlite:///{Path(folder, 'office.sqlite3')}"
        migrate(url)
        engine = make_engine(url)
        if options.filled:
            began = time.perf_counter()
            fill(engine, options.filled, rng)
            print(f"filled in {time.perf_counter() - began:.0f} s")
        with Session(engine) as session:
            if options.records:
                take_in(session, Path(folder, "stnk.csv"), options.records, rng)
            held = session.scalar(text("SELECT count(*) FROM vehicles")) or 0
            index, whole = sizes(session)
            print(f"records: {held}; index {index / held:.1f} bytes a record, {index / 2**20:.0f} MiB; "
                  f"the whole {whole / 2**30:.2f} GiB")  # fmt: skip
            plates = sample(session, options.look_ups, rng)
            for title in ("first touch", "again"):
                print(f"{title}:")
                look_up(session, plates, rng)
        engine.dispose()


def take_in(session: Session, file: Path, records: int, rng: random.Random) -> None:
    """Measure an import."""
    write_file(file, records, rng)
    began, worked = time.perf_counter(), time.process_time()
    done = import_csv(session, file, keep=session.commit)
    took, worked = time.perf_counter() - began, time.process_time() - worked
    print(f"import: {done.taken} records in {took:.1f} s, {done.taken / took:.0f} a second; "
          f"{done.taken / worked:.0f} a second of the processor's time")  # fmt: skip


def sample(session: Session, wanted: int, rng: random.Random) -> list[str]:
    """Give registered plates from all over the register."""
    found: set[str] = set()
    above = text("SELECT nrkb FROM vehicles WHERE nrkb >= :at ORDER BY nrkb LIMIT 1")
    while len(found) < wanted:
        found.update(session.scalars(above, {"at": plate(rng)}))
    plates = sorted(found)
    rng.shuffle(plates)
    return plates


def look_up(session: Session, plates: list[str], rng: random.Random) -> None:
    """Measure how long a plate takes to find."""
    times: dict[str, tuple[list[float], list[float]]] = {
        "exact": ([], []),
        "two doubtful characters": ([], []),
    }

    def timed(name: str, began: float, worked: float) -> None:
        times[name][0].append(time.perf_counter() - began)
        times[name][1].append(time.thread_time() - worked)

    for nrkb in plates:
        # As between requests: a program that never rests is the first to be interrupted on a busy machine.
        time.sleep(0.001)
        began, worked = time.perf_counter(), time.thread_time()
        session.get(VehicleRow, nrkb, populate_existing=True)
        timed("exact", began, worked)
        doubts = set(rng.sample(range(len(nrkb)), 2))
        read = Seen(nrkb, tuple(0.6 if i in doubts else 0.99 for i in range(len(nrkb))), None, None)
        began, worked = time.perf_counter(), time.thread_time()
        match(session, read)
        timed("two doubtful characters", began, worked)
    for name, (wall, own) in times.items():
        shown = [f"p50 {percentile(t, 0.5):.2f} ms, p99 {percentile(t, 0.99):.2f} ms" for t in (wall, own)]
        print(f"{name}: {shown[0]}; processor's time {shown[1]}")


def sizes(session: Session) -> tuple[int, int]:
    """Give the bytes of the index over plates, and of the table with it (SQLite: of the whole file)."""
    if session.get_bind().dialect.name == "postgresql":
        both = "SELECT pg_relation_size('vehicles_pkey'), pg_total_relation_size('vehicles')"
        index, whole = session.execute(text(both)).one()
        return int(index), int(whole)
    size = "SELECT sum(pgsize) FROM dbstat WHERE name = 'sqlite_autoindex_vehicles_1' AND aggregate = TRUE"
    pages = session.scalar(text("PRAGMA page_count")) or 0
    return int(session.scalar(text(size)) or 0), int(pages * (session.scalar(text("PRAGMA page_size")) or 0))


if __name__ == "__main__":
    main()
