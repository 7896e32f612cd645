"""The law table: rows by day and office, an administrator's rows, days that deadlines skip."""

from datetime import UTC, date, datetime, timedelta

import pytest
from domain import (
    ANSWER,
    ANSWER_ELSEWHERE,
    DETENTION_ENDED,
    FINE_287,
    LAW_TABLE,
    LETTER,
    PAY,
    PAY_ELSEWHERE,
    POINTS,
    POINTS_REVOKED,
    POINTS_WITHHELD,
    REFUND_CLAIM_DAYS,
    RETENTION_DAYS,
    H,
)
from hypothesis import given
from hypothesis import strategies as st

from ticketing import desk, law, points, workdays
from ticketing.case_models import PointRow
from ticketing.crypto import fingerprint
from ticketing.errors import LawError, UnknownRuleError
from ticketing.models import AuditRow, CaseRow

NOON = datetime(2026, 8, 19, 5, 0, tzinfo=UTC)
ROW = {"title_id": "Menerobos", "title_en": "Red light", "article": "287 (2)", "fine": 750_000, "detention": None,
       "points": 5}  # fmt: skip


def test_a_row_says_from_when_until_when_it_holds():
    before, since = law.law_row("red_light", date(2025, 6, 1)), law.law_row("red_light", date(2026, 6, 1))
    assert (before.valid_from, before.valid_until) == (date(2009, 6, 22), DETENTION_ENDED - timedelta(1))
    assert (since.valid_from, since.valid_until) == (DETENTION_ENDED, None)
    with pytest.raises(UnknownRuleError, match="2009-06-21"):
        law.law_row("red_light", date(2009, 6, 21))


@pytest.mark.parametrize("rule", LAW_TABLE)
def test_the_shipped_row_of_every_rule_is_the_domains(rule):
    article, detention, fine = LAW_TABLE[rule]
    before, since = law.law_row(rule, DETENTION_ENDED - timedelta(1)), law.law_row(rule, DETENTION_ENDED)
    assert (since.article, since.fine_rupiah) == (f"Pasal {article} UU 22/2009", fine)
    assert (before.detention, since.detention) == (detention, None)
    assert since.points == POINTS.get(rule)


def test_no_rule_is_shipped_that_the_domain_does_not_have():
    assert law.rule_ids() == sorted(LAW_TABLE)


def test_the_shipped_deadlines_and_sums_are_the_domains():
    days = law.deadlines("Satlantas", H)
    assert (days.letter_days, days.answer_days, days.pay_days) == (LETTER.days, ANSWER.days, PAY.days)
    assert (days.office_days["refund_claim"], days.office_days["review"]) == (
        REFUND_CLAIM_DAYS,
        RETENTION_DAYS,
    )
    sums = law.setting("points")
    assert (sums["withheld_at"], sums["revoked_at"]) == (POINTS_WITHHELD, POINTS_REVOKED)


@pytest.mark.parametrize("field", ["letter", "answer", "pay", "review", "refund_claim"])
def test_every_uncertain_deadline_is_a_row_that_an_administrator_can_change(session, field):
    law.amend(session, "admin", "deadlines", "default", H, {field: 77}, "surat edaran", now=NOON)
    days = law.deadlines("Satlantas", H, session)
    fixed = {"letter": days.letter_days, "answer": days.answer_days, "pay": days.pay_days}
    assert {**days.office_days, **fixed}[field] == 77
    assert days.source == "surat edaran"


@pytest.mark.parametrize("rule", [rule for rule in LAW_TABLE if rule not in POINTS])
def test_points_that_the_sources_leave_open_are_entered_by_an_administrator(session, rule):
    entered = {**law.plain_rule(rule, H, session), "points": 1}
    law.amend(session, "admin", "rules", rule, H, entered, "Perpol contoh", now=NOON)
    assert law.law_row(rule, H, session).points == 1


def test_how_long_points_count_is_a_setting(session, confirmed, monkeypatch):
    session.add(PointRow(case_id=confirmed(), licence=fingerprint("1"), points=5, on=H - timedelta(400)))
    assert points.points_of(session, "1", "ani", now=NOON).total == 5
    counted = {**law.setting("points"), "counted_days": 365}
    monkeypatch.setattr(points, "setting", lambda _: counted)
    assert points.points_of(session, "1", "ani", now=NOON).total == 0


def test_an_administrators_row_holds_from_its_day_on_and_is_on_record(session):
    law.amend(session, "admin", "rules", "red_light", date(2026, 9, 1), ROW, "UU 1/2026", now=NOON)
    assert law.law_row("red_light", date(2026, 8, 31), session).fine_rupiah == FINE_287
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
    assert (kept["fine_rupiah"], kept["valid_from"]) == (FINE_287, DETENTION_ENDED.isoformat())
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
    own = {"answer": ANSWER_ELSEWHERE.days, "pay": PAY_ELSEWHERE.days}
    law.amend(session, "admin", "deadlines", "Ditlantas", date(2026, 8, 1), own, "surat edaran", now=NOON)
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    desk.confirm(session, case, "ani", sure, now=NOON)
    row = session.get(CaseRow, case)
    assert (row.answer_by, row.pay_by) == (H + ANSWER_ELSEWHERE, H + PAY_ELSEWHERE)
    assert law.deadlines("Ditlantas", date(2026, 7, 31), session).answer_days == ANSWER.days
    assert law.deadlines("Satlantas", date(2026, 8, 18), session).answer_days == ANSWER.days


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
