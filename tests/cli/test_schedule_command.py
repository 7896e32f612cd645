"""``etle schedule``, as it runs beside the pages."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
from junction import done, etle
from sqlalchemy.orm import Session
from stnk import RECORD

from cli.office import open_office
from ticketing import contact, desk, dispatch, passages
from ticketing.cases import flag_violation
from ticketing.models import CaseRow
from ticketing.outside import HttpRegister, fetch
from ticketing.types import FlaggedViolation

LONG_AGO = datetime.now(UTC) - timedelta(days=60)
FLAG = FlaggedViolation(
    violation_id="v-1", rule="red_light", camera_id="cam", camera_name="Simpang", office="Ditlantas", street="Jl. A",
    latitude=-6.2, longitude=106.8, timezone="Asia/Jakarta", occurred_at=LONG_AGO, vehicle_class="motorcycle",
    plate_text="B1234ABC", plate_accepted=True, plate_confidence=0.99, character_probabilities=(0.99,) * 8,
    plate_colour="white", plate_reason="", speed_kmh=None, speed_uncertainty_kmh=None, speed_limit_kmh=50.0,
    measured={}, evidence_manifest_sha256="0" * 64,
)  # fmt: skip


def register(_request):
    return httpx.Response(200, json=RECORD)


def test_one_round_hands_the_letter_over_and_fires_the_deadline_and_the_next_does_nothing(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("ETLE_PII_KEY", raising=False)
    monkeypatch.delenv("ETLE_DATABASE_URL", raising=False)
    with open_office(tmp_path) as office, Session(office.engine) as session, session.begin():
        client = httpx.Client(transport=httpx.MockTransport(register))
        fetch(
            session,
            HttpRegister("https://eri.example.id", "t", client=client),
            "B1234ABC",
            "admin",
            now=LONG_AGO,
        )
        case = flag_violation(session, FLAG, LONG_AGO).id
        desk.open_case(session, case, "ani", now=LONG_AGO)
        desk.confirm(session, case, "ani", desk.Checklist(True, True, True, True), now=LONG_AGO)
        now = datetime.now(UTC)
        dispatch.send_confirmation(session, case, "ani", [], "https://etle.example.id", now=now)
        flag_violation(session, replace(FLAG, violation_id="v-2"), LONG_AGO)
        passed = replace(FLAG, violation_id="v-3", measured={"moment_doubt_s": 0.1})
        passages.keep(session, passed, LONG_AGO)
        contact.begin(session, "conversation", "payment", "Halo?", "10.0.0.1", now=LONG_AGO)
    command = etle("schedule", "--once", "--data", tmp_path)
    _, err = command.communicate(timeout=120)
    assert command.returncode == 0, err
    assert "deadlines: 1 contact_escalated, 1 review" in err
    assert "letters: 1 sent" in err
    assert "passages: 1 deleted" in err
    (about,) = (tmp_path / "outgoing-post").glob("*.json")
    assert json.loads(about.read_text())["name"] == "Siti Lestari"
    again = etle("schedule", "--once", "--data", tmp_path)
    assert again.communicate(timeout=120) == ("", "")
    with open_office(tmp_path) as office, Session(office.engine) as session:
        assert [c.state for c in session.query(CaseRow).order_by(CaseRow.id)] == ["letter_sent", "rejected"]
    assert done(etle("audit", "verify", "--data", tmp_path)) == "audit trail verified, nothing altered\n"


def test_a_fault_in_the_sections_settings_keeps_no_letter_and_is_told_in_a_line(tmp_path, monkeypatch):
    own = tmp_path / "rules.yaml"
    own.write_text("average_speed: 3", encoding="utf-8")
    monkeypatch.setenv("ETLE_RECORD_RULES", str(own))
    with open_office(tmp_path) as office, Session(office.engine) as session, session.begin():
        flag_violation(session, FLAG, LONG_AGO)
    command = etle("schedule", "--once", "--data", tmp_path)
    _, err = command.communicate(timeout=120)
    assert command.returncode == 2
    assert "deadlines: 1 review" in err and str(own) in err and "Traceback" not in err


def test_a_channel_that_is_set_up_by_half_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("ETLE_WEBHOOK_URL", "http://gateway.example.id")
    command = etle("schedule", "--once", "--data", tmp_path)
    _, err = command.communicate(timeout=120)
    assert command.returncode == 2
    assert "ETLE_WEBHOOK_SECRET" in err
