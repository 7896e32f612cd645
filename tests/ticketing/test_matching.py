"""A plate read in doubt: which records it may be, and when one may be suggested."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ticketing import matching
from ticketing.matching import Seen, match
from ticketing.models import CaseRow


def seen(text, *doubtful, p=0.6, vehicle_class="sepeda motor", plate_colour="white", body_colour=None):
    probabilities = tuple(p if i in doubtful else 0.99 for i in range(len(text)))
    return Seen(text, probabilities, vehicle_class, plate_colour, body_colour)


def test_a_sure_reading_that_is_registered_is_exact(session, register):
    register()
    found = match(session, seen("B1234ABC"))
    assert (found.exact, found.suggested) == (True, "B1234ABC")
    assert [c.nrkb for c in found.candidates] == ["B1234ABC"]


def test_the_readers_twin_is_found_and_suggested_where_it_alone_is_registered(session, register):
    # The reader names 8 where B stands (confusion table).
    register("B1BC")
    found = match(session, seen("B18C", 2, p=0.1))
    assert (found.exact, found.suggested) == (False, "B1BC")
    assert 0.95 <= found.candidates[0].share < 1


def test_a_neighbour_that_is_no_twin_is_shown_and_not_suggested(session, register):
    register("B1284ABC")
    found = match(session, seen("B1234ABC", 3, p=0.3))
    assert [c.nrkb for c in found.candidates] == ["B1284ABC"]
    assert found.suggested is None


def test_what_the_reader_often_takes_for_another_weighs_more(session, register):
    register("B12ZBC")
    register("B12RBC")
    found = match(session, seen("B127BC", 3, p=0.4))
    assert [c.nrkb for c in found.candidates] == ["B12ZBC", "B12RBC"]


def test_letters_and_their_twin_digits_at_the_edge_of_a_group(session, register):
    # B 18 C may be B 1 BC: 8 is named for B in 5 of 100.
    register("B1BC")
    register("B13C")
    found = match(session, seen("B18C", 2, p=0.5))
    assert [c.nrkb for c in found.candidates] == ["B1BC", "B13C"]
    assert found.candidates[0].share > 10 * found.candidates[1].share


def test_two_records_alike_are_both_shown_and_none_is_suggested(session, register):
    register("B1284ABC")
    register("B1264ABC")
    found = match(session, seen("B1234ABC", 3, p=0.3))
    assert {c.nrkb for c in found.candidates} == {"B1284ABC", "B1264ABC"}
    assert found.suggested is None


def test_a_reading_that_is_fairly_sure_and_unregistered_suggests_no_neighbour(session, register):
    register("B1284ABC")
    found = match(session, seen("B1234ABC", 3, p=0.95))
    assert [c.nrkb for c in found.candidates] == ["B1284ABC"]
    assert found.suggested is None


def test_class_and_plate_colour_narrow_and_body_colour_weighs(session, register):
    register("B1284ABC")
    register("B1264ABC", vehicle_class="mobil penumpang")
    register("B1254ABC", plate_colour="yellow")
    register("B1274ABC", colour="Merah")

    def names(looked):
        return [c.nrkb for c in match(session, looked).candidates]

    assert set(names(seen("B1234ABC", 3, p=0.3))) == {"B1284ABC", "B1274ABC"}
    assert names(seen("B1234ABC", 3, p=0.3, body_colour="merah"))[0] == "B1274ABC"
    assert set(names(seen("B1234ABC", 3, p=0.3, vehicle_class=None, plate_colour=None))) == {
        "B1284ABC", "B1264ABC", "B1254ABC", "B1274ABC",
    }  # fmt: skip


def test_an_exact_plate_of_another_class_is_not_called_exact(session, register):
    register(vehicle_class="mobil bus")
    found = match(session, seen("B1234ABC", 3, p=0.3))
    assert not found.exact
    assert found.candidates == ()


def test_with_three_characters_in_doubt_nothing_is_suggested(session, register):
    register()
    found = match(session, seen("B1234ABC", 2, 3, 4, p=0.9))
    assert [c.nrkb for c in found.candidates] == ["B1234ABC"]
    assert found.suggested is None


@pytest.mark.parametrize("text", ["", "'; DROP TABLE vehicles; --", "B0123A", "b1234abc", "B1234ABCD", "ｂ1"])
def test_what_is_no_plate_matches_nothing(session, register, text):
    register()
    assert match(session, seen(text)) == matching.Match(False, (), None)
    assert match(session, Seen("B1234ABC", (0.9,), None, None)).candidates == ()


def test_a_case_is_matched_as_its_officer_sees_it_and_keeps_no_record_by_itself(session, register, flag):
    register("B1BC")
    case = flag(plate_text="B18C", plate_accepted=False, character_probabilities=(0.99, 0.99, 0.1, 0.99))
    row = session.get(CaseRow, case)
    assert matching.match_case(session, row).suggested == "B1BC"
    assert row.nrkb is None
    row.class_corrected = "mobil bus"
    assert matching.match_case(session, row).suggested is None


plates = st.from_regex(r"\A[A-Z]{1,2}[1-9][0-9]{0,3}[A-Z]{0,3}\Z")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=plates, p=st.lists(st.floats(0, 1), min_size=9, max_size=9))
def test_shares_are_of_one_whole_and_only_a_registered_plate_is_ever_suggested(session, register, text, p):
    register()
    register("B1284ABC")
    found = match(session, Seen(text, tuple(p[: len(text)]), None, None))
    assert sum(c.share for c in found.candidates) <= 1 + 1e-9
    assert found.suggested in (None, "B1234ABC", "B1284ABC")
