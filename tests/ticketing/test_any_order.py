"""A case under any order of events and jumps in time: Hypothesis drives, and whatever it does, the law's shape holds.

``ETLE_SEQUENCES`` is how many orders are tried, 60 where it is not set, and a tenth of them on PostgreSQL. Before a
release 10,000 are run by hand, in as many processes as there are cores: each runs its share, from a seed of its own.
``ETLE_SEQUENCES=10000 ETLE_SEQUENCES_SHARD=1/2 python -m pytest tests/ticketing/test_any_order.py``, and ``2/2``.
"""

import json
import os
from datetime import timedelta

import pytest
from case_ways import WAY
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from one_case import OneCase
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session
from stores import SqliteStore

from ticketing import (
    answers,
    audit,
    blocks,
    desk,
    letters,
    money,
    schedule,
    snap,
    snap_request,
    states,
    tickets,
)
from ticketing.case_models import BlockRow, ClockRow, TicketRow
from ticketing.errors import TicketingError
from ticketing.models import AuditHeadRow, AuditRow, CaseRow
from ticketing.money_models import MoneyRow
from ticketing.workdays import end_of, is_working_day

SEQUENCES = int(os.environ.get("ETLE_SEQUENCES", "60"))
SHARD, SHARDS = (int(part) for part in os.environ.get("ETLE_SEQUENCES_SHARD", "1/1").split("/"))
DAY = timedelta(days=1)
SURE = desk.Checklist(True, True, True, True)
# Written down apart from the code, from the issue's words: where a case may go from each state.
BEFORE_COURT = {"sold", "not_mine", "contested", "withdrawn"}
ANSWERS = {"admitted", "driver_named", *BEFORE_COURT}
LEGAL = {
    "flagged": {"under_review", "rejected"},
    "under_review": {"under_review", "rejected", "confirmed"},
    "confirmed": {"letter_sent", *ANSWERS},
    "letter_sent": {"undelivered", "silent", *ANSWERS},
    "undelivered": {"letter_sent", *ANSWERS},
    "driver_named": {"letter_sent", "withdrawn"},
    "silent": {"letter_sent", "ticket_issued", *ANSWERS},
    "admitted": {"ticket_issued", *BEFORE_COURT},
    "ticket_issued": {"unpaid", "paid", "court", *BEFORE_COURT},
    "unpaid": {"paid", "court", *BEFORE_COURT},
    "paid": {"court", "withdrawn"},
    "court": {"court", "judged"},
    "judged": {"settled"},
    "settled": set(),
    "withdrawn": set(),
    "rejected": set(),
}
STOOD = {"confirmed", "letter_sent", "undelivered", "silent", "admitted", "ticket_issued", "unpaid"}
LEGAL |= {dispute: {"withdrawn", "driver_named", *STOOD} for dispute in ("sold", "not_mine", "contested")}
SECRET = "rahasia"
# Made once: to make a statement takes longer than to run it.
PAYMENTS = select(func.count()).where(MoneyRow.kind == "payment")
CLOCKS = select(ClockRow.status).where(ClockRow.case_id == bindparam("case"))
TRAIL = (
    select(AuditRow.id, AuditRow.what, AuditRow.detail)
    .where(AuditRow.id > bindparam("seen"))
    .order_by(AuditRow.id)
)
CASE = bindparam("case")
# All that `the_law_holds` looks at, in one question: most of what is tried is refused, and leaves it as it was.
STANDS = select(
    CaseRow.state,
    CaseRow.before_dispute,
    select(func.count()).where(ClockRow.case_id == CASE, ClockRow.status == "running").scalar_subquery(),
    select(func.count()).where(ClockRow.case_id == CASE, ClockRow.status == "frozen").scalar_subquery(),
    select(TicketRow.deposit_rupiah).where(TicketRow.case_id == CASE).scalar_subquery(),
    select(TicketRow.verdict_rupiah).where(TicketRow.case_id == CASE).scalar_subquery(),
    select(func.count()).select_from(MoneyRow).scalar_subquery(),
    select(func.sum(MoneyRow.amount_rupiah)).scalar_subquery(),
    select(func.count(BlockRow.blocked_at)).where(BlockRow.released_at.is_(None)).scalar_subquery(),
    select(func.count(BlockRow.suspended_at)).where(BlockRow.released_at.is_(None)).scalar_subquery(),
    select(func.max(AuditRow.id)).scalar_subquery(),
    select(AuditHeadRow.hash).scalar_subquery(),
).where(CaseRow.id == CASE)
rupiah = st.sampled_from([1, 1000, 100_000, 250_000, 500_000, 700_000])


class AnyOrder(RuleBasedStateMachine):
    office = None

    @initialize(stage=st.sampled_from(["flagged", *WAY]))
    def a_case_has_come_so_far(self, stage):
        so_far = self.office.put_back(stage)
        self.engine, self.case, self.now = self.office.engine, so_far.case, so_far.at
        self.session = Session(self.engine)
        self.given_back, self.seen_rows, self.found = 0, 0, None
        self.paid_in = money.account(self.session, self.row).paid
        self.session.commit()

    def teardown(self):
        if hasattr(self, "session"):
            assert audit.verify(self.session) == []
            self.session.close()

    @property
    def row(self):
        return self.session.get(CaseRow, self.case, populate_existing=True)

    @property
    def payments(self):
        return self.session.scalar(PAYMENTS)

    @property
    def stands(self):
        return tuple(self.session.execute(STANDS, {"case": self.case}).one())

    def attempt(self, work, *arguments, **named):
        """Do something that may be refused; what is refused has changed nothing."""
        before, self.found = self.found or self.stands, None
        try:
            done = work(self.session, *arguments, now=self.now, **named)
            self.session.commit()
            return done
        except TicketingError:
            self.session.rollback()
            assert self.stands == before
            self.found = before
            return None

    @rule(hours=st.sampled_from([1, 13, 24, 72, 24 * 9, 24 * 31, 24 * 400]))
    def time_passes_and_the_clocks_fire_once(self, hours):
        self.now += timedelta(hours=hours)
        self.found = None
        # A clock that an office is told by starts again, some days from now: it never fires twice at one time.
        schedule.run_due(self.engine, self.now)
        assert schedule.run_due(self.engine, self.now) == {}
        self.session.expire_all()

    @rule(who=st.sampled_from(["ani", "budi"]))
    def an_officer_opens_it(self, who):
        self.attempt(desk.open_case, self.case, who)

    @rule(who=st.sampled_from(["ani", "budi"]), rejected=st.sampled_from([False, False, False, True]))
    def an_officer_decides(self, who, rejected):
        if rejected:
            self.attempt(desk.reject, self.case, who, "view_blocked", "")
        else:
            self.attempt(desk.confirm, self.case, who, SURE)

    @rule(fine=st.sampled_from([0, 87_000, 500_000]))
    def it_goes_the_straight_way_on(self, fine):
        case, said = self.case, answers.Statement("begitu", "Budi", "Jl. Kenanga 2")
        ticket = self.session.get(TicketRow, case)
        straight = {
            "flagged": lambda: self.attempt(desk.open_case, case, "ani"),
            "under_review": lambda: self.attempt(desk.confirm, case, "ani", SURE),
            "confirmed": lambda: self.attempt(letters.send_letter, case, "ani"),
            "undelivered": lambda: self.attempt(letters.send_letter, case, "ani"),
            "driver_named": lambda: self.attempt(letters.send_letter, case, "ani"),
            "letter_sent": lambda: self.attempt(answers.answer, case, "admit", said),
            "silent": lambda: self.attempt(tickets.issue, case, "ani"),
            "admitted": lambda: self.attempt(tickets.issue, case, "ani"),
            "court": lambda: self.attempt(tickets.give_verdict, case, "ani", fine, 2000, "1"),
        }
        hearing = self.now.date() + 21 * DAY
        while not is_working_day(hearing):
            hearing += DAY
        for state in ("ticket_issued", "unpaid", "paid"):
            straight[state] = lambda: self.attempt(tickets.set_hearing, case, "ani", hearing, "PN")
        state = self.row.state
        if state == "court":
            self.now = max(self.now, end_of(ticket.hearing_on, "Asia/Jakarta"))
        if state in straight:
            straight[state]()

    @rule()
    def the_letter_goes(self):
        self.attempt(letters.send_letter, self.case, "ani")

    @rule()
    def the_letter_comes_back(self):
        self.attempt(letters.letter_returned, self.case, "pos", "pindah")

    @rule()
    def a_better_address_is_found(self):
        self.attempt(letters.readdress, self.case, "ani", "Siti Lestari", "Jl. Baru 9")

    @rule(kind=st.sampled_from(answers.KINDS), named=st.booleans())
    def the_addressee_answers(self, kind, named):
        whom = ("Budi", "Jl. Kenanga 2") if named else ("", "")
        self.attempt(answers.answer, self.case, kind, answers.Statement("begitu", *whom))

    @rule(decision=st.sampled_from(answers.DECISIONS), who=st.sampled_from(["ani", "budi"]))
    def the_objection_is_decided(self, decision, who):
        self.attempt(answers.decide, self.case, who, decision, "karena")

    @rule()
    def the_ticket_is_issued(self):
        self.attempt(tickets.issue, self.case, "ani")

    @rule(really=st.sampled_from([False, False, False, True]))
    def the_case_is_withdrawn(self, really):
        if really:
            self.attempt(tickets.withdraw, self.case, "ani", "salah")

    @rule(ground=st.sampled_from(list(blocks.GROUNDS)))
    def the_stnk_is_blocked(self, ground):
        self.attempt(tickets.block_stnk, self.case, "ani", ground)

    @rule(days=st.sampled_from([-1, 0, 3, 14, 20]))
    def a_hearing_is_set(self, days):
        day = (self.now + days * DAY).date()
        self.attempt(tickets.set_hearing, self.case, "ani", day, "PN")

    @rule(fine=st.sampled_from([0, 87_000, 200_000, 500_000, 600_000]), costs=st.sampled_from([0, 2000]))
    def the_verdict_is_given(self, fine, costs):
        self.attempt(tickets.give_verdict, self.case, "ani", fine, costs, "12/Pid.C")

    @precondition(lambda self: self.session.get(TicketRow, self.case) is not None)
    @rule(
        amount=rupiah,
        payment=st.integers(1, 6),
        external=st.integers(1, 6),
        secret=st.sampled_from([SECRET, "x"]),
    )
    def the_bank_tells_of_a_payment(self, amount, payment, external, secret):
        account = self.session.get(TicketRow, self.case).virtual_account
        body = json.dumps(
            {
                "virtualAccountNo": account,
                "paymentRequestId": f"p{payment}",
                "paidAmount": {"value": f"{amount}.00", "currency": "IDR"},
            }
        ).encode()
        at = self.now.isoformat()
        signed = snap_request.signature("POST", "/p", "t", body, at, secret)
        request = snap_request.BankRequest("POST", "/p", "t", at, f"{external}", signed, body)
        booked = self.payments
        answer = self.attempt(snap.take_notification, request, SECRET)
        fresh = self.payments - booked
        assert fresh == 0 or (fresh == 1 and answer.status == 200 and secret == SECRET)
        self.paid_in += amount * fresh

    @rule(amount=rupiah, reference=st.integers(1, 4), all_of_it=st.booleans())
    def money_is_given_back(self, amount, reference, all_of_it):
        if all_of_it:
            amount = money.account(self.session, self.row).refundable or amount
        if self.attempt(money.refund, self.case, "ani", amount, f"f{reference}") is not None:
            self.given_back += amount

    @invariant()
    def the_law_holds(self):
        if not hasattr(self, "session") or self.found is not None:
            return
        self.found = self.stands
        row = self.row
        account = money.account(self.session, row)
        self.every_move_was_legal()
        self.no_case_is_stuck_without_a_next_day(row, account)
        self.no_money_is_lost_or_made(row, account)
        if row.state in (*states.DISPUTES, *states.ENDS, "paid", "driver_named", *states.PENDING):
            assert not blocks.is_blocked(self.session, "B1234ABC"), "blocked without its ground"

    def every_move_was_legal(self):
        for entry in self.session.execute(TRAIL, {"seen": self.seen_rows}):
            self.seen_rows = entry.id
            if "to" in entry.detail and "from" in entry.detail:
                assert entry.detail["to"] in LEGAL[entry.detail["from"]], entry.what

    def no_case_is_stuck_without_a_next_day(self, row, account):
        statuses = self.session.scalars(CLOCKS, {"case": self.case}).all()
        waits = row.state not in states.ENDS or account.refundable > 0
        assert statuses.count("running") == waits, row.state
        assert statuses.count("frozen") == (row.state in states.DISPUTES)
        assert (row.before_dispute is not None) == (row.state in states.DISPUTES)

    def no_money_is_lost_or_made(self, row, account):
        assert (account.paid, account.refunded) == (self.paid_in, self.given_back)
        assert account.paid == account.held + account.refunded + account.to_state
        assert account.held >= 0
        assert not (account.due and account.refundable)
        if row.state == "settled":
            assert account.held == self.session.get(TicketRow, self.case).verdict_rupiah
        if row.state in ("rejected", "flagged", "under_review", "confirmed"):
            assert account.paid == 0
        if row.state == "paid":
            assert account.due == 0


@pytest.mark.timeout(0 if SEQUENCES > 1000 else 900)
def test_no_order_of_events_breaks_the_law_the_money_or_the_trail(store):
    wanted = -(-SEQUENCES // SHARDS)
    with OneCase.in_store(store) as AnyOrder.office:
        run_state_machine_as_test(
            AnyOrder if SHARDS == 1 else seed(SHARD)(AnyOrder),
            settings=settings(
                max_examples=wanted if isinstance(store, SqliteStore) else max(1, wanted // 10),
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
