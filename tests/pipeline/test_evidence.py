import json
import os
import stat
import subprocess
import sys

import pytest

from pipeline.blobs import write_whole
from pipeline.evidence import EvidenceItem, EvidenceStore, StoreError
from pipeline.manifest import plain

ITEMS = (
    EvidenceItem("wide", "image/jpeg", b"wide picture", "untouched"),
    EvidenceItem("plate", "image/png", b"plate picture"),
)


def store_of_two(folder) -> EvidenceStore:
    store = EvidenceStore(folder)
    store.write("v-1", {"rule": "red_light", "case": {}}, ITEMS)
    store.write("v-2", {"rule": "speeding", "case": {}}, (EvidenceItem("wide", "image/jpeg", b"other"),))
    return store


def blob_of(store: EvidenceStore, folder, violation_id: str, role: str):
    file = store.get(violation_id).file(role)
    return folder / "blobs" / file.sha256[:2] / file.sha256


def test_what_was_written_is_found_again_and_verifies(tmp_path):
    store = store_of_two(tmp_path)
    evidence = EvidenceStore(tmp_path).get("v-1")
    assert [f.role for f in evidence.files] == ["wide", "plate"]
    assert store.open(evidence.files[0].sha256) == b"wide picture"
    assert evidence.files[0].size_bytes == len(b"wide picture")
    assert store.verify() == []
    assert store.get("v-3") is None


def test_writing_the_same_violation_again_changes_nothing(tmp_path):
    store = store_of_two(tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    again = store.write("v-1", {"rule": "other"}, (EvidenceItem("wide", "image/jpeg", b"something else"),))
    assert again == store.get("v-1")
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_the_signing_key_is_its_owners_alone(tmp_path):
    store_of_two(tmp_path)
    assert stat.S_IMODE((tmp_path / "keys" / "evidence.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("role", ["wide", "plate"])
def test_an_altered_file_is_named_with_its_role_and_violation(tmp_path, role):
    store = store_of_two(tmp_path)
    path = blob_of(store, tmp_path, "v-1", role)
    path.write_bytes(path.read_bytes().replace(b"picture", b"Picture"))
    faults = store.verify()
    assert len(faults) == 1
    assert faults[0].violation_id == "v-1"
    assert path.name in faults[0].where
    assert role in faults[0].where
    assert "altered" in faults[0].what
    with pytest.raises(StoreError, match="altered"):
        store.open(path.name)


def test_a_missing_file_is_named(tmp_path):
    store = store_of_two(tmp_path)
    blob_of(store, tmp_path, "v-2", "wide").unlink()
    assert [(f.violation_id, f.what) for f in store.verify()] == [("v-2", "missing")]


def test_an_altered_manifest_is_named_by_signature_and_chain(tmp_path):
    store = store_of_two(tmp_path)
    path = tmp_path / "evidence" / "manifests" / "v-1.json"
    path.write_text(path.read_text().replace("red_light", "stop_line"))
    faults = store.verify("v-1")
    assert all(f.where == str(path) for f in faults)
    assert any("signature" in f.what for f in faults)
    assert any("chain" in f.what for f in faults)
    with pytest.raises(StoreError, match="altered"):
        store.manifest("v-1")


def test_an_attacker_who_rewrites_the_chain_too_is_found_by_the_signature(tmp_path):
    store = store_of_two(tmp_path)
    path = tmp_path / "evidence" / "manifests" / "v-2.json"
    old = store.get("v-2").manifest_sha256
    path.write_text(path.read_text().replace("speeding", "red_light"))
    from pipeline.blobs import sha256_hex
    from pipeline.manifest import canonical

    new = sha256_hex(canonical(json.loads(path.read_text())["manifest"]))
    chain = tmp_path / "evidence" / "chain"
    chain.write_text(chain.read_text().replace(old, new))
    assert any("signature" in f.what for f in EvidenceStore(tmp_path).verify())


def test_a_link_taken_out_of_the_chain_is_noticed(tmp_path):
    store = store_of_two(tmp_path)
    chain = tmp_path / "evidence" / "chain"
    chain.write_text("".join(chain.read_text().splitlines(keepends=True)[1:]))
    faults = EvidenceStore(tmp_path).verify()
    assert any("chain is broken" in f.what for f in faults)
    assert any(f.violation_id == "v-1" and "not in the chain" in f.what for f in faults)
    assert store.verify("v-1")[0].what == "there is no evidence for this violation"


def test_a_line_of_rubbish_in_the_chain_is_named(tmp_path):
    store_of_two(tmp_path)
    with (tmp_path / "evidence" / "chain").open("a") as chain:
        chain.write("rubbish\n")
    assert any("line 3" in f.where for f in EvidenceStore(tmp_path).verify())


def test_without_its_public_key_nothing_passes_for_signed(tmp_path):
    store = store_of_two(tmp_path)
    (tmp_path / "keys" / "evidence.pub.pem").unlink()
    assert all("cannot be checked" in f.what for f in store.verify())
    assert len(store.verify()) == 2


def test_a_crash_between_manifest_and_link_is_finished_by_the_next_write(tmp_path):
    store = store_of_two(tmp_path)
    chain = tmp_path / "evidence" / "chain"
    chain.write_text(chain.read_text().splitlines(keepends=True)[0])
    again = EvidenceStore(tmp_path)
    third = again.write("v-3", {"rule": "wrong_way"}, ITEMS)
    assert again.violation_ids() == ["v-1", "v-2", "v-3"]
    assert again.verify() == []
    assert third == again.get("v-3")
    assert store.verify() == []


def test_a_link_cut_short_by_a_crash_is_taken_back_and_written_again(tmp_path):
    store_of_two(tmp_path)
    chain = tmp_path / "evidence" / "chain"
    chain.write_text(chain.read_text()[:-20])
    again = EvidenceStore(tmp_path)
    again.write("v-2", {"rule": "speeding"}, ITEMS)
    assert again.violation_ids() == ["v-1", "v-2"]
    assert again.verify() == []


def test_two_files_of_one_role_and_an_id_that_leaves_the_folder_are_refused(tmp_path):
    with pytest.raises(StoreError, match="same role"):
        EvidenceStore(tmp_path).write("v", {}, (ITEMS[0], ITEMS[0]))
    with pytest.raises(StoreError, match="cannot be a violation's id"):
        EvidenceStore(tmp_path).write("../../etc/x", {}, ITEMS)
    with pytest.raises(StoreError, match="not a SHA-256"):
        EvidenceStore(tmp_path).open("../../../etc/passwd")


def test_a_disk_without_room_gives_a_clear_error_and_nothing_half(tmp_path, monkeypatch):
    def no_room(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(StoreError, match="No space left on device"):
        write_whole(tmp_path / "folder" / "file", b"data")
    assert list((tmp_path / "folder").iterdir()) == []


def test_what_is_not_a_number_still_has_a_place_in_a_manifest():
    assert plain({"a": float("nan"), "b": (1, 2.5)}) == {"a": "nan", "b": [1, 2.5]}


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.evidence import EvidenceItem, EvidenceStore

whole = os.fsync

def write(folder, stop_at=0):
    seen = [0]
    def fsync(handle):
        seen[0] += 1
        if seen[0] == stop_at:
            os.kill(os.getpid(), signal.SIGKILL)
        whole(handle)
    os.fsync = fsync
    store = EvidenceStore(folder)
    for n in range(2):
        store.write(f"v-{n}", {"rule": "r"}, (EvidenceItem("wide", "image/jpeg", b"same"),
                                                EvidenceItem("clip", "video/mp4", b"clip %d" % n)))
    return store

killed = 0
for stop_at in range(1, 40):
    folder = Path(sys.argv[1]) / str(stop_at)
    child = os.fork()
    if child == 0:
        write(folder, stop_at)
        os._exit(0)
    killed += os.waitpid(child, 0)[1] == signal.SIGKILL
    store = write(folder)
    assert sorted(store.violation_ids()) == ["v-0", "v-1"], (stop_at, store.violation_ids())
    assert store.verify() == [], (stop_at, store.verify())
    left = [p for p in folder.rglob("*") if p.is_file() and p.suffix == ".json"]
    assert len(left) == 2, left
print(killed)
"""


def test_killed_at_any_write_and_run_again_the_store_is_whole_and_nothing_is_there_twice(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) >= 15
