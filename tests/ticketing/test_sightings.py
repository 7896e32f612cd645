"""One violation from two cameras, a plate at two places at once, plates that are exempt."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from case_ways import FLAG, NOON
from hypothesis import given
from hypothesis import strategies as st

from ticketing import audit, cases, desk, exempt, letters, sightings, tickets
from ticketing.errors import GateError, GuardError, NotFoundError, PlateError, ReasonError
from ticketing.models import AlertRow, AuditRow, CaseRow

# Sudirman, Jakarta; 1.5 km on; Surabaya, 660 km away.
NEAR = {"latitude": -6.21, "longitude": 106.81}
FAR = {"latitude": -7.25, "longitude": 112.75}


def later(**how):
    return FLAG.occurred_at + timedelta(**how)


def test_two_cameras_that_see_one_violation_make_one_case(session, register, flag):
    register()
    first = flag()
    assert flag(camera_id="cam2", occurred_at=later(minutes=4), **NEAR) == first
    row = session.get(CaseRow, first)
    assert len(cases.captures(session, row)) == 2
    seen = session.query(AuditRow).filter_by(what="seen by another camera").one()
    assert seen.detail["camera"] == "cam2"


def test_a_replay_of_a_merged_capture_changes_nothing(session, register, flag):
    register()
    first = flag()
    other = replace(FLAG, violation_id="v-2", camera_id="cam2", **NEAR)
    assert [cases.flag_violation(session, other, NOON).id for _ in range(2)] == [first, first]
    assert len(cases.captures(session, session.get(CaseRow, first))) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"rule": "no_helmet"},
        {"occurred_at": later(minutes=11)},
        {"plate_accepted": False},
        {"plate_text": "B4321ABC"},
        {"camera_id": "cam"},
    ],
)
def test_another_rule_hour_plate_or_the_same_camera_is_another_case(session, register, flag, other):
    register()
    first = flag()
    assert flag(**{"camera_id": "cam2", **NEAR, **other}) != first


def test_a_case_that_was_closed_takes_nothing_in(session, register, flag):
    register()
    first = flag()
    desk.open_case(session, first, "ani", now=NOON)
    desk.reject(session, first, "ani", "view_blocked", "", now=NOON)
    assert flag(camera_id="cam2", **NEAR) != first


def test_a_plate_at_two_places_at_once_stops_both_cases_until_an_officer_has_resolved_it(
    session, confirmed, flag, sure
):
    first = confirmed()
    second = flag(camera_id="cam9", occurred_at=later(minutes=40), **FAR)
    assert {alert.case_id for alert in session.query(AlertRow)} == {first, second}
    desk.open_case(session, second, "ani", now=NOON)
    with pytest.raises(GateError, match=r"same plate was seen 66\d\.\d km from here within 40\.0 minutes"):
        desk.confirm(session, second, "ani", sure, now=NOON)
    with pytest.raises((GateError, GuardError), match="cloned"):
        letters.send_letter(session, first, "ani", now=NOON)
    session.rollback()
    (shown,) = sightings.alerts_of(session.get(CaseRow, second))
    assert (shown.other_case, shown.minutes) == (first, 40.0)
    (of_second,) = session.query(AlertRow).filter_by(case_id=second)
    with pytest.raises(GuardError, match="open case"):
        sightings.resolve_alert(session, second, of_second.id, "ani", "dicek", now=NOON)
    with pytest.raises(NotFoundError):
        sightings.resolve_alert(session, first, of_second.id, "ani", "dicek", now=NOON)
    desk.open_case(session, second, "ani", now=NOON)
    for alert in session.query(AlertRow).all():
        with pytest.raises(ReasonError):
            sightings.resolve_alert(session, alert.case_id, alert.id, "ani", " ", now=NOON)
        sightings.resolve_alert(session, alert.case_id, alert.id, "ani", "dicek di tempat", now=NOON)
    letters.send_letter(session, first, "ani", now=NOON)
    assert audit.verify(session) == []


def test_an_alert_that_comes_late_still_stops_the_ticket_and_the_block(session, in_state, flag):
    case = in_state("silent")
    flag(camera_id="cam9", occurred_at=later(minutes=40), **FAR)
    with pytest.raises((GateError, GuardError), match="cloned"):
        tickets.issue(session, case, "ani", now=NOON)
    with pytest.raises(GuardError, match="cloned"):
        tickets.block_stnk(session, case, "ani", "no_answer", now=NOON)


def test_a_days_drive_is_no_clone(session, register, flag):
    register()
    flag()
    flag(camera_id="cam9", occurred_at=later(hours=12), **FAR)
    assert session.query(AlertRow).count() == 0


def test_a_plate_that_an_officer_corrects_is_watched_too(session, register, flag):
    register()
    flag()
    second = flag(camera_id="cam9", plate_accepted=False, plate_text="B1234A8C", **FAR)
    assert session.query(AlertRow).count() == 0
    desk.open_case(session, second, "ani", now=NOON)
    assert [m.field for m in desk.correct_plate(session, second, "ani", "B1234ABC", now=NOON).mismatches] == [
        "clone"
    ]


places = st.tuples(st.floats(-11, 6), st.floats(95, 141))


@given(places, places, places)
def test_distances_are_those_of_a_sphere(a, b, c):
    assert sightings.km_between(a, a) == pytest.approx(0, abs=1e-6)
    assert sightings.km_between(a, b) == pytest.approx(sightings.km_between(b, a))
    assert sightings.km_between(a, c) <= sightings.km_between(a, b) + sightings.km_between(b, c) + 1e-6


def test_jakarta_to_surabaya_is_some_660_km():
    assert sightings.km_between((-6.2, 106.8), (-7.25, 112.75)) == pytest.approx(668, abs=5)


def test_an_exempt_plate_is_annulled_at_once_on_record(session, register, flag):
    register()
    exempt.add(session, "admin", "B 1234 ABC", "ambulans", date(2026, 1, 1), now=NOON)
    row = session.get(CaseRow, flag())
    assert (row.state, row.reject_reason, row.reject_note) == ("rejected", "exempt", "ambulans")
    entry = session.query(AuditRow).filter_by(what="annulled as exempt").one()
    assert (entry.who, entry.detail["plate"]) == ("exempt list", "B1234ABC")


def test_a_reading_in_doubt_is_not_annulled_before_an_officer_has_read_it(session, register, flag):
    register()
    exempt.add(session, "admin", "B 1234 ABC", "ambulans", date(2026, 1, 1), now=NOON)
    case = flag(plate_accepted=False)
    assert session.get(CaseRow, case).state == "flagged"
    desk.open_case(session, case, "ani", now=NOON)
    assert desk.correct_plate(session, case, "ani", "B1234ABC", now=NOON).state == "rejected"


def test_an_exemption_that_was_ended_holds_until_its_last_day(session, register, flag):
    register()
    row = exempt.add(session, "admin", "B 1234 ABC", "bus", date(2026, 1, 1), now=NOON)
    exempt.end(session, "admin", row.id, date(2026, 8, 17), now=NOON)
    assert session.get(CaseRow, flag()).state == "flagged"
    exempt.end(session, "admin", row.id, date(2026, 8, 18), now=NOON)
    assert session.get(CaseRow, flag()).state == "rejected"
    with pytest.raises(NotFoundError):
        exempt.end(session, "admin", 99, date(2026, 8, 18), now=NOON)


def test_the_list_holds_for_the_day_of_the_violation(session, register, flag):
    register()
    exempt.add(session, "admin", "B 1234 ABC", "bus", date(2026, 1, 1), date(2026, 8, 17), now=NOON)
    assert session.get(CaseRow, flag()).state == "flagged"
    with pytest.raises(PlateError):
        exempt.add(session, "admin", "'; DROP TABLE cases", "bus", date(2026, 1, 1), now=NOON)
    with pytest.raises(ReasonError):
        exempt.add(session, "admin", "B1A", "bus", date(2026, 1, 2), date(2026, 1, 1), now=NOON)
