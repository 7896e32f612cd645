"""Passages at the ends of a section: kept, judged in any order, deleted when their time is over."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest
from case_ways import FLAG, NOON
from sqlalchemy import func, select

from ticketing import audit, passages
from ticketing.cases import flag_violation
from ticketing.db import make_engine
from ticketing.models import AuditRow, PassageRow
from ticketing.record_rules.settings import AverageSpeedSettings, RoadSection

SECTION = RoadSection.model_validate(
    {"from": "cam-a", "to": "cam-b", "road_m": 5000, "road_sigma_m": 5, "clock_sigma_s": 0.1, "limit_kmh": 100,
     "tolerance_kmh": 10, "certificate": "C-1", "certificate_valid_until": date(2027, 1, 1)}
)  # fmt: skip
SETTINGS = AverageSpeedSettings(keep_minutes=60, sections=(SECTION,))


def passed(camera="cam-a", seconds=0.0, **changes):
    name = f"{camera} {seconds:.0f} {changes.get('plate_text', '')}"
    at = NOON + timedelta(seconds=seconds)
    made = replace(
        FLAG, rule="average_speed", violation_id=name, camera_id=camera, occurred_at=at, vehicle_class="car",
        measured={"moment_doubt_s": 0.2},
    )  # fmt: skip
    return replace(made, **changes)


@pytest.fixture
def keep(session):
    def each(*all_passed, now=NOON):
        for one in all_passed:
            passages.keep(session, one, now)
            session.commit()
        return [f.finding.sightings for f in passages.too_fast(session, SETTINGS, now)]

    return each


def kept(session):
    return session.scalar(select(func.count()).select_from(PassageRow))


def test_whichever_passage_comes_first_the_pair_is_found_once_both_are_there(keep, session):
    assert keep(passed("cam-b", 150)) == []
    assert keep(passed("cam-a", 0)) == [("cam-a 0 ", "cam-b 150 ")]
    (found,) = passages.too_fast(session, SETTINGS, NOON, "B1234ABC")
    assert found.evidence_sha256 == ("0" * 64, "0" * 64)
    assert 119 < found.finding.speed_kmh < 121 and found.finding.parameters["tolerance_kmh"] == 10
    assert found.finding.measured["passed_from_at"] == "19-08-2026 12:00:00.000 WIB"
    assert passages.too_fast(session, SETTINGS, NOON, "B1ABC") == ()


def test_a_lawful_speed_another_class_and_another_plate_are_not_found(keep):
    lawful = passed("cam-b", 170)
    assert keep(passed(), lawful) == []
    assert keep(passed("cam-b", 150, plate_text="B9XYZ")) == []
    assert keep(passed("cam-b", 140, vehicle_class="truck")) == []


def test_the_same_passage_again_is_one_row_as_it_was(keep, session):
    keep(passed())
    keep(replace(passed(), plate_text="B9XYZ"), now=NOON + timedelta(minutes=59))
    row = session.scalars(select(PassageRow)).one()
    assert row.plate == "B1234ABC" and row.kept_at == NOON


@pytest.mark.parametrize("order", permutations(range(4)))
def test_who_drives_the_section_twice_is_found_twice_in_any_order(keep, order):
    drives = [passed("cam-a", 0), passed("cam-b", 150), passed("cam-a", 900), passed("cam-b", 1045)]
    keep(*(drives[i] for i in order))
    assert keep() == [("cam-a 0 ", "cam-b 150 "), ("cam-a 900 ", "cam-b 1045 ")]


def test_plates_of_two_colours_are_two_vehicles_and_a_colour_that_was_not_told_says_nothing(keep):
    assert keep(passed(plate_colour="white"), passed("cam-b", 150, plate_colour="yellow")) == []
    assert keep(passed("cam-b", 149, plate_colour=None)) == [("cam-a 0 ", "cam-b 149 ")]


def test_a_passage_that_is_older_than_promised_is_not_judged_though_it_was_not_deleted_yet(keep):
    keep(passed())
    assert keep(passed("cam-b", 150), now=NOON + timedelta(minutes=61)) == []


def test_clocks_that_are_known_to_be_off_add_up_and_do_not_cancel_by_chance(keep, session):
    off = [
        passed(name, s, measured={"moment_doubt_s": 0.2, "clock_offset_s": b})
        for name, s, b in (("cam-a", 0, 1.5), ("cam-b", 150, -1.0))
    ]
    keep(*off)
    (found,) = passages.too_fast(session, SETTINGS, NOON)
    doubt = (0.2**2 + 0.2**2 + (1.96 * 0.1) ** 2) ** 0.5 + 2.5
    assert found.finding.measured["seconds_doubt"] == pytest.approx(doubt, abs=0.006)
    assert found.finding.speed_uncertainty_kmh > 120 * 2.5 / 150


def test_a_track_that_broke_is_one_case_though_its_later_half_was_judged_first(keep, session):
    keep(passed(), passed("cam-b", 151))
    (found,) = passages.too_fast(session, SETTINGS, NOON)
    flag_violation(session, replace(passed("cam-b", 151), measured=found.finding.measured), NOON)
    session.commit()
    assert keep() == [("cam-a 0 ", "cam-b 151 ")]
    assert keep(passed("cam-b", 150)) == []


def test_a_deleted_passages_plate_is_overwritten(tmp_path):
    with make_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}").connect() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1


def test_a_plate_in_doubt_is_not_kept(keep, session):
    with pytest.raises(ValueError, match="in doubt"):
        keep(passed(plate_accepted=False))
    assert kept(session) == 0


def test_passages_whose_time_is_over_are_deleted_counted_and_told(keep, session):
    keep(passed(), now=NOON)
    keep(passed("cam-b", 170), now=NOON + timedelta(minutes=2))
    assert passages.forget(session, SETTINGS, NOON + timedelta(minutes=59)) == 0
    assert passages.forget(session, SETTINGS, NOON + timedelta(minutes=60)) == 1
    assert kept(session) == 1
    assert passages.forget(session, SETTINGS, NOON + timedelta(minutes=63)) == 1
    assert kept(session) == 0
    told = session.scalars(select(AuditRow).where(AuditRow.what == "passages deleted")).all()
    assert [row.detail for row in told] == [{"passages": 1}, {"passages": 1}]
    assert audit.verify(session) == []
