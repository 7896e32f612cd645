"""Signal heads for training: what is switched on is what the label says."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from detectors.signal_network import STATES, network_input
from detectors.types import SignalState
from training.signal.examples import Head, _relit, _state, example


def head(lamp: int) -> Head:
    image = np.full((90, 30, 3), 40, np.uint8)
    colour = [(40, 40, 240), (30, 170, 250), (150, 230, 40)][lamp]
    cv2.circle(image, (15, 15 + 30 * lamp), 9, colour, -1)
    return Head(image, (SignalState.RED, SignalState.AMBER, SignalState.GREEN)[lamp])


def lit_third(image: np.ndarray) -> int:
    hsv = cv2.cvtColor(np.asarray(image, np.uint8), cv2.COLOR_BGR2HSV)
    return int(np.argmax([part[..., 1].mean() for part in np.array_split(hsv, 3)]))


@pytest.mark.parametrize("own", [0, 1, 2])
@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_a_head_is_switched_to_another_lamp_of_its_own_hue(own: int, wanted: int) -> None:
    image = _relit(head(own), [wanted])
    hsv = cv2.cvtColor(np.asarray(image, np.uint8), cv2.COLOR_BGR2HSV)[30 * wanted : 30 * wanted + 30]
    hue = float(np.median(hsv[hsv[..., 1] > 100][:, 0]))
    assert lit_third(image) == wanted
    assert [hue < 12 or hue > 168, 8 < hue < 35, 35 < hue < 100][wanted]


def test_no_lamp_is_off_and_two_that_never_go_together_are_unknown() -> None:
    assert _state([]) is SignalState.OFF
    assert _state([0, 1]) is SignalState.AMBER
    assert {_state([0, 2]), _state([1, 2]), _state([0, 1, 2])} == {SignalState.UNKNOWN}
    assert np.ptp(cv2.cvtColor(_relit(head(2), []), cv2.COLOR_BGR2HSV)[..., 1]) < 60


def test_a_seed_gives_the_same_example_again_and_all_states_occur() -> None:
    heads = [head(i) for i in range(3)]
    backgrounds = [np.random.default_rng(0).integers(0, 255, (400, 400, 3), np.uint8)]
    labels = set()
    for seed in range(80):
        a, b = (example(heads, backgrounds, np.random.default_rng(seed)) for _ in range(2))
        assert a[1] == b[1] and np.array_equal(a[0], b[0])
        assert network_input(a[0]).shape == (3, 56, 24)
        labels.add(STATES[a[1]])
    assert labels == set(STATES)
