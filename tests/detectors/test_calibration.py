"""What a calibration is worth, and which cameras may not measure speed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import yaml
from hand_made import camera, camera_data, project
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.calibration import MOST_KMH, CalibrationReport, assess, with_calibration
from detectors.camera import Calibration, CameraFileError
from detectors.rules.registry import build_rules
from detectors.viewpoint import CalibrationSpread, marking_sigma_px

SURVEY = [(-6.0, -12.0), (3.0, -12.0), (-6.0, 0.0), (3.0, 0.0), (-6.0, 25.0), (3.0, 25.0), (-1.5, 10.0)]


def calibration(moved_px: float = 0.0, seed: int = 0, sigma: float = 0.5, **changes: Any) -> dict[str, Any]:
    """Surveyed points, marked ``moved_px`` (one sigma) beside where they are."""
    rng = np.random.default_rng(seed)
    points = [
        {"image": (project([(x, y, 0.0)])[0] + rng.normal(0, moved_px, 2)).tolist(), "road": [x, y]}
        for x, y in SURVEY
    ]
    return {"points": points, "image_sigma_px": sigma} | changes


def assessed(data: dict[str, Any], **changes: Any) -> CalibrationReport:
    given_ = camera(calibration=data, enforce={}, **changes)
    file = given_.file
    return assess(file.calibration, given_.homography, file.measuring_zone, file.lanes, file.speed_limit_kmh)


def line(a: tuple[float, float], b: tuple[float, float], metres: float) -> dict[str, Any]:
    pixels = project([(*a, 0.0), (*b, 0.0)])
    return {"image": pixels.tolist(), "metres": metres}


def test_points_marked_exactly_have_no_error_and_the_surveyors_own_doubt() -> None:
    report = assessed(calibration())
    assert report.rms_px < 1e-3 and report.rms_m < 1e-3
    assert report.sigma_px == 0.5
    assert report.speed_error_kmh is not None and 0 < report.speed_error_kmh < MOST_KMH
    assert not report.unfit


def test_points_marked_badly_show_more_than_the_surveyor_states() -> None:
    sigmas = [assessed(calibration(4.0, seed)).sigma_px for seed in range(60)]
    assert np.sqrt(np.mean(np.square(sigmas))) == pytest.approx(4.0, rel=0.15)


def test_a_camera_whose_error_means_more_than_three_kmh_is_refused_for_speed() -> None:
    report = assessed(calibration(sigma=12.0))
    assert report.speed_error_kmh is not None and report.speed_error_kmh > MOST_KMH
    assert "km/h at 100 km/h" in report.unfit[0][1]
    with pytest.raises(CameraFileError, match=r"calibration: not fit for enforce\.speeding"):
        build_rules(camera(calibration=calibration(sigma=12.0), enforce={"speeding": {}}))
    assert build_rules(camera(calibration=calibration(sigma=12.0), enforce={"wrong_way": {}}))


def test_a_check_line_of_another_length_is_an_error_of_the_speed() -> None:
    right = assessed(calibration(checks=[line((-2, -12), (-2, 0), 12.0)]))
    assert right.checks[0].metres == pytest.approx(12.0, abs=1e-3) and not right.unfit
    wrong = assessed(calibration(checks=[line((-2, -12), (-2, 0), 12.5)]))
    assert wrong.speed_error_kmh == pytest.approx(4.0, abs=0.01)
    assert wrong.unfit


def test_four_points_alone_show_no_error_and_measure_no_speed() -> None:
    four = calibration()
    four["points"] = four["points"][:2] + four["points"][4:6]
    assert "do not show their own error" in assessed(four).unfit[0][1]
    four["checks"] = [line((-2, -12), (-2, 0), 12.0)]
    assert not assessed(four).unfit


def test_without_a_measuring_zone_there_is_no_speed() -> None:
    report = assessed(calibration(), measuring_zone=None)
    assert report.speed_error_kmh is None and report.unfit


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), moved=st.floats(0.2, 6.0), limit=st.floats(20, 120))
def test_the_error_stated_holds_the_true_error_of_a_distance_nearly_always(
    seed: float, moved: float, limit: float
) -> None:
    """Four sigma of what the points show: the true distance over the zone does not lie outside."""
    given_ = camera(calibration=calibration(moved, int(seed), sigma=moved), enforce={}, speed_limit_kmh=limit)
    ends = project([(-1.75, -14.0, 0.0), (-1.75, 0.0, 0.0)])
    a, b = given_.homography.to_road(ends)
    report = assess(
        given_.file.calibration, given_.homography, given_.file.measuring_zone, given_.file.lanes, limit
    )
    assert report.speed_error_kmh is not None
    share = abs(np.hypot(*(b - a)) - 14.0) / 14.0
    # The zone's middle is not where this vehicle drove, hence a little more.
    assert share * report.at_kmh <= 2.1 * report.speed_error_kmh + 0.05


def test_the_interval_of_a_speed_widens_with_points_marked_badly() -> None:
    good, bad = (camera(calibration=calibration(m, 3), enforce={}) for m in (0.0, 5.0))
    at = (900.0, 700.0)
    narrow, wide = (CalibrationSpread.of(c).sigma_along(at, (0.0, 1.0)) for c in (good, bad))
    assert wide > 3 * narrow
    assert marking_sigma_px(bad.file.calibration, bad.homography) > 2


TEXT = """# Simpang contoh
id: junction-1
calibration:
  points:
  - image: [1, 2]
    road: [3, 4]

  # a note within
  image_sigma_px: 1.0
# the lanes
lanes: []
"""


def test_a_calibration_is_written_in_place_and_all_else_stays() -> None:
    new = Calibration.model_validate(calibration())
    text = with_calibration(TEXT, new)
    assert text.startswith("# Simpang contoh\nid: junction-1\ncalibration:\n")
    assert text.endswith("# the lanes\nlanes: []\n")
    assert Calibration.model_validate(yaml.safe_load(text)["calibration"]) == new
    assert with_calibration(text, new) == text


@pytest.mark.parametrize("text", ["", "id: x", "id: x\n"])
def test_a_file_without_a_calibration_gets_one(text: str) -> None:
    written = yaml.safe_load(with_calibration(text, Calibration.model_validate(calibration())))
    assert len(written["calibration"]["points"]) == len(SURVEY)
    assert written.get("id") == ("x" if text else None)


def test_the_sample_of_the_tests_itself_is_fit_for_speed() -> None:
    assert not assessed(camera_data()["calibration"]).unfit
