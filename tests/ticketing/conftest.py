import os
from dataclasses import replace
from uuid import uuid4

import pytest
from case_ways import FLAG, NOON, WAY
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import Session

from ticketing import desk
from ticketing.cases import flag_violation
from ticketing.crypto import ENVIRONMENT, new_key, seal
from ticketing.db import make_engine, migrate
from ticketing.desk import Checklist
from ticketing.models import CaseRow, VehicleRow
from ticketing.registry import PERSONAL

# A PostgreSQL server to run these tests on instead of SQLite; each test makes a database there and drops it.
SERVER = "ETLE_TEST_POSTGRES_URL"


@pytest.fixture
def url(tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, new_key())
    server = os.environ.get(SERVER)
    if not server:
        yield f"sqlite:///{tmp_path / 'office.sqlite3'}"
        return
    name = f"etle_test_{uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def engine(url):
    migrate(url)
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
