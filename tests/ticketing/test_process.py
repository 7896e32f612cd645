"""A case from its letter to its end: who may move it, what stops, what is blocked, what is on record."""

from datetime import UTC, date, datetime, timedelta

import pytest
from domain import ANSWER, FINE_287, LETTER, PAY, H

from ticketing import (
    answers,
    audit,
    blocks,
    clocks,
    letters,
    money,
    moves,
    schedule,
    states,
    tickets,
    worklist,
)
from ticketing.case_models import AnswerRow, BlockRow, ClockRow, TicketRow
from ticketing.errors import (
    ForbiddenMoveError,
    GateError,
    GuardError,
    IllegalMoveError,
    ReasonError,
)
from ticketing.models import AuditRow, CaseRow, VehicleRow

NOON = datetime(2026, 8, 19, 5, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SAID = answers.Statement("bukan saya", "Budi Santoso", "Jl. Kenanga 2, Bogor", "0813", "1234567890")
AFTER_LETTER = [s for s in states.WORDS if s not in (*states.PENDING, "rejected")]


def row(session, case):
    return session.get(CaseRow, case, populate_existing=True)


def run_due(session, engine, now):
    """Let a process of its own fire what is due."""
    session.commit()
    fired = schedule.run_due(engine, now)
    session.expire_all()
    return fired


@pytest.mark.parametrize("state", AFTER_LETTER)
def test_in_every_state_exactly_the_tables_moves_are_open_and_each_is_on_record(session, in_state, state):
    case = in_state(state)
    for event in states.WHO_MAY:
        allowed = (state, event) in states.MOVES or (state, event) in states.RETURNS
        actor = min(states.WHO_MAY[event])
        held = moves.take(session, case)
        if event == "set_hearing" and allowed:
            session.get_one(TicketRow, case).hearing_on = date(2026, 9, 14)
        try:
            moves.advance(session, held, event, actor, "ani", now=NOON, why="sebab")
        except IllegalMoveError:
            assert not allowed, event
        else:
            assert allowed, event
            moved = session.query(AuditRow).order_by(AuditRow.id.desc()).first()
            assert (moved.who, moved.subject) == ("ani", f"case {case}")
            assert (moved.detail["from"], moved.detail["to"]) == (state, held.state)
            assert moved.detail["why"] == "sebab"
        session.rollback()
    assert row(session, case).state == state


@pytest.mark.parametrize("state", AFTER_LETTER)
def test_a_case_waits_for_exactly_one_day_until_it_has_ended(session, in_state, state):
    case = in_state(state)
    running = session.query(ClockRow).filter_by(case_id=case, status="running").all()
    assert len(running) == (state not in states.ENDS)
    frozen = session.query(ClockRow).filter_by(case_id=case, status="frozen").all()
    assert len(frozen) == (state in states.DISPUTES)


def test_a_move_is_refused_to_whom_it_does_not_belong(session, in_state):
    case = in_state("letter_sent")
    for event, actor in (("silence", "owner"), ("admit", "officer"), ("withdraw", "clock")):
        with pytest.raises(ForbiddenMoveError):
            moves.advance(session, moves.take(session, case), event, actor, "x", now=NOON)


def test_the_letter_gives_the_days_of_the_law_table_from_the_day_it_is_sent(session, confirmed):
    # The days until the letter are the office's; sent on H+6, both days move by what is beyond them.
    moved = timedelta(6) - LETTER
    case = confirmed()
    letters.send_letter(session, case, "ani", now=datetime(2026, 8, 24, 5, 0, tzinfo=UTC))
    assert (row(session, case).answer_by, row(session, case).pay_by) == (
        H + ANSWER + moved, H + PAY + moved,
    )  # fmt: skip
    assert clocks.running(session, case).day == H + ANSWER + moved


def test_silence_begins_when_the_last_day_is_over_where_the_camera_stands(session, engine, in_state):
    case = in_state("letter_sent")
    last_second = datetime(2026, 8, 26, 16, 59, 59, tzinfo=UTC)  # 23:59:59 WIB
    assert run_due(session, engine, last_second) == {}
    assert run_due(session, engine, last_second + timedelta(seconds=1)) == {"answer": 1}
    assert row(session, case).state == "silent"
    assert run_due(session, engine, last_second + timedelta(seconds=1)) == {}


def test_whoever_answers_late_is_still_heard(session, in_state):
    case = in_state("silent")
    answers.answer(session, case, "admit", SAID, now=NOON + 12 * DAY)
    assert row(session, case).state == "admitted"


@pytest.mark.parametrize("kind", ["sell", "disown", "contest"])
def test_an_objection_stops_the_clock_and_a_refusal_gives_the_days_back(session, engine, in_state, kind):
    case = in_state("letter_sent")
    answers.answer(session, case, kind, SAID, now=NOON + 2 * DAY)
    run_due(session, engine, NOON + 90 * DAY)
    assert row(session, case).state in states.DISPUTES
    answers.decide(session, case, "budi", "refuse", "foto jelas", now=NOON + 90 * DAY)
    assert row(session, case).state == "letter_sent"
    # What was left on the 21st begins anew on the day of the decision.
    left = H + ANSWER - date(2026, 8, 21)
    assert row(session, case).answer_by == (NOON + 90 * DAY).date() + left
    assert clocks.running(session, case).day == row(session, case).answer_by


def test_an_objection_that_holds_ends_the_case_and_is_on_record_with_its_reason(session, in_state):
    case = in_state("not_mine")
    answers.decide(session, case, "ani", "accept", "pelat ganda", now=NOON)
    assert row(session, case).state == "withdrawn"
    assert session.query(AnswerRow).one().decision == "accept"
    last = session.query(AuditRow).filter_by(what="objection accepted").one()
    assert last.detail == {"from": "not_mine", "to": "withdrawn", "why": "pelat ganda"}


def test_nobody_whose_plate_was_cloned_has_to_name_a_driver(session, in_state):
    case = in_state("letter_sent")
    answers.answer(session, case, "disown", answers.Statement(), now=NOON)
    assert row(session, case).state == "not_mine"


@pytest.mark.parametrize(
    ("kind", "said", "why"),
    [
        ("name_driver", answers.Statement("teman"), "name and address"),
        ("contest", answers.Statement("  "), "what is wrong"),
        ("shrug", SAID, "no answer"),
        ("contest", answers.Statement("x" * 5001), "at most 5000"),
    ],
)
def test_an_answer_that_says_too_little_or_too_much_is_refused(session, in_state, kind, said, why):
    case = in_state("letter_sent")
    with pytest.raises(ReasonError, match=why):
        answers.answer(session, case, kind, said, now=NOON)
    assert row(session, case).state == "letter_sent"


def test_what_was_said_lies_encrypted(session, in_state):
    case = in_state("driver_named")
    stored = session.query(AnswerRow).filter_by(case_id=case).one()
    assert "Budi" not in stored.personal
    assert "Budi" not in row(session, case).addressee_personal


def test_the_letter_goes_on_to_the_driver_who_is_never_taken_for_the_owner(session, in_state):
    case = in_state("driver_named")
    letters.send_letter(session, case, "ani", now=NOON + 10 * DAY)
    assert row(session, case).addressee == "driver"
    assert row(session, case).answer_by == (NOON + 10 * DAY).date() + ANSWER - LETTER
    with pytest.raises(GuardError, match="only the owner names"):
        answers.answer(session, case, "name_driver", SAID, now=NOON)
    session.rollback()


def test_a_silent_driver_gets_no_ticket_the_owner_is_asked_again(session, engine, in_state):
    case = in_state("driver_named")
    letters.send_letter(session, case, "ani", now=NOON)
    session.commit()
    run_due(session, engine, NOON + 30 * DAY)
    with pytest.raises(GuardError, match="named driver has not answered"):
        tickets.issue(session, case, "ani", now=NOON + 30 * DAY)
    with pytest.raises(GuardError, match="with a driver"):
        tickets.block_stnk(session, case, "ani", "no_answer", now=NOON + 30 * DAY)
    letters.send_letter(session, case, "ani", now=NOON + 30 * DAY)
    assert (row(session, case).state, row(session, case).addressee) == ("letter_sent", "owner")


def test_a_sold_vehicle_with_a_named_buyer_is_passed_on(session, in_state):
    case = in_state("sold")
    answers.decide(session, case, "budi", "pass_on", "", now=NOON)
    assert (row(session, case).state, row(session, case).addressee) == ("driver_named", "driver")


def test_a_returned_letter_stops_the_days_until_there_is_a_better_address(session, engine, in_state):
    case = in_state("undelivered")
    fired = run_due(session, engine, NOON + 60 * DAY)
    assert set(fired) == {"readdress"}
    assert row(session, case).state == "undelivered"
    (late,) = worklist.waiting(session, overdue=True)
    assert (late.case_id, late.state, late.clock) == (case, "undelivered", "readdress")
    assert late.reminders == 1
    letters.readdress(session, case, "ani", "Siti Lestari", "Jl. Baru 9", now=NOON + 60 * DAY)
    assert row(session, case).answer_by == (NOON + 60 * DAY).date() + ANSWER - LETTER


def test_a_ticket_asks_the_gate_again(session, in_state):
    case = in_state("admitted")
    session.get(VehicleRow, "B1234ABC").vehicle_class = "mobil bus"
    session.flush()
    with pytest.raises(GateError):
        tickets.issue(session, case, "ani", now=NOON)


def test_a_block_needs_its_ground_and_ends_by_itself_when_the_ticket_is_paid(session, engine, in_state):
    case = in_state("ticket_issued")
    with pytest.raises(GuardError, match="no ground"):
        tickets.block_stnk(session, case, "ani", "not_paid", now=NOON)
    session.rollback()
    run_due(session, engine, NOON + 40 * DAY)
    tickets.block_stnk(session, case, "ani", "not_paid", now=NOON + 40 * DAY)
    assert blocks.is_blocked(session, "B1234ABC")
    with pytest.raises(GuardError, match="already"):
        tickets.block_stnk(session, case, "ani", "not_paid", now=NOON + 40 * DAY)
    money.receive(session, moves.take(session, case), FINE_287, "r1", NOON, who="bank", now=NOON + 41 * DAY)
    assert not blocks.is_blocked(session, "B1234ABC")
    assert session.query(BlockRow).one().release_ground == "paid"


def test_an_objection_takes_the_blocks_effect_until_it_is_decided(session, in_state):
    case = in_state("silent")
    tickets.block_stnk(session, case, "ani", "no_answer", now=NOON)
    answers.answer(session, case, "disown", answers.Statement(), now=NOON)
    assert not blocks.is_blocked(session, "B1234ABC")
    with pytest.raises(GuardError):
        tickets.block_stnk(session, case, "ani", "no_answer", now=NOON)
    answers.decide(session, case, "budi", "refuse", "jelas", now=NOON)
    assert blocks.is_blocked(session, "B1234ABC")
    tickets.withdraw(session, case, "ani", "ternyata benar", now=NOON)
    assert not blocks.is_blocked(session, "B1234ABC")
    whats = [r.what for r in session.query(AuditRow) if "STNK" in r.what]
    assert whats == ["STNK blocked", "STNK block suspended", "STNK block in effect again", "STNK released"]


def test_an_unreviewed_case_lapses(session, engine, flag):
    case = flag()
    assert run_due(session, engine, NOON + 29 * DAY) == {}
    assert run_due(session, engine, NOON + 31 * DAY) == {"review": 1}
    lapsed = row(session, case)
    assert (lapsed.state, lapsed.reject_reason, lapsed.rejected_by) == ("rejected", "lapsed", "clock")
    assert audit.verify(session) == []


def test_the_next_day_stands_first_on_the_worklist(session, in_state, flag):
    answered, contested, new = in_state("admitted"), in_state("contested"), flag()
    shown = worklist.waiting(session)
    assert [(w.case_id, w.clock, w.until) for w in shown] == [
        (answered, "issue", date(2026, 8, 26)),
        (contested, "decide", date(2026, 9, 2)),
        (new, "review", date(2026, 9, 18)),
    ]
    assert [w.case_id for w in worklist.waiting(session, states.DISPUTES)] == [contested]
    assert worklist.waiting(session, overdue=True) == []


def test_whoever_reads_what_was_said_is_on_the_trail(session, in_state):
    case = in_state("driver_named")
    (read,) = answers.read(session, case, "ani", now=NOON)
    assert (read.kind, read.by, read.said.person_name) == ("name_driver", "owner", "Budi Santoso")
    assert session.query(AuditRow).filter_by(what="answers read").one().who == "ani"


def test_whoever_goes_to_court_is_not_blocked_for_not_paying_and_after_the_verdict_only_once_late(
    session, engine, in_state
):
    case = in_state("court")
    with pytest.raises(GuardError, match="no ground"):
        tickets.block_stnk(session, case, "ani", "not_paid", now=NOON)
    tickets.give_verdict(session, case, "ani", 100_000, 0, "1", now=NOON + 30 * DAY)
    with pytest.raises(GuardError, match="not over"):
        tickets.block_stnk(session, case, "ani", "not_paid", now=NOON + 30 * DAY)
    run_due(session, engine, NOON + 61 * DAY)
    tickets.block_stnk(session, case, "ani", "not_paid", now=NOON + 61 * DAY)
    assert blocks.is_blocked(session, "B1234ABC")
