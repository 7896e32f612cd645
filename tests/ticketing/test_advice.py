"""What the record rules tell the officer who opens a case: advice, and never a ticket."""

from datetime import date

import pytest
from case_ways import NOON

from ticketing import case_file, desk
from ticketing.models import CaseRow
from ticketing.types import Officer

OVER = ("03.25",) * 3


@pytest.fixture
def told(session, register, flag):
    """Flag a violation of a vehicle whose STNK ends on a day, have it opened, and give what the officer is told."""

    def make(valid_until=date(2028, 1, 31), plate="B1234ABC", registered=True, **flagged):
        if registered:
            register(plate, valid_until=valid_until)
        case = flag(plate_text=plate, **flagged)
        opened = desk.open_case(session, case, "ani", now=NOON)
        session.commit()
        found = case_file.gather(session, opened, Officer("ani", "Ani", "reviewer")).advice
        return [(f.rule, f.text_id) for f in found]

    return make


def test_a_line_and_a_record_that_both_ran_out_are_told(told):
    ((rule, text),) = told(date(2025, 3, 14), expiry_lines=OVER)
    assert rule == "expired_plate"
    assert "03.25" in text and "14-03-2025" in text


@pytest.mark.parametrize(
    ("valid_until", "lines"),
    [
        (date(2028, 1, 31), OVER),
        (date(2025, 3, 14), ("03.25", "03.25")),
        (date(2025, 3, 14), ("03.25", "03.26", "03.25")),
        (date(2025, 3, 14), ()),
    ],
)
def test_a_renewed_record_or_a_line_not_surely_read_says_nothing(told, valid_until, lines):
    assert told(valid_until, expiry_lines=lines) == []


def test_a_plate_of_nobodys_is_told_once_it_is_certain(told):
    assert told(registered=False, plate_accepted=False) == []
    ((rule, text),) = told(registered=False, plate="B9999XYZ")
    assert (rule, text) == ("false_plate", "Pelat tidak terdaftar pada data STNK")


def test_an_ordinary_case_has_no_advice_and_its_state_is_not_touched(told, session):
    assert told(expiry_lines=("01.28",) * 3) == []
    assert session.get(CaseRow, 1).state == "under_review"
