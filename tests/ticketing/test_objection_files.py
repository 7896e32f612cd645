"""Files with an objection: what is noted of them, and what is refused."""

from datetime import timedelta
from io import BytesIO

import pytest
from case_ways import NOON
from PIL import Image
from sqlalchemy import text

from pipeline.uploads import clean
from ticketing import answers, audit
from ticketing.case_models import ObjectionFileRow
from ticketing.errors import NotFoundError, ObjectionFileError
from ticketing.objection_files import MEDIA_TYPES, attach, files_of

HASHES = [f"{k:064x}" for k in range(1, 9)]


def put(session, case, k=0, name="surat tugas.pdf", kind="application/pdf", size=1000, sha=None, now=NOON):
    return attach(session, case, name, kind, HASHES[k] if sha is None else sha, size, now=now)


@pytest.fixture
def contested(in_state):
    return in_state("contested")


def test_files_are_noted_with_who_when_and_what(session, contested):
    put(session, contested)
    put(session, contested, 1, "C:\\foto\\jalan.jpg", "image/jpeg")
    first, second = files_of(session, contested)
    assert (first.file_name, first.media_type, first.size_bytes) == (
        "surat tugas.pdf", "application/pdf", 1000,
    )  # fmt: skip
    assert (first.sha256, first.by, first.at) == (HASHES[0], "owner", NOON)
    assert second.file_name == "jalan.jpg"
    assert audit.verify(session) == []


def test_what_the_door_makes_of_a_file_is_what_is_kept():
    photo = BytesIO()
    Image.new("RGB", (8, 8)).save(photo, "WEBP")
    paper = BytesIO()
    Image.new("RGB", (8, 8)).save(paper, "PDF")
    made = {clean("x", data.getvalue()).media_type for data in (photo, paper)}
    assert made == set(MEDIA_TYPES)


def test_a_files_name_lies_encrypted(session, contested):
    put(session, contested, name="Siti Lestari.pdf")
    stored = session.execute(text("SELECT * FROM objection_files")).one()
    assert not any("Siti" in str(value) for value in stored)


def test_the_sixth_file_is_refused_and_the_same_one_again_is_not_a_sixth(session, contested):
    for k in range(5):
        put(session, contested, k)
    assert put(session, contested, 2).id == files_of(session, contested)[2].id
    with pytest.raises(ObjectionFileError, match="at most 5") as error:
        put(session, contested, 5)
    assert error.value.reason == "too_many"
    assert session.query(ObjectionFileRow).count() == 5


def test_a_second_objection_has_five_of_its_own(session, contested):
    for k in range(5):
        put(session, contested, k)
    later = NOON + timedelta(hours=1)
    answers.decide(session, contested, "budi", "refuse", "terlihat jelas", now=later)
    with pytest.raises(ObjectionFileError) as error:
        put(session, contested, 5, now=later)
    assert error.value.reason == "closed"
    answers.answer(session, contested, "contest", answers.Statement("sekali lagi"), now=later)
    put(session, contested, 5, now=later)
    assert len(files_of(session, contested)) == 6


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"size": 0}, "empty"),
        ({"kind": "application/vnd.android.package-archive"}, "kind"),
        ({"kind": "image/svg+xml"}, "kind"),
        ({"kind": "video/mp4"}, "kind"),
        ({"kind": "application/gpx+xml"}, "kind"),
        ({"name": "folder/"}, "name"),
        ({"name": "a" * 200}, "name"),
        ({"name": "a\nb.pdf"}, "name"),
        ({"sha": "A" * 64}, "hash"),
        ({"sha": "../../etc/passwd"}, "hash"),
    ],
)
def test_what_is_no_file_for_an_objection_is_refused_and_changes_nothing(session, contested, change, reason):
    with pytest.raises(ObjectionFileError) as error:
        put(session, contested, **change)
    assert error.value.reason == reason
    assert files_of(session, contested) == []


@pytest.mark.parametrize("state", ["letter_sent", "paid", "withdrawn", "settled"])
def test_without_an_open_objection_there_are_no_files(session, in_state, state):
    with pytest.raises(ObjectionFileError) as error:
        put(session, in_state(state))
    assert error.value.reason == "closed"


def test_no_such_case_is_said(session):
    with pytest.raises(NotFoundError):
        put(session, 99)
