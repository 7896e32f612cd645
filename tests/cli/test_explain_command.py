"""``etle explain``: by a case's number or a violation's id, from evidence on disk."""

import subprocess

import pytest
from junction import Ran, etle

from pipeline.evidence import EvidenceStore
from pipeline.images import decode_image

# Whichever test of the junction comes first waits for its run.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def explained(*arguments: object) -> subprocess.Popen:
    command = etle("explain", *arguments)
    command.wait(120)
    return command


def test_a_case_is_explained_by_its_number_and_a_violation_by_its_id(clean_run: Ran, tmp_path) -> None:
    by_number = explained(1, "--data", clean_run.data, "--out", tmp_path)
    assert by_number.returncode == 0, by_number.stderr.read()
    picture, page = by_number.stdout.read().split()
    (violation_id,) = {p.stem for p in tmp_path.iterdir()}
    assert violation_id in EvidenceStore(clean_run.data).violation_ids()
    assert decode_image((tmp_path / f"{violation_id}.png").read_bytes()).shape[1] > 1000
    assert picture.endswith(".png") and page.endswith(".html")
    again = explained(violation_id[:10], "--data", clean_run.data, "--out", tmp_path / "again")
    assert again.returncode == 0
    assert (tmp_path / "again" / f"{violation_id}.html").exists()


def test_what_is_not_there_is_refused_in_one_line(clean_run: Ran, tmp_path) -> None:
    for arguments, words in (
        ((999, "--data", clean_run.data), "there is no case 999"),
        (("f00ba4f00ba4", "--data", clean_run.data), "no evidence for violation f00ba4f00ba4"),
        ((1, "--data", tmp_path), "holds no evidence"),
    ):
        refused = explained(*arguments)
        said = refused.stderr.read()
        assert refused.returncode == 2 and words in said and said.count("\n") == 1, said
