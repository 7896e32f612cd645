"""The ticketing office: register, law, cases, audit trail."""

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from domain import DETENTION_ENDED, FINE_289_291_292, RED_LIGHT, RED_LIGHT_DETENTION
from sqlalchemy import text
from stnk import RECORD as GOOD

from ticketing import audit
from ticketing.cases import flag_violation
from ticketing.crypto import ENVIRONMENT, new_key
from ticketing.errors import KeyMissingError, UnknownRuleError
from ticketing.law import law_row, title_of
from ticketing.models import AuditRow, CaseRow
from ticketing.register_import import import_csv
from ticketing.registry import COLUMNS, find
from ticketing.types import FlaggedViolation

FLAG = FlaggedViolation(
    violation_id="v-1", rule="red_light", camera_id="cam", camera_name="Simpang", office="Ditlantas", street="Jl. A",
    latitude=-6.2, longitude=106.8, timezone="Asia/Jakarta", occurred_at=datetime(2026, 8, 18, 3, 0, tzinfo=UTC),
    vehicle_class="motorcycle", plate_text="B1234ABC", plate_accepted=True, plate_confidence=0.99,
    character_probabilities=(0.99,) * 8, plate_colour="white", plate_reason="", speed_kmh=None,
    speed_uncertainty_kmh=None, speed_limit_kmh=50.0, measured={"seconds_into_red": 2.5},
    evidence_manifest_sha256="0" * 64,
)  # fmt: skip


def write(path, *rows, columns=COLUMNS):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_record_is_found_by_its_plate_however_it_is_spaced(session, tmp_path):
    assert import_csv(session, write(tmp_path / "stnk.csv", GOOD)).taken == 1
    assert find(session, "b1234 abc").owner_name == "Siti Lestari"
    assert find(session, "B 9 X") is None


def test_personal_data_lies_encrypted_in_the_database(session, tmp_path, monkeypatch):
    import_csv(session, write(tmp_path / "stnk.csv", GOOD))
    stored = session.execute(text("select * from vehicles")).one()
    assert not any("Siti" in str(value) or "MH1JM" in str(value) for value in stored)
    monkeypatch.setenv(ENVIRONMENT, new_key())
    with pytest.raises(KeyMissingError, match="not the key"):
        find(session, "B1234ABC")


def test_detention_is_threatened_only_before_2026(session):
    assert law_row("red_light", DETENTION_ENDED - timedelta(1)).detention == RED_LIGHT_DETENTION
    assert law_row("red_light", DETENTION_ENDED).detention is None
    assert law_row("no_helmet", DETENTION_ENDED).fine_rupiah == FINE_289_291_292


def test_every_enforced_rule_has_a_row_and_an_unknown_one_is_refused():
    for rule in ("red_light", "stop_line", "wrong_way", "speeding", "no_helmet"):
        assert " / " in title_of(rule)
    with pytest.raises(UnknownRuleError, match="flying"):
        title_of("flying")


def test_flagging_twice_gives_one_case(session, tmp_path):
    import_csv(session, write(tmp_path / "stnk.csv", GOOD))
    first = flag_violation(session, FLAG)
    again = flag_violation(session, replace(FLAG, plate_text="D1X"))
    assert again.id == first.id
    assert session.query(CaseRow).count() == 1
    assert first.nrkb == "B1234ABC"
    assert first.law["article"] == RED_LIGHT


@pytest.mark.parametrize(
    "doubt", [{"plate_accepted": False}, {"plate_text": None}, {"plate_text": "B1235ABC"}]
)
def test_a_plate_in_doubt_or_unregistered_gets_no_record(session, tmp_path, doubt):
    import_csv(session, write(tmp_path / "stnk.csv", GOOD))
    assert flag_violation(session, replace(FLAG, **doubt)).nrkb is None


def test_the_law_of_the_day_is_that_of_the_cameras_own_zone(session):
    late = replace(FLAG, occurred_at=datetime(2026, 1, 1, 17, 30, tzinfo=UTC))
    assert flag_violation(session, late).law["detention"] is None
    early = replace(FLAG, violation_id="v-2", occurred_at=datetime(2026, 1, 1, 16, 30, tzinfo=UTC))
    assert flag_violation(session, early).law["detention"] == RED_LIGHT_DETENTION


def test_an_altered_or_missing_audit_row_is_named(session):
    for k in range(4):
        audit.record(session, datetime(2026, 1, 1, k, tzinfo=UTC), "budi", "opened", f"case {k}")
    assert audit.verify(session) == []
    session.get(AuditRow, 2).who = "somebody else"
    session.flush()
    assert any("audit row 2" in fault for fault in audit.verify(session))
    session.delete(session.get(AuditRow, 3))
    session.flush()
    assert "audit row 3 is missing" in audit.verify(session)
