"""Violations that a gateway found itself, handed over with their signed evidence."""

import base64
import json
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
from live_camera import WRONG_WAY, ColourDetector, FixedReader, camera, write_camera, write_clip
from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.blobs import sha256_hex
from pipeline.cameras import camera_file, register_camera
from pipeline.cases import CaseSink
from pipeline.evidence import EvidenceStore
from pipeline.loop import CameraLoop, Watchers
from pipeline.manifest import canonical
from pipeline.signing import load_public_key
from pipeline.sources import VideoFileSource
from ticketing import gateways
from ticketing.models import CaseRow

CAMERA = "kamera-uji"


@pytest.fixture(scope="module")
def edge(tmp_path_factory):
    """A gateway's own data folder, with the one violation that its pipeline flagged."""
    folder = tmp_path_factory.mktemp("edge")
    known = camera(folder)
    sink = CaseSink(known, EvidenceStore(folder), None, {})
    with VideoFileSource(write_clip(folder / "clip.mp4", [WRONG_WAY]), known) as source:
        CameraLoop(known, ColourDetector(), FixedReader(), Watchers(sink)).run(source)
    assert len(EvidenceStore(folder).violation_ids()) == 1
    return EvidenceStore(folder), folder


@pytest.fixture
def key(server, edge):
    now = datetime.now(UTC)
    with Session(server.engine) as session, session.begin():
        key = gateways.add_gateway(session, "gerbang-1", [CAMERA, "simpang-2"], who="uji", now=now)
        raw = load_public_key(edge[1] / "keys").public_bytes_raw()
        gateways.add_signing_key(session, "gerbang-1", raw, who="uji", now=now)
    register_camera(server.data, edge[1] / "camera.yaml")
    return key


def package(edge):
    store, _ = edge
    (violation_id,) = store.violation_ids()
    files = {f.sha256: store.open(f.sha256) for f in store.get(violation_id).files}
    return violation_id, store.signed_manifest(violation_id), list(files.values())


def hand_over(server, key, manifest, files, camera_id=CAMERA):
    parts = [("manifest", ("manifest.json", manifest))] + [("file", (f"{i}", d)) for i, d in enumerate(files)]
    return server.client.post(
        f"/api/v1/cameras/{camera_id}/violations", files=parts, headers={"Authorization": f"Bearer {key}"}
    )


def signed_anew(edge, change):
    """Change the manifest as somebody could who holds the gateway's signing key."""
    store, _ = edge
    _, manifest, files = package(edge)
    body = json.loads(manifest)["manifest"]
    files = change(body, files) or files
    signature = base64.b64encode(store.key.sign(canonical(body))).decode()
    return json.dumps({"manifest": body, "signature_ed25519": signature}).encode(), files


def cases(server):
    with Session(server.engine) as session:
        return session.scalars(select(CaseRow).where(CaseRow.camera_id == CAMERA)).all()


def test_a_violation_becomes_evidence_and_a_case_and_the_same_again_changes_nothing(server, key, edge):
    violation_id, manifest, files = package(edge)
    answer = hand_over(server, key, manifest, files)
    assert (answer.status_code, answer.json()["new"]) == (201, True), answer.text
    again = hand_over(server, key, manifest, files)
    assert (again.status_code, again.json()["new"]) == (200, False)
    (case,) = cases(server)
    assert (case.violation_id, case.id) == (violation_id, answer.json()["case_id"])
    assert case.flagged["plate_text"] == "AB1234XY"
    store = EvidenceStore(server.data)
    assert store.verify() == []
    kept = store.get(violation_id)
    assert store.open(kept.file("edge_manifest").sha256) == manifest
    assert {f.sha256 for f in kept.files} >= {sha256_hex(d) for d in files}
    assert store.manifest(violation_id)["edge"]["gateway"] == "gerbang-1"
    assert case.flagged["evidence_manifest_sha256"] == kept.manifest_sha256


def flip(data):
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize(
    ("spoil", "status", "name"),
    [
        (lambda m, f: (m.replace(b'"AB1234XY"', b'"B9999ZZZ"'), f), 403, "bad_signature"),
        (lambda m, f: (m, [flip(f[0]), *f[1:]]), 422, "evidence_missing"),
        (lambda m, f: (m, f[1:]), 422, "evidence_missing"),
        (lambda m, f: (m, [*f, b"one more"]), 422, "malformed"),
        (lambda m, f: (b"no json", f), 422, "malformed"),
        (lambda m, f: (b"[" * 200_000, f), 422, "malformed"),
        (lambda m, f: (b'{"manifest":{"a":NaN},"signature_ed25519":""}', f), 422, "malformed"),
    ],
)
def test_what_was_altered_or_is_not_whole_is_refused_and_nothing_is_kept(
    server, key, edge, spoil, status, name
):
    _, manifest, files = package(edge)
    answer = hand_over(server, key, *spoil(manifest, files))
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:etle:problem:{name}")
    assert cases(server) == []
    assert EvidenceStore(server.data).violation_ids() == ["v-1", "v-2"]


def set_in(*path, value):
    def change(body, files):
        for part in path[:-1]:
            body = body[part]
        body[path[-1]] = value

    return change


def bomb_for_a_frame(body, files):
    data = bytearray(cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = (20_000).to_bytes(2, "big") * 2
    row = next(f for f in body["files"] if f["role"] == "frame:0")
    shared = {f["sha256"] for f in body["files"] if f is not row}
    kept = [f for f in files if sha256_hex(f) != row["sha256"] or sha256_hex(f) in shared]
    row["sha256"], row["size_bytes"] = sha256_hex(bytes(data)), len(data)
    return [*kept, bytes(data)]


@pytest.mark.parametrize(
    ("change", "status", "name"),
    [
        (set_in("case", "violation_id", value="v-1"), 422, "malformed"),
        (set_in("violation", "track_id", value=99), 422, "malformed"),
        (set_in("case", "camera_id", value="simpang-2"), 403, "wrong_camera"),
        (set_in("case", "rule", value="no_such_rule"), 422, "malformed"),
        (set_in("case", "occurred_at", value="2999-01-01T00:00:00+00:00"), 422, "in_the_future"),
        (set_in("case", "latitude", value=51.5), 422, "malformed"),
        (set_in("case", "plate_confidence", value="high"), 422, "malformed"),
        (set_in("case", "street", value="x" * 5000), 422, "malformed"),
        (set_in("case", "office", value="Ditlantas Polda Lain"), 422, "other_camera_file"),
        (set_in("case", "street", value="Jl. Lain"), 422, "other_camera_file"),
        (set_in("case", "camera_name", value="Kamera Lain"), 422, "other_camera_file"),
        (set_in("case", "latitude", value=-7.81), 422, "other_camera_file"),
        (set_in("case", "timezone", value="Asia/Makassar"), 422, "other_camera_file"),
        (set_in("files", 0, "role", value="../../etc/passwd"), 422, "malformed"),
        (set_in("files", 0, "media_type", value="text/html"), 422, "not_evidence"),
        (set_in("files", 0, "sha256", value="../../etc/passwd"), 422, "evidence_missing"),
        (set_in("files", value=[]), 422, "malformed"),
        (set_in("format", value="another/1"), 422, "malformed"),
        (bomb_for_a_frame, 422, "not_evidence"),
    ],
)
def test_even_signed_what_cannot_be_is_refused_and_logged(server, key, edge, caplog, change, status, name):
    answer = hand_over(server, key, *signed_anew(edge, change))
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:etle:problem:{name}"), answer.text
    assert f"gateway's violation refused: {name} from" in caplog.text
    assert cases(server) == []


def test_a_camera_file_that_says_otherwise_is_named_with_both_and_one_that_is_not_here_too(
    server, key, edge, tmp_path, caplog
):
    _, manifest, files = package(edge)
    register_camera(server.data, write_camera(tmp_path / "other.yaml", office="Satlantas Polres Lain"))
    answer = hand_over(server, key, manifest, files).json()
    assert "office: 'Satlantas Polres Contoh', registered 'Satlantas Polres Lain'" in answer["detail"]
    camera_file(server.data, CAMERA).unlink()
    assert hand_over(server, key, manifest, files).json()["type"].endswith("not_registered")
    assert cases(server) == []
    assert "violation refused: other_camera_file" in caplog.text
    register_camera(server.data, edge[1] / "camera.yaml")
    assert hand_over(server, key, manifest, files).status_code == 201


def test_other_evidence_for_the_same_violation_is_a_conflict(server, key, edge):
    _, manifest, files = package(edge)
    assert hand_over(server, key, manifest, files).status_code == 201
    answer = hand_over(server, key, *signed_anew(edge, set_in("case", "plate_text", value="B1XY")))
    assert (answer.status_code, len(cases(server))) == (409, 1)
    assert cases(server)[0].flagged["plate_text"] == "AB1234XY"


def test_a_gateway_without_a_signing_key_and_one_of_another_camera_are_refused(server, key, edge):
    _, manifest, files = package(edge)
    now = datetime.now(UTC)
    with Session(server.engine) as session, session.begin():
        unsigned = gateways.add_gateway(session, "gerbang-2", [CAMERA], who="uji", now=now)
    assert hand_over(server, unsigned, manifest, files).json()["type"].endswith("no_signing_key")
    assert hand_over(server, key, manifest, files, "simpang-2").json()["type"].endswith("wrong_camera")
    assert hand_over(server, key, manifest, files, "simpang-3").json()["type"].endswith("not_your_camera")


def test_a_case_that_a_crash_left_unmade_is_made_when_it_is_handed_over_again(server, key, edge, monkeypatch):
    _, manifest, files = package(edge)

    def crash(*_):
        raise RuntimeError("killed here")

    with monkeypatch.context() as patched:
        patched.setattr("api.gateway_violations.flag_violation", crash)
        with pytest.raises(BaseException):  # noqa: B017
            hand_over(server, key, manifest, files)
    assert cases(server) == []
    assert hand_over(server, key, manifest, files).status_code == 200
    assert len(cases(server)) == 1
