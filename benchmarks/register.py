"""The STNK register at size: import rate, index size, and how long a plate takes to find.

``python -m benchmarks.register --records 200000`` writes a register file of made-up records, takes it in, and looks
plates up: registered ones as read, and readings with two doubtful characters. ``--url`` names another database than
a new SQLite file; what is in it is kept, and the records are added.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import tempfile
import time
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from ticketing.crypto import ENVIRONMENT, new_key
from ticketing.db import make_engine, migrate
from ticketing.matching import Seen, match
from ticketing.models import VehicleRow
from ticketing.register_import import import_csv
from ticketing.registry import COLUMNS

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
REGIONS = ("B", "D", "F", "L", "N", "AB", "AD", "BK", "DK")


def plate(rng: random.Random) -> str:
    """Make a number up."""
    return (
        f"{rng.choice(REGIONS)}{rng.randint(1, 9999)}{''.join(rng.choices(LETTERS, k=rng.choice((2, 3, 3))))}"
    )


def write_file(path: Path, records: int, rng: random.Random) -> None:
    """Write a register file."""
    record = {
        "owner_name": "Siti Lestari", "owner_address": "Jl. Melati No. 12, RT 001/RW 002, Jakarta", "make": "Honda",
        "type": "Beat", "model_class": "skuter", "year": 2020, "cylinder_cc": 110, "colour": "hitam", "fuel": "bensin",
        "location_code": "09", "valid_until": "2028-01-31", "registration_year": 2020, "phone": "081234567890",
        "email": "", "chassis_number": "MH1JM0000000001", "engine_number": "JM11E1000001", "bpkb_number": "N1000001",
        "vehicle_class": "sepeda motor", "plate_colour": "white",
    }  # fmt: skip
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for nrkb in {plate(rng) for _ in range(records)}:
            writer.writerow({**record, "nrkb": nrkb})


def percentile(times: list[float], share: float) -> float:
    """Give a percentile in milliseconds."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))] * 1000


def main() -> None:
    """Measure, and print one line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--look-ups", type=int, default=2000)
    parser.add_argument("--url")
    options = parser.parse_args()
    os.environ.setdefault(ENVIRONMENT, new_key())
    rng = random.Random(5)
    with tempfile.TemporaryDirectory() as folder:
        file, database = Path(folder, "stnk.csv"), Path(folder, "office.sqlite3")
        url = options.url or f"sqlite:///{database}"
        migrate(url)
        engine = make_engine(url)
        write_file(file, options.records, rng)
        with Session(engine) as session:
            began = time.perf_counter()
            done = import_csv(session, file, keep=session.commit)
            took = time.perf_counter() - began
            print(f"import: {done.taken} records in {took:.1f} s, {done.taken / took:.0f} a second")
            print(f"index: {index_bytes(session) / done.taken:.0f} bytes a record")
            sample = list(session.scalars(text(f"SELECT nrkb FROM vehicles LIMIT {50 * options.look_ups}")))
            rng.shuffle(sample)
            exact, uncertain = [], []
            for nrkb in sample[: options.look_ups]:
                began = time.perf_counter()
                session.get(VehicleRow, nrkb, populate_existing=True)
                exact.append(time.perf_counter() - began)
                doubts = set(rng.sample(range(len(nrkb)), 2))
                read = Seen(nrkb, tuple(0.6 if i in doubts else 0.99 for i in range(len(nrkb))), None, None)
                began = time.perf_counter()
                match(session, read)
                uncertain.append(time.perf_counter() - began)
        engine.dispose()
    for name, times in (("exact", exact), ("two doubtful characters", uncertain)):
        print(f"{name}: p50 {percentile(times, 0.5):.2f} ms, p99 {percentile(times, 0.99):.2f} ms")


def index_bytes(session: Session) -> int:
    """Give the size of the index over plates."""
    if session.get_bind().dialect.name == "postgresql":
        return int(session.scalar(text("SELECT pg_relation_size('vehicles_pkey')")) or 0)
    query = "SELECT sum(pgsize) FROM dbstat WHERE name = 'sqlite_autoindex_vehicles_1'"
    return int(session.scalar(text(query)) or 0)


if __name__ == "__main__":
    main()
