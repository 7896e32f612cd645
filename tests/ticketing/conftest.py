import sqlite3
from dataclasses import replace
from uuid import uuid4

import pytest
from case_ways import FLAG, NOON, WAY
from postgres import MissingError, server
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session
from stores import PostgresStore, SqliteStore

from ticketing import desk
from ticketing.cases import flag_violation
from ticketing.crypto import ENVIRONMENT, new_key, seal
from ticketing.db import make_engine
from ticketing.desk import Checklist
from ticketing.models import CaseRow, VehicleRow
from ticketing.registry import PERSONAL


@event.listens_for(Engine, "connect")
def _never_wait_for_the_disk(connection, _record):
    # What a test wrote is worth nothing after a power cut.
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(scope="session")
def sqlite_store(tmp_path_factory):
    return SqliteStore(tmp_path_factory.mktemp("stores"))


@pytest.fixture(scope="session")
def postgres_store():
    try:
        with server() as url:
            made = PostgresStore(url)
            yield made
            made.close()
    except MissingError as error:
        pytest.skip(f"NOT RUN ON POSTGRESQL: {error}")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request, monkeypatch):
    """Where databases come from: every test that asks for one runs on each."""
    monkeypatch.setenv(ENVIRONMENT, new_key())
    return request.getfixturevalue("sqlite_store" if request.param == "sqlite" else "postgres_store")


@pytest.fixture
def url(store):
    with store.database() as made:
        yield made


@pytest.fixture
def engine(url):
    opened = make_engine(url)
    yield opened
    opened.dispose()


@pytest.fixture
def session(engine):
    with Session(engine) as opened:
        yield opened


@pytest.fixture
def register(session):
    """Put a vehicle into the register."""

    def add(nrkb="B1234ABC", **columns):
        sealed = seal(
            {**dict.fromkeys(PERSONAL, "-"), "owner_name": "Siti Lestari", "owner_address": "Jl. Melati 1"}
        )
        stored = {
            "make": "Honda", "type": "Beat", "vehicle_class": "sepeda motor", "model_class": "skuter", "year": 2020,
            "cylinder_cc": 110, "colour": "hitam", "plate_colour": "white", "fuel": "bensin", "location_code": "09",
            "registration_year": 2020, "valid_until": NOON.date(), "personal": sealed,
        }  # fmt: skip
        session.merge(VehicleRow(nrkb=nrkb, **(stored | columns)))
        session.commit()

    return add


@pytest.fixture
def flag(session):
    """Flag a violation, and give its case's number."""

    def add(**changes):
        case = flag_violation(session, replace(FLAG, violation_id=str(uuid4()), **changes), NOON)
        session.commit()
        return case.id

    return add


@pytest.fixture
def confirmed(session, register, flag, sure):
    """Flag a violation and confirm it, as officer ani at `NOON`; give its case's number."""

    def make(**changes):
        register(changes.get("plate_text") or "B1234ABC")
        case = flag(**changes)
        desk.open_case(session, case, "ani", now=NOON)
        desk.confirm(session, case, "ani", Checklist(True, True, True, True), now=NOON)
        session.commit()
        return case

    return make


@pytest.fixture
def in_state(session, confirmed):
    """Bring a new case into a state, by the shortest way."""

    def make(state):
        case = confirmed()
        for step in WAY[state]:
            step(session, case)
        session.commit()
        assert session.get(CaseRow, case).state == state
        return case

    return make


@pytest.fixture
def sure():
    return Checklist(True, True, True, True)
