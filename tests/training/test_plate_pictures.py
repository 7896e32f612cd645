"""Plates drawn for training: legal, the same for a seed, and truly where their corners say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plate_reader.grammar import is_complete
from plate_reader.straight import READ, straightened, stretched
from training.plates.sheets import WIDTH_PX, coloured, random_sheet
from training.plates.shots import shoot, shoot_plainly
from training.plates.train import disturbed, text_example
from training.plates.typefaces import CAP_PX, CHARACTERS, drawn
from training.render.plates import PlateSpec, draw_plate

FACES = ([drawn(0.1), drawn(0.15)], [drawn(0.12)])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_every_plate_is_a_legal_number_and_a_month_and_fits_its_sheet(seed: int) -> None:
    sheet = random_sheet(np.random.default_rng(seed), *FACES)
    assert is_complete(sheet.text)
    assert sheet.expiry == "" or (1 <= int(sheet.expiry[:2]) <= 12 and len(sheet.expiry) == 4)
    assert sheet.grey.shape[1] == WIDTH_PX and sheet.grey.dtype == np.uint8
    assert coloured(sheet).shape == (*sheet.grey.shape, 3)


def test_a_seed_gives_the_same_picture_again() -> None:
    first, second = (text_example(np.random.default_rng(7), FACES) for _ in range(2))
    assert first[1] == second[1]
    assert np.array_equal(first[0], second[0])
    assert first[0].shape == (READ[1], READ[0])


@pytest.mark.parametrize("character", CHARACTERS)
def test_a_face_has_every_character_at_full_height(character: str) -> None:
    glyph = drawn(0.12).glyph(character)
    rows = np.flatnonzero(glyph.max(axis=1) > 100)
    assert glyph.shape[0] == CAP_PX
    assert rows[0] <= 3 and rows[-1] >= CAP_PX - 5


def test_a_plate_is_where_its_corners_say() -> None:
    plate = draw_plate(PlateSpec("B 1234 ABC", "05.27"), 320)
    h, w = plate.shape[:2]
    corners = np.array([[60, 50], [250, 30], [262, 105], [55, 118]], np.float32)
    source = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    crop = cv2.warpPerspective(plate, cv2.getPerspectiveTransform(source, corners), (320, 150))
    back = straightened(np.asarray(crop, np.uint8), corners, size=(w, h), margin=0.0)
    assert np.abs(back.astype(float) - plate).mean() < 14
    assert (
        np.abs(
            straightened(np.asarray(crop, np.uint8), corners + 12, (w, h), 0.0).astype(float) - plate
        ).mean()
        > 25
    )


def test_rows_cut_a_line_out_of_the_plate() -> None:
    picture = np.zeros((100, 200), np.uint8)
    picture[70:] = 255
    corners = np.array([[0, 0], [200, 0], [200, 100], [0, 100]], np.float32)
    below = straightened(picture, corners, margin=0.0, rows=(0.75, 1.0))
    above = straightened(picture, corners, margin=0.0, rows=(0.0, 0.6))
    assert below.min() > 240 and above.max() < 15


def test_a_shot_shows_the_plate_larger_than_nothing_and_corners_that_a_network_could_find() -> None:
    rng = np.random.default_rng(3)
    for _ in range(30):
        shot = shoot(random_sheet(rng, *FACES), rng)
        width = float(np.linalg.norm(shot.corners[1] - shot.corners[0]))
        assert shot.crop.ndim == 2 and shot.crop.size > 0
        assert 0.4 * shot.crop.shape[1] < width < 1.3 * shot.crop.shape[1]
        assert np.abs(disturbed(shot.corners, rng) - shot.corners).max() < width


def test_the_plain_shot_is_the_sheet_itself() -> None:
    rng = np.random.default_rng(4)
    sheet = random_sheet(rng, *FACES)
    shot = shoot_plainly(sheet, rng)
    assert shot.crop.shape == sheet.grey.shape
    assert np.abs(shot.crop.astype(float) - sheet.grey).mean() < 20


def test_night_is_stretched_to_day_and_a_flat_picture_stays_flat() -> None:
    day = np.tile(np.linspace(20, 220, 64), (16, 1)).astype(np.uint8)
    night = (day * 0.2).astype(np.uint8)
    assert np.abs(stretched(day) - stretched(night)).mean() < 0.08
    assert np.ptp(stretched(np.full((16, 64), 90, np.uint8))) == 0
