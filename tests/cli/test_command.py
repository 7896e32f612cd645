import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent.parent / "pipeline"))

from drawn import LAWFUL, WRONG_WAY, ColourDetector, FixedReader, picture, write_camera, write_clip

import cli.pictures
import cli.run
from cli.main import app, with_standard_output
from cli.models import Models
from ticketing.crypto import ENVIRONMENT, new_key


@pytest.fixture
def etle(monkeypatch):
    """The command, with the drawn clips' detector and reader in the place of the shipped models."""
    models = Models(ColourDetector(), FixedReader(), {"uji": "0" * 64})
    monkeypatch.setattr(cli.run, "load_models", lambda size, weights=None: models)
    monkeypatch.setattr(cli.pictures, "load_detector", lambda *_: models.detector)

    def call(*arguments):
        return CliRunner().invoke(app, [str(a) for a in arguments])

    return call


@pytest.fixture(autouse=True)
def personal_data_key(monkeypatch):
    """The command keeps the key it finds in the environment: no test leaves one behind."""
    monkeypatch.setenv(ENVIRONMENT, new_key())


@pytest.fixture
def scene(tmp_path):
    write_camera(tmp_path / "camera.yaml")
    write_clip(tmp_path / "clip.mp4", [WRONG_WAY, LAWFUL], 5.0)
    return tmp_path


def rows(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_writes_one_line_per_violation_and_says_what_it_saw(etle, scene):
    out, tracks = scene / "out.jsonl", scene / "tracks.jsonl"
    done = etle("run", scene / "camera.yaml", "--jsonl", out, "--tracks", tracks, "--no-cases")
    assert done.exit_code == 0, done.stderr
    (row,) = rows(out.read_text())
    assert (row["rule"], row["plate"], row["plate_accepted"]) == ("wrong_way", "AB1234XY", True)
    assert row["speed_kmh"] is None
    assert 0 <= row["start_s"] < row["end_s"] < 5
    assert [t["class"] for t in rows(tracks.read_text())] == ["car", "car"]
    assert "vehicles: 2 (car 2)" in done.stderr
    assert "dropped 0" in done.stderr
    assert not list(scene.glob("*.part"))
    assert not (scene / "var").exists()


def test_jsonl_without_a_file_goes_to_standard_output_and_all_else_to_standard_error(etle, scene):
    done = etle("run", scene / "camera.yaml", "--no-cases", "--jsonl")
    assert done.exit_code == 0, done.stderr
    assert [r["rule"] for r in rows(done.stdout)] == ["wrong_way"]


def test_jsonl_takes_a_file_only_where_one_is_named():
    assert with_standard_output(["run", "c", "--jsonl"]) == ["run", "c", "--jsonl", "-"]
    assert with_standard_output(["--jsonl", "--data", "d"]) == ["--jsonl", "-", "--data", "d"]
    assert with_standard_output(["--jsonl", "o", "x"]) == ["--jsonl", "o", "x"]
    assert with_standard_output(["--jsonl", "-"]) == ["--jsonl", "-"]


def test_a_run_with_a_data_folder_keeps_evidence_that_can_be_verified(etle, scene):
    assert etle("run", scene / "camera.yaml", "--no-cases", "--data", scene / "data").exit_code == 0
    assert etle("run", scene / "camera.yaml", "--no-cases", "--data", scene / "data").exit_code == 0
    done = etle("evidence", "verify", "--data", scene / "data")
    assert done.exit_code == 0
    assert "1 evidence packages verified" in done.stdout


def test_evidence_that_was_altered_is_named_and_the_exit_code_says_so(etle, scene):
    etle("run", scene / "camera.yaml", "--no-cases", "--data", scene / "data")
    blob = next(p for p in (scene / "data" / "blobs").rglob("*") if p.is_file())
    blob.write_bytes(blob.read_bytes() + b"x")
    done = etle("evidence", "verify", "--data", scene / "data")
    assert done.exit_code == 1
    assert blob.name in done.stderr
    assert "altered" in done.stderr


def test_there_is_nothing_to_verify_where_there_is_no_evidence(etle, tmp_path):
    done = etle("evidence", "verify", "--data", tmp_path / "none")
    assert done.exit_code == 2
    assert "holds no evidence" in done.stderr


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"enforce": {"red_light": {}}}, "stop_line: missing, and enforce.red_light needs it"),
        ({"speed_limit_kmh": -50}, "speed_limit_kmh"),
        ({"enforce": {"no_such_rule": {}}}, "enforce.no_such_rule: unknown rule; known: "),
        ({"enforce": {"wrong_way": {"distance_m": -1}}}, "enforce.wrong_way.distance_m"),
        ({"timezone": "Europe/Berlin"}, "timezone must be Asia/Jakarta"),
        (
            {"calibration": {"points": [{"image": [i, i * i], "road": [i, i * i]} for i in range(3)]}},
            "at least 4 surveyed points, 3 given",
        ),
    ],
)
def test_a_fault_in_the_camera_file_is_named_in_one_line(etle, scene, changes, message):
    write_camera(scene / "camera.yaml", **changes)
    done = etle("run", scene / "camera.yaml", "--jsonl", scene / "out.jsonl", "--data", scene / "data")
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (scene / "out.jsonl").exists()
    assert not (scene / "data").exists()


@pytest.mark.parametrize(
    ("name", "content", "code", "message"),
    [
        ("nowhere.mp4", None, 2, "nowhere.mp4: no such file"),
        ("empty.mp4", b"", 1, "empty.mp4: the file is empty"),
        ("text.mp4", b"no video " * 99, 1, "text.mp4: not a video"),
        ("cut.mp4", "half", 1, "cut short"),
    ],
)
def test_a_source_that_cannot_be_used_is_named_in_one_line(etle, scene, name, content, code, message):
    if content == "half":
        whole = (scene / "clip.mp4").read_bytes()
        content = whole[: len(whole) // 2]
    if content is not None:
        (scene / name).write_bytes(content)
    done = etle("run", scene / "camera.yaml", "--source", scene / name, "--jsonl", scene / "o", "--no-cases")
    assert done.exit_code == code
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (scene / "o").exists()


def test_a_clip_that_breaks_off_is_processed_as_far_as_it_goes_and_the_exit_code_is_3(etle, scene):
    write_clip(scene / "fast.mp4", [WRONG_WAY, LAWFUL], 5.0, movflags="faststart")
    whole = (scene / "fast.mp4").read_bytes()
    (scene / "fast.mp4").write_bytes(whole[: len(whole) * 4 // 5])
    done = etle(
        "run", scene / "camera.yaml", "--source", scene / "fast.mp4", "--jsonl", scene / "o", "--no-cases"
    )
    assert done.exit_code == 3
    assert "fast.mp4" in done.stderr
    assert [r["rule"] for r in rows((scene / "o").read_text())] == ["wrong_way"]


def test_a_folder_with_an_empty_picture_is_processed_and_the_exit_code_is_3(etle, scene):
    folder = scene / "pictures"
    folder.mkdir()
    for i in range(60):
        cv2.imwrite(str(folder / f"{i:03}.jpg"), picture([WRONG_WAY], i / 12))
    (folder / "010.jpg").write_bytes(b"")
    done = etle(
        "run", scene / "camera.yaml", "--source", folder, "--fps", 12, "--jsonl", scene / "o", "--no-cases"
    )
    assert done.exit_code == 3
    assert "010.jpg" in done.stderr
    assert "0 bytes" in done.stderr
    assert [r["rule"] for r in rows((scene / "o").read_text())] == ["wrong_way"]


def test_without_a_source_and_without_a_clip_beside_it_the_camera_file_is_not_enough(etle, tmp_path):
    write_camera(tmp_path / "camera.yaml")
    done = etle("run", tmp_path / "camera.yaml", "--no-cases")
    assert done.exit_code == 2
    assert "--source" in done.stderr


def test_no_camera_file_and_an_unknown_option_are_wrong_use(etle, tmp_path):
    assert etle("run", tmp_path / "none.yaml").exit_code == 2
    assert etle("run", "--no-such-option").exit_code == 2
    assert etle("fly").exit_code == 2


def test_detect_writes_boxes_as_they_are_scored_and_names_a_broken_picture(etle, tmp_path):
    cv2.imwrite(str(tmp_path / "a.jpg"), picture([LAWFUL], 1.0))
    (tmp_path / "b.jpg").write_bytes(b"")
    done = etle("detect", tmp_path, "--jsonl")
    assert done.exit_code == 3
    good, bad = rows(done.stdout)
    assert (good["width"], good["height"]) == (640, 360)
    assert {d["class"] for d in good["detections"]} == {"car", "plate"}
    assert len(good["detections"][0]["box"]) == 4
    assert Path(bad["image"]).name == "b.jpg"
    assert "0 bytes" in bad["error"]
    assert bad["detections"] == []
    assert "b.jpg" in done.stderr


def test_detect_on_what_is_not_there_is_wrong_use(etle, tmp_path):
    done = etle("detect", tmp_path / "a.jpg")
    assert done.exit_code == 2
    assert "a.jpg: no such file" in done.stderr


def test_read_plates_writes_a_line_per_picture(etle, tmp_path):
    cv2.imwrite(str(tmp_path / "a.jpg"), picture([LAWFUL], 1.0))
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff")
    done = etle("read-plates", tmp_path / "a.jpg", tmp_path / "b.jpg", "--jsonl", tmp_path / "o")
    assert done.exit_code == 3
    good, bad = rows((tmp_path / "o").read_text())
    assert isinstance(good["plates"], list)
    assert bad["error"]


def bad_pictures(folder: Path) -> dict[str, str]:
    """Write pictures that cannot be used; give what must be said of each."""
    (folder / "text.jpg").write_text("not a picture at all")
    Pillow.new("RGB", (1, 1)).save(folder / "dot.png")
    Pillow.new("L", (12_000, 9_000)).save(folder / "huge.png")
    Pillow.fromarray(np.full((60, 80), 4000, np.uint16)).save(folder / "deep.png")
    exif = Pillow.Exif()
    exif[0x0112] = 6
    Pillow.new("CMYK", (80, 60)).save(folder / "print.jpg", exif=exif)
    (folder / "empty").mkdir()
    return {
        "text.jpg": "not a picture",
        "dot.png": "too small",
        "huge.png": "too large",
        "deep.png": "8 bits",
        "print.jpg": "CMYK",
        "empty": "no pictures",
    }


@pytest.mark.parametrize("command", ["detect", "read-plates"])
def test_each_bad_picture_has_a_line_that_says_why_and_the_rest_is_done(etle, tmp_path, command):
    said = bad_pictures(tmp_path)
    good = tmp_path / "good.png"
    cv2.imwrite(str(good), picture([LAWFUL], 1.0))
    done = etle(command, good, *(tmp_path / name for name in said), "--jsonl", tmp_path / "o")
    assert done.exit_code == 3
    first, *others = rows((tmp_path / "o").read_text())
    assert "error" not in first
    for row, (name, why) in zip(others, said.items(), strict=True):
        assert Path(row["image"]).name == name
        assert why in row["error"]
        assert name in done.stderr


def test_an_officer_is_added_once_with_a_password_that_is_shown_once(etle, tmp_path):
    done = etle("officer", "add", "petugas", "Petugas Uji", "--data", tmp_path)
    assert done.exit_code == 0, done.stderr
    assert len(done.stdout.strip()) >= 12
    again = etle("officer", "add", "Petugas", "Petugas Lain", "--data", tmp_path)
    assert (again.exit_code, again.stdout) == (2, "")
    assert "is taken" in again.stderr


def test_a_gateways_key_is_shown_once_and_a_new_one_leaves_the_old_a_while(etle, tmp_path):
    first = etle("gateway", "add", "gerbang-1", "--camera", "simpang-1", "--data", tmp_path)
    assert etle("gateway", "add", "gerbang-1", "--camera", "simpang-1", "--data", tmp_path).exit_code == 2
    second = etle("gateway", "rotate", "gerbang-1", "--data", tmp_path)
    assert first.stdout.startswith("etle_") and first.stdout != second.stdout
    assert "the one before ends in 24 hours" in second.stderr
    assert second.stdout.strip().encode() not in (tmp_path / "etle.sqlite3").read_bytes()
    assert etle("gateway", "add", " ", "--camera", "x", "--data", tmp_path).exit_code == 2
