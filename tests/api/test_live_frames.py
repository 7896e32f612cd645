"""Live frames over HTTP and WebSocket, to the worker that holds the camera, and on to a case."""

import threading
import time
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from live_camera import FPS, WRONG_WAY, ColourDetector, held, picture
from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.evidence import EvidenceStore
from pipeline.health import camera_health
from ticketing import gateways
from ticketing.models import CaseRow

CAMERA = "kamera-uji"


@pytest.fixture
def key(server):
    with Session(server.engine) as session, session.begin():
        return gateways.add_gateway(session, "gerbang-1", [CAMERA], who="uji", now=datetime.now(UTC))


def jpeg(t=0.0):
    return cv2.imencode(".jpg", picture([WRONG_WAY], t))[1].tobytes()


def push(server, key, sequence, at=None, body=None, camera=CAMERA, ahead_s=0, **params):
    at = at or datetime.now(UTC) + timedelta(seconds=ahead_s)
    return server.client.post(
        f"/api/v1/cameras/{camera}/frames",
        params={"sequence": sequence, "captured_at": at.isoformat(), **params},
        content=jpeg() if body is None else body,
        headers={"Authorization": f"Bearer {key}"},
    )


def wait_for(found, seconds=20.0):
    """Wait until the worker's thread has done its part; give what it did."""
    until = time.monotonic() + seconds
    while not (value := found()) and time.monotonic() < until:
        threading.Event().wait(0.02)
    return value


def cases(server):
    with Session(server.engine) as session:
        return session.scalars(select(CaseRow.rule).where(CaseRow.camera_id == CAMERA)).all()


def test_frames_pushed_one_by_one_become_a_case_with_its_evidence(server, key):
    began = datetime.now(UTC) - timedelta(seconds=20)
    sent = {}
    with held(server.data, server.engine) as live:
        for i in range(5 * FPS):
            # As fast as the worker: what this test is about is the way, not the drops.
            assert wait_for(lambda: live.waiting(CAMERA) < 4)
            at = began + timedelta(seconds=i / FPS)
            sent[i] = jpeg(i / FPS)
            answer = push(server, key, i, at, sent[i])
            assert (answer.status_code, answer.json()["dropped"]) == (200, 0)
        assert wait_for(lambda: cases(server)) == ["wrong_way"]
    store = EvidenceStore(server.data)
    (violation_id,) = [v for v in store.violation_ids() if v not in ("v-1", "v-2")]
    frame = store.open(store.get(violation_id).file("frame:0").sha256)
    assert frame in sent.values(), "the untouched frame is the JPEG that was pushed, byte by byte"
    assert store.verify() == []


def test_a_worker_that_is_too_slow_drops_the_oldest_and_every_drop_is_told(server, key):
    gate = threading.Event()

    class Slow(ColourDetector):
        def detect(self, image):
            gate.wait(20)
            return super().detect(image)

    with held(server.data, server.engine, Slow()):
        answers = [push(server, key, i).json() for i in range(30)]
        gate.set()
    assert answers[-1]["dropped_in_all"] == sum(a["dropped"] for a in answers) >= 19
    assert [a["sequence"] for a in answers] == list(range(30))


def bomb(width=20_000, height=20_000):
    data = bytearray(cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("change", "status", "name"),
    [
        ({"body": b""}, 422, "not_a_jpeg"),
        ({"body": b"text posing as a JPEG"}, 422, "not_a_jpeg"),
        ({"body": bomb()}, 422, "too_many_pixels"),
        ({"body": bomb(4000, 3000)}, 422, "wrong_size"),
        ({"body": b"\xff\xd8\xff" + b"x" * 8 * 2**20}, 413, "too_large"),
        ({"ahead_s": 4000 * 86_400}, 422, "in_the_future"),
        ({"ahead_s": -3600}, 422, "too_old"),
        ({"sequence": 0, "ahead_s": -30}, 409, "out_of_order"),
        ({"sequence": -5}, 422, "malformed"),
        ({"signal": "S9:red"}, 422, "unknown_signal"),
        ({"signal": "S1:violet"}, 422, "malformed"),
        ({"camera": "simpang-1"}, 403, "not_your_camera"),
        ({"key": "etle_wrong"}, 401, "no_key"),
    ],
)
def test_what_is_no_live_frame_is_refused_by_name_counted_and_logged(
    server, key, caplog, change, status, name
):
    with held(server.data, server.engine):
        assert push(server, key, 7).status_code == 200
        answer = push(server, **{"key": key, "sequence": 8, **change})
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:etle:problem:{name}")
    # An honest gateway meets what is out of order any day: it is counted alone.
    assert (f"gateway's frame refused: {name} from" in caplog.text) == (name != "out_of_order")
    assert f'etle_gateway_refused_total{{what="frame",why="{name}"}} 1.0' in server.metrics()


def test_while_no_worker_holds_the_camera_frames_are_asked_to_come_again_and_then_taken(server, key):
    answer = push(server, key, 0)
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "5")
    with held(server.data, server.engine):
        assert push(server, key, 1).status_code == 200
    assert push(server, key, 2).status_code == 409
    with held(server.data, server.engine):
        assert push(server, key, 3).status_code == 200


def test_one_worker_holds_a_camera_and_another_takes_it_over_when_it_has_gone(server, key):
    with held(server.data, server.engine) as first, held(server.data, server.engine) as second:
        assert (first.held, second.held) == ([CAMERA], [])
        first.__exit__(None, None, None)
        assert wait_for(lambda: second.held) == [CAMERA]
        assert push(server, key, 0).status_code == 200


def connect(server, key):
    return server.client.websocket_connect(
        f"/api/v1/cameras/{CAMERA}/live", headers={"Authorization": f"Bearer {key}"}
    )


def test_over_a_websocket_each_frame_is_answered_in_order_and_a_refused_one_ends_nothing(server, key):
    with held(server.data, server.engine), connect(server, key) as socket:
        for sequence, body in ((0, jpeg()), (1, b"text"), (2, jpeg())):
            now = datetime.now(UTC).isoformat()
            socket.send_json({"sequence": sequence, "captured_at": now, "sent_at": now, "signals": {}})
            socket.send_bytes(body)
        first, refused, third = (socket.receive_json() for _ in range(3))
        socket.send_text("no json")
        socket.send_bytes(jpeg())
        malformed = socket.receive_json()
    assert (first["sequence"], third["sequence"], third["missing"]) == (0, 2, 1)
    assert (refused["status"], refused["type"]) == (422, "urn:etle:problem:not_a_jpeg")
    assert malformed["type"] == "urn:etle:problem:malformed"


def test_a_websocket_opens_only_to_a_key_of_this_camera_and_closes_when_it_is_revoked(
    server, key, monkeypatch
):
    monkeypatch.setattr("api.gateway_door.KEY_KEPT_S", 0.0)
    with pytest.raises(Exception) as denied, connect(server, "etle_wrong"):
        pass
    assert getattr(denied.value, "status_code", None) == 401
    with held(server.data, server.engine), connect(server, key) as socket:
        with Session(server.engine) as session, session.begin():
            gateways.revoke_key(session, "gerbang-1", who="uji", now=datetime.now(UTC))
        socket.send_json({"sequence": 0, "captured_at": datetime.now(UTC).isoformat()})
        socket.send_bytes(jpeg())
        assert socket.receive_json()["status"] == 401
        assert socket.receive()["type"] == "websocket.close"


def test_signal_states_of_a_wired_controller_reach_the_rules(server, key):
    signals = [{"id": "S1", "region": [0, 0, 20, 60], "lanes": ["l1"], "source": "feed"}]
    with held(server.data, server.engine, signals=signals):
        for i in range(3):
            assert push(server, key, i, signal="S1:red").status_code == 200
        assert wait_for(lambda: camera_health(server.data, CAMERA).picture)


def test_a_gateways_clock_that_is_off_pauses_enforcement_and_somebody_is_told(server, key):
    told = []
    with held(server.data, server.engine, told=told):
        for i in range(3):
            wrong = datetime.now(UTC) + timedelta(seconds=4)
            assert push(server, key, i, wrong, sent_at=wrong.isoformat()).status_code == 200
        assert wait_for(lambda: camera_health(server.data, CAMERA).state == "paused")
    answer = server.client.get(
        f"/api/v1/cameras/{CAMERA}/health", headers={"Authorization": f"Bearer {key}"}
    ).json()
    assert (answer["state"], answer["reasons"]) == ("paused", ["clock"])
    assert 3 < answer["clock_offset_s"] < 5
    assert "clock is off" in answer["events"][0]["why"]
    assert 'etle_camera_paused{camera="kamera-uji"} 1.0' in server.metrics()
