"""Passages at the ends of a section: kept, judged in any order, deleted when their time is over."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest
from case_ways import FLAG, NOON
from sqlalchemy import func, select

from ticketing import audit, passages
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
        return [f.finding.sightings for f in passages.too_fast(session, SETTINGS)]

    return each


def kept(session):
    return session.scalar(select(func.count()).select_from(PassageRow))


def test_whichever_passage_comes_first_the_pair_is_found_once_both_are_there(keep, session):
    assert keep(passed("cam-b", 150)) == []
    assert keep(passed("cam-a", 0)) == [("cam-a 0 ", "cam-b 150 ")]
    (found,) = passages.too_fast(session, SETTINGS, "B1234ABC")
    assert found.evidence_sha256 == ("0" * 64, "0" * 64)
    assert 119 < found.finding.speed_kmh < 121 and found.finding.parameters["tolerance_kmh"] == 10
    assert found.finding.measured["passed_from_at"] == "19-08-2026 12:00:00.000 WIB"
    assert passages.too_fast(session, SETTINGS, "B1ABC") == ()


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
