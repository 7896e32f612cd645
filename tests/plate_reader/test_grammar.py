"""The TNKB grammar and the beam that obeys it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plate_reader.beam import decode, log_probabilities
from plate_reader.grammar import (
    ALPHABET,
    allowed_next,
    allowed_next_expiry,
    is_complete,
    parse,
    special_kind,
)
from plate_reader.regions import REGIONS

legal = st.builds(
    lambda region, number, suffix: (region, number, suffix),
    st.sampled_from(sorted(REGIONS)),
    st.integers(1, 9999),
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", max_size=3),
)


def posterior_of(*steps: dict[str, float]) -> np.ndarray:
    """Build a posterior from what each step shows; between two steps stands a blank."""
    rows = []
    for step in steps:
        row = np.full(37, 1e-6)
        for character, probability in step.items():
            row[1 + ALPHABET.index(character)] = probability
        row[0] = max(1e-6, 1 - sum(step.values()))
        blank = np.full(37, 1e-6)
        blank[0] = 1.0
        rows += [row, blank]
    return np.array(rows)


def shown(text: str, probability: float = 0.97) -> list[dict[str, float]]:
    return [{character: probability} for character in text]


@given(legal)
def test_every_legal_number_parses_and_comes_back_as_it_was(parts: tuple[str, int, str]) -> None:
    region, number, suffix = parts
    nrkb = parse(f"{region} {number} {suffix}".lower())
    assert nrkb is not None
    assert nrkb.canonical == f"{region}{number}{suffix}"
    assert parse(nrkb.display) == nrkb
    assert is_complete(nrkb.canonical)


@given(legal)
def test_the_grammar_can_be_walked_along_every_legal_number(parts: tuple[str, int, str]) -> None:
    text = f"{parts[0]}{parts[1]}{parts[2]}"
    assert all(text[i] in allowed_next(text[:i]) for i in range(len(text)))


@pytest.mark.parametrize(
    "text", ["B 0123 AB", "X 123 AB", "B 12345 A", "B 12 ABCD", "B AB", "1234 AB", "", "B/1234/AB"]
)
def test_what_breaks_the_grammar_is_no_number(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1234-00", "military or police"),
        ("1234 00", "military or police"),
        ("CD 12 34", "diplomatic"),
        ("CC 41 02", "diplomatic"),
        ("RI 1", "state leader"),
        ("B 1234 ABC", None),
        ("D 12 CD", None),
    ],
)
def test_plates_outside_the_samsat_series_are_told_apart(text: str, kind: str | None) -> None:
    assert special_kind(text) == kind


def test_plates_outside_the_samsat_series_are_never_a_number() -> None:
    assert [parse(t) for t in ("1234-00", "CD 12 34", "RI 1")] == [None, None, None]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(4, 24))
def test_the_beam_never_gives_an_illegal_text(seed: int, length: int) -> None:
    noise = np.random.default_rng(seed).dirichlet(np.full(37, 0.1), size=length)
    for candidate in decode(noise):
        assert parse(candidate.text) is not None
        assert len(candidate.character_probabilities) == len(candidate.text)
        assert all(0.0 <= p <= 1.0 for p in candidate.character_probabilities)


@settings(max_examples=60, deadline=None)
@given(legal)
def test_what_is_clearly_shown_is_read(parts: tuple[str, int, str]) -> None:
    text = f"{parts[0]}{parts[1]}{parts[2]}"
    best = decode(posterior_of(*shown(text)))[0]
    assert best.text == text
    assert min(best.character_probabilities) > 0.85


@pytest.mark.parametrize(
    ("seen", "likelier_elsewhere", "place", "read"),
    [
        ("B1O34AB", "0", 2, "B1034AB"),
        ("B1234A0", "Q", 6, "B1234AQ"),
        ("BI234AB", "1", 1, "B1234AB"),
        ("81234AB", "B", 0, "B1234AB"),
        ("B1S34AB", "5", 2, "B1534AB"),
        ("B12345B", "S", 5, "B1234SB"),
        ("B1Z34AB", "2", 2, "B1234AB"),
        ("B1G34AB", "6", 2, "B1634AB"),
    ],
)
def test_the_place_decides_between_look_alikes(
    seen: str, likelier_elsewhere: str, place: int, read: str
) -> None:
    steps = shown(seen)
    steps[place] = {seen[place]: 0.7, likelier_elsewhere: 0.2}
    assert decode(posterior_of(*steps))[0].text == read


def test_a_letter_seen_weakly_makes_only_itself_weak() -> None:
    steps = shown("B1234ABC")
    steps[6] = {"B": 0.5, "E": 0.4}
    best = decode(posterior_of(*steps))[0]
    assert best.text == "B1234ABC"
    assert best.character_probabilities.index(min(best.character_probabilities)) == 6
    assert sorted(best.character_probabilities)[1] > 0.85


def test_the_sum_over_alignments_agrees_with_the_beam() -> None:
    steps = shown("AB1234XY", 0.8)
    best = decode(posterior_of(*steps))[0]
    exact = log_probabilities(posterior_of(*steps), ["AB1234XY", "AB1234X"])
    assert exact[0] == pytest.approx(best.log_probability, abs=1e-3)
    assert exact[1] < exact[0]


def test_an_expiry_line_has_a_month_of_the_calendar() -> None:
    best = decode(
        posterior_of({"1": 0.9}, {"3": 0.6, "2": 0.3}, {"2": 0.9}, {"7": 0.9}),
        allowed=allowed_next_expiry,
        complete=lambda text: len(text) == 4,
    )[0]
    assert best.text == "1227"
