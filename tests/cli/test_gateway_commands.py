"""The gateway's commands against a running server on loopback."""

import re
import sys
import threading
from pathlib import Path

import cv2
import pytest
import uvicorn
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))

from drawn import LAWFUL, WRONG_WAY, ColourDetector, FixedReader, camera, picture, write_camera, write_clip

from cli.main import app
from cli.office import web_app
from cli.office_commands import free_port
from pipeline.cases import CaseSink
from pipeline.evidence import EvidenceStore
from pipeline.loop import CameraLoop, Watchers
from pipeline.sources import VideoFileSource
from pipeline.spool import Spool

CAMERA = "kamera-uji"


def etle(*arguments, code=0):
    answer = CliRunner().invoke(app, [str(a) for a in arguments])
    assert answer.exit_code == code, answer.output
    return answer.output


@pytest.fixture
def server(tmp_path):
    """A server over ``data``, with the gateway's key in a file."""
    data = tmp_path / "data"
    etle("camera", "add", write_camera(tmp_path / "camera.yaml"), "--data", data)
    key = etle("gateway", "add", "gerbang-1", "--camera", CAMERA, "--data", data).strip().splitlines()[-1]
    (tmp_path / "key").write_text(key)
    port = free_port(first=18000)
    running = uvicorn.Server(uvicorn.Config(web_app(data, None), port=port, log_level="critical"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        threading.Event().wait(0.02)
    yield data, f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join()


def push(tmp_path, server, source, *more, code=0, key="key"):
    return etle(
        "gateway", "push", source, "--camera", CAMERA, "--server", server[1], "--key-file", tmp_path / key,
        "--state", tmp_path / "state", "--quiet", *more, code=code,
    )  # fmt: skip


def test_a_video_is_handed_over_whole_and_again_nothing_is_sent(tmp_path, server):
    clip = write_clip(tmp_path / "clip.mp4", [LAWFUL], 4.0)
    began = ("--recorded-at", "2026-08-18T10:12:00+07:00", "--rate-limit", "5000")
    assert "1 segments taken, 0 refused, 0 wait" in push(tmp_path, server, clip, *began)
    assert "cut to its end before" in push(tmp_path, server, clip, *began)
    segment = Spool(server[0] / "spool").take()
    assert (segment.sequence, segment.recorded_at.isoformat()) == (0, "2026-08-18T03:12:00+00:00")


def test_a_folder_goes_over_as_the_pictures_it_holds_and_numbers_go_on(tmp_path, server):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(4):
        cv2.imwrite(str(folder / f"{i:03}.jpg"), picture([LAWFUL], i))
    timed = ("--fps", "1", "--recorded-at", "2026-08-18T10:12:00+07:00", "--seconds", "2")
    assert "2 segments taken" in push(tmp_path, server, folder, *timed)
    clip = write_clip(tmp_path / "clip.mp4", [LAWFUL], 1.0)
    assert "1 segments taken" in push(tmp_path, server, clip)
    assert Spool(server[0] / "spool").counts() == {"waiting": 3}


def test_a_wrong_key_stops_with_everything_on_disk_and_the_right_one_sends_it(tmp_path, server):
    (tmp_path / "wrong").write_text("etle_wrong")
    clip = write_clip(tmp_path / "clip.mp4", [LAWFUL], 1.0)
    assert "1 wait on disk" in push(tmp_path, server, clip, key="wrong", code=1)
    assert "1 segments taken" in push(tmp_path, server, clip)


@pytest.mark.parametrize(
    ("source", "more", "words"),
    [
        ("nowhere.mp4", (), "no such file or folder"),
        ("ftp://host/x", (), "rtsp://"),
        (".", ("--recorded-at", "2026-08-18T10:12:00"), "name its offset"),
        (".", ("--timezone", "Asia/Nowhere"), "no such zone"),
        (".", ("--fps", "2"), "needs --recorded-at"),
    ],
)
def test_wrong_use_is_told_in_one_line(tmp_path, source, more, words):
    (tmp_path / "key").write_text("etle_x")
    assert words in push(tmp_path, (None, "http://127.0.0.1:9"), source, *more, code=2)


def test_keys_are_rotated_revoked_and_listed_and_never_shown_again(tmp_path, server):
    data = server[0]
    first = (tmp_path / "key").read_text()
    second = (
        etle("gateway", "rotate", "gerbang-1", "--overlap-hours", "2", "--data", data)
        .strip()
        .splitlines()[-1]
    )
    listed = etle("gateway", "list", "--data", data)
    assert first not in listed and second not in listed and second != first
    assert re.search(r"1: bearer [0-9a-f]{12}, made .* UTC, until", listed)
    assert "1 keys of gateway" in etle("gateway", "revoke", "gerbang-1", "--key", "1", "--data", data)
    clip = write_clip(tmp_path / "clip.mp4", [LAWFUL], 1.0)
    push(tmp_path, server, clip, code=1)
    (tmp_path / "key").write_text(second)
    assert "1 segments taken" in push(tmp_path, server, clip)
    assert "there is no gateway" in etle("gateway", "rotate", "gerbang-9", "--data", data, code=2)


def test_what_a_gateways_own_pipeline_flagged_is_handed_over_once(tmp_path, server, monkeypatch):
    monkeypatch.setattr("api.gateway_door.KEY_KEPT_S", 0.0)
    edge = tmp_path / "edge"
    edge.mkdir()
    known = camera(edge)
    with VideoFileSource(write_clip(edge / "clip.mp4", [WRONG_WAY]), known) as source:
        sink = CaseSink(known, EvidenceStore(edge), None, {})
        CameraLoop(known, ColourDetector(), FixedReader(), Watchers(sink)).run(source)
    hand_over = (
        "gateway",
        "push-violations",
        "--server",
        server[1],
        "--key-file",
        tmp_path / "key",
        "--data",
        edge,
    )
    assert "no signing key" in etle(*hand_over, code=1)
    etle("gateway", "signing-key", "gerbang-1", edge / "keys" / "evidence.pub.pem", "--data", server[0])
    for _ in range(2):
        assert "1 violations handed over, 0 refused" in etle(*hand_over)
    assert EvidenceStore(server[0]).violation_ids() == EvidenceStore(edge).violation_ids()
    assert EvidenceStore(server[0]).verify() == []


def test_a_camera_file_that_cannot_be_used_is_not_registered(tmp_path):
    data = tmp_path / "data"
    bad = write_camera(tmp_path / "bad.yaml", enforce={"no_such_rule": {}})
    assert "unknown rule" in etle("camera", "add", bad, "--data", data, code=2)
    small = tmp_path / "small.png"
    cv2.imwrite(str(small), picture([LAWFUL], 0)[:100])
    good = write_camera(tmp_path / "camera.yaml")
    assert "frame_size is 640x360" in etle("camera", "add", good, "--picture", small, "--data", data, code=2)
    assert not (data / "cameras" / CAMERA / "camera.yaml").exists()
    assert "no camera is registered" in etle("worker", "--data", data, code=2)
