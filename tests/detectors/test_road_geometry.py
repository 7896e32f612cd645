"""The road plane, the camera over it, and how sure both are."""

from __future__ import annotations

import numpy as np
import pytest
from hand_made import CAMERA_AT, HEIGHT, WIDTH, camera, project
from hypothesis import given
from hypothesis import strategies as st

from detectors.geometry import GeometryError, Homography
from detectors.kinematics import Axis, heading_degrees
from detectors.rules.common import distance_inside
from detectors.viewpoint import CalibrationSpread, viewpoint

CAMERA = camera()


@given(x=st.floats(-12, 12), y=st.floats(-15, 60))
def test_a_road_point_comes_back_from_the_picture(x: float, y: float) -> None:
    there = CAMERA.homography.to_image(np.array([[x, y]]))
    assert CAMERA.homography.to_road(there)[0] == pytest.approx([x, y], abs=1e-3)


@given(x=st.floats(-12, 12), y=st.floats(-15, 60))
def test_the_jacobian_is_the_slope_of_the_homography(x: float, y: float) -> None:
    p = CAMERA.homography.to_image(np.array([[x, y]]))[0]
    step = np.array([[p[0] + 0.01, p[1]], [p[0], p[1] + 0.01], p])
    road = CAMERA.homography.to_road(step)
    slope = ((road[:2] - road[2]) / 0.01).T
    assert CAMERA.homography.road_jacobian((p[0], p[1])) == pytest.approx(slope, rel=0.02, abs=1e-3)


def test_a_point_over_the_horizon_is_no_place_on_the_road() -> None:
    assert np.isnan(
        CAMERA.homography.to_road(np.array([[960.0, 1000.0], [960.0, 1000.0], [960.0, 0.0]]))[2]
    ).all()


def test_three_points_fix_no_road_plane() -> None:
    with pytest.raises(GeometryError, match="at least 4"):
        Homography.from_points([(0, 0), (1, 0), (0, 1)], [(0, 0), (1, 0), (0, 1)])


def test_points_in_a_line_fix_no_road_plane() -> None:
    line = [(float(i), 2.0 * i) for i in range(5)]
    with pytest.raises(GeometryError, match="in a line"):
        Homography.from_points(line, line)


def test_the_camera_is_found_where_it_stands() -> None:
    view = viewpoint(CAMERA.homography.image_to_road, (WIDTH, HEIGHT))
    assert view is not None
    assert view.position == pytest.approx(CAMERA_AT, abs=0.01)
    above = np.array([[-2.0, 10.0, 1.5], [3.0, 20.0, 3.0]])
    assert view.to_image(above) == pytest.approx(project(above), abs=0.1)


def test_a_camera_straight_above_has_no_known_focal_length() -> None:
    flat = Homography.from_points(
        [(0, 0), (1920, 0), (0, 1080), (1920, 1080)], [(0, 0), (19.2, 0), (0, -10.8), (19.2, -10.8)]
    )
    assert viewpoint(flat.image_to_road, (WIDTH, HEIGHT)) is None


def test_calibration_is_less_sure_far_away_and_with_a_careless_survey() -> None:
    near, far = project([(-1.75, -5.0, 0.0)])[0], project([(-1.75, 50.0, 0.0)])[0]
    spread = CalibrationSpread.of(CAMERA)
    assert 0 < spread.sigma_along(tuple(near), (0, 1)) < spread.sigma_along(tuple(far), (0, 1))
    survey = {"points": [p.model_dump() for p in CAMERA.file.calibration.points], "image_sigma_px": 2.0}
    careless = CalibrationSpread.of(camera(calibration=survey))
    ratio = careless.sigma_along(tuple(near), (0, 1)) / spread.sigma_along(tuple(near), (0, 1))
    assert ratio == pytest.approx(4.0, rel=0.05)


@pytest.mark.parametrize(("point", "inside_m"), [((0.5, 0.5), 0.5), ((0.1, 0.5), 0.1), ((-2.0, 0.5), -2.0)])
def test_distance_inside_is_measured_to_the_nearest_edge(point: tuple[float, float], inside_m: float) -> None:
    square = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    assert distance_inside(square, point) == pytest.approx(inside_m)


def test_left_of_an_axis_is_the_drivers_left() -> None:
    north = Axis.of((0.0, 0.0), (0.0, 2.0))
    assert north.left((-3.0, 5.0)) == pytest.approx(3.0)
    assert heading_degrees((-1.0, 1.0), north) == pytest.approx(45.0)
