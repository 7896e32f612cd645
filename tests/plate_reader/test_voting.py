"""The vote over crops: what may go on without a person, and why not."""

import numpy as np
import pytest

from plate_reader.grammar import ALPHABET
from plate_reader.voting import Acceptance, Witness, hear, vote

RULES = Acceptance()
MARGIN = 6


def posterior(
    text: str, probability: float = 0.99, doubts: dict[int, dict[str, float]] | None = None
) -> np.ndarray:
    """Show ``text`` evenly over the line, with margins; ``doubts`` replaces single characters."""
    blank = np.full(37, 1e-7)
    blank[0] = 1.0
    rows = [blank] * (MARGIN - 1)
    for i, character in enumerate(text):
        row = np.full(37, 1e-7)
        for sign, p in (doubts or {}).get(i, {character: probability}).items():
            row[1 + ALPHABET.index(sign)] = p
        row[0] = max(1e-7, 1 - row[1:].sum())
        rows += [row, blank]
    return np.array(rows + [blank] * MARGIN)


def crop(
    text: str, probability: float = 0.99, width_px: float = 110, **kwargs: dict[int, dict[str, float]]
) -> Witness:
    return hear([posterior(text, probability, **kwargs)], [], width_px)


def test_three_clear_crops_of_one_text_are_accepted() -> None:
    verdict = vote([crop("B1234ABC")] * 3, RULES)
    assert (verdict.text, verdict.accepted, verdict.reason) == ("B1234ABC", True, "")
    assert verdict.confidence > 0.95


def test_one_clear_crop_alone_is_not_accepted() -> None:
    verdict = vote([crop("B1234ABC")], RULES)
    assert verdict.text == "B1234ABC"
    assert not verdict.accepted
    assert "1 of 1 crops" in verdict.reason


@pytest.mark.parametrize("other", ["B1234ABO", "D5678XY", "B1284ABC", "B1234AB"])
def test_a_crop_that_surely_reads_another_text_stops_the_acceptance(other: str) -> None:
    verdict = vote([crop("B1234ABC"), crop("B1234ABC"), crop(other)], RULES)
    assert verdict.text == "B1234ABC"
    assert not verdict.accepted
    assert other in verdict.reason or "certain to" in verdict.reason


def test_one_confident_crop_among_blurred_ones_cannot_be_accepted() -> None:
    blurred = crop("B1234ABC", doubts={6: {"B": 0.5, "E": 0.4}})
    verdict = vote([crop("B1234ABC"), blurred, blurred], RULES)
    assert not verdict.accepted


def test_the_weakest_character_decides_and_is_named() -> None:
    doubtful = crop("B1234ABQ", doubts={7: {"Q": 0.55, "O": 0.44}})
    verdict = vote([doubtful] * 3, RULES)
    assert verdict.text == "B1234ABQ"
    assert not verdict.accepted
    assert "character 8 (Q)" in verdict.reason
    assert verdict.character_probabilities[0] > 0.95
    assert "B1234ABO" in [text for text, _ in verdict.alternatives]


def test_small_plates_are_never_accepted_however_sure_they_read() -> None:
    small = RULES.least_width_px - 5
    verdict = vote([crop("B1234ABC", width_px=small)] * 6, RULES)
    assert verdict.text == "B1234ABC"
    assert not verdict.accepted
    assert f"{small:.0f} px wide" in verdict.reason


def test_probabilities_are_voted_and_not_strings() -> None:
    # Two crops lean a little to E, one is sure of B: counted as strings E would win.
    leaning = crop("B1234AEC", doubts={6: {"E": 0.5, "B": 0.49}})
    verdict = vote([leaning, leaning, crop("B1234ABC", 0.999)], RULES)
    assert verdict.text == "B1234ABC"


def test_a_crop_of_another_vehicle_does_not_take_the_vote() -> None:
    verdict = vote([crop("B1234ABC"), crop("B1234ABC"), crop("AD5678XY", width_px=200)], RULES)
    assert verdict.text == "B1234ABC"
    assert not verdict.accepted


def test_either_view_of_a_crop_may_be_the_bad_one() -> None:
    empty = np.full((20, 37), 1e-7)
    empty[:, 0] = 1.0
    witness = hear([empty, posterior("B1234ABC")], [], 110)
    assert witness.text == "B1234ABC"


def test_a_crop_whose_views_read_differently_does_not_agree() -> None:
    apart = hear([posterior("B1234ABC"), posterior("B1234AEC")], [], 110)
    verdict = vote([apart] * 3, RULES)
    assert not verdict.accepted


def test_a_plate_that_reaches_beyond_every_crop_may_be_cut_off() -> None:
    cut_off = hear([posterior("B1234AB")], [], 110, cut_off=True)
    verdict = vote([cut_off] * 3, RULES)
    assert not verdict.accepted
    assert "cut off" in verdict.reason


@pytest.mark.parametrize(("own", "peer"), [(0.3, 1.0), (1.0, 0.3), (1.0, 1e-9)])
def test_a_crop_that_lacks_probability_where_something_covers_a_character_is_not_accepted(
    own: float, peer: float
) -> None:
    shown, other = posterior("B1234ABC"), posterior("B1234ABC")
    shown[MARGIN + 8] *= own
    other[MARGIN + 8] *= peer
    verdict = vote([hear([shown, shown], [other], 110)] * 3, RULES)
    assert verdict.text == "B1234ABC"
    assert not verdict.accepted
    assert "cover" in verdict.reason


@pytest.mark.parametrize("unreadable", [0, 3, 9])
def test_crops_that_nobody_can_read_do_not_outvote_a_covered_character(unreadable: int) -> None:
    shown, blank = posterior("B1234ABC"), np.full((20, 37), 1e-7)
    shown[MARGIN + 8] *= 0.3
    blank[:, 0] = 1.0
    covered, nothing = hear([shown, shown], [], 110), hear([blank, blank], [], 110)
    assert not vote([covered] * 2 + [nothing] * unreadable, RULES).accepted


def test_a_peer_that_surely_reads_another_text_stops_the_acceptance() -> None:
    disputed = hear([posterior("B1234ABC", 0.9999)], [posterior("B1234AEC", 0.9999)], 110)
    assert not vote([disputed] * 3, RULES).accepted


def test_a_peer_that_sees_nothing_is_not_asked() -> None:
    nothing = np.full((20, 37), 1e-7)
    nothing[:, 0] = 1.0
    verdict = vote([hear([posterior("B1234ABC")] * 2, [nothing], 110)] * 3, RULES)
    assert (verdict.text, verdict.accepted) == ("B1234ABC", True)


def test_nothing_legal_gives_no_text_and_says_so() -> None:
    blank = np.zeros((20, 37))
    blank[:, 0] = 1.0
    verdict = vote([hear([blank], [], 110)], RULES)
    assert verdict.text is None
    assert not verdict.accepted
    assert "grammar" in verdict.reason
