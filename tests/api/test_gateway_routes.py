"""Recorded segments over HTTP."""

import pytest

from api.gateway import add_gateway
from pipeline.spool import Spool

WHEN = "2026-08-18T10:12:00+07:00"


@pytest.fixture
def key(server):
    return add_gateway(server.data, "gerbang-1", ["simpang-1"])


def hand_over(server, key, sequence, body=b"video", camera="simpang-1", when=WHEN):
    return server.client.post(
        f"/api/v1/cameras/{camera}/segments",
        params={"sequence": sequence, "recorded_at": when},
        content=body,
        headers={"Authorization": f"Bearer {key}"},
    )


def test_a_segment_is_on_disk_when_it_is_answered_and_the_same_again_changes_nothing(server, key):
    assert hand_over(server, key, 1).status_code == 201
    again = hand_over(server, key, 1)
    assert (again.status_code, again.json()["new"]) == (200, False)
    assert Spool(server.data / "spool").counts() == {"waiting": 1}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"key": "etle_wrong"}, 401),
        ({"camera": "simpang-2"}, 403),
        ({"body": b""}, 422),
        ({"body": b"x" * 10_001}, 413),
        ({"when": "2026-08-18T10:12:00"}, 422),
        ({"sequence": -1}, 422),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_problem_document(server, key, change, status):
    given = {"key": key, "sequence": 7, **change}
    answer = hand_over(server, **given)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status and answer.json()["detail"]
    assert Spool(server.data / "spool").counts() == {}


def test_the_same_number_with_other_content_is_a_conflict(server, key):
    hand_over(server, key, 1)
    assert hand_over(server, key, 1, b"other").status_code == 409


def test_a_full_spool_asks_to_come_again_later(server, key):
    for sequence in range(3):
        assert hand_over(server, key, sequence).status_code == 201
    full = hand_over(server, key, 3)
    assert (full.status_code, full.headers["retry-after"]) == (429, "10")


def test_a_new_key_replaces_the_old_one_and_only_its_hash_is_kept(server, key):
    fresh = add_gateway(server.data, "gerbang-1", ["simpang-1"])
    assert hand_over(server, key, 1).status_code == 401
    assert hand_over(server, fresh, 1).status_code == 201
    assert fresh not in (server.data / "keys" / "gateways.json").read_text()


def test_health_tells_how_many_segments_wait(server, key):
    hand_over(server, key, 1)
    assert server.client.get("/api/v1/health").json() == {"status": "ok", "segments": {"waiting": 1}}
