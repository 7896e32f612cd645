"""A camera file that cannot be used says which rule, which section and what is wrong."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hand_made import camera, camera_data

from detectors.camera import CameraFileError, load_camera, parse_camera
from detectors.rules.registry import NEEDS, RULES, UNPROVEN, build_rules


def refused(**changes: Any) -> str:
    with pytest.raises(CameraFileError) as error:
        build_rules(camera(**changes))
    return str(error.value)


def test_every_rule_has_its_needs_and_can_be_built() -> None:
    assert set(RULES) == set(NEEDS)
    assert {r.rule_id for r in build_rules(camera())} == set(RULES) - UNPROVEN - {"average_speed"}


def test_a_missing_stop_line_names_the_rules_that_need_it() -> None:
    message = refused(stop_line=None)
    assert "stop_line: missing, and enforce.red_light needs it" in message
    assert "enforce.stop_line needs it" in message


def test_three_homography_points_are_refused() -> None:
    points = camera_data()["calibration"]["points"][:3]
    assert "calibration.points" in refused(calibration={"points": points})
    assert "at least 4" in refused(calibration={"points": points})


def test_a_negative_speed_limit_is_refused() -> None:
    message = refused(speed_limit_kmh=-50)
    assert "speed_limit_kmh" in message and "-50" in message


def test_an_unknown_rule_is_refused_with_those_known() -> None:
    message = refused(enforce={"no_hat": {}})
    assert "enforce.no_hat: unknown rule" in message and "no_helmet" in message


def test_an_unknown_parameter_is_refused_with_its_place() -> None:
    message = refused(enforce={"speeding": {"tolerence_kmh": 5}})
    assert "enforce.speeding.tolerence_kmh: unknown parameter" in message and "tolerance_kmh" in message


@pytest.mark.parametrize(
    ("rule", "parameter"),
    [
        ("red_light", "grace_s"),
        ("stop_line", "tolerance_m"),
        ("wrong_way", "distance_m"),
        ("speeding", "tolerance_kmh"),
        ("no_helmet", "min_frames"),
    ],
)
def test_a_negative_parameter_is_refused_with_its_place(rule: str, parameter: str) -> None:
    assert f"enforce.{rule}.{parameter}" in refused(enforce={rule: {parameter: -1}})


def test_all_faults_are_named_at_once() -> None:
    message = refused(enforce={"red_light": {"grace_s": -1}, "wrong_way": {"colour": "red"}})
    assert "enforce.red_light.grace_s" in message and "enforce.wrong_way.colour" in message


def test_a_stop_line_without_a_signal_for_its_lanes_is_refused() -> None:
    signals = [{"id": "S1", "region": (0, 0, 20, 60), "lanes": ["oncoming"]}]
    assert "signals: none governs" in refused(signals=signals)


def test_a_stop_line_along_the_lane_is_refused() -> None:
    message = refused(stop_line={"road": [(-3.5, 0), (-3.5, -10)], "lanes": ["straight"]})
    assert "stop_line.road" in message and "along lane straight" in message


def test_a_file_that_is_not_there_or_not_yaml_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CameraFileError, match=r"nowhere\.yaml: cannot read"):
        load_camera(tmp_path / "nowhere.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("id: [", encoding="utf-8")
    with pytest.raises(CameraFileError, match="not valid YAML"):
        load_camera(broken)


def test_a_camera_file_reads_back_from_disk(tmp_path: Path) -> None:
    path = tmp_path / "camera.yaml"
    data = camera_data(speed_device={"id": "D", "certificate": "C", "valid_until": datetime.date(2027, 1, 1)})
    plain = parse_camera(data, "x", "0" * 64).file.model_dump(mode="json")
    path.write_text(yaml.safe_dump(plain), encoding="utf-8")
    assert load_camera(path, NEEDS).file == parse_camera(data, "x", "0" * 64).file
