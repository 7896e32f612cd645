"""What the second reader's last layer is taught on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from plate_reader.pp_ocr import FEATURES
from plate_reader.tnkb import SIGNS
from training.plates.lines import LineExamples, drawn_line
from training.plates.typefaces import drawn

FACES = ([drawn(0.1)], [drawn(0.12)])


def examples(plates: int, first: int = 0) -> LineExamples:
    seen = np.arange(plates, dtype=np.float16)[:, None, None] * np.ones((1, 2, FEATURES), np.float16)
    return LineExamples(seen, [f"B{n}A" for n in range(plates)], first, 1 << 40)


def test_each_round_shows_every_plate_once_in_another_order() -> None:
    rounds = [[float(examples(9)[n + 9 * k][0][0, 0]) for n in range(9)] for k in range(3)]
    assert [sorted(seen) for seen in rounds] == [[float(n) for n in range(9)]] * 3
    assert len({tuple(seen) for seen in rounds}) == 3


def test_a_run_that_goes_on_sees_what_it_would_have_seen() -> None:
    whole, later = examples(9), examples(9, first=13)
    assert [float(whole[13 + n][0][0, 0]) for n in range(9)] == [float(later[n][0][0, 0]) for n in range(9)]


def test_a_plates_text_goes_with_what_was_seen_of_it() -> None:
    for n in range(30):
        seen, target, length = examples(30)[n]
        text = "".join(SIGNS[int(t) - 1] for t in target[:length])
        assert text == f"B{int(seen[0, 0])}A"
        assert not torch.any(target[length:])


@pytest.mark.parametrize("number", [0, 7])
def test_a_plate_is_drawn_from_its_number(number: int) -> None:
    (one, text), (again, same) = drawn_line(number, FACES), drawn_line(number, FACES)
    assert (one.shape, text) == ((48, 256), same)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, drawn_line(number + 1, FACES)[0])
