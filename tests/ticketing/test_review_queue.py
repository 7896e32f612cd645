"""The queue: filtered, sorted, counted, paged, and which case is next."""

from datetime import timedelta

import pytest
from case_ways import NOON

from ticketing import desk, review_queue
from ticketing.review_queue import Wanted
from ticketing.types import Officer

ANI = Officer("ani", "Ani", "reviewer")


@pytest.fixture
def cases(flag):
    """Three cases: read and new, in doubt and two days old, not read and five days old."""
    return (
        flag(occurred_at=NOON, plate_confidence=0.99),
        flag(
            occurred_at=NOON - timedelta(days=2), rule="speeding", plate_accepted=False, plate_confidence=0.6
        ),
        flag(
            occurred_at=NOON - timedelta(days=5), camera_id="cam-2", plate_accepted=False, plate_text=None,
            plate_confidence=0.0, character_probabilities=(),
        ),
    )  # fmt: skip


def ids(session, **wanted):
    return [c.id for c in review_queue.page(session, ANI, Wanted(**wanted), 1, now=NOON).cases]


def test_filters_and_orders(session, cases):
    new, doubt, unread = cases
    assert ids(session) == [unread, doubt, new]
    assert ids(session, sort="newest") == [new, doubt, unread]
    assert ids(session, sort="surest") == [new, doubt, unread]
    assert ids(session, sort="least sure") == [unread, doubt, new]
    assert ids(session, rule="speeding") == [doubt]
    assert ids(session, camera="cam-2") == [unread]
    assert [ids(session, confidence=c) for c in ("read", "doubt", "unread")] == [[new], [doubt], [unread]]
    assert [ids(session, age=a) for a in ("day", "3 days", "older")] == [[new], [doubt], [unread]]
    assert ids(session, rule="speeding", camera="cam-2") == []


def test_the_counts_are_those_of_the_filters(session, cases):
    counted = review_queue.counts(session, ANI, now=NOON)
    assert counted.total == 3
    assert counted.rules == {"red_light": 2, "speeding": 1}
    assert counted.cameras == {"cam": 2, "cam-2": 1}
    assert counted.confidences == {"read": 1, "doubt": 1, "unread": 1}
    assert counted.ages == {"day": 1, "3 days": 1, "older": 1}


def test_a_page_beyond_the_last_is_the_last(session, flag):
    for i in range(review_queue.PAGE + 3):
        flag(occurred_at=NOON - timedelta(minutes=i))
    page = review_queue.page(session, ANI, Wanted(), 9, now=NOON)
    assert (page.number, page.pages, page.found, len(page.cases)) == (2, 2, review_queue.PAGE + 3, 3)


def test_the_next_case_passes_over_what_another_officer_has_open_and_comes_round(session, cases):
    new, doubt, unread = cases

    def following(after):
        return review_queue.following(session, ANI, Wanted(), after, now=NOON)

    assert (following(None), following(unread), following(new)) == (unread, doubt, unread)
    desk.open_case(session, doubt, "budi", now=NOON)
    assert following(unread) == new
    assert review_queue.following(session, ANI, Wanted(rule="speeding"), None, now=NOON) is None
