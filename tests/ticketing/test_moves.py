"""Cases under any order of events, several officers at once, and migrations with data in them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from case_ways import FLAG, WAY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from ticketing import audit, cases, clocks, desk, desk_sessions, reviews, second_factor, states
from ticketing.db import make_engine, migrate
from ticketing.errors import GateError, IllegalMoveError, LockedError
from ticketing.models import AuditHeadRow, AuditRow, CaseRow
from ticketing.officers import add_officer
from ticketing.owner import look_up
from ticketing.types import Officer

NOON = datetime(2026, 8, 19, 5, 0, tzinfo=UTC)
UNSURE = desk.Checklist(True, True, False, True)
EVENTS = (states.OPEN, states.CORRECT, states.CONFIRM, states.REJECT, states.SEND_LETTER)


def test_the_table_of_moves_has_no_way_back_from_a_decision():
    known = set(states.WORDS)
    assert {state for state, _ in states.MOVES} | set(states.MOVES.values()) == known
    for (state, _), after in states.MOVES.items():
        assert (after in states.PENDING) <= (state in states.PENDING)
    for state in known:
        for event in EVENTS:
            if (state, event) not in states.MOVES:
                with pytest.raises(IllegalMoveError):
                    states.move(state, event)


steps = st.lists(
    st.tuples(
        st.sampled_from(["open", "correct", "unregistered", "confirm", "unsure", "reject"]),
        st.sampled_from(["ani", "budi"]),
        st.sampled_from([0, 60, 700]),
    ),
    max_size=12,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(steps=steps)
def test_no_order_of_events_makes_an_illegal_move(session, flag, register, sure, steps):
    register()
    case, now = flag(plate_accepted=False), NOON
    state, holder, until, record, references = "flagged", None, NOON, False, []
    for what, who, seconds in steps:
        now += timedelta(seconds=seconds)
        expected = None
        if what == "open":
            if state in states.PENDING and holder not in (None, who) and until > now:
                expected = LockedError
        elif state != "under_review":
            expected = IllegalMoveError
        elif holder != who:
            expected = LockedError
        elif what == "unsure" or (what == "confirm" and not record):
            expected = GateError
        try:
            if what == "open":
                desk.open_case(session, case, who, now=now)
            elif what in ("correct", "unregistered"):
                plate = "B 1234 ABC" if what == "correct" else "B 4321 ABC"
                desk.correct_plate(session, case, who, plate, now=now)
            elif what == "reject":
                desk.reject(session, case, who, "exempt", "", now=now)
            else:
                references.append(
                    desk.confirm(session, case, who, sure if what == "confirm" else UNSURE, now=now)
                )
            session.commit()
            raised = None
        except (LockedError, IllegalMoveError, GateError) as error:
            session.rollback()
            raised = type(error)
        assert raised is expected, (what, who, state)
        if raised is None:
            if state in states.PENDING:
                state = {"open": "under_review", "confirm": "confirmed", "reject": "rejected"}.get(
                    what, state
                )
                holder, until = (who, now + desk.LEASE) if state == "under_review" else (None, now)
            record = {"correct": True, "unregistered": False}.get(what, record)
        row = session.get(CaseRow, case)
        assert row.state == state
        assert (row.reference is not None) == (state == "confirmed")
    assert len(references) == (state == "confirmed")
    assert audit.verify(session) == []


def at_once(engine, work, *arguments):
    """Do the work once for each argument, in threads that start together, each in a transaction of its own."""
    start = Barrier(len(arguments))

    def one(argument):
        with Session(engine) as own, own.begin():
            start.wait()
            return work(own, argument)

    with ThreadPoolExecutor(len(arguments)) as pool:
        futures = [pool.submit(one, argument) for argument in arguments]
        return [future.exception() or future.result() for future in futures]


def test_of_officers_who_open_a_case_at_once_one_gets_it_and_the_others_are_told(engine, session, flag):
    case = flag()
    officers = [f"officer{k}" for k in range(6)]
    outcomes = at_once(engine, lambda own, who: desk.open_case(own, case, who, now=NOON), *officers)
    winners = [who for who, got in zip(officers, outcomes, strict=True) if isinstance(got, desk.CaseDetail)]
    assert len(winners) == 1
    losers = [got for got in outcomes if not isinstance(got, desk.CaseDetail)]
    assert [type(error) for error in losers] == [LockedError] * 5
    assert {error.by for error in losers} == set(winners)
    assert audit.verify(session) == []


def test_a_case_confirmed_and_rejected_at_once_is_one_of_the_two(engine, session, flag, register, sure):
    register()
    for _ in range(5):
        case = flag()
        desk.open_case(session, case, "ani", now=NOON)
        session.commit()

        def decide(own, how, case=case):
            if how == "confirm":
                return desk.confirm(own, case, "ani", sure, now=NOON)
            return desk.reject(own, case, "ani", "exempt", "", now=NOON)

        outcomes = at_once(engine, decide, "confirm", "reject")
        assert [type(o) for o in outcomes].count(IllegalMoveError) == 1, outcomes
        row = session.get(CaseRow, case, populate_existing=True)
        assert (row.reference is None) == (row.state == "rejected")
        session.commit()
    assert audit.verify(session) == []


def test_many_owners_looking_at_once_leave_the_trail_whole(engine, session, flag, register, sure):
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    reference = desk.confirm(session, case, "ani", sure, now=NOON)
    session.commit()
    outcomes = at_once(engine, lambda own, _: look_up(own, reference, "B1234ABC", now=NOON), *range(8))
    assert [view.case_id for view in outcomes] == [case] * 8
    assert session.query(AuditRow).filter_by(what="looked up").count() == 8
    assert audit.verify(session) == []


def test_one_violation_that_two_cameras_flag_at_once_is_one_case(engine, session, register):
    register()
    session.close()
    seen = [
        replace(FLAG, violation_id=f"v-{k}", camera_id=f"cam{k}", latitude=-6.2 + k / 1000) for k in range(5)
    ]
    at_once(engine, lambda own, one: cases.flag_violation(own, one, NOON).id, *seen)
    assert session.query(CaseRow).count() == 1
    assert len(cases.captures(session, session.query(CaseRow).one())) == 5


def test_rows_cut_off_at_the_end_of_the_trail_are_missed(session, flag):
    for _ in range(3):
        flag()
    session.delete(session.get(AuditRow, 3))
    session.commit()
    assert audit.verify(session) == ["the audit trail ends at row 2, but 3 were written"]
    session.delete(session.get(AuditHeadRow, 1))
    session.commit()
    assert audit.verify(session) == ["the end of the audit trail is missing"]


def test_migrations_go_down_and_up_with_cases_in_them(url, engine, session, flag, register, sure):
    register()
    confirmed, rejected, waiting = flag(), flag(), flag()
    for case in (confirmed, rejected):
        desk.open_case(session, case, "ani", now=NOON)
    reference = desk.confirm(session, confirmed, "ani", sure, now=NOON)
    desk.reject(session, rejected, "ani", "exempt", "", now=NOON)
    add_officer(session, "ani", "Ani", "kata sandi", now=NOON)
    desk_sessions.begin(session, "ani", "10.0.0.1", passed=True, now=NOON)
    second_factor.offer(session, "ani")
    asked = reviews.Decision("ask")
    reviews.open_case(session, waiting, Officer("ani", "Ani", "reviewer"), now=NOON)
    reviews.decide(session, waiting, Officer("ani", "Ani", "reviewer"), asked, 0.0, now=NOON)
    session.commit()
    session.close()

    migrate(url, "0001")
    assert "officers" not in inspect(engine).get_table_names()
    assert "reference" not in {column["name"] for column in inspect(engine).get_columns("cases")}
    with engine.connect() as connection:
        kept = connection.execute(text("select id, state, nrkb from cases order by id")).all()
    assert [tuple(row) for row in kept] == [
        (confirmed, "flagged", "B1234ABC"),
        (rejected, "rejected", "B1234ABC"),
        (waiting, "flagged", "B1234ABC"),
    ]

    migrate(url)
    migrate(url)
    assert audit.verify(session) == []
    desk.open_case(session, confirmed, "ani", now=NOON)
    again = desk.confirm(session, confirmed, "ani", sure, now=NOON)
    assert again != reference
    session.commit()
    assert audit.verify(session) == []
    session.close()
    migrate(url, "base")
    assert set(inspect(make_engine(url)).get_table_names()) <= {"alembic_version"}


def test_cases_in_every_state_go_down_to_the_desk_and_up_again(url, session, in_state):
    brought = {state: in_state(state) for state in WAY}
    session.close()
    migrate(url, "0002")
    with Session(make_engine(url)) as old:
        states_then = dict(old.execute(text("select id, state from cases")).tuples().all())
    for state, case in brought.items():
        closed = {"withdrawn": "rejected", "settled": "rejected", "confirmed": "confirmed"}
        assert states_then[case] == closed.get(state, "letter_sent")
    migrate(url)
    assert audit.verify(session) == []
    # What waits for its letter has a clock again.
    assert clocks.running(session, brought["confirmed"]).kind == "send"
    session.close()
    migrate(url, "base")
