"""What an owner finds with a reference and a plate, and what nobody else finds."""

from datetime import UTC, datetime

import pytest
from domain import ANSWER, FINE_287, PAY, RED_LIGHT, H
from sqlalchemy import event

from ticketing import desk, references
from ticketing.crypto import ENVIRONMENT, new_key, seal
from ticketing.models import AuditRow, CaseRow
from ticketing.owner import look_up, look_up_by_vehicle
from ticketing.registry import PERSONAL

NOON = datetime(2026, 8, 19, 5, 0, tzinfo=UTC)


@pytest.fixture
def reference(session, flag, register, sure):
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    given = desk.confirm(session, case, "ani", sure, now=NOON)
    session.commit()
    return given


def test_an_owner_finds_the_case_by_reference_and_plate(session, reference):
    view = look_up(session, reference, "B 1234 ABC", now=NOON)
    assert view.reference == reference
    assert (view.plate, str(view.vehicle)) == ("B 1234 ABC", "Honda Beat, hitam")
    assert (view.article, view.fine_rupiah) == (RED_LIGHT, FINE_287)
    assert (view.answer_by, view.pay_by) == (H + ANSWER, H + PAY)
    assert view.occurred_at == datetime(2026, 8, 18, 3, 0, 5, tzinfo=UTC)
    assert (view.state, view.state_id) == ("confirmed", "Menunggu konfirmasi pemilik kendaraan")
    assert "Siti" not in repr(view)
    assert session.query(AuditRow).filter_by(what="looked up").one().who == "owner"


def test_it_does_not_matter_how_the_two_are_typed(session, reference):
    for typed in (reference.lower(), reference.replace("-", ""), reference[5:], f" {reference} "):
        assert look_up(session, typed, "b1234abc", now=NOON) is not None


def test_what_reads_like_a_digit_is_one():
    assert references.typed("etle-OIL00-zzzzz") == "01100ZZZZZ"
    assert references.typed("ETLE-1111U-11111") is None
    assert references.typed("ETLE-1111-11111") is None


def test_a_wrong_plate_and_no_such_reference_get_the_same_answer_for_the_same_work(session, reference):
    asked = []
    listening = (session.get_bind(), "before_cursor_execute")
    event.listen(*listening, lambda *args: asked.append(args[2]))

    def work(*typed):
        asked.clear()
        assert look_up(session, *typed, now=NOON) is None
        return list(asked)

    wrong_plate = work(reference, "B 1234 ABD")
    assert len(wrong_plate) == 1
    assert work("ETLE-00000-00000", "B 1234 ABC") == wrong_plate
    assert work("no reference", "no plate") == wrong_plate
    assert work("", "") == wrong_plate
    assert work(reference, "' OR '1'='1") == wrong_plate
    assert work("' OR 1=1 --", "B 1234 ABC") == wrong_plate
    assert session.query(AuditRow).filter_by(what="looked up").count() == 0


@pytest.mark.parametrize("state", ["flagged", "under_review", "rejected"])
def test_nobody_finds_a_case_that_no_officer_stands_behind(session, reference, state):
    session.query(CaseRow).one().state = state
    session.commit()
    assert look_up(session, reference, "B1234ABC", now=NOON) is None


def test_a_case_whose_letter_was_sent_is_still_found(session, reference):
    session.query(CaseRow).one().state = "letter_sent"
    session.commit()
    assert look_up(session, reference, "B1234ABC", now=NOON).state_en == "Confirmation letter sent"


def test_references_are_random_and_written_in_crockfords_letters():
    many = {references.new_reference() for _ in range(2000)}
    assert len(many) == 2000
    assert set("".join(many)) == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert all(references.typed(references.written(one)) == one for one in many)


CHASSIS, ENGINE = "MH1JM1118KK512345", "JM11E-1099 876"


@pytest.fixture
def numbered(session, reference, register):
    """The vehicle of the case, with chassis and engine numbers."""
    personal = {**dict.fromkeys(PERSONAL, "-"), "chassis_number": CHASSIS, "engine_number": ENGINE}
    register(personal=seal(personal))


@pytest.mark.parametrize(
    ("chassis", "motor"), [("12345", "99876"), (" 12 345", "99 876"), ("12345", "9-9876")]
)
def test_whoever_holds_the_stnk_finds_every_ticket_of_the_vehicle(
    session, numbered, reference, chassis, motor
):
    assert [v.reference for v in look_up_by_vehicle(session, "b 1234 abc", chassis, motor, now=NOON)] == [
        reference
    ]
    row = session.query(AuditRow).filter_by(what="looked up by vehicle").one()
    assert (row.who, row.detail) == ("owner", {"cases": [1]})


def test_the_latest_violation_comes_first_and_none_that_no_officer_stands_behind(
    session, numbered, reference, flag, sure
):
    later = flag(rule="stop_line", occurred_at=NOON)
    assert len(look_up_by_vehicle(session, "B1234ABC", "12345", "99876", now=NOON)) == 1
    desk.open_case(session, later, "ani", now=NOON)
    desk.confirm(session, later, "ani", sure, now=NOON)
    found = look_up_by_vehicle(session, "B1234ABC", "12345", "99876", now=NOON)
    assert [view.rule for view in found] == ["stop_line", "red_light"]


def test_a_wrong_number_a_wrong_plate_and_no_ticket_get_the_same_answer_for_the_same_work(
    session, numbered, register
):
    register("B9X")
    asked = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *args: asked.append(args[2]))

    def work(*typed):
        asked.clear()
        assert look_up_by_vehicle(session, *typed, now=NOON) == []
        return list(asked)

    wrong = work("B1234ABC", "12346", "99876")
    assert len(wrong) == 2
    assert work("B1234ABC", "12345", "99875") == wrong
    assert work("B1234ABC", "", "") == wrong
    assert work("B1234ABC", "912345", "99876") == wrong
    assert work("B1234ABC", "2345", "99876") == wrong
    assert work("D1X", "12345", "99876") == wrong
    assert work("' OR '1'='1", "12345", "99876") == wrong
    assert work("B9X", "-----", "-----") == wrong
    assert work("B1234ABC", "\u0661" * 5, "99876") == wrong
    assert session.query(AuditRow).filter_by(what="looked up by vehicle").count() == 0


def test_a_record_without_a_number_is_found_by_none(session, reference, register):
    register(personal=seal({**dict.fromkeys(PERSONAL, ""), "engine_number": ENGINE}))
    for chassis in ("", "     ", "-----"):
        assert look_up_by_vehicle(session, "B1234ABC", chassis, "99876", now=NOON) == []


def test_another_key_is_told_from_a_wrong_number(session, numbered, monkeypatch):
    assert look_up_by_vehicle(session, "D1X", "12345", "99876", now=NOON) == []
    monkeypatch.setenv(ENVIRONMENT, new_key())
    assert look_up_by_vehicle(session, "D1X", "12345", "99876", now=NOON) == []
