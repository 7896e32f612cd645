"""Recorded segments over HTTP, and the keys that open the door."""

import json
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest
from sqlalchemy.orm import Session

from api import gateway_door
from pipeline.segments import unpack_pictures
from pipeline.spool import Spool
from ticketing import gateways

WHEN = "2026-08-18T10:12:00+07:00"
JPEG = cv2.imencode(".jpg", np.full((36, 64, 3), 90, np.uint8))[1].tobytes()


def with_gateways(server, change, **values):
    with Session(server.engine) as session, session.begin():
        return change(session, "gerbang-1", who="uji", now=datetime.now(UTC), **values)


@pytest.fixture
def key(server):
    return with_gateways(server, gateways.add_gateway, cameras=["simpang-1"])


@pytest.fixture
def at_once(monkeypatch):
    """What was found of a key is not kept."""
    monkeypatch.setattr(gateway_door, "KEY_KEPT_S", 0.0)


def hand_over(server, key, sequence, body=b"video", camera="simpang-1", when=WHEN):
    return server.client.post(
        f"/api/v1/cameras/{camera}/segments",
        params={"sequence": sequence, "recorded_at": when},
        content=body,
        headers={"Authorization": f"Bearer {key}".encode("latin-1")},
    )


def hand_over_batch(server, key, segments, files):
    parts = [("segments", (None, segments if isinstance(segments, bytes) else json.dumps(segments)))]
    parts += [("file", (name, data)) for name, data in files]
    return server.client.post(
        "/api/v1/cameras/simpang-1/segments/batch", files=parts, headers={"Authorization": f"Bearer {key}"}
    )


def counts(server):
    return Spool(server.data / "spool").counts()


def test_a_segment_is_on_disk_when_it_is_answered_and_the_same_again_changes_nothing(server, key):
    assert hand_over(server, key, 1).status_code == 201
    again = hand_over(server, key, 1)
    assert (again.status_code, again.json()["new"]) == (200, False)
    assert counts(server) == {"waiting": 1}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"key": "etle_wrong"}, 401),
        ({"key": "\xff"}, 401),
        ({"camera": "simpang-2"}, 403),
        ({"camera": "..%2F..%2Fetc"}, 404),
        ({"camera": "..%5C..%5Cetc"}, 422),
        ({"camera": "x%00"}, 422),
        ({"body": b""}, 422),
        ({"body": b"PK\x03\x04 a batch posing as a video"}, 422),
        ({"body": b"x" * 10_001}, 413),
        ({"when": "2026-08-18T10:12:00"}, 422),
        ({"when": "9999-12-31T23:59:59-12:00"}, 422),
        ({"sequence": -1}, 422),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_problem_document_and_logged(
    server, key, caplog, change, status
):
    given = {"key": key, "sequence": 7, **change}
    answer = hand_over(server, **given)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status and answer.json()["detail"]
    assert "gateway's segment refused" in caplog.text or "nothing there (404): POST" in caplog.text
    assert counts(server) == {}


def test_a_body_of_two_gigabytes_is_refused_by_what_it_says_before_any_of_it_is_read(server, key, caplog):
    def never():
        raise AssertionError("the body was read")
        yield b""

    answer = server.client.post(
        "/api/v1/cameras/simpang-1/segments",
        params={"sequence": 1, "recorded_at": WHEN},
        content=never(),
        headers={"Authorization": f"Bearer {key}", "Content-Length": str(2 * 2**30)},
    )
    assert answer.status_code == 413
    assert "gateway's segment refused: too_large from testclient" in caplog.text


def test_the_same_number_with_other_content_is_a_conflict(server, key):
    hand_over(server, key, 1)
    assert hand_over(server, key, 1, b"other").status_code == 409


def test_a_full_spool_asks_to_come_again_later(server, key):
    for sequence in range(3):
        assert hand_over(server, key, sequence).status_code == 201
    full = hand_over(server, key, 3)
    assert (full.status_code, full.headers["retry-after"]) == (429, "10")
    assert full.json()["type"] == "urn:etle:problem:spool_full"


def test_segments_that_come_out_of_order_are_worked_off_in_order(server, key):
    for sequence in (2, 0, 1):
        assert hand_over(server, key, sequence, b"%d" % sequence).status_code == 201
    spool = Spool(server.data / "spool")
    taken = []
    while (segment := spool.take()) is not None:
        taken.append(segment.sequence)
        spool.acknowledge(segment)
    assert taken == [0, 1, 2]


def test_two_keys_are_valid_for_a_while_and_the_old_one_then_ends(server, key, at_once):
    fresh = with_gateways(server, gateways.rotate_key, overlap=timedelta(hours=1))
    assert hand_over(server, key, 1).status_code == hand_over(server, fresh, 2).status_code == 201
    with_gateways(server, gateways.rotate_key, overlap=timedelta(0))
    assert hand_over(server, key, 3).status_code == hand_over(server, fresh, 3).status_code == 401


def test_a_revoked_key_opens_nothing(server, key, at_once):
    assert hand_over(server, key, 1).status_code == 201
    with_gateways(server, gateways.revoke_key)
    assert hand_over(server, key, 2).status_code == 401


def test_many_wrong_keys_from_one_address_are_no_longer_looked_at_and_the_right_one_still_is(server, key):
    assert hand_over(server, key, 1).status_code == 201
    statuses = [hand_over(server, f"etle_{i}", 2).status_code for i in range(40)]
    assert statuses == [401] * 30 + [429] * 10
    assert hand_over(server, key, 2).status_code == 201


def test_a_network_of_ipv6_is_held_off_whole_whichever_of_its_addresses_tries(server, key):
    statuses = []
    for i in range(32):
        with server.from_address(f"2001:db8:0:7::{i:x}") as client:
            statuses.append(client.get("/api/v1/cameras", headers={"Authorization": "Bearer no"}).status_code)
    assert statuses == [401] * 30 + [429] * 2
    with server.from_address("2001:db8:0:8::1") as client:
        assert client.get("/api/v1/cameras", headers={"Authorization": "Bearer no"}).status_code == 401


def test_a_batch_of_videos_is_answered_for_each(server, key):
    segments = [{"sequence": n, "recorded_at": WHEN, "files": [f"{n}.mp4"]} for n in (5, 4, 5, 6)]
    segments[2]["files"] = ["4.mp4"]
    answer = hand_over_batch(server, key, segments, [("4.mp4", b"four"), ("5.mp4", b"five")])
    assert answer.status_code == 207
    assert [(a["sequence"], a["status"]) for a in answer.json()] == [(5, 201), (4, 201), (5, 409), (6, 422)]
    assert "'6.mp4'" in answer.json()[3]["detail"]
    assert counts(server) == {"waiting": 2}


def test_a_batch_of_pictures_is_kept_as_they_came_and_the_same_again_is_known(server, key):
    times = ["2026-08-18T10:12:00+07:00", "2026-08-18T10:12:00.250+07:00"]
    segment = {"sequence": 1, "recorded_at": times[0], "files": ["a.jpg", "b.jpg"], "captured_at": times}
    files = [("a.jpg", JPEG), ("b.jpg", JPEG + b"\0")]
    assert [hand_over_batch(server, key, [segment], files).json()[0]["status"] for _ in range(2)] == [
        201,
        200,
    ]
    kept = unpack_pictures(Spool(server.data / "spool").take().path.read_bytes())
    assert kept == [
        (datetime.fromisoformat(t).astimezone(UTC), d) for t, (_, d) in zip(times, files, strict=True)
    ]


@pytest.mark.parametrize(
    ("change", "files", "detail"),
    [
        ({"captured_at": [WHEN]}, [("a.jpg", b"text posing as JPEG")], "not a JPEG"),
        (
            {"captured_at": [WHEN, WHEN], "files": ["a.jpg", "b.jpg"]},
            [("a.jpg", JPEG), ("b.jpg", JPEG)],
            "must name its zone and grow",
        ),
        ({"captured_at": [WHEN] * 9, "files": ["a.jpg"] * 9}, [("a.jpg", JPEG)], "one picture, once"),
        ({"captured_at": []}, [("a.jpg", JPEG)], "one time for each file"),
        ({"files": ["../../a.jpg"]}, [("a.jpg", JPEG)], "no part has the file name"),
    ],
)
def test_a_batch_that_cannot_be_is_refused_by_what_is_wrong_with_it_and_logged(
    server, key, caplog, change, files, detail
):
    segment = {"sequence": 1, "recorded_at": WHEN, "files": ["a.jpg"], **change}
    answer = hand_over_batch(server, key, [segment], files)
    assert (answer.status_code, answer.json()[0]["status"]) == (207, 422)
    assert detail in answer.json()[0]["detail"]
    assert "gateway's segment refused" in caplog.text
    assert counts(server) == {}


@pytest.mark.parametrize("segments", [b"", b"no json", b"[]", b"[NaN]", b"[" * 100_000, b'[{"sequence":1}]'])
def test_a_batch_without_a_list_of_its_segments_is_refused(server, key, segments):
    assert hand_over_batch(server, key, segments, [("a.mp4", b"video")]).status_code in (413, 422)


def test_health_tells_how_many_segments_wait(server, key):
    hand_over(server, key, 1)
    assert server.client.get("/api/v1/health").json() == {"status": "ok", "segments": {"waiting": 1}}
