"""Lamps to learn from: what may be told of each, and what the shipped network tells of motorcycles it never saw."""

from __future__ import annotations

import csv
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.boxes import crop_region
from detectors.lamp_network import STATES, WEIGHTS, LampState, lamp_box, probabilities
from detectors.small_network import card_sha256
from training.lamps.examples import REAL, Lamp, example, plainly, real_lamps
from training.lamps.rendered import MARGIN, around, state_of
from training.render.light import random_light
from training.render.picture import Cast, Studio
from training.render.rasterizer import View
from training.render.traffic import Program, simulate


@given(st.floats(-1, 1), st.floats(0, 1), st.booleans())
def test_a_lamp_is_told_where_its_front_is_whole_and_turned_to_the_camera_alone(cosine, visible, lit):
    state = state_of(cosine, visible, lit=lit)
    if state in (LampState.LIT, LampState.OFF):
        assert cosine >= 0.94 and visible >= 0.85 and (state is LampState.LIT) == lit
    if cosine < 0.3 or visible < 0.5:
        assert state is LampState.UNTOLD


def test_a_cut_holds_the_box_it_was_made_around():
    x1, y1, x2, y2 = around((100.0, 200.0, 180.0, 360.0))
    cut = Lamp(np.zeros((y2 - y1, x2 - x1, 3), np.uint8), LampState.LIT)
    assert cut.box == pytest.approx((100 - x1, 200 - y1, 180 - x1, 360 - y1))


@given(st.integers(0, 2**32 - 1), st.sampled_from(STATES), st.integers(16, 160), st.integers(24, 260))
def test_every_example_has_a_place_to_look_at_and_a_state_that_its_lamp_can_have(seed, state, width, height):
    rng = np.random.default_rng(seed)
    lamp = Lamp(rng.integers(0, 255, (height, width, 3), dtype=np.uint8), state)
    picture, number = example(lamp, rng)
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.size
    assert STATES[number] in (state, LampState.UNTOLD)


def test_the_real_lamps_are_labelled_once_each():
    with REAL.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    places = [tuple(row[k] for k in ("picture", "x1", "y1", "x2", "y2")) for row in rows]
    assert len(set(places)) == len(places) > 300
    assert {row["state"] for row in rows} == {s.value for s in LampState}
    assert all(int(row["x1"]) < int(row["x2"]) and int(row["y1"]) < int(row["y2"]) for row in rows)


def test_a_real_lamp_trains_or_measures_by_its_picture(tmp_path):
    folder = tmp_path / "helmets-th" / "images"
    folder.mkdir(parents=True)
    with REAL.open(encoding="utf-8", newline="") as file:
        names = sorted({row["picture"] for row in csv.DictReader(file)})[:40]
    for name in names:
        cv2.imwrite(str(folder / f"{name}.jpg"), np.full((1080, 1920, 3), 90, np.uint8))
    train, held = real_lamps(tmp_path), real_lamps(tmp_path, held_out=True)
    assert train and held
    (folder / f"{names[0]}.jpg").write_bytes(b"no picture")
    with pytest.raises(FileNotFoundError, match="is no picture"):
        real_lamps(tmp_path)


def test_the_shipped_network_tells_lit_from_unlit_on_motorcycles_it_never_saw():
    assert set(card_sha256(WEIGHTS)) == {"lamp.pt"}
    program = Program(12.0, 15.0, 3.0, 0.0)
    riders = [d for d in simulate(np.random.default_rng(8), 40.0, program, False) if d.label == "motorcycle"]
    view = View.looking(960, 540, (-3.0, 46.0, 6.5), (-3.0, 20.0, 1.0), 26)
    light = random_light(np.random.default_rng(5), "day")
    told = {}
    for intent in ("", "no_lamp"):
        studio = Studio(view, light, 8, Cast(tuple(replace(d, intent=intent) for d in riders), 8))
        regions = []
        for t in (16.0, 19.0, 22.0):
            picture, objects = studio.shoot(t, program.at(t)[0])
            for row in objects:
                pose = riders[row["vehicle"]].pose(t)
                if row["visible"] > 0.9 and pose is not None and abs(pose[2]) < 0.1 and 6 < pose[1] < 36:
                    regions.append(crop_region(picture, lamp_box(tuple(row["seen"]))))
        told[intent] = probabilities(regions)
        assert len(regions) >= 5
    assert all(one[LampState.OFF] < 0.5 and one[LampState.LIT] > 0.5 for one in told[""])
    assert np.mean([one[LampState.OFF] >= 0.9 for one in told["no_lamp"]]) > 0.6
    assert all(one[LampState.LIT] < 0.3 for one in told["no_lamp"])


def test_a_place_beside_no_lamp_has_the_margin_it_was_cut_with():
    lamp = Lamp(np.zeros((150, 90, 3), np.uint8), LampState.UNTOLD)
    x1, _, x2, _ = lamp.box
    assert (x2 - x1) * (1 + 2 * MARGIN) == pytest.approx(90)
    assert plainly(lamp).size
