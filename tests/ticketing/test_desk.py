"""The officer's desk: locks, corrections, the gate, decisions."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from domain import ANSWER, FINE_287, LETTER, PAY, RED_LIGHT, H
from sqlalchemy import text

from ticketing import audit, desk, gate, review_queue, states
from ticketing.errors import (
    GateError,
    IllegalMoveError,
    LockedError,
    NotFoundError,
    PlateError,
    ReasonError,
    TicketingError,
)
from ticketing.models import AuditRow, CaseRow, VehicleRow
from ticketing.types import Officer

NOON = datetime(2026, 8, 19, 5, 0, tzinfo=UTC)
LATER = NOON + desk.LEASE + timedelta(seconds=1)


def audited(session):
    return [(row.who, row.what, row.subject) for row in session.query(AuditRow).order_by(AuditRow.id)]


def faulty_fields(error):
    return [fault.field for fault in error.value.mismatches]


def test_the_queue_shows_what_waits_oldest_violation_first(session, flag, register, sure):
    register()
    young = flag()
    old = flag(occurred_at=datetime(2026, 8, 17, 3, 0, tzinfo=UTC))
    decided = flag()
    desk.open_case(session, decided, "ani", now=NOON)
    desk.confirm(session, decided, "ani", sure, now=NOON)
    desk.open_case(session, young, "budi", now=NOON)
    officer = Officer("cici", "Cici", "reviewer")
    shown = review_queue.page(session, officer, review_queue.Wanted(), 1, now=NOON).cases
    assert [(case.id, case.state, case.locked_by) for case in shown] == [
        (old, "flagged", None),
        (young, "under_review", "budi"),
    ]
    assert shown[0].title_id == "Menerobos lampu merah"
    assert shown[0].occurred_at == datetime(2026, 8, 17, 3, 0, tzinfo=UTC)
    later = review_queue.page(session, officer, review_queue.Wanted(), 1, now=LATER).cases
    assert later[1].locked_by is None


def test_an_opened_case_shows_everything_and_is_on_record(session, flag, register):
    register()
    case = desk.open_case(session, flag(), "ani", now=NOON)
    assert case.state == "under_review"
    assert case.record.owner_name == "Siti Lestari"
    assert case.mismatches == ()
    assert (case.article, case.fine_rupiah) == (RED_LIGHT, FINE_287)
    assert case.measured == {"seconds_into_red": 2.5}
    assert (case.vehicle_class, case.stnk_class, case.plate_colour) == ("motorcycle", "sepeda motor", "white")
    assert case.locked_until == NOON + timedelta(minutes=10)
    assert case.reference is None
    assert ("ani", "opened", f"case {case.id}") in audited(session)


def test_a_second_officer_is_told_who_has_the_case_and_until_when(session, flag):
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    with pytest.raises(LockedError, match="ani until 2026-08-19 05:10:00 UTC") as caught:
        desk.open_case(session, case, "budi", now=NOON + timedelta(minutes=9))
    assert (caught.value.by, caught.value.until) == ("ani", NOON + timedelta(minutes=10))


def test_the_same_officer_renews_the_lease(session, flag):
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    desk.open_case(session, case, "ani", now=NOON + timedelta(minutes=8))
    with pytest.raises(LockedError):
        desk.open_case(session, case, "budi", now=NOON + timedelta(minutes=12))


def test_a_lapsed_case_goes_to_whoever_opens_it_and_the_first_officer_is_told(session, flag, register, sure):
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    desk.open_case(session, case, "budi", now=LATER)
    with pytest.raises(LockedError, match="budi"):
        desk.confirm(session, case, "ani", sure, now=LATER)
    with pytest.raises(LockedError, match="budi"):
        desk.reject(session, case, "ani", "exempt", "", now=LATER)
    with pytest.raises(LockedError, match="budi"):
        desk.correct_plate(session, case, "ani", "B 1 A", now=LATER)
    assert session.get(CaseRow, case).state == states.UNDER_REVIEW


def test_a_lapsed_lease_that_nobody_took_still_lets_its_officer_decide(session, flag, register, sure):
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    assert desk.confirm(session, case, "ani", sure, now=LATER).startswith("ETLE-")


def test_a_case_that_nobody_opened_cannot_be_decided(session, flag, register, sure):
    register()
    case = flag()
    with pytest.raises(IllegalMoveError) as caught:
        desk.confirm(session, case, "ani", sure, now=NOON)
    assert (caught.value.state, caught.value.move) == ("flagged", "confirm")
    with pytest.raises(IllegalMoveError):
        desk.reject(session, case, "ani", "exempt", "", now=NOON)


def test_a_case_is_decided_once(session, flag, register, sure):
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    desk.reject(session, case, "ani", "view_blocked", "pohon", now=NOON)
    with pytest.raises(IllegalMoveError, match="rejected"):
        desk.confirm(session, case, "ani", sure, now=NOON)
    shown = desk.open_case(session, case, "budi", now=NOON)
    assert (shown.state, shown.reject_reason, shown.reject_note) == ("rejected", "view_blocked", "pohon")
    assert shown.locked_by is None


def test_what_does_not_exist_is_not_found(session, sure):
    with pytest.raises(NotFoundError, match="no case 99"):
        desk.open_case(session, 99, "ani", now=NOON)
    with pytest.raises(NotFoundError):
        desk.confirm(session, 99, "ani", sure, now=NOON)


def test_without_a_record_nothing_is_confirmed(session, flag, sure):
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    with pytest.raises(GateError, match="No STNK record") as caught:
        desk.confirm(session, case, "ani", sure, now=NOON)
    assert faulty_fields(caught) == ["record"]
    assert session.get(CaseRow, case).reference is None


@pytest.mark.parametrize(
    ("seen", "recorded"),
    [
        ("motorcycle", "mobil penumpang"),
        ("car", "sepeda motor"),
        ("car", "mobil barang"),
        ("truck", "mobil bus"),
        ("bicycle", "sepeda motor"),
        ("car", "kendaraan khusus"),
    ],
)
def test_another_class_than_the_records_closes_the_gate(session, flag, register, sure, seen, recorded):
    register(vehicle_class=recorded)
    case = flag(vehicle_class=seen)
    shown = desk.open_case(session, case, "ani", now=NOON)
    assert [(m.field, m.recorded) for m in shown.mismatches] == [("vehicle_class", recorded)]
    with pytest.raises(GateError):
        desk.confirm(session, case, "ani", sure, now=NOON)


@pytest.mark.parametrize(
    ("seen", "recorded"),
    [
        ("motorcycle", "sepeda motor"),
        ("car", "mobil penumpang"),
        ("bus", "mobil bus"),
        ("truck", "mobil barang"),
    ],
)
def test_the_records_own_class_passes(session, flag, register, sure, seen, recorded):
    register(vehicle_class=recorded)
    case = flag(vehicle_class=seen)
    desk.open_case(session, case, "ani", now=NOON)
    assert desk.confirm(session, case, "ani", sure, now=NOON)


def test_another_plate_colour_closes_the_gate_and_an_unknown_one_does_not(session, flag, register, sure):
    register(plate_colour="yellow")
    white, unknown = flag(plate_colour="white"), flag(plate_colour=None)
    shown = desk.open_case(session, white, "ani", now=NOON)
    assert shown.mismatches[0].text_id == "Pelat terlihat putih, pada STNK kuning"
    with pytest.raises(GateError) as caught:
        desk.confirm(session, white, "ani", sure, now=NOON)
    assert faulty_fields(caught) == ["plate_colour"]
    assert desk.open_case(session, unknown, "ani", now=NOON).plate_colour is None
    assert desk.confirm(session, unknown, "ani", sure, now=NOON)


@pytest.mark.parametrize("point", [field.name for field in fields(desk.Checklist)])
def test_each_point_of_the_checklist_must_hold(session, flag, register, sure, point):
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    with pytest.raises(GateError) as caught:
        desk.confirm(session, case, "ani", replace(sure, **{point: False}), now=NOON)
    assert faulty_fields(caught) == [point]


def test_an_officer_resolves_a_class_that_the_detector_took_for_another(session, flag, register, sure):
    register(vehicle_class="mobil barang", plate_colour="yellow")
    case = flag(vehicle_class="car")
    desk.open_case(session, case, "ani", now=NOON)
    shown = desk.correct_vehicle(session, case, "ani", "mobil barang", "yellow", now=NOON)
    assert (shown.mismatches, shown.stnk_class, shown.vehicle_class) == ((), "mobil barang", "car")
    assert desk.confirm(session, case, "ani", sure, now=NOON)
    row = session.query(AuditRow).filter_by(what="vehicle corrected").one()
    assert row.detail == {
        "from": ["mobil penumpang", "white", None, None],
        "to": ["mobil barang", "yellow", None, None],
    }
    with pytest.raises(ReasonError, match="'car' is unknown"):
        desk.correct_vehicle(session, case, "ani", "car", None, now=NOON)


def test_a_corrected_plate_finds_its_own_record(session, flag, register, sure):
    register("D88XY", make="Yamaha")
    case = flag(plate_text="D88XV", plate_accepted=False)
    assert desk.open_case(session, case, "ani", now=NOON).record is None
    shown = desk.correct_plate(session, case, "ani", " d 88-xy ", now=NOON)
    assert (shown.plate_text, shown.plate_corrected, shown.record.make) == ("D88XY", True, "Yamaha")
    assert ("ani", "plate corrected", f"case {case}") in audited(session)
    assert desk.confirm(session, case, "ani", sure, now=NOON)


def test_a_plate_corrected_to_an_unregistered_one_loses_its_record(session, flag, register, sure):
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    assert desk.correct_plate(session, case, "ani", "B 1234 ABD", now=NOON).record is None
    with pytest.raises(GateError, match="B1234ABD"):
        desk.confirm(session, case, "ani", sure, now=NOON)


@pytest.mark.parametrize(
    "typed",
    ["", "B", "1234", "B 0123 A", "B 12345 A", "ABC 1 D", "B 1 ABCD", "1234-00", "B1'; DROP TABLE cases; --", "ß 1 A",
     "B １ A", "B 1 A\x00", "x" * 5000],
)  # fmt: skip
def test_what_is_no_plate_is_refused_and_changes_nothing(session, flag, register, typed):
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    with pytest.raises(PlateError, match="is not a plate number"):
        desk.correct_plate(session, case, "ani", typed, now=NOON)
    assert session.get(CaseRow, case).plate_corrected is None
    assert session.get(VehicleRow, "B1234ABC") is not None
    assert session.scalar(text("select count(*) from cases")) == 1


def test_a_rejection_needs_a_reason_that_others_can_follow(session, flag):
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    with pytest.raises(ReasonError, match="no_violation"):
        desk.reject(session, case, "ani", "because", "", now=NOON)
    with pytest.raises(ReasonError, match="note"):
        desk.reject(session, case, "ani", "other", "  ", now=NOON)
    desk.reject(session, case, "ani", "other", "kendaraan derek", now=NOON)
    row = session.query(AuditRow).filter_by(what="rejected").one()
    assert row.detail == {
        "from": "under_review", "to": "rejected", "reason": "other", "note": "kendaraan derek",
    }  # fmt: skip
    assert all(len(words) == 2 for words in desk.REJECT_REASONS.values())


def test_the_deadlines_are_kept_with_the_case_in_the_cameras_zone(session, flag, register, sure):
    # 17:30 UTC on the 18th is the 19th in Jakarta.
    register()
    case = flag(occurred_at=datetime(2026, 8, 18, 17, 30, tzinfo=UTC))
    desk.open_case(session, case, "ani", now=NOON)
    desk.confirm(session, case, "ani", sure, now=NOON)
    row = session.get(CaseRow, case)
    assert (row.answer_by, row.pay_by) == (date(2026, 8, 19) + ANSWER, date(2026, 8, 19) + PAY)


def test_an_office_that_is_late_takes_no_day_from_the_owner(session, flag, register, sure):
    # The days until the letter are the office's; confirmed on H+13, everything moves by what is beyond them.
    register()
    case = flag()
    late = NOON + timedelta(days=12)
    moved = timedelta(13) - LETTER
    desk.open_case(session, case, "ani", now=late)
    desk.confirm(session, case, "ani", sure, now=late)
    row = session.get(CaseRow, case)
    assert (row.answer_by, row.pay_by) == (H + ANSWER + moved, H + PAY + moved)


def test_every_error_of_the_desk_is_one_of_this_packages(session):
    for kind in (GateError, IllegalMoveError, LockedError, NotFoundError, PlateError, ReasonError):
        assert issubclass(kind, TicketingError)


def test_nothing_is_committed_and_a_rollback_leaves_the_trail_whole(session, flag, register, sure):
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    desk.confirm(session, case, "ani", sure, now=NOON)
    session.rollback()
    assert session.get(CaseRow, case).state == "flagged"
    desk.open_case(session, case, "budi", now=NOON)
    session.commit()
    assert audit.verify(session) == []


def disagreements(shown):
    return [(m.field, m.seen, m.recorded) for m in shown.mismatches]


def test_a_body_colour_or_make_that_disagrees_holds_the_case_until_it_is_resolved(
    session, register, flag, sure
):
    register()
    case = flag(body_colour="merah", make="Yamaha")
    shown = desk.open_case(session, case, "ani", now=NOON)
    assert (shown.body_colour, shown.make) == ("merah", "Yamaha")
    assert disagreements(shown) == [("body_colour", "merah", "hitam"), ("make", "Yamaha", "Honda")]
    with pytest.raises(GateError, match="Vehicle seen: merah"):
        desk.confirm(session, case, "ani", sure, now=NOON)
    shown = desk.correct_vehicle(
        session, case, "ani", "sepeda motor", None, body_colour=" Hitam ", make="HONDA", now=NOON
    )
    assert disagreements(shown) == []
    row = session.query(AuditRow).filter_by(what="vehicle corrected").one()
    assert row.detail["from"][2:] == ["merah", "Yamaha"]
    assert row.detail["to"][2:] == ["Hitam", "HONDA"]
    desk.confirm(session, case, "ani", sure, now=NOON)


def test_what_nobody_saw_of_the_body_disagrees_with_nothing(session, register, flag):
    register()
    assert disagreements(desk.open_case(session, flag(), "ani", now=NOON)) == []


def test_an_officer_who_sees_another_colour_stops_the_letter(session, register, flag, sure):
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    desk.correct_vehicle(session, case, "ani", "sepeda motor", None, body_colour="biru", now=NOON)
    with pytest.raises(GateError, match="biru"):
        desk.confirm(session, case, "ani", sure, now=NOON)


@pytest.mark.parametrize(
    ("seen", "recorded", "same"),
    [
        ("hitam", "HITAM", True),
        ("hitam", "Hitam Metalik", True),
        ("merah metalik", "hitam metalik", False),
        ("silver", "ABU-ABU MUDA", True),
        ("merah", "merah hitam", True),
        ("biru", "merah hitam", False),
        ("tua", "tua", False),
    ],
)
def test_body_colours_are_compared_as_people_write_them(seen, recorded, same):
    assert gate.same_body_colour(seen, recorded) is same


@pytest.mark.parametrize(
    ("seen", "recorded", "same"),
    [
        ("honda", "HONDA", True),
        ("Mercedes-Benz", "MERCEDES BENZ", True),
        ("Honda", "Yamaha", False),
        ("", "Honda", False),
    ],
)
def test_makes_are_compared_as_people_write_them(seen, recorded, same):
    assert gate.same_make(seen, recorded) is same


@pytest.mark.parametrize("word", ["x" * 41, "12", "mer\nah"])
def test_what_is_no_word_for_a_colour_is_refused(session, register, flag, word):
    register()
    case = flag()
    desk.open_case(session, case, "ani", now=NOON)
    with pytest.raises(ReasonError, match="body colour"):
        desk.correct_vehicle(session, case, "ani", "sepeda motor", None, body_colour=word, now=NOON)
