"""A case as its addressee follows it, in every state."""

import pytest
from case_ways import DAY, NOON, WAY

from api.portal_timeline import steps_of
from ticketing import answers, dispatch, letters, states
from ticketing.errors import NotFoundError
from ticketing.models import AuditRow
from ticketing.owner import look_up_by_vehicle
from ticketing.owner_case import BY_LETTER, BY_VEHICLE, genuine, letter_of, open_case
from ticketing.vehicle_status import status_of


@pytest.mark.parametrize("state", WAY)
def test_in_every_state_the_owner_is_at_exactly_one_step(session, in_state, state):
    case = open_case(session, in_state(state), BY_LETTER)
    steps = steps_of(case)
    assert [s.standing for s in steps].count("here") == 1
    here = next(k for k, s in enumerate(steps) if s.standing == "here")
    assert all(s.standing in ("done", "missed") for s in steps[:here])
    assert all(s.standing == "open" for s in steps[here + 1 :])
    assert (any(s.frozen_on for s in steps)) == (state in states.DISPUTES)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("letter_sent", "Jawaban Anda"), ("silent", "Tilang diterbitkan"), ("ticket_issued", "Titipan denda dibayar"),
        ("unpaid", "Sidang"), ("court", "Putusan"), ("settled", "Perkara selesai"), ("contested", "Keberatan Anda"),
        ("withdrawn", "Perkara dihentikan"),
    ],
)  # fmt: skip
def test_the_step_is_the_one_that_has_to_come_next(session, in_state, state, words):
    steps = steps_of(open_case(session, in_state(state), BY_LETTER))
    assert next(s for s in steps if s.standing == "here").words[0].startswith(words)


def test_a_deadline_that_passed_is_shown_as_passed(session, in_state):
    steps = steps_of(open_case(session, in_state("silent"), BY_LETTER))
    assert [s.words[1] for s in steps if s.standing == "missed"] == ["Your answer"]
    steps = steps_of(open_case(session, in_state("unpaid"), BY_LETTER))
    assert [s.words[1] for s in steps if s.standing == "missed"] == ["Deposit paid"]


def test_an_unconfirmed_case_is_nobodys(session, flag, register):
    register()
    with pytest.raises(NotFoundError):
        open_case(session, flag(), BY_LETTER)


def test_only_a_notified_cases_code_is_genuine(session, in_state):
    view = open_case(session, in_state("court"), BY_LETTER).view
    found = genuine(session, view.reference)
    assert (found.office, found.plate_end) == ("Ditlantas", "BC")
    assert genuine(session, "ETLE-00000-00000") is None and genuine(session, "") is None


def test_a_letter_is_given_to_whom_it_went_and_to_nobody_else(session, confirmed):
    case = confirmed()
    dispatch.send_confirmation(session, case, "ani", (), "https://etle.example", now=NOON)
    sent = open_case(session, case, BY_LETTER).letters
    assert [letter.kind for letter in sent] == ["confirmation"]
    assert letter_of(session, case, sent[0].id, BY_LETTER, now=NOON).startswith(b"%PDF-")
    assert session.query(AuditRow).filter_by(what="letter downloaded").count() == 1
    said = answers.Statement("", "Budi Santoso", "Jl. Kenanga 2")
    answers.answer(session, case, states.NAME_DRIVER, said, now=NOON)
    letters.send_letter(session, case, "ani", now=NOON)
    with pytest.raises(NotFoundError):
        letter_of(session, case, sent[0].id, BY_LETTER, now=NOON)
    assert open_case(session, case, BY_VEHICLE).may_answer == ()
    assert open_case(session, case, BY_VEHICLE).view.reference == ""
    assert letter_of(session, case, sent[0].id, BY_VEHICLE, now=NOON).startswith(b"%PDF-")
    assert set(open_case(session, case, BY_LETTER).may_answer) == {states.ADMIT, states.CONTEST}


def test_by_vehicle_all_its_notices_are_found_the_newest_first(session, register, in_state):
    from ticketing.crypto import seal
    from ticketing.registry import PERSONAL

    case = in_state("letter_sent")
    sealed = seal({**dict.fromkeys(PERSONAL, "-"), "owner_name": "S", "owner_address": "J",
                   "chassis_number": "MH1JM2117LK123456", "engine_number": "JM21E1234567"})  # fmt: skip
    register(personal=sealed)
    assert [v.case_id for v in look_up_by_vehicle(session, "b 1234 abc", "23456", "34567", now=NOON)] == [
        case
    ]
    assert look_up_by_vehicle(session, "B1234ABC", "MH1JM2117LK123456", "JM21E1234567", now=NOON)
    for wrong in (("3456", "34567"), ("23456", ""), ("23457", "34567"), ("", "")):
        assert look_up_by_vehicle(session, "B1234ABC", *wrong, now=NOON) == []


def test_the_stnks_status_names_nobody(session, register):
    register()
    status = status_of(session, "B 1234 ABC", now=NOON)
    assert not status.blocked and "Siti" not in repr(status)
    with pytest.raises(NotFoundError):
        status_of(session, "B 9 Z", now=NOON)


def test_every_addressee_has_a_code_of_their_own(session, in_state):
    from ticketing import clocks, schedule

    case = in_state("letter_sent")
    owners = open_case(session, case, BY_LETTER).view.reference
    said = answers.Statement("", "Budi Santoso", "Jl. Kenanga 2")
    answers.answer(session, case, states.NAME_DRIVER, said, now=NOON)
    drivers = open_case(session, case, BY_LETTER).view.reference
    assert drivers != owners
    with pytest.raises(NotFoundError):
        open_case(session, case, BY_LETTER, owners)
    letters.send_letter(session, case, "ani", now=NOON)
    schedule.fire(session, clocks.running(session, case).id, NOON + 60 * DAY)
    letters.send_letter(session, case, "ani", now=NOON + 60 * DAY)
    with pytest.raises(NotFoundError):
        open_case(session, case, BY_LETTER, drivers)
    assert open_case(session, case, BY_LETTER).addressee == "owner"
