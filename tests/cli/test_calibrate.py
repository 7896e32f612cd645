"""``etle calibrate``: its page reports the error, refuses what is not fit, and writes the camera file."""

from __future__ import annotations

import copy
import re
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from fastapi.testclient import TestClient

from cli.calibrate import frame_of
from cli.calibration_page import CalibrationDesk, create_app
from cli.errors import UsageError
from detectors.camera import load_camera
from detectors.rules.registry import NEEDS
from pipeline.images import encode_png

SAMPLE = Path(str(resources.files("samples") / "junction"))
FRAME = np.full((1080, 1920, 3), 90, np.uint8)
TOKEN = {"x-etle-token": "secret"}


class Desk:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "camera.yaml"
        self.path.write_text("# of the survey\n" + (SAMPLE / "camera.yaml").read_text(encoding="utf-8"))
        self.calibration: dict[str, Any] = yaml.safe_load(self.path.read_text())["calibration"]
        self.client = TestClient(create_app(CalibrationDesk(self.path, FRAME), "secret"))

    def assess(self, **changes: Any) -> tuple[int, dict[str, Any]]:
        answer = self.client.post("/assess", json=self.calibration | changes, headers=TOKEN)
        return answer.status_code, answer.json()

    def save(self, **changes: Any) -> tuple[int, dict[str, Any]]:
        answer = self.client.post("/save", json=self.calibration | changes, headers=TOKEN)
        return answer.status_code, answer.json()

    def moved(self, pixels: float, point: int = 3) -> list[dict[str, Any]]:
        points = copy.deepcopy(self.calibration["points"])
        points[point]["image"][1] += pixels
        return points


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_page_shows_the_cameras_frame_and_the_points_it_has(desk: Desk) -> None:
    page = desk.client.get("/").text
    assert "Kalibrasi" in page and "Calibration" in page
    assert page.count('"road"') == 8 or page.count("road") >= 8
    assert not re.search(r'(?:src|href)="https?:', page)
    frame = desk.client.get("/frame.jpg")
    assert frame.headers["content-type"] == "image/jpeg" and frame.content[:2] == b"\xff\xd8"


def test_good_points_are_fit_for_speed_and_drawn_where_they_were_marked(desk: Desk) -> None:
    status, answer = desk.assess()
    assert status == 200 and answer["report"]["unfit"] == []
    assert answer["report"]["rms_px"] < 0.2 and answer["report"]["speed_error_kmh"] < 1
    drawn = np.array([line[0] for line in answer["overlay"]["points"]])
    marked = np.array([p["image"] for p in desk.calibration["points"]])
    assert np.abs(drawn - marked).max() < 0.3
    assert len(answer["overlay"]["grid"]) > 5 and len(answer["overlay"]["stop_line"][0]) == 2


def test_one_point_marked_wrong_has_the_largest_error_and_makes_the_camera_unfit(desk: Desk) -> None:
    status, answer = desk.assess(points=desk.moved(40))
    assert status == 200
    assert int(np.argmax(answer["report"]["residuals_px"])) == 3
    assert answer["report"]["speed_error_kmh"] > 3
    assert "km/jam" in answer["report"]["unfit"][0][0] and "km/h" in answer["report"]["unfit"][0][1]


def test_a_check_line_says_by_how_much_the_fit_is_wrong(desk: Desk) -> None:
    a, b = desk.calibration["points"][0]["image"], desk.calibration["points"][2]["image"]
    _, answer = desk.assess(checks=[{"image": [a, b], "metres": 6.6}])
    (check,) = answer["report"]["checks"]
    assert check["metres"] == pytest.approx(6.0, abs=0.02)
    assert check["share"] == pytest.approx(0.091, abs=0.005)
    assert answer["report"]["unfit"]


def test_too_few_points_and_points_in_a_line_are_refused_in_words(desk: Desk) -> None:
    status, answer = desk.assess(points=desk.calibration["points"][:3])
    assert status == 422 and "at least 4" in answer["error"]
    line = [{"image": [10.0 * i, 10.0 * i], "road": [i, i]} for i in range(5)]
    status, answer = desk.assess(points=line)
    assert status == 422 and "in a line" in answer["error"]
    status, _ = desk.assess(points=[{"image": [1, 2]}])
    assert status == 422


def test_saving_writes_the_camera_file_and_leaves_all_else_as_it_was(desk: Desk) -> None:
    before = yaml.safe_load(desk.path.read_text())
    points = desk.moved(0.4)
    status, answer = desk.save(points=points)
    assert status == 200 and len(answer["sha256"]) == 64
    text = desk.path.read_text()
    after = yaml.safe_load(text)
    assert text.startswith("# of the survey\n")
    assert after["calibration"]["points"] == points
    assert {k: v for k, v in after.items() if k != "calibration"} == {
        k: v for k, v in before.items() if k != "calibration"
    }
    assert load_camera(desk.path, NEEDS).sha256 == answer["sha256"]


def test_a_calibration_that_is_not_fit_is_not_saved_while_the_camera_measures_speed(desk: Desk) -> None:
    before = desk.path.read_bytes()
    status, answer = desk.save(points=desk.moved(40))
    assert status == 422 and "not fit for enforce.speeding" in answer["error"]
    assert desk.path.read_bytes() == before


def test_the_same_calibration_is_saved_for_a_camera_without_speed(tmp_path: Path) -> None:
    text = (SAMPLE / "camera.yaml").read_text().replace("  speeding:\n    tolerance_kmh: 5.0\n", "")
    desk = Desk(tmp_path)
    desk.path.write_text(text)
    desk.client = TestClient(create_app(CalibrationDesk(desk.path, FRAME), "secret"))
    assert desk.save(points=desk.moved(40))[0] == 200


def test_a_file_changed_by_somebody_else_is_not_overwritten(desk: Desk) -> None:
    desk.path.write_text(desk.path.read_text() + "# another's note\n")
    status, answer = desk.save()
    assert status == 422 and "changed by somebody else" in answer["error"]


def test_another_page_in_the_same_browser_can_change_nothing(desk: Desk) -> None:
    before = desk.path.read_bytes()
    for headers in ({}, {"x-etle-token": "guess"}):
        assert desk.client.post("/save", json=desk.calibration, headers=headers).status_code == 403
    assert desk.path.read_bytes() == before


def test_a_frame_of_another_camera_is_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="frame_size is 1920x1080, the frame is 640x360"):
        CalibrationDesk(desk.path, FRAME[:360, :640])


def test_the_frame_comes_from_a_picture_or_from_a_moment_of_a_video(tmp_path: Path) -> None:
    picture = tmp_path / "frame.png"
    picture.write_bytes(encode_png(FRAME))
    assert np.array_equal(frame_of(str(picture)), FRAME)
    first, later = frame_of(str(SAMPLE / "clip.mp4")), frame_of(str(SAMPLE / "clip.mp4"), 1.0)
    assert first.shape == later.shape == (1080, 1920, 3)
    assert not np.array_equal(first, later)
    for source, words in ((tmp_path / "none.png", "cannot be read"), (tmp_path / "none.mp4", "no picture")):
        with pytest.raises(UsageError, match=words):
            frame_of(str(source))
    with pytest.raises(UsageError, match="ends before second 900"):
        frame_of(str(SAMPLE / "clip.mp4"), 900)
