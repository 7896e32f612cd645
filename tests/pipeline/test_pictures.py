import numpy as np
import pytest
from drawn import RECORDED, camera

from detectors.types import Detection, SignalState
from pipeline.drawing import annotate, local_time, measured_text
from pipeline.images import ImageError, crop, decode_image, encode_jpeg
from pipeline.masking import mask_others

SUBJECT = (100.0, 100.0, 300.0, 260.0)
OWN_PLATE = (180.0, 220.0, 220.0, 232.0)
RIDER = (420.0, 100.0, 520.0, 300.0)


def noise(seed: int = 0) -> np.ndarray:
    """Fine detail everywhere: what is masked loses it, what is not keeps it."""
    return np.random.default_rng(seed).integers(0, 255, (360, 640, 3), dtype=np.uint8)


def detail(image: np.ndarray, box) -> float:
    x1, y1, x2, y2 = (round(v) for v in box)
    return float(np.std(np.diff(image[y1:y2, x1:x2].astype(float), axis=1)))


def hidden(before: np.ndarray, after: np.ndarray, box) -> bool:
    return detail(after, box) < 0.15 * detail(before, box)


def shown(before: np.ndarray, after: np.ndarray, box) -> bool:
    x1, y1, x2, y2 = (round(v) for v in box)
    return bool(np.array_equal(before[y1:y2, x1:x2], after[y1:y2, x1:x2]))


def test_the_subject_and_its_own_plate_stay_and_its_glass_does_not():
    image = noise()
    out = mask_others(image, [Detection("car", 0.9, SUBJECT)], SUBJECT, OWN_PLATE)
    assert shown(image, out, OWN_PLATE)
    assert shown(image, out, (100, 190, 300, 260))
    assert hidden(image, out, (130, 120, 270, 170))


@pytest.mark.parametrize(
    "other",
    [
        Detection("car", 0.9, (400, 60, 560, 200)),
        Detection("bus", 0.4, (20, 150, 90, 340)),
        Detection("person", 0.3, (330, 120, 360, 240)),
        Detection("head_bare", 0.3, (340, 60, 370, 95)),
        Detection("plate", 0.3, (500, 300, 560, 320)),
    ],
)
def test_everybody_else_is_hidden(other):
    image = noise()
    out = mask_others(image, [Detection("car", 0.9, SUBJECT), other], SUBJECT, OWN_PLATE)
    assert hidden(image, out, other.box_xyxy)


def test_another_plate_seen_through_the_subjects_box_is_hidden():
    image = noise()
    other = Detection("plate", 0.4, (110.0, 225.0, 160.0, 240.0))
    out = mask_others(image, [Detection("car", 0.9, SUBJECT), other], SUBJECT, OWN_PLATE)
    assert hidden(image, out, other.box_xyxy)
    assert shown(image, out, OWN_PLATE)


def test_a_plate_that_is_not_certainly_the_subjects_own_is_hidden():
    image = noise()
    found = [Detection("car", 0.9, SUBJECT), Detection("plate", 0.9, OWN_PLATE)]
    assert hidden(image, mask_others(image, found, SUBJECT, None), OWN_PLATE)


def test_a_nearer_vehicle_that_covers_part_of_the_subject_is_hidden_there_too():
    image = noise()
    nearer = Detection("motorcycle", 0.8, (250.0, 180.0, 330.0, 340.0))
    out = mask_others(image, [Detection("car", 0.9, SUBJECT), nearer], SUBJECT, OWN_PLATE)
    assert hidden(image, out, (255, 185, 295, 255))


def test_a_riders_face_is_hidden_and_the_crown_with_or_without_helmet_stays():
    image = noise()
    head = Detection("head_bare", 0.9, (450.0, 100.0, 490.0, 150.0))
    out = mask_others(image, [Detection("motorcycle", 0.9, RIDER), head], RIDER, None)
    assert hidden(image, out, (450, 126, 490, 150))
    assert shown(image, out, (455, 101, 485, 118))


def test_what_the_detector_missed_cannot_be_read_either():
    image = noise()
    out = mask_others(image, [Detection("car", 0.9, SUBJECT)], SUBJECT, OWN_PLATE)
    assert hidden(image, out, (400, 200, 600, 340))


def test_where_nobody_looked_all_but_the_subject_is_hidden():
    image = noise()
    out = mask_others(image, None, SUBJECT, None)
    assert hidden(image, out, (320, 20, 600, 340))


def test_the_picture_that_was_given_stays_untouched(tmp_path):
    image = noise()
    before = image.copy()
    mask_others(image, [Detection("car", 0.9, SUBJECT)], SUBJECT, OWN_PLATE)
    annotate(image, camera(tmp_path), SUBJECT, "Sebelum / Before", {}, ["a", "b"])
    assert np.array_equal(image, before)


def test_the_drawing_adds_a_strip_and_takes_any_script(tmp_path):
    signals = [{"id": "S1", "region": [600, 10, 612, 46], "lanes": ["l1"]}]
    out = annotate(
        noise(),
        camera(tmp_path, signals=signals),
        (-50.0, -50.0, 700.0, 30.0),
        "Setelah 12 m · ≥ 3 µs — Ω ж",
        {"S1": SignalState.RED},
        ["Menerobos lampu merah / Red light – Jl. Kaliurang", "x" * 500],
    )
    assert out.shape[1] == 640
    assert out.shape[0] > 360 + 30


def test_times_are_shown_in_the_cameras_own_zone(tmp_path):
    assert local_time(RECORDED, camera(tmp_path)) == "17-08-2026 07:15:00.000 WIB"
    there = camera(tmp_path, timezone="Asia/Jayapura")
    assert local_time(RECORDED, there) == "17-08-2026 09:15:00.000 WIT"


def test_what_was_measured_reads_as_one_line():
    assert measured_text({"speed_kmh": 71.30, "lane": "l1"}) == "speed kmh 71.3, lane l1"


def test_a_crop_outside_the_picture_is_an_error_and_one_over_its_edge_is_cut():
    image = noise()
    with pytest.raises(ImageError, match="outside"):
        crop(image, (700, 10, 800, 40))
    assert crop(image, (620, 340, 700, 400)).shape == (20, 20, 3)


def test_no_picture_is_named_as_such_also_beside_ultralytics():
    import ultralytics.utils.patches  # noqa: F401

    with pytest.raises(ImageError, match="not a picture"):
        decode_image(b"hello")


def test_a_picture_cut_short_is_broken_and_never_half_grey():
    data = encode_jpeg(noise())
    with pytest.raises(ImageError, match="broken"):
        decode_image(data[: len(data) // 2])
    with pytest.raises(ImageError, match="not a picture"):
        decode_image(b"hello")
