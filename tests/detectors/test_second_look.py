"""Heads looked at again: each counted once, told bare or not by the network, and less sure without a two-wheeler."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import detectors.second_look
from detectors.base import ObjectDetector, WeightsError
from detectors.head_network import WEIGHTS, bare_probabilities, head_square
from detectors.heads import SIDE, whole_heads
from detectors.second_look import DETECTOR_WRONG, ON_FOOT_SHARE, SecondLook
from detectors.small_network import card_sha256
from detectors.types import Box, Detection, Image

PICTURE = np.full((400, 400, 3), 90, np.uint8)
MOTORCYCLE = Detection("motorcycle", 0.9, (100.0, 100.0, 200.0, 300.0))
HEAD: Box = (140.0, 100.0, 165.0, 130.0)
ELSEWHERE: Box = (340.0, 100.0, 365.0, 130.0)


class Told(ObjectDetector):
    def __init__(self, *found: Detection) -> None:
        self.found = list(found)

    def detect(self, image: Image) -> list[Detection]:
        return self.found


def looked(monkeypatch: pytest.MonkeyPatch, bare: float, *found: Detection) -> list[Detection]:
    monkeypatch.setattr(detectors.second_look, "bare_probabilities", lambda image, boxes: [bare] * len(boxes))
    return SecondLook(Told(*found)).detect(PICTURE)


def test_both_labels_of_one_head_are_one_head_and_their_confidences_add_up() -> None:
    (head,) = whole_heads([Detection("head_helmet", 0.5, HEAD), Detection("head_bare", 0.3, HEAD)])
    assert head.confidence == pytest.approx(0.8)


def test_a_pillions_head_before_the_riders_is_another_head() -> None:
    beside = (HEAD[0] + 8, HEAD[1], HEAD[2] + 8, HEAD[3])
    assert len(whole_heads([Detection("head_helmet", 0.5, HEAD), Detection("head_helmet", 0.6, beside)])) == 2


def test_nothing_but_heads_is_a_head() -> None:
    assert whole_heads([MOTORCYCLE, Detection("person", 0.9, HEAD)]) == []


@given(st.floats(0.05, 1), st.floats(0, 1), st.sampled_from(["head_helmet", "head_bare"]))
def test_what_is_said_of_a_head_adds_up_to_how_surely_it_is_one(seen: float, bare: float, label: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        out = looked(patch, bare, MOTORCYCLE, Detection(label, seen, HEAD))
    heads = [d for d in out if d is not MOTORCYCLE]
    assert sum(d.confidence for d in heads) == pytest.approx(seen, abs=0.05 * seen + 1e-9)
    assert {d.box_xyxy for d in heads} == {HEAD}


def by_label(found: list[Detection]) -> dict[str, float]:
    return {d.label: round(d.confidence, 2) for d in found if d.label != "motorcycle"}


def test_a_second_look_outvotes_the_first_where_it_is_surer(monkeypatch: pytest.MonkeyPatch) -> None:
    out = by_label(looked(monkeypatch, 0.99, MOTORCYCLE, Detection("head_helmet", 0.8, HEAD)))
    assert out["head_bare"] > 4 * out.get("head_helmet", 0)


def test_where_the_two_looks_disagree_the_head_carries_both_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    first_says, second_says = Detection("head_helmet", 0.8, HEAD), 1 - DETECTOR_WRONG
    assert by_label(looked(monkeypatch, second_says, MOTORCYCLE, first_says)) == {
        "head_bare": 0.4,
        "head_helmet": 0.4,
    }
    agreed = by_label(looked(monkeypatch, second_says, MOTORCYCLE, Detection("head_bare", 0.8, HEAD)))
    assert agreed == {"head_bare": 0.78}


def test_a_detector_that_says_both_leaves_it_to_the_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [Detection("head_helmet", 0.4, HEAD), Detection("head_bare", 0.4, HEAD)]
    assert by_label(looked(monkeypatch, 0.7, MOTORCYCLE, *both)) == {"head_bare": 0.56, "head_helmet": 0.24}


def test_a_head_that_no_two_wheeler_carries_is_less_surely_a_riders(monkeypatch: pytest.MonkeyPatch) -> None:
    on_foot = Detection("head_bare", 0.8, ELSEWHERE)
    (head,) = looked(monkeypatch, 1.0, on_foot)
    assert head.confidence == pytest.approx(0.8 * ON_FOOT_SHARE)
    out = looked(monkeypatch, 1.0, MOTORCYCLE, on_foot, Detection("head_bare", 0.8, HEAD))
    assert [round(d.confidence, 2) for d in out if d.label == "head_bare"] == [0.8, 0.2]


def test_everything_else_passes_as_it_came_the_surest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [MOTORCYCLE, Detection("plate", 0.7, (10.0, 10.0, 50.0, 20.0))]
    assert looked(monkeypatch, 0.0, *others) == others
    assert SecondLook(Told(*others)).detect_batch([PICTURE, PICTURE]) == [others, others]


@pytest.mark.parametrize(
    "box",
    [
        (-30.0, -30.0, 5.0, 5.0),
        (390.0, 390.0, 460.0, 470.0),
        (10.0, 10.0, 10.0, 10.0),
        (0.0, 0.0, 400.0, 400.0),
    ],
)
def test_a_head_at_the_edge_tiny_or_huge_is_a_square_all_the_same(box: Box) -> None:
    assert head_square(PICTURE, box).shape == (SIDE, SIDE, 3)
    (share,) = bare_probabilities(PICTURE, [box])
    assert 0 <= share <= 1


def test_the_square_shows_the_head_in_its_middle_and_shoulders_around_it() -> None:
    picture = np.zeros_like(PICTURE)
    x1, y1, x2, y2 = (int(v) for v in HEAD)
    picture[y1:y2, x1:x2] = 255
    square = head_square(picture, HEAD)
    assert square[SIDE // 2, SIDE // 2].tolist() == [255, 255, 255]
    assert square[4, 4].tolist() == [0, 0, 0]
    assert float(np.mean(square)) / 255 == pytest.approx(25 / 30 / 1.8**2, abs=0.02)


def test_altered_weights_are_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / WEIGHTS.name
    copy.write_bytes(WEIGHTS.read_bytes() + b"x")
    (tmp_path / "heads.json").write_bytes(WEIGHTS.with_suffix(".json").read_bytes())
    monkeypatch.setattr(detectors.second_look, "WEIGHTS", copy)
    with pytest.raises(WeightsError, match=r"heads\.pt: altered"):
        SecondLook(Told())
    monkeypatch.undo()
    assert set(card_sha256(WEIGHTS)) == {"heads.pt"}
