"""``etle audit verify``: which row was altered, the last one included."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from cli.main import app
from cli.office import open_office
from ticketing import audit
from ticketing.audit import _hash
from ticketing.models import AuditRow

WRITTEN = 4


@pytest.fixture
def office(tmp_path, monkeypatch):
    monkeypatch.delenv("ETLE_PII_KEY", raising=False)
    monkeypatch.delenv("ETLE_DATABASE_URL", raising=False)
    with open_office(tmp_path) as opened, Session(opened.engine) as session, session.begin():
        for k in range(WRITTEN):
            audit.record(session, datetime(2026, 8, 18, k, tzinfo=UTC), "ani", "opened", f"case {k}")
    return tmp_path


def change(folder, number, **values):
    with open_office(folder) as opened, Session(opened.engine) as session, session.begin():
        row = session.get(AuditRow, number)
        for name, value in values.items():
            setattr(row, name, value)
        return row


def verify(folder):
    done = CliRunner().invoke(app, ["audit", "verify", "--data", str(folder)])
    return done.exit_code, done.stdout, done.stderr.splitlines()


def test_a_trail_as_it_was_written_is_verified(office):
    assert verify(office) == (0, "audit trail verified, nothing altered\n", [])


@pytest.mark.parametrize("number", range(1, WRITTEN + 1))
@pytest.mark.parametrize(
    "values", [{"who": "budi"}, {"detail": {"x": 1}}, {"at": datetime(2026, 8, 19, tzinfo=UTC)}]
)
def test_an_altered_row_is_named_wherever_it_stands(office, number, values):
    change(office, number, **values)
    code, out, said = verify(office)
    who = values.get("who", "ani")
    assert (code, out) == (1, "")
    assert said == [f"etle: audit row {number} (opened of case {number - 1} by {who}) was altered"]


def test_the_last_row_altered_together_with_its_hash_is_named(office):
    with open_office(office) as opened, Session(opened.engine) as session, session.begin():
        row = session.get(AuditRow, WRITTEN)
        row.who = "budi"
        row.hash = _hash(session.get(AuditRow, WRITTEN - 1).hash, row)
    code, _, said = verify(office)
    assert (code, said) == (
        1, [f"etle: audit row {WRITTEN}, the last, was altered together with its hash"],
    )  # fmt: skip


def test_the_last_row_cut_off_is_named(office):
    with open_office(office) as opened, Session(opened.engine) as session, session.begin():
        session.delete(session.get(AuditRow, WRITTEN))
    code, _, said = verify(office)
    assert (code, said) == (1, ["etle: the audit trail ends at row 3, but 4 were written"])
