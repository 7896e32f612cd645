import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import Session

from ticketing import answers, clocks, desk, letters, money, moves, schedule, tickets
from ticketing.cases import flag_violation
from ticketing.crypto import ENVIRONMENT, new_key, seal
from ticketing.db import make_engine, migrate
from ticketing.desk import Checklist
from ticketing.models import CaseRow, VehicleRow
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
DAY = timedelta(days=1)
HEARING = date(2026, 9, 14)


def _send(session, case):
    letters.send_letter(session, case, "ani", now=NOON)


def _say(kind):
    said = answers.Statement("karena begitu", "Budi Santoso", "Jl. Kenanga 2, Bogor", "0813", "1234567890")
    return lambda session, case: answers.answer(session, case, kind, said, now=NOON)


def _clock(days):
    return lambda session, case: schedule.fire(session, clocks.running(session, case).id, NOON + days * DAY)


def _issue(session, case):
    tickets.issue(session, case, "ani", now=NOON)


def _pay(session, case):
    row = moves.take(session, case)
    due = money.account(session, row).due
    money.receive(session, row, due, f"pay-{case}-{due}", NOON, who="bank", now=NOON)


def _hear(session, case):
    tickets.set_hearing(session, case, "ani", HEARING, "PN Jakarta Selatan", now=NOON)


def _judge(session, case):
    tickets.give_verdict(session, case, "ani", 100_000, 2_000, "12/Pid.C", now=NOON + 30 * DAY)


# To each state the shortest way from a confirmed case. DOMAIN.md, "Deadlines": H+8 confirm, H+15 pay.
WAY = {
    "confirmed": (),
    "letter_sent": (_send,),
    "undelivered": (_send, lambda s, case: letters.letter_returned(s, case, "pos", "pindah", now=NOON)),
    "driver_named": (_send, _say("name_driver")),
    "silent": (_send, _clock(8)),
    "admitted": (_send, _say("admit")),
    "sold": (_send, _say("sell")),
    "not_mine": (_send, _say("disown")),
    "contested": (_send, _say("contest")),
    "ticket_issued": (_send, _say("admit"), _issue),
    "unpaid": (_send, _say("admit"), _issue, _clock(20)),
    "paid": (_send, _say("admit"), _issue, _pay),
    "court": (_send, _say("admit"), _issue, _hear),
    "judged": (_send, _say("admit"), _issue, _pay, _hear, _judge),
    "withdrawn": (_send, lambda s, case: tickets.withdraw(s, case, "ani", "salah baca", now=NOON)),
    "settled": (_send, _say("admit"), _issue, _hear, _judge, _pay),
}


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
