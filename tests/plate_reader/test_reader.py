"""The whole reader on plates drawn to regulation: what it reads and accepts, what it says where not."""

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from plate_reader.base import PlateReaderError
from plate_reader.photo import PhotoReader, _apart, join_lines
from plate_reader.reader import PlateReader
from plate_reader.tnkb import checked, weights_folder
from training.render.degrade import Shot, photograph
from training.render.plates import PlateSpec, draw_plate

SHOT = Shot(width_px=120, yaw=8, pitch=10, roll=2)
PLATES = [
    PlateSpec("B 1234 ABC", "05.27", "white", "car"),
    PlateSpec("AD 5678 IQ", "11.28", "black", "motorcycle"),
    PlateSpec("L 7021 UB", "01.29", "yellow", "car"),
    PlateSpec("DK 1170 SZG", "08.30", "red", "car"),
    PlateSpec("BP 1806 HIJ", "12.26", "green", "car"),
    PlateSpec("B 2468 XYZ", "03.31", "white", "car", electric=True),
]


@pytest.fixture(scope="module")
def reader() -> PlateReader:
    return PlateReader()


def crops(spec: PlateSpec, shot: Shot = SHOT, count: int = 3) -> list[np.ndarray]:
    plate = draw_plate(spec, 480)
    return [
        photograph(plate, replace(shot, yaw=shot.yaw + i), np.random.default_rng(i)) for i in range(count)
    ]


@pytest.mark.parametrize("spec", PLATES, ids=lambda spec: spec.nrkb)
def test_a_plate_120_px_wide_is_read_exactly_and_accepted(reader: PlateReader, spec: PlateSpec) -> None:
    reading = reader.read_crops(crops(spec))
    assert reading.text == spec.text
    assert reading.accepted, reading.reason
    assert reading.colour == spec.scheme
    assert reading.crops_read == 3
    assert len(reading.character_probabilities) == len(spec.text)
    assert reading.confidence == min(reading.character_probabilities)


@pytest.mark.parametrize("spec", PLATES, ids=lambda spec: spec.nrkb)
def test_the_colour_is_told_at_night_too_or_not_at_all(reader: PlateReader, spec: PlateSpec) -> None:
    night = replace(SHOT, exposure=0.2, tint=(0.75, 0.88, 1.0), noise=7.0)
    assert reader.read_crops(crops(spec, night)).colour in (spec.scheme, None)


def test_the_expiry_line_is_read_apart_from_the_number(reader: PlateReader) -> None:
    reading = reader.read_crops(crops(PLATES[0], replace(SHOT, width_px=180)))
    assert reading.expiry == "05.27"
    assert 1 < len(reading.expiry_lines) <= 4
    assert set(reading.expiry_lines) == {"05.27"}


def test_a_plate_too_far_away_is_not_accepted_and_says_why(reader: PlateReader) -> None:
    reading = reader.read_crops(crops(PLATES[0], replace(SHOT, width_px=32, blur_px=1.2, noise=8)))
    assert not reading.accepted
    assert reading.reason


def test_a_text_likelier_wrong_than_right_is_not_offered_to_an_officer(reader: PlateReader) -> None:
    readings = [
        reader.read_crops(crops(spec, replace(SHOT, width_px=width, blur_px=1.0, noise=8)))
        for spec in PLATES
        for width in (26, 34)
    ]
    assert all(r.text is None or r.confidence >= 0.5 for r in readings)
    assert any("too uncertain" in r.reason and not r.character_probabilities for r in readings)


def test_a_grey_wall_holds_no_plate(reader: PlateReader) -> None:
    reading = reader.read_crops([np.full((40, 120, 3), 128, np.uint8)])
    assert (reading.text, reading.accepted, reading.colour) == (None, False, None)
    assert reading.reason


def test_no_crops_give_no_text_and_a_reason(reader: PlateReader) -> None:
    reading = reader.read_crops([])
    assert (reading.text, reading.accepted, reading.crops_read) == (None, False, 0)
    assert reading.reason


def test_specks_of_a_crop_are_left_out(reader: PlateReader) -> None:
    assert reader.read_crops([np.zeros((3, 5, 3), np.uint8)]).text is None


def test_a_military_plate_is_never_a_number(reader: PlateReader) -> None:
    plate = draw_plate(PlateSpec("12345 00", "05.27", "green"), 480)
    reading = reader.read_crops([photograph(plate, SHOT, np.random.default_rng(i)) for i in range(3)])
    assert not reading.accepted
    assert reading.reason


def test_a_plate_half_covered_is_not_accepted(reader: PlateReader) -> None:
    plate = draw_plate(PLATES[0], 480)
    plate[:, 380:] = (40, 60, 50)
    reading = reader.read_crops([photograph(plate, SHOT, np.random.default_rng(i)) for i in range(3)])
    assert not reading.accepted


def test_what_is_no_picture_is_refused(reader: PlateReader) -> None:
    with pytest.raises(PlateReaderError, match="BGR"):
        reader.read_crops([np.zeros((40, 120), np.uint8)])


def test_reading_writes_nothing_to_the_console(capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    PlateReader().read_crops(crops(PLATES[0], count=1))
    assert capfd.readouterr() == ("", "")


def test_a_photo_that_is_one_plate_from_edge_to_edge_is_read() -> None:
    plate = draw_plate(PLATES[0], 300)
    assert PhotoReader(find=lambda _: []).read(plate)[0].text == "B1234ABC"


@pytest.mark.parametrize("roll", [-14, 14])
def test_a_plate_seen_aslant_is_straightened_before_it_is_read(reader: PlateReader, roll: float) -> None:
    reading = reader.read_crops(crops(PLATES[1], replace(SHOT, roll=roll, yaw=20)))
    assert (reading.text, reading.accepted) == ("AD5678IQ", True)


@pytest.mark.parametrize("name", ["tnkb.pth", "tnkb.py", "corners.pth"])
def test_an_altered_weight_is_refused_before_it_is_unpickled(tmp_path: Path, name: str) -> None:
    shutil.copytree(weights_folder(), tmp_path / "weights")
    (tmp_path / "weights" / name).write_bytes(b"not what it was")
    with pytest.raises(PlateReaderError, match=rf"{name}: altered: SHA-256"):
        checked(tmp_path / "weights", "tnkb.py", "tnkb.pth", "corners.pth")


def test_a_photo_is_read_without_a_plate_detector() -> None:
    photo = np.full((400, 600, 3), (90, 95, 90), np.uint8)
    plate = photograph(draw_plate(PLATES[0], 480), replace(SHOT, width_px=180), np.random.default_rng(0))
    photo[200 : 200 + plate.shape[0], 150 : 150 + plate.shape[1]] = plate
    readings = PhotoReader().read(photo)
    assert readings[0].text == "B1234ABC"
    x1, y1, x2, y2 = readings[0].box_xyxy
    assert 140 < x1 < 190
    assert 300 < x2 < 150 + plate.shape[1]
    assert 195 < y1 < y2 < 210 + plate.shape[0]


def test_a_photo_is_read_by_the_given_detector(reader: PlateReader) -> None:
    photo = np.full((400, 600, 3), (90, 95, 90), np.uint8)
    plate = photograph(draw_plate(PLATES[1], 480), replace(SHOT, width_px=150), np.random.default_rng(0))
    height, width = plate.shape[:2]
    photo[200 : 200 + height, 150 : 150 + width] = plate
    box = (150 + 0.1 * width, 200 + 0.1 * height, 150 + 0.9 * width, 200 + 0.9 * height)
    readings = PhotoReader(reader, find=lambda _: [box]).read(photo)
    assert [r.text for r in readings] == ["AD5678IQ"]
    assert np.abs(np.array(readings[0].box_xyxy) - box).max() < 0.08 * width


@pytest.mark.parametrize("kept", [(0.0, 0.68), (0.26, 1.0)])
def test_a_piece_of_a_plate_is_never_taken_for_the_whole(
    reader: PlateReader, kept: tuple[float, float]
) -> None:
    plate = draw_plate(PLATES[0], 300)
    height, width = plate.shape[:2]
    piece = (kept[0] * width, 0.0, kept[1] * width, float(height))
    first = PhotoReader(reader, find=lambda _: [piece]).read(plate)[0]
    assert first.text == "B1234ABC" or not first.accepted


def test_of_two_looks_at_one_place_the_longer_number_stays(reader: PlateReader) -> None:
    whole = replace(reader.read_crops(crops(PLATES[0])), confidence=0.7, accepted=False)
    assert whole.text is not None
    piece = replace(whole, text=whole.text[:5], confidence=0.99, accepted=True)
    assert _apart([piece, whole]) == _apart([whole, piece]) == [whole]
    unsure = replace(whole, confidence=0.3)
    (doubted,) = _apart([piece, unsure])
    assert (doubted.text, doubted.accepted) == (piece.text, False) and str(whole.text) in doubted.reason


def test_a_plate_found_only_in_a_turned_look_is_read_and_placed_in_the_photo(reader: PlateReader) -> None:
    photo = np.full((600, 900, 3), 110, np.uint8)
    upright = photo.copy()
    upright[250:350, 320:580] = cv2.resize(
        draw_plate(PLATES[0], 480), (260, 100), interpolation=cv2.INTER_AREA
    )
    turn = cv2.getRotationMatrix2D((450.0, 300.0), 15.0, 1.0)
    photo = np.asarray(cv2.warpAffine(upright, turn, (900, 600), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    looks: list[np.ndarray] = []

    def find(image: np.ndarray) -> list[tuple[float, float, float, float]]:
        looks.append(image)
        # The second of the looks taken again is turned by -15 degrees: there the plate stands upright, at 0.6.
        return [(372.0, 270.0, 528.0, 330.0)] if len(looks) == 3 else []

    reading = PhotoReader(reader, find).read(photo)[0]
    assert reading.text == PLATES[0].text
    x1, y1, x2, y2 = reading.box_xyxy
    assert 300 < x1 < 345 and 555 < x2 < 600 and 195 < y1 < 240 and 360 < y2 < 405


def test_the_box_of_an_upright_plate_found_in_a_turned_look_is_no_larger_than_the_plate(
    reader: PlateReader,
) -> None:
    photo = np.full((600, 900, 3), 110, np.uint8)
    photo[250:350, 320:580] = cv2.resize(draw_plate(PLATES[0], 480), (260, 100), interpolation=cv2.INTER_AREA)
    looks: list[np.ndarray] = []

    def find(image: np.ndarray) -> list[tuple[float, float, float, float]]:
        looks.append(image)
        # The upright box around the plate in the look that is turned by -15 degrees, at 0.6.
        return [(367.0, 251.0, 533.0, 349.0)] if len(looks) == 3 else []

    reading = PhotoReader(reader, find).read(photo)[0]
    assert reading.text == PLATES[0].text
    assert np.abs(np.array(reading.box_xyxy) - (320, 250, 580, 350)).max() < 12


def test_parts_of_a_number_that_stand_side_by_side_are_one_line() -> None:
    def box(x: float, y: float, w: float, h: float) -> np.ndarray:
        return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)

    lines = join_lines([box(60, 10, 80, 30), box(10, 10, 30, 30), box(50, 48, 60, 12), box(160, 11, 60, 30)])
    assert sorted((float(q[0, 0]), float(q[1, 0])) for q in lines) == [(10.0, 220.0), (50.0, 110.0)]
