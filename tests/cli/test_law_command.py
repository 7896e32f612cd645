"""``etle law`` and ``etle exempt``: an administrator's rows, from the command line."""

import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from cli.main import app
from cli.office import open_office
from ticketing.models import AuditRow

TODAY = datetime.now(UTC).date()


@pytest.fixture
def etle(tmp_path, monkeypatch):
    monkeypatch.delenv("ETLE_PII_KEY", raising=False)
    monkeypatch.delenv("ETLE_DATABASE_URL", raising=False)

    def run(*arguments, code=0):
        done = CliRunner().invoke(app, [*arguments, "--data", str(tmp_path)])
        assert done.exit_code == code, done.output
        return done.output

    return run


def trail(tmp_path):
    with open_office(tmp_path) as office, Session(office.engine) as session:
        return [(r.who, r.what, r.subject) for r in session.query(AuditRow)]


def test_a_fine_is_raised_from_a_day_on_and_the_rest_of_the_row_stays(etle, tmp_path):
    start = (TODAY + timedelta(days=30)).isoformat()
    etle("law", "amend", "rules", "no_helmet", "--from", start, "--set", "fine=300000", "--who", "kasubdit",
         "--source", "PP contoh 1/2027, halaman 2")  # fmt: skip
    assert "Rp 250000" in etle("law", "list", "no_helmet")
    then = etle("law", "list", "no_helmet", "--on", start)
    assert "Rp 300000" in then
    assert "Pasal 291" in then
    assert "points: 1" in then
    assert "kasubdit" in etle("law", "list", "--entered")
    assert ("kasubdit", "law amended", "rules no_helmet") in trail(tmp_path)


def test_the_whole_table_is_listed_as_it_was_on_a_day(etle):
    assert "detention: 2 bulan" in etle("law", "list", "red_light", "--on", "2026-01-01")
    lines = etle("law", "list", "--on", "2026-01-02").splitlines()
    assert len(lines) > 10
    assert all("detention: none" in line for line in lines)


def test_deadlines_of_an_office_are_entered(etle):
    etle(
        "law",
        "amend",
        "deadlines",
        "Ditlantas",
        "--from",
        "2026-12-01",
        "--set",
        "answer=10",
        "--source",
        "edaran",
    )
    assert "deadlines Ditlantas" in etle("law", "list", "--entered")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("rules", "red_light", "--from", "besok", "--set", "fine=1", "--source", "s"), "no day"),
        (("rules", "red_light", "--from", "2026-12-01", "--set", "fine", "--source", "s"), "FIELD=VALUE"),
        (("rules", "red_light", "--from", "2026-12-01", "--set", "fine=banyak", "--source", "s"), "whole number"),
        (("rules", "red_light", "--from", "2026-12-01", "--set", "denda=1", "--source", "s"), "exactly the fields"),
        (("rules", "red_light", "--from", "2026-12-01", "--set", "fine=1", "--source", " "), "source"),
        (("rules", "flying", "--from", "2026-12-01", "--set", "fine=1", "--source", "s"), "exactly the fields"),
        (("taxes", "x", "--from", "2026-12-01", "--set", "fine=1", "--source", "s"), "no table of law"),
    ],
)  # fmt: skip
def test_a_row_that_is_none_is_refused_with_the_reason_and_nothing_is_entered(etle, arguments, why):
    assert why in etle("law", "amend", *arguments, code=2)
    assert etle("law", "list", "--entered") == ""


def test_a_plate_is_exempt_from_its_first_to_its_last_day(etle, tmp_path):
    etle("exempt", "add", "b 1234 abc", "ambulans", "--who", "kasubdit")
    assert "B1234ABC\tambulans" in etle("exempt", "list")
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    etle("exempt", "end", "1", "--on", yesterday, "--who", "kasubdit")
    assert etle("exempt", "list") == ""
    assert "B1234ABC" in etle("exempt", "list", "--all")
    assert [what for _, what, _ in trail(tmp_path)] == ["plate exempt", "exemption ended"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("add", "'; DROP TABLE cases", "ambulans"), "not a plate"),
        (("add", "B 1 A", " "), "what vehicle"),
        (("add", "B 1 A", "ambulans", "--from", "2026-12-02", "--until", "2026-12-01"), "is before"),
        (("end", "9"), "no row 9"),
    ],
)
def test_what_cannot_be_exempt_is_refused_with_the_reason(etle, arguments, why):
    assert why in etle("exempt", *arguments, code=2)


def test_a_database_whose_driver_is_not_installed_is_said_with_the_remedy(etle, monkeypatch):
    monkeypatch.setenv("ETLE_DATABASE_URL", "postgresql+psycopg://etle@db.example.id/etle")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    said = etle("law", "list", code=2)
    assert "psycopg is not installed" in said and "etle[postgres]" in said
