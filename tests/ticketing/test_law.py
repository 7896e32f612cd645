"""The law table: rows by day and office, an administrator's rows, days that deadlines skip."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing import desk, law, workdays
from ticketing.errors import LawError, UnknownRuleError
from ticketing.models import AuditRow, CaseRow

NOON = datetime(2026, 8, 19, 5, 0, tzinfo=UTC)
ROW = {"title_id": "Menerobos", "title_en": "Red light", "article": "287 (2)", "fine": 750_000, "detention": None,
       "points": 5}  # fmt: skip


def test_a_row_says_from_when_until_when_it_holds():
    # DOMAIN.md, "Law table": UU 22/2009; no detention from 2 January 2026 on.
    before, since = law.law_row("red_light", date(2025, 6, 1)), law.law_row("red_light", date(2026, 6, 1))
    assert (before.valid_from, before.valid_until) == (date(2009, 6, 22), date(2026, 1, 1))
    assert (since.valid_from, since.valid_until) == (date(2026, 1, 2), None)
    with pytest.raises(UnknownRuleError, match="2009-06-21"):
        law.law_row("red_light", date(2009, 6, 21))


def test_an_administrators_row_holds_from_its_day_on_and_is_on_record(session):
    law.amend(session, "admin", "rules", "red_light", date(2026, 9, 1), ROW, "UU 1/2026", now=NOON)
    assert law.law_row("red_light", date(2026, 8, 31), session).fine_rupiah == 500_000
    assert law.law_row("red_light", date(2026, 8, 31), session).valid_until == date(2026, 8, 31)
    assert law.law_row("red_light", date(2026, 9, 1), session).fine_rupiah == 750_000
    entered = session.query(AuditRow).filter_by(what="law amended").one()
    assert (entered.who, entered.detail["source"]) == ("admin", "UU 1/2026")


def test_a_rule_that_only_an_administrator_knows_can_be_enforced(session):
    law.amend(session, "admin", "rules", "overload", date(2026, 1, 2), ROW, "UU 22/2009 art. 307", now=NOON)
    assert law.law_row("overload", date(2026, 3, 1), session).points == 5


def test_a_case_keeps_the_row_that_was_valid_when_it_happened(session, flag):
    case = flag()
    law.amend(session, "admin", "rules", "red_light", date(2026, 8, 1), ROW, "UU 1/2026", now=NOON)
    kept = session.get(CaseRow, case).law
    assert (kept["fine_rupiah"], kept["valid_from"]) == (500_000, "2026-01-02")
    assert session.get(CaseRow, flag()).law["fine_rupiah"] == 750_000


@pytest.mark.parametrize(
    ("table", "values", "source", "why"),
    [
        ("rules", ROW, " ", "source"),
        ("rules", {"fine": 1}, "x", "exactly the fields"),
        ("rules", {**ROW, "fine": "1"}, "x", "fine"),
        ("rules", {**ROW, "fine": -1}, "x", "fine"),
        ("deadlines", {"answer": 0}, "x", "1 or more"),
        ("deadlines", {"answer": True}, "x", "whole number"),
        ("deadlines", {"lunch": 1}, "x", "no deadline"),
        ("deadlines", {"holidays": "ignored"}, "x", "unknown"),
        ("fees", {}, "x", "no table"),
    ],
)
def test_a_row_that_cannot_be_law_is_refused(session, table, values, source, why):
    with pytest.raises(LawError, match=why):
        law.amend(session, "admin", table, "red_light", date(2026, 9, 1), values, source, now=NOON)


def test_an_offices_own_deadlines_come_before_the_default(session, flag, register, sure):
    # DOMAIN.md, "Deadlines": elsewhere confirm within 5 days, pay within 14.
    law.amend(
        session, "admin", "deadlines", "Ditlantas", date(2026, 8, 1), {"answer": 5, "pay": 14}, "surat edaran", now=NOON
    )  # fmt: skip
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    desk.confirm(session, case, "ani", sure, now=NOON)
    row = session.get(CaseRow, case)
    assert (row.answer_by, row.pay_by) == (date(2026, 8, 23), date(2026, 9, 1))
    assert law.deadlines("Ditlantas", date(2026, 7, 31), session).answer_days == 8
    assert law.deadlines("Satlantas", date(2026, 8, 18), session).answer_days == 8


def test_where_an_office_counts_working_days_holidays_are_left_out():
    # 25 August 2026 is Maulid (SKB 3 Menteri 1497/2025); the 22nd and 23rd a weekend.
    assert workdays.after(date(2026, 8, 18), 8, "counted") == date(2026, 8, 26)
    assert workdays.after(date(2026, 8, 18), 7, "last_day_moves") == date(2026, 8, 26)
    assert workdays.after(date(2026, 8, 18), 8, "skipped") == date(2026, 8, 31)


@given(st.dates(date(2026, 1, 1), date(2027, 12, 1)), st.integers(1, 40), st.sampled_from(workdays.COUNTS))
def test_no_way_of_counting_gives_a_day_less_than_the_calendar(day, days, count):
    last = workdays.after(day, days, count)
    assert (last - day).days >= days
    assert count == "counted" or workdays.is_working_day(last)


@pytest.mark.parametrize(
    ("zone", "ends"), [("Asia/Jakarta", 17), ("Asia/Makassar", 16), ("Asia/Jayapura", 15)]
)
def test_a_day_ends_at_midnight_where_the_camera_stands(zone, ends):
    assert workdays.end_of(date(2026, 8, 26), zone) == datetime(2026, 8, 26, ends, tzinfo=UTC)
