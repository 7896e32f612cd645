import os
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import Session

from ticketing.cases import flag_violation
from ticketing.crypto import ENVIRONMENT, new_key, seal
from ticketing.db import make_engine, migrate
from ticketing.desk import Checklist
from ticketing.models import VehicleRow
from ticketing.registry import PERSONAL
from ticketing.types import FlaggedViolation

# A PostgreSQL server to run these tests on instead of SQLite; each test makes a database there and drops it.
SERVER = "ETLE_TEST_POSTGRES_URL"
NOON = datetime(2026, 8, 19, 5, 0, tzinfo=UTC)
FLAG = FlaggedViolation(
    violation_id="v-1", rule="red_light", camera_id="cam", camera_name="Simpang Karet", office="Ditlantas",
    street="Jl. Sudirman", latitude=-6.2, longitude=106.8, timezone="Asia/Jakarta",
    occurred_at=datetime(2026, 8, 18, 3, 0, 5, tzinfo=UTC), vehicle_class="motorcycle", plate_text="B1234ABC",
    plate_accepted=True, plate_confidence=0.99, character_probabilities=(0.99,) * 8, plate_colour="white",
    plate_reason="", speed_kmh=41.5, speed_uncertainty_kmh=1.5, speed_limit_kmh=50.0,
    measured={"seconds_into_red": 2.5}, evidence_manifest_sha256="0" * 64,
)  # fmt: skip


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
def sure():
    return Checklist(True, True, True, True)
