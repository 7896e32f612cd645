"""A rendered scene: the same from the same seed, true to its own geometry, and readable by the pipeline."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import av
import numpy as np
import pytest
import yaml

from detectors.camera import parse_camera
from detectors.rules.registry import NEEDS, build_rules
from detectors.types import SignalState
from training.render.camera_file import camera_yaml
from training.render.light import random_light
from training.render.paths import BUS_LANE, SHOULDER
from training.render.rasterizer import View, draw
from training.render.registry_file import COLUMNS, registry_csv
from training.render.scene import camera_of, render_scene, truth_of, write_script
from training.render.traffic import LANES, Program, place
from training.render.truth import LIMIT_KMH, TOLERANCE_KMH, committed
from training.render.world import KERB_X

VIEW = View.looking(1920, 1080, (-2.9, -25.0, 6.2), (-2.9, 0.5, 1.0), 33.0)


@pytest.fixture(scope="module")
def script():
    return write_script(4242, 60)


def test_the_same_seed_gives_the_same_bytes_of_truth(script):
    again = write_script(4242, 60)
    assert json.dumps(truth_of(again)) == json.dumps(truth_of(script))
    assert registry_csv(again.drivers, 4242) == registry_csv(script.drivers, 4242)


def test_another_seed_gives_another_scene(script):
    assert truth_of(write_script(4243, 60))["vehicles"] != truth_of(script)["vehicles"]


def test_a_minute_holds_violations_and_lawful_traffic(script):
    truth = truth_of(script)
    guilty = {row["vehicle"] for row in truth["violations"]}
    assert guilty
    assert len(truth["vehicles"]) > 2 * len(guilty)


def test_speeding_is_true_only_well_over_the_limit_and_nobody_drives_in_the_doubtful_band(script):
    flagged = {v.driver: v.speed_kmh for v in script.violations if v.rule == "speeding"}
    for row in truth_of(script)["vehicles"]:
        speed = row["speed_kmh"]
        if speed is not None and row["path"] in LANES:
            assert (row["vehicle"] in flagged) == (speed > LIMIT_KMH + TOLERANCE_KMH)


def test_every_violation_lies_whole_within_the_clip(script):
    assert all(v.start_s >= 2.5 and v.end_s <= 59.5 for v in script.violations)


def test_no_two_vehicles_stand_in_the_same_place(script):
    for t in np.arange(0, 60, 1.0):
        places = np.array([p[:2] for d in script.drivers if (p := d.pose(float(t))) is not None])
        if len(places) > 1:
            apart = np.linalg.norm(places[:, None] - places[None], axis=-1) + np.eye(len(places)) * 99
            assert apart.min() > 0.6


def test_the_camera_file_of_a_scene_maps_the_road_to_within_a_centimetre():
    camera = parse_camera(yaml.safe_load(camera_yaml(VIEW, 1, "day")), "scene", "0" * 64, NEEDS)
    road = np.array([[-5.0, -8.0], [-1.0, 3.0], [-3.0, 12.0]])
    pixels = VIEW.project(np.column_stack([road, np.zeros(3)]))[:, :2]
    assert np.abs(camera.homography.to_road(pixels) - road).max() < 0.02


def test_the_nearer_triangle_hides_the_farther():
    def square(depth: float) -> np.ndarray:
        return np.array([[[0, 0, 1 / depth], [9, 0, 1 / depth], [0, 9, 1 / depth]]], np.float32)

    picture, depth = np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.float32)
    ids = np.full((8, 8), -1, np.int32)
    for order, (distance, grey) in enumerate(((5.0, 200.0), (9.0, 50.0))):
        draw(
            picture, depth, ids, square(distance), np.full((1, 3, 3), grey, np.float32), np.array([order], np.int32),
            np.zeros((1, 3, 2), np.float32), np.array([False]), np.zeros((2, 2, 3), np.uint8), 0.0, 0.0,
        )  # fmt: skip
    assert picture[1, 1, 0] == 200
    assert ids[1, 1] == 0


def test_a_plate_is_seen_from_its_front_only():
    white = np.full((4, 4, 3), 255, np.uint8)
    front = np.array([[[0, 8, 1], [8, 8, 1], [8, 0, 1]]], np.float32)
    for points, seen in ((front, True), (front[:, ::-1].copy(), False)):
        picture, depth = np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.float32)
        draw(
            picture, depth, np.full((8, 8), -1, np.int32), points, np.full((1, 3, 3), 255, np.float32),
            np.zeros(1, np.int32), np.ones((1, 3, 2), np.float32), np.array([True]), white, 0.0, 0.0,
        )  # fmt: skip
        assert bool(picture.any()) == seen


def test_a_left_turn_leaves_the_approach_sideways():
    x, y, heading = place("left", 30.0)
    assert x < -15
    assert 6 < y < 13
    assert heading == pytest.approx(np.pi / 2)


def test_the_signal_goes_red_green_amber():
    program = Program(10.0, 8.0, 3.0, 0.0)
    states = [program.at(t)[0] for t in (0.0, 9.9, 10.1, 18.1, 21.1)]
    assert states == [SignalState.RED, SignalState.RED, SignalState.GREEN, SignalState.AMBER, SignalState.RED]


@pytest.mark.slow
def test_a_rendered_clip_holds_what_its_truth_says(tmp_path):
    render_scene(7, 2.0, tmp_path, "640x360", 6)
    rows = [json.loads(line) for line in (tmp_path / "frames.jsonl").read_text().splitlines()]
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        pictures = [frame.to_ndarray(format="bgr24") for frame in clip.decode(video=0)]
    assert len(pictures) == len(rows) == 12
    assert pictures[0].shape == (360, 640, 3)
    header = (tmp_path / "stnk.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == ",".join(COLUMNS)
    for row in rows:
        for thing in row["objects"]:
            x1, y1, x2, y2 = thing["box"]
            assert 0 <= x1 < x2 <= 640
            assert 0 <= y1 < y2 <= 360


def test_a_picture_size_that_no_encoder_takes_is_refused():
    with pytest.raises(ValueError, match="WIDTHxHEIGHT"):
        write_script(1, 5, "721x")


@pytest.fixture(scope="module")
def every_rule():
    return write_script(9010, 60, every_rule=True)


def test_a_scene_of_every_rule_holds_violations_and_near_misses_of_the_new_ones(every_rule):
    truth = truth_of(every_rule)
    rules = {row["rule"] for row in truth["violations"]}
    assert {"bus_lane", "motorcycle_ban", "lane_marking", "overcrowded_motorcycle", "no_day_lamp"} <= rules
    guilty = {(row["vehicle"], row["rule"]) for row in truth["violations"]}
    lawful_buses = [v for v in truth["vehicles"] if v["path"] == BUS_LANE and v["class"] == "bus"]
    assert all((v["vehicle"], "bus_lane") not in guilty for v in lawful_buses)
    assert any(v["path"] == "left" for v in truth["vehicles"])


def test_its_camera_file_enforces_every_rule_it_has_violations_of(every_rule):
    camera = parse_camera(yaml.safe_load(camera_of(every_rule)), "scene", "0" * 64, NEEDS)
    assert {v.rule for v in every_rule.violations} <= set(camera.file.enforce)
    assert len(build_rules(camera)) == len(camera.file.enforce)
    assert {m.kind for m in camera.file.markings} == {"solid" if every_rule.solid else "dashed"}


def test_where_the_line_is_dashed_whoever_changes_lanes_keeps_the_law(every_rule):
    dashed = replace(every_rule, solid=False)
    found, _ = committed(list(dashed.drivers), dashed.program, dashed.seconds, dashed.view, solid=False)
    changing = {i for i, d in enumerate(dashed.drivers) if d.intent == "change"}
    assert changing
    assert not [v for v in found if v.driver in changing]
    assert "dashed" in camera_of(dashed)


def test_where_three_ride_together_in_the_picture_the_truth_says_so_and_nowhere_else(every_rule):
    crowded = {v.driver for v in every_rule.violations if v.rule == "overcrowded_motorcycle"}
    assert crowded
    for i, driver in enumerate(every_rule.drivers):
        places = [pose for t in np.arange(0, 60, 0.25) if (pose := driver.pose(float(t))) is not None]
        shown = any(abs(x + 2.9) < 9 for x, _, _ in places)
        assert (len(driver.people) > 2 and shown) == (i in crowded)


def test_no_two_crowds_are_seen_from_the_side_at_once(monkeypatch):
    def least_apart():
        scenes = [write_script(seed, 60, every_rule=True) for seed in (8208, 8213, 8215)]
        apart = []
        for scene in scenes:
            crowds = sorted(v for v in spans(scene, "overcrowded_motorcycle"))
            apart += [after[0] - before[1] for before, after in pairwise(crowds)]
        return min(apart)

    def spans(scene, rule):
        return [(v.start_s, v.end_s) for v in scene.violations if v.rule == rule]

    assert least_apart() >= 3.0
    monkeypatch.setattr("training.render.truth._at_once", lambda found: set())
    assert least_apart() < 3.0


def test_an_unlit_lamp_is_a_violation_by_day_alone(every_rule):
    def unlit(name, sun=(0.0, 0.5, 0.8)):
        light = replace(random_light(np.random.default_rng(0), name), sun=sun)
        found, doubtful = committed(
            list(every_rule.drivers), every_rule.program, 60, every_rule.view, light=light
        )
        return {v.driver for v in found if v.rule == "no_day_lamp"} - doubtful

    meant = {i for i, d in enumerate(every_rule.drivers) if d.intent == "no_lamp"}
    assert unlit("day") == unlit("rain") == meant
    assert meant
    assert unlit("night") == unlit("dusk") == set()
    assert unlit("day", sun=(0.0, -0.5, 0.8)) == set(), "with the sun in its lens nobody can tell"


@pytest.mark.parametrize("light", ["dusk", "day", "night", "rain"])
def test_at_dusk_odd_plates_are_barred_and_at_other_hours_nobody_is(light):
    scene = write_script(9010, 60, light=light, every_rule=True)
    barred = {v.driver for v in scene.violations if v.rule == "odd_even"}
    camera = parse_camera(yaml.safe_load(camera_of(scene)), "scene", "0" * 64, NEEDS)
    (zone,) = (z for z in camera.file.zones if z.kind == "odd_even")
    recorded = camera.file.recorded_at
    assert [camera.in_force(zone, recorded + timedelta(seconds=s)) for s in (0, 60)] == [light == "dusk"] * 2
    assert (len(barred) > 2) == (light == "dusk")
    for i, driver in enumerate(scene.drivers):
        rear = [f - driver.length for t in np.arange(0, 60, 0.1) if (f := driver.front(float(t))) is not None]
        whole = driver.path in LANES and min(rear, default=9) < 2 and max(rear, default=0) > 27
        private = driver.plate is not None and driver.plate.scheme in ("white", "black")
        odd = private and int(driver.plate.nrkb.split(" ")[1]) % 2 == 1
        if light == "dusk" and driver.label == "car" and whole:
            assert odd == (i in barred)
        if i in barred:
            assert odd and driver.label == "car"


def test_who_drives_on_along_the_shoulder_breaks_the_law_and_who_stops_on_it_does_not():
    scenes = [write_script(seed, 60, every_rule=True) for seed in (8208, 8213, 8215)]
    drivers = [(script, i, d) for script in scenes for i, d in enumerate(script.drivers)]
    flagged = [(s, v.driver) for s in scenes for v in s.violations if v.rule == "shoulder_use"]
    assert flagged
    for script, i in flagged:
        driver = script.drivers[i]
        places = [p for t in np.arange(0, 60, 0.1) if (p := driver.pose(float(t))) is not None]
        on_it = [x for x, y, _ in places if 47 < y < 74]
        assert on_it and min(on_it) > -KERB_X
    halted = [(s, i) for s, i, d in drivers if d.intent == "halt"]
    assert halted
    assert not {(s.seed, i) for s, i in halted} & {(s.seed, i) for s, i in flagged}
    assert not [d for _, _, d in drivers if d.path == SHOULDER and d.intent != "shoulder"]


def test_from_the_shoulder_it_is_a_smooth_way_back_into_the_lane():
    places = np.array([place(SHOULDER, s) for s in np.arange(-60, -20, 0.5)])
    steps = np.diff(places[:, :2], axis=0)
    headings = np.arctan2(-steps[:, 0], steps[:, 1]) % (2 * np.pi)
    assert np.abs(np.hypot(*steps.T) - 0.5).max() < 0.04
    assert np.abs(headings - places[1:, 2] % (2 * np.pi)).max() < 0.06
    assert places[-1, 0] == pytest.approx(float(BUS_LANE.split(":")[1]))


def test_a_lane_change_leads_from_one_lane_to_the_other_and_never_back():
    places = [place("change:35:20", s) for s in np.arange(20, 70, 0.5)]
    x = np.array([p[0] for p in places])
    assert (x[0], x[-1]) == (LANES["L2"], LANES["L1"])
    assert np.all(np.diff(x) <= 1e-9)
    headings = np.gradient(x, 0.5)
    assert np.allclose(-np.tan([p[2] for p in places]), headings, atol=0.03)


def test_without_every_rule_a_scene_stays_as_it_was():
    assert {d.intent for d in write_script(9002, 30).drivers} <= {
        "", "bare", "tolerated", "stop_over", "run_red", "speed", "near_limit", "wrong_way",
    }  # fmt: skip
