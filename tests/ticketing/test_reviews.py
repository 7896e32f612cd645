"""Whose decision counts: one officer's, two officers' who do not know of each other, or a supervisor's."""

from datetime import timedelta

import pytest
from case_ways import NOON

from ticketing import audit, desk, quality, review_queue, reviews, sightings
from ticketing.case_file import gather
from ticketing.errors import ForbiddenMoveError, GateError, IllegalMoveError, NotFoundError, ReasonError
from ticketing.models import CaseRow
from ticketing.reviews import Decision
from ticketing.types import Checklist, Officer

ANI, BUDI = Officer("ani", "Ani", "reviewer"), Officer("budi", "Budi", "reviewer")
SITI = Officer("siti", "Siti", "supervisor")
ALL = review_queue.Wanted()
CONFIRM = Decision("confirm", Checklist(True, True, True, True))
REJECT = Decision("reject", reason="picture_quality")
ASK = Decision("ask", note="lihat huruf ketiga")


@pytest.fixture
def decide(session):
    def act(case, officer, decision, share=0.0, plate=None, after=5):
        reviews.open_case(session, case, officer, now=NOON)
        if plate:
            desk.correct_plate(session, case, officer.login, plate, now=NOON)
        outcome = reviews.decide(session, case, officer, decision, share, now=NOON + timedelta(seconds=after))
        session.commit()
        return outcome.state, outcome.stage

    return act


@pytest.fixture
def case(register, flag):
    register()
    return flag()


def waits_for(session, officer):
    shown = review_queue.page(session, officer, ALL, 1, now=NOON)
    return [case.id for case in shown.cases]


def test_without_a_share_one_officer_decides(case, decide):
    assert decide(case, ANI, CONFIRM) == ("confirmed", "first")


def test_a_drawn_case_waits_for_a_second_officer_who_sees_nothing_of_the_first(session, case, decide):
    assert decide(case, ANI, REJECT, share=1.0, plate="B 1 A") == ("flagged", "second")
    assert (waits_for(session, ANI), waits_for(session, BUDI)) == ([], [case])
    shown = reviews.open_case(session, case, BUDI, now=NOON)
    # What the first one corrected is gone, and so is their decision.
    assert (shown.plate_text, shown.plate_corrected, shown.record.nrkb) == ("B1234ABC", False, "B1234ABC")
    assert gather(session, shown, BUDI).reviews == []
    with pytest.raises(ForbiddenMoveError, match="you have decided"):
        reviews.open_case(session, case, ANI, now=NOON)


def test_a_case_that_is_handed_on_is_as_it_was_flagged(session, case, register):
    register("B1A")
    reviews.open_case(session, case, ANI, now=NOON)
    desk.correct_plate(session, case, "ani", "B 1 A", now=NOON)
    desk.correct_vehicle(
        session, case, "ani", "mobil bus", "yellow", body_colour="merah", make="Yamaha", now=NOON
    )
    row = session.get(CaseRow, case)
    corrected = (
        "plate_corrected", "class_corrected", "colour_corrected", "body_colour_corrected", "make_corrected",
    )  # fmt: skip
    assert None not in [getattr(row, name) for name in corrected] and row.nrkb == "B1A"
    desk.hand_on(session, case, "ani", "second", {"decision": "ask"}, now=NOON)
    session.commit()
    row = session.get(CaseRow, case)
    assert (row.state, row.stage, row.nrkb) == ("flagged", "second", "B1234ABC")
    assert [getattr(row, name) for name in corrected] == [None] * 5
    assert (row.locked_by, row.locked_until, row.opened_at) == (None, None, None)
    assert (row.reference, row.confirmed_by) == (None, None)


def test_a_plate_that_the_reader_did_not_accept_is_nobodys_again_when_it_is_handed_on(
    session, register, flag
):
    register()
    case = flag(plate_accepted=False)
    desk.open_case(session, case, "ani", now=NOON)
    desk.correct_plate(session, case, "ani", "B 1234 ABC", now=NOON)
    assert session.get(CaseRow, case).nrkb == "B1234ABC"
    desk.hand_on(session, case, "ani", "second", {}, now=NOON)
    assert session.get(CaseRow, case).nrkb is None


@pytest.mark.parametrize(("decision", "state"), [(CONFIRM, "confirmed"), (REJECT, "rejected")])
def test_two_who_agree_decide(case, decide, decision, state):
    decide(case, ANI, decision, share=1.0)
    assert decide(case, BUDI, decision, share=1.0)[0] == state


@pytest.mark.parametrize("second", [REJECT, CONFIRM])
def test_two_who_do_not_agree_leave_it_to_a_supervisor_who_sees_both(session, case, decide, register, second):
    register("B12A")
    decide(case, ANI, CONFIRM, share=1.0)
    # Two confirmations of different vehicles are no agreement either.
    plate = "B 12 A" if second is CONFIRM else None
    assert decide(case, BUDI, second, share=1.0, plate=plate) == ("flagged", "supervisor")
    assert (waits_for(session, BUDI), waits_for(session, SITI)) == ([], [case])
    with pytest.raises(ForbiddenMoveError):
        reviews.open_case(session, case, Officer("cici", "Cici", "reviewer"), now=NOON)
    seen = gather(session, reviews.open_case(session, case, SITI, now=NOON), SITI).reviews
    assert [(r.officer, r.decision) for r in seen] == [("ani", "confirm"), ("budi", second.kind)]
    assert decide(case, SITI, CONFIRM, share=1.0)[0] == "confirmed"
    assert audit.verify(session) == []


def test_who_is_asked_reads_the_question_and_decides_alone(session, case, decide):
    assert decide(case, ANI, ASK) == ("flagged", "second")
    seen = gather(session, reviews.open_case(session, case, BUDI, now=NOON), BUDI).reviews
    assert [(r.decision, r.note) for r in seen] == [("ask", "lihat huruf ketiga")]
    assert decide(case, BUDI, CONFIRM, share=1.0)[0] == "confirmed"


def test_two_who_ask_leave_it_to_a_supervisor_who_has_nobody_to_ask(case, decide):
    decide(case, ANI, ASK)
    assert decide(case, BUDI, ASK) == ("flagged", "supervisor")
    with pytest.raises(ReasonError, match="nobody further"):
        decide(case, SITI, ASK)


def test_a_second_officers_case_obeys_gate_and_checklist_like_any_other(session, case, decide):
    with pytest.raises(GateError):
        decide(case, ANI, Decision("confirm", Checklist(True, True, True, False)), share=1.0)
    session.rollback()
    with pytest.raises(GateError):
        decide(case, ANI, Decision("confirm"), share=1.0)
    session.rollback()
    assert session.get(CaseRow, case).stage == "first" and reviews.of_case(session, case) == []


def test_nobody_decides_what_they_have_not_opened(session, case):
    with pytest.raises(IllegalMoveError):
        reviews.decide(session, case, ANI, CONFIRM, 0.0, now=NOON)
    with pytest.raises(NotFoundError):
        reviews.decide(session, 99, ANI, CONFIRM, 0.0, now=NOON)


def test_the_draw_is_of_the_share_and_always_the_same(session):
    drawn = [reviews.drawn(f"v-{i}", 0.2) for i in range(2000)]
    assert 330 < sum(drawn) < 470
    assert drawn == [reviews.drawn(f"v-{i}", 0.2) for i in range(2000)]
    assert not any(reviews.drawn(f"v-{i}", 0.0) for i in range(100))
    assert all(reviews.drawn(f"v-{i}", 1.0) for i in range(100))


def test_quality_tells_time_agreement_and_who_only_nods(session, register, flag, decide):
    register()
    for i in range(quality.LEAST):
        decide(flag(), ANI, CONFIRM, after=1 + i % 2)
    for second in (CONFIRM, REJECT):
        case = flag()
        decide(case, ANI, REJECT, share=1.0, after=9)
        decide(case, BUDI, second, share=1.0, after=20)
    found = quality.quality(session, NOON, NOON + timedelta(days=1), hasty_s=4.0)
    assert (found.paired, found.agreed) == (2, 1)
    ani, budi = found.officers
    assert (ani.decided, ani.confirmed, ani.rejected, ani.hasty) == (22, 20, 2, 20)
    assert (ani.median_s, ani.agreement, ani.nods) == (2.0, 0.5, True)
    assert (budi.median_s, budi.hasty, budi.nods) == (20.0, 0, False)
    assert quality.quality(session, NOON + timedelta(days=1), NOON + timedelta(days=2), 4.0).officers == []


def test_a_case_reopened_is_timed_from_its_first_opening_unless_the_lease_has_lapsed(session, case):
    reviews.open_case(session, case, ANI, now=NOON)
    reviews.open_case(session, case, ANI, now=NOON + timedelta(seconds=30))
    assert session.get(CaseRow, case, populate_existing=True).opened_at == NOON
    later = NOON + desk.LEASE * 2
    reviews.open_case(session, case, ANI, now=later)
    assert session.get(CaseRow, case, populate_existing=True).opened_at == later


def test_the_file_has_earlier_cases_alerts_and_candidates(session, case, flag, register):
    register("B1284ABC")
    doubtful = flag(
        plate_accepted=False, camera_id="far", latitude=-7.8, longitude=110.4, rule="speeding",
        character_probabilities=(0.99, 0.99, 0.99, 0.6, 0.99, 0.99, 0.99, 0.99),
    )  # fmt: skip
    elsewhere = flag(rule="speeding")
    opened = reviews.open_case(session, doubtful, ANI, now=NOON)
    file = gather(session, opened, ANI)
    assert {e.id for e in file.same_plate} == {case, elsewhere} and file.same_place == []
    assert file.match.exact and {c.nrkb for c in file.match.candidates} >= {"B1234ABC"}
    assert file.alerts == []
    opened = desk.correct_plate(session, doubtful, "ani", "B1234ABC", now=NOON)
    file = gather(session, opened, ANI)
    assert file.alerts[0].km > 400
    sightings.resolve_alert(session, doubtful, file.alerts[0].id, "ani", "pelat palsu dilaporkan", now=NOON)
    assert len(gather(session, opened, ANI).alerts) == len(file.alerts) - 1
