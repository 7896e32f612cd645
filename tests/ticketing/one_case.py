"""One case on one database for thousands of tests in a row: what lies in the database is put back as it was.

A new database for each, with an engine of its own that compiles every statement anew, and the way to the stage walked
again, would take most of the time.
"""

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from case_ways import FLAG, NOON, WAY
from sqlalchemy import Engine, create_engine, event, func, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool
from stores import SqliteStore

from ticketing import desk
from ticketing.cases import flag_violation
from ticketing.crypto import seal
from ticketing.db import make_engine
from ticketing.models import AuditRow, Base, VehicleRow
from ticketing.registry import PERSONAL

SURE = desk.Checklist(True, True, True, True)


@dataclass(frozen=True)
class SoFar:
    """A case that has come to a stage, and all rows of its office then; ``at`` is the time of its last move."""

    case: int
    at: datetime
    rows: dict


class OneCase:
    """An office with one registered vehicle and one case."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self._tables = Base.metadata.sorted_tables
        self._stages = {}
        self._new = self._rows()

    @classmethod
    @contextmanager
    def in_store(cls, store):
        """Give one on SQLite in memory, or on PostgreSQL, as the store is."""
        with (_in_memory if isinstance(store, SqliteStore) else _on_a_server)(store) as engine:
            yield cls(engine)

    def put_back(self, stage: str) -> SoFar:
        """Make the database hold one case that has come to a stage, and nothing else."""
        if stage not in self._stages:
            self._replace(self._new)
            with Session(self.engine) as session:
                case, at = _come_to(session, stage)
            self._stages[stage] = SoFar(case, at, self._rows())
        so_far = self._stages[stage]
        self._replace(so_far.rows)
        return so_far

    def _rows(self):
        with self.engine.connect() as connection:
            found = {table: connection.execute(select(table)).mappings().all() for table in self._tables}
        return {table: [dict(row) for row in rows] for table, rows in found.items() if rows}

    def _replace(self, rows):
        with self.engine.begin() as connection:
            for table in reversed(self._tables):
                connection.execute(table.delete())
            for table in self._tables:
                if table in rows:
                    connection.execute(table.insert(), rows[table])


def _come_to(session, stage):
    sealed = seal({**dict.fromkeys(PERSONAL, "-"), "owner_name": "Siti", "owner_address": "Jl. 1"})
    session.add(
        VehicleRow(
            nrkb="B1234ABC", personal=sealed, make="Honda", type="Beat", vehicle_class="sepeda motor",
            model_class="skuter", year=2020, cylinder_cc=110, colour="hitam", plate_colour="white", fuel="bensin",
            location_code="09", registration_year=2020, valid_until=NOON.date(),
        )
    )  # fmt: skip
    case = flag_violation(session, FLAG, NOON).id
    if stage != "flagged":
        desk.open_case(session, case, "ani", now=NOON)
        desk.confirm(session, case, "ani", SURE, now=NOON)
        for step in WAY[stage]:
            step(session, case)
    at = session.scalar(select(func.max(AuditRow.at))) if stage != "flagged" else NOON
    session.commit()
    return case, at


@contextmanager
def _in_memory(store):
    memory = sqlite3.connect(":memory:", check_same_thread=False)
    with sqlite3.connect(store.template) as file:
        file.backup(memory)
    engine = create_engine("sqlite://", creator=lambda: memory, poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def _hold_foreign_keys(connection, _record):
        connection.execute("PRAGMA foreign_keys=ON")

    yield engine
    engine.dispose()
    memory.close()


@contextmanager
def _on_a_server(store):
    with store.database() as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()
