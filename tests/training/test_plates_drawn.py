"""Plates drawn to regulation."""

import numpy as np
import pytest

from plate_reader.grammar import ALPHABET, parse
from training.render.glyphs import strokes
from training.render.plates import PlateSpec, draw_plate, random_plate


@pytest.mark.parametrize("vehicle", ["car", "motorcycle", "bus", "truck"])
def test_every_plate_drawn_by_lot_is_legal(vehicle: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        spec = random_plate(rng, vehicle)
        nrkb = parse(spec.nrkb)
        assert nrkb is not None
        assert nrkb.display == spec.nrkb
        assert 1 <= int(spec.expiry[:2]) <= 12


def test_lots_hold_the_letters_that_readers_like_to_ban() -> None:
    rng = np.random.default_rng(2)
    letters = "".join(random_plate(rng, "motorcycle").nrkb for _ in range(400))
    assert {"I", "O", "Q"} <= set(letters)


def test_the_same_lot_gives_the_same_picture() -> None:
    spec = random_plate(np.random.default_rng(3), "car")
    assert spec == random_plate(np.random.default_rng(3), "car")
    assert np.array_equal(draw_plate(spec, 200, 0.6, 4), draw_plate(spec, 200, 0.6, 4))
    assert not np.array_equal(draw_plate(spec, 200, 0.6, 4), draw_plate(spec, 200, 0.6, 5))


@pytest.mark.parametrize(("vehicle", "shape"), [("car", (135, 430, 3)), ("motorcycle", (172, 430, 3))])
def test_plates_have_the_proportions_of_the_regulation(vehicle: str, shape: tuple[int, ...]) -> None:
    assert draw_plate(PlateSpec("B 1234 ABC", "05.27", "white", vehicle), 430).shape == shape


def test_every_character_has_a_form_of_its_own() -> None:
    forms = {c: tuple(np.round(s, 3).tobytes() for s in strokes(c)) for c in ALPHABET}
    assert len(set(forms.values())) == len(ALPHABET)


def test_the_base_colour_covers_most_of_the_plate() -> None:
    yellow = draw_plate(PlateSpec("B 7001 AB", "05.27", "yellow"), 300)
    blue, green, red = np.median(yellow.reshape(-1, 3), axis=0)
    assert red > 200 > green > 150 > blue


@pytest.mark.parametrize("spec", [{"scheme": "pink"}, {"vehicle": "ship"}])
def test_what_the_regulation_does_not_know_is_refused(spec: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no such plate"):
        PlateSpec("B 1234 AB", "05.27", **spec)
