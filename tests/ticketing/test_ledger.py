"""Court and money: hearing, verdict, deposit, surplus, what is due and what is to be given back."""

from datetime import UTC, date, datetime, timedelta

import pytest
from domain import ACCOUNT_DIGITS, FINE_287, PAY, H

from ticketing import answers, clocks, money, moves, schedule, tickets
from ticketing.errors import GuardError, MoneyError
from ticketing.models import CaseRow

NOON = datetime(2026, 8, 19, 5, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SAID = answers.Statement("bukan saya")


def row(session, case):
    return session.get(CaseRow, case, populate_existing=True)


def run_due(session, engine, now):
    """Let a process of its own fire what is due."""
    session.commit()
    fired = schedule.run_due(engine, now)
    session.expire_all()
    return fired


def test_a_hearing_is_on_no_holiday_and_no_past_day(session, in_state):
    case = in_state("ticket_issued")
    # 25 August 2026 is Maulid (SKB 3 Menteri), the 29th a Saturday.
    for day in (date(2026, 8, 18), date(2026, 8, 25), date(2026, 8, 29)):
        with pytest.raises(GuardError, match="no day for a hearing"):
            tickets.set_hearing(session, case, "ani", day, "PN", now=NOON)


def test_no_verdict_before_the_hearing_or_beyond_the_article(session, in_state):
    case = in_state("court")
    with pytest.raises(GuardError, match="no verdict before"):
        tickets.give_verdict(session, case, "ani", 1000, 0, "1", now=NOON)
    with pytest.raises(GuardError, match="beyond"):
        tickets.give_verdict(session, case, "ani", FINE_287 + 1, 0, "1", now=NOON + 30 * DAY)


def test_the_surplus_over_the_verdict_is_given_back_once_and_settles_the_case(session, in_state):
    case = in_state("judged")
    account = money.account(session, row(session, case))
    assert (account.paid, account.owed, account.refundable, account.due) == (
        FINE_287,
        102_000,
        FINE_287 - 102_000,
        0,
    )
    with pytest.raises(MoneyError, match="more than the 398000"):
        money.refund(session, case, "ani", 398_001, "f1", now=NOON)
    money.refund(session, case, "ani", 398_000, "f1", now=NOON)
    assert row(session, case).state == "settled"
    with pytest.raises(MoneyError, match="booked already"):
        money.refund(session, case, "ani", 398_000, "f1", now=NOON)


def test_a_surplus_that_nobody_claims_for_a_year_goes_to_the_state(session, engine, in_state):
    case = in_state("judged")
    judged = NOON + 30 * DAY
    assert run_due(session, engine, judged + 365 * DAY) == {}
    assert run_due(session, engine, judged + 366 * DAY) == {"refund_lapses": 1}
    assert row(session, case).state == "settled"
    assert money.account(session, row(session, case)).to_state == 398_000


def test_an_acquittal_gives_all_of_it_back(session, in_state):
    case = in_state("paid")
    tickets.set_hearing(session, case, "ani", date(2026, 9, 14), "PN", now=NOON)
    account = tickets.give_verdict(session, case, "ani", 0, 0, "1", now=NOON + 30 * DAY)
    assert account.refundable == FINE_287


def test_what_was_paid_for_a_withdrawn_ticket_is_owed_back_until_it_is(session, engine, in_state):
    case = in_state("paid")
    tickets.withdraw(session, case, "ani", "pelat ganda", now=NOON)
    assert money.account(session, row(session, case)).refundable == FINE_287
    session.commit()
    assert run_due(session, engine, NOON + 400 * DAY) == {"refund": 1}
    assert clocks.running(session, case).kind == "refund"
    money.refund(session, case, "ani", FINE_287, "f", now=NOON)
    assert clocks.running(session, case) is None


def test_too_little_leaves_the_rest_due_and_too_much_is_owed_back(session, in_state):
    case = in_state("ticket_issued")
    held = moves.take(session, case)
    account = money.receive(session, held, 200_000, "r1", NOON, who="bank", now=NOON)
    assert (account.due, held.state) == (300_000, "ticket_issued")
    account = money.receive(session, held, 350_000, "r2", NOON, who="bank", now=NOON)
    assert (account.refundable, held.state) == (50_000, "paid")
    with pytest.raises(MoneyError) as caught:
        money.receive(session, held, 1, "r3", NOON, who="bank", now=NOON)
    assert caught.value.reason == "paid"
    with pytest.raises(MoneyError) as caught:
        money.receive(session, held, 350_000, "r2", NOON, who="bank", now=NOON)
    assert caught.value.reason == "booked"


@pytest.mark.parametrize("amount", [0, -1, 1.0, True, 10**13, "500000"])
def test_an_amount_is_whole_rupiah(session, in_state, amount):
    held = moves.take(session, in_state("ticket_issued"))
    with pytest.raises(MoneyError, match="whole rupiah"):
        money.receive(session, held, amount, "r", NOON, who="bank", now=NOON)


def test_a_payment_after_the_hearing_was_set_counts_and_after_the_verdict_only_its_sum_is_due(
    session, in_state
):
    case = in_state("court")
    held = moves.take(session, case)
    money.receive(session, held, 60_000, "r1", NOON, who="bank", now=NOON)
    assert held.state == "court"
    account = tickets.give_verdict(session, case, "ani", 100_000, 2_000, "1", now=NOON + 30 * DAY)
    assert (account.due, row(session, case).state) == (42_000, "judged")
    money.receive(session, held, 42_000, "r2", NOON, who="bank", now=NOON + 31 * DAY)
    assert held.state == "settled"


def test_what_is_paid_while_an_objection_is_open_counts_once_it_is_refused(session, in_state):
    case = in_state("ticket_issued")
    answers.answer(session, case, "contest", SAID, now=NOON)
    held = moves.take(session, case)
    money.receive(session, held, FINE_287, "r1", NOON, who="bank", now=NOON)
    assert held.state == "contested"
    answers.decide(session, case, "budi", "refuse", "jelas", now=NOON)
    assert row(session, case).state == "paid"


def test_the_bill_says_what_is_due_where_and_until_when(session, in_state):
    case = in_state("ticket_issued")
    bill = tickets.bill(session, row(session, case))
    assert (bill.due_rupiah, bill.pay_by, len(bill.virtual_account)) == (
        FINE_287, H + PAY, ACCOUNT_DIGITS,
    )  # fmt: skip
    tickets.withdraw(session, case, "ani", "salah", now=NOON)
    assert tickets.bill(session, row(session, case)).due_rupiah == 0
    assert tickets.bill(session, row(session, in_state("silent"))) is None
