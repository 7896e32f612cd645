"""Who is in the way: what stands, what may stand, and what turns out to drive on."""

from __future__ import annotations

import pytest

from detectors.rules.ahead import IN_A_ROW, REMEMBERED_S, SETTLED_S, UNTOLD_SIGHTINGS, Ahead

STEP_S = 0.1


def seen(*moves: bool | None, other: int = 1, ahead: Ahead | None = None, from_s: float = 0.0) -> Ahead:
    """Have one other vehicle seen before line 0, each sighting a step after the one before."""
    ahead = ahead or Ahead()
    for i, its in enumerate(moves):
        ahead.see(other, its, from_s + i * STEP_S)
        ahead.note(0, other, its, from_s + i * STEP_S)
    return ahead


def test_one_moment_of_what_surely_stands_is_enough() -> None:
    assert seen(False).in_the_way(0, 0.0)
    assert not seen(False).in_the_way(1, 0.0)
    assert not seen(False).in_the_way(0, 0.05)


@pytest.mark.parametrize("sightings", range(1, UNTOLD_SIGHTINGS + 2))
def test_what_cannot_be_told_is_believed_to_be_there_when_it_was_seen_often_enough(sightings: int) -> None:
    assert seen(*[None] * sightings).in_the_way(0, 0.0) == (sightings >= UNTOLD_SIGHTINGS)


def test_what_flickers_under_changing_ids_is_there_as_well() -> None:
    ahead = Ahead()
    for i in range(UNTOLD_SIGHTINGS):
        seen(None, other=i, ahead=ahead, from_s=i * STEP_S)
    assert ahead.in_the_way(0, 0.0)


def test_one_moment_counts_once_however_often_it_is_told() -> None:
    ahead = Ahead()
    for _ in range(9):
        seen(None, ahead=ahead)
        seen(True, ahead=ahead)
    assert not ahead.in_the_way(0, 0.0)
    assert 1 in ahead.unsettled


def test_who_surely_moves_shortly_after_did_so_before() -> None:
    assert not seen(*[None] * 5, *[True] * IN_A_ROW).in_the_way(0, 0.0)


def test_a_single_moment_in_which_it_seems_to_move_clears_nobody() -> None:
    assert seen(None, None, None, True, None, True, None).in_the_way(0, 0.0)


def test_what_moves_long_after_is_no_word_about_before() -> None:
    untold = seen(*[None] * 5)
    later = seen(*[True] * IN_A_ROW, ahead=untold, from_s=2 * SETTLED_S)
    assert later.in_the_way(0, 0.0)


def test_what_moved_may_have_come_to_stand_after_a_while() -> None:
    waits = round(SETTLED_S / STEP_S)
    assert not seen(*[True] * IN_A_ROW, *[None] * (waits - 1)).in_the_way(0, 0.0)
    assert seen(*[True] * IN_A_ROW, *[None] * (waits + 2 * UNTOLD_SIGHTINGS)).in_the_way(0, 0.0)


def test_what_is_long_past_is_forgotten() -> None:
    ahead = seen(*[None] * 5)
    ahead.forget(REMEMBERED_S + 5 * STEP_S)
    assert not ahead.unsettled and not ahead.in_the_way(0, 0.0)
