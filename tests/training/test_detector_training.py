"""How the road detector's examples are made."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from detectors.types import CLASSES, Detection
from training.detector.examples import CROP, PLATE, POSITIVES_ONLY, TWO_WHEELERS, Source, _on_foot, example
from training.detector.real_set import UNLABELLED_HEAD, merged, split, unlabelled_heads, with_riders
from training.detector.train import HEADS, loss_weight
from training.render.training_set import labels_of, yolo_lines


def test_a_motorcycles_box_takes_in_its_rider_but_not_a_person_beside_it() -> None:
    machine = Detection("motorcycle", 0.9, (100, 200, 160, 300))
    rider = Detection("person", 0.9, (110, 140, 150, 280))
    bystander = Detection("person", 0.9, (170, 140, 200, 300))
    boxes = {d.label: d.box_xyxy for d in with_riders([machine, rider, bystander]) if d.label != "person"}
    assert boxes == {"motorcycle": (100, 140, 160, 300)}


def test_of_a_truck_and_a_car_in_one_place_the_surer_stays_and_the_driver_beside_it() -> None:
    car = Detection("car", 0.6, (0, 0, 100, 100))
    truck = Detection("truck", 0.8, (2, 2, 100, 100))
    person = Detection("person", 0.5, (2, 2, 100, 100))
    assert merged([car, truck, person]) == [truck, person]


def test_where_nobody_labelled_a_persons_head_nothing_is_learned_about_heads() -> None:
    near = Detection("person", 0.9, (100, 100, 200, 300))
    known = Detection("person", 0.9, (300, 100, 400, 300))
    blind = unlabelled_heads([near, known], [(CLASSES.index("head_bare"), [330, 105, 370, 150])])
    assert [number for number, _ in blind] == [UNLABELLED_HEAD]
    assert blind[0][1][0] < 100 < blind[0][1][2]
    weight = loss_weight(np.ones(len(CLASSES), np.float32), np.array([b for _, b in blind], np.float32))
    at = int((150 // 8) + (140 // 8) * (CROP // 8))
    assert (weight[at, HEADS] == 0).all()
    assert weight[at].sum() == len(CLASSES) - len(HEADS)
    assert weight[0].sum() == len(CLASSES)


def test_what_is_hidden_in_a_rendered_frame_is_no_example() -> None:
    row = {
        "class": "motorcycle", "visible": 0.9, "box": [0, 0, 50, 100], "seen": [0, 0, 50, 80],
        "plates": [{"visible": 0.9, "box": [10, 80, 30, 90]}, {"visible": 0.2, "box": [10, 80, 30, 90]}],
        "heads": [{"class": "head_bare", "visible": 0.9, "box": [20, 0, 30, 12]}],
    }  # fmt: skip
    hidden = {**row, "visible": 0.05, "plates": [], "heads": []}
    labels = labels_of([row, hidden])
    assert [CLASSES[n] for n, _ in labels] == ["motorcycle", "plate", "head_bare"]
    assert labels[0][1] == [0, 0, 50, 80]


def test_a_label_is_cut_at_the_pictures_edge_and_left_out_beyond_it() -> None:
    lines = yolo_lines([(0, [-50.0, 0.0, 50.0, 100.0]), (1, [-50.0, 0.0, -1.0, 10.0])], 100, 100)
    assert lines == "0 0.250000 0.500000 0.500000 1.000000\n"


@pytest.mark.parametrize("seed", range(8))
def test_an_examples_boxes_lie_on_what_they_name(tmp_path: Path, seed: int) -> None:
    picture = np.zeros((720, 1280, 3), np.uint8)
    picture[300:400, 600:760] = 255
    cv2.imwrite(str(tmp_path / "a.png"), picture)
    share = np.array([[0, 600 / 1280, 300 / 720, 760 / 1280, 400 / 720]], np.float32)
    source = Source(tmp_path / "a.png", share, np.ones(len(CLASSES), np.float32))
    image, rows = example(source, np.random.default_rng(seed))
    assert image.shape == (CROP, CROP, 3)
    for _, x1, y1, x2, y2 in rows:
        inside = image[int(y1) + 2 : int(y2) - 2, int(x1) + 2 : int(x2) - 2]
        assert inside.mean() > 100


def test_the_held_out_quarter_is_the_last_of_each_recording_and_whole_dashcam_clips(tmp_path: Path) -> None:
    for name in ("helmets-th", "plates-eu-dashcam"):
        (tmp_path / name / "images").mkdir(parents=True)
    for i in range(8):
        (tmp_path / "helmets-th" / "images" / f"clip1-7_00-{i:04d}.jpg").touch()
        (tmp_path / "plates-eu-dashcam" / "images" / f"dayride-type1-00{1 + i % 2}-mp4-t-{i}.jpg").touch()
    train, held = split(tmp_path, "helmets-th")
    assert [p.stem[-4:] for p in held] == ["0006", "0007"]
    assert len(train) == 6
    train, held = split(tmp_path, "plates-eu-dashcam")
    assert {p.stem[:17] for p in held} == {"dayride-type1-002"}
    assert len(train) == 4


def test_an_unlabelled_head_counts_as_unknown_only_where_somebody_rides() -> None:
    rows = np.array(
        [
            [TWO_WHEELERS[0], 0.1, 0.1, 0.3, 0.6],
            [UNLABELLED_HEAD, 0.15, 0.1, 0.25, 0.2],
            [UNLABELLED_HEAD, 0.6, 0.1, 0.7, 0.2],
            [CLASSES.index("head_bare"), 0.8, 0.1, 0.9, 0.2],
        ],
        np.float32,
    )
    assert _on_foot(rows).tolist() == [False, False, True, False]


@pytest.mark.parametrize(("name", "own"), [("plates-eu-dashcam-a", PLATE), ("helmets-th-a", TWO_WHEELERS[0])])
def test_an_indonesian_plate_is_hung_up_and_labelled_where_it_hangs(
    tmp_path: Path, name: str, own: int
) -> None:
    path = tmp_path / f"{name}.png"
    cv2.imwrite(str(path), np.full((480, 480, 3), 90, np.uint8))
    known = np.ones(len(CLASSES), np.float32)
    if own != PLATE:
        known[PLATE] = POSITIVES_ONLY
    source = Source(path, np.array([[own, 0.3, 0.35, 0.7, 0.65]], np.float32), known)
    changed = 0
    for seed in range(12):
        picture, rows = example(source, np.random.default_rng(seed))
        for _, x1, y1, x2, y2 in rows[rows[:, 0] == PLATE]:
            inside = np.asarray(picture)[int(y1) : int(y2) + 1, int(x1) : int(x2) + 1]
            changed += bool(inside.size and float(np.ptp(inside.astype(float).mean(axis=2))) > 60)
    assert changed >= 3
