"""Eight processes that confirm, pay and expire the same cases: the same totals as one after the other.

``ETLE_CASES`` is how many cases, 16 where it is not set; before a release 1,000 are run by hand.
"""

import json
import multiprocessing
import os
import random
from collections import Counter
from datetime import timedelta

import pytest
from case_ways import NOON
from domain import FINE_287
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from ticketing import answers, audit, desk, letters, schedule, snap, snap_request, tickets
from ticketing.case_models import TicketRow
from ticketing.db import make_engine
from ticketing.errors import TicketingError
from ticketing.models import AuditRow, CaseRow
from ticketing.money_models import MoneyRow

CASES = int(os.environ.get("ETLE_CASES", "16"))
LATE = NOON + timedelta(days=31)
SURE = desk.Checklist(True, True, True, True)


def once(engine, work):
    """Do something in a transaction of its own; a domain's refusal is an answer too, a busy database is asked again."""
    while True:
        try:
            with Session(engine) as session, session.begin():
                work(session)
            return
        except TicketingError:
            return
        except OperationalError as error:
            if "locked" not in str(error) and "deadlock" not in str(error):
                raise


def pay(session, case):
    ticket = session.get(TicketRow, case)
    if ticket is None:
        return
    paid = {"value": f"{FINE_287}.00", "currency": "IDR"}
    fields = {"virtualAccountNo": ticket.virtual_account, "paymentRequestId": f"p{case}", "paidAmount": paid}
    body, at = json.dumps(fields).encode(), NOON.isoformat()
    signed = snap_request.signature("POST", "/p", "t", body, at, "s")
    request = snap_request.BankRequest("POST", "/p", "t", at, f"{case}", signed, body)
    assert snap.take_notification(session, request, "s", now=NOON).status in (200, 404)


def work_through(url, seed, officer):
    """Take every even case to its payment, then let the clocks run out."""
    engine = make_engine(url)
    with Session(engine) as session:
        cases = [c.id for c in session.query(CaseRow) if c.id % 2 == 0]
    random.Random(seed).shuffle(cases)
    said = answers.Statement("saya")
    steps = (
        lambda s, case: desk.open_case(s, case, officer, now=NOON),
        lambda s, case: desk.confirm(s, case, officer, SURE, now=NOON),
        lambda s, case: letters.send_letter(s, case, officer, now=NOON),
        lambda s, case: answers.answer(s, case, "admit", said, now=NOON),
        lambda s, case: tickets.issue(s, case, officer, now=NOON),
        pay,
    )
    for case in cases:
        for step in steps:
            once(engine, lambda session, case=case, step=step: step(session, case))
    engine.dispose()


def expire(url, _seed, _officer):
    engine = make_engine(url)
    while True:
        try:
            schedule.run_due(engine, LATE)
            break
        except OperationalError as error:
            if "locked" not in str(error) and "deadlock" not in str(error):
                raise
    engine.dispose()


def at_once(processes, work, url):
    started = [multiprocessing.get_context("fork").Process(target=work, args=(url, k, f"petugas{k}"))
               for k in range(processes)]  # fmt: skip
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert [process.exitcode for process in started] == [0] * processes


def totals(engine):
    with Session(engine) as session:
        assert audit.verify(session) == []
        moved = Counter(
            r.what for r in session.query(AuditRow) if r.what not in ("opened", "payment refused")
        )
        states = Counter(c.state for c in session.query(CaseRow))
        money = [m.amount_rupiah for m in session.query(MoneyRow)]
        return moved, states, len(money), sum(money), session.query(TicketRow).count()


@pytest.mark.timeout(0 if CASES > 100 else 300)
def test_eight_at_once_come_to_the_totals_of_one_after_the_other(url, engine, session, register, flag):
    register()
    for _ in range(CASES):
        flag()
    session.close()
    engine.dispose()
    for work in (work_through, expire):
        at_once(8, work, url)
    moved, states, payments, rupiah, issued = totals(engine)
    half = CASES // 2
    assert states == {"paid": half, "rejected": CASES - half}
    assert (payments, rupiah, issued) == (half, half * FINE_287, half)
    # One after the other: every move once, each lapsed case once, each office that is late told once.
    assert moved == {
        "flagged": CASES, "confirmed": half, "letter sent": half, "answered: I drove": half, "ticket issued": half,
        "payment": half, "paid in full": half, "lapsed unreviewed": CASES - half, "overdue": half,
    }  # fmt: skip
