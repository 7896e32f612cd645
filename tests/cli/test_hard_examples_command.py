"""``etle evidence hard-examples``: the crops of what officers rejected."""

from dataclasses import replace
from datetime import UTC, datetime

from junction import etle
from sqlalchemy.orm import Session
from test_schedule_command import FLAG

from cli.office import open_office
from pipeline.evidence import EvidenceItem, EvidenceStore
from ticketing import desk
from ticketing.cases import flag_violation

NOW = datetime(2026, 8, 19, tzinfo=UTC)


def test_crops_and_reasons_are_copied_and_missing_evidence_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("ETLE_PII_KEY", raising=False)
    monkeypatch.delenv("ETLE_DATABASE_URL", raising=False)
    data, out = tmp_path / "data", tmp_path / "out"
    with open_office(data) as office, Session(office.engine) as session, session.begin():
        for name in ("v-1", "v-2"):
            case = flag_violation(session, replace(FLAG, violation_id=name, occurred_at=NOW), NOW).id
            desk.open_case(session, case, "ani", now=NOW)
            desk.reject(session, case, "ani", "picture_quality", "kabur", now=NOW)
    roles = (("plate:0", "image/png"), ("vehicle", "image/jpeg"), ("frame:0", "image/jpeg"))
    items = [EvidenceItem(role, kind, role.encode(), role) for role, kind in roles]
    EvidenceStore(data).write("v-1", {}, items)
    command = etle("evidence", "hard-examples", out, "--since", "2026-08-01", "--data", data)
    said, errors = command.communicate(timeout=120)
    assert (command.returncode, said) == (3, f"1 hard examples in {out}\n")
    assert "violation v-2: its evidence is missing" in errors
    assert sorted(path.name for path in (out / "v-1").iterdir()) == ["plate-0.png", "vehicle.jpg"]
    assert (out / "hard-examples.csv").read_text().count("picture_quality,kabur") == 2
