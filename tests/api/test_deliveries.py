"""Letters in doubt and orders in trouble at the supervisor's desk, and the letter that tells of a release."""

import pytest
from sqlalchemy.orm import Session

from api.office import now
from ticketing import audit, blocks, desk, letters, outbox
from ticketing.case_models import BlockRow, SamsatOrderRow
from ticketing.letter_models import LetterRow
from ticketing.models import CaseRow
from ticketing.types import Checklist


@pytest.fixture
def in_doubt(server):
    """Case 1 with its letter in doubt and an order for its block that Samsat refused."""
    with Session(server.engine) as session, session.begin():
        desk.open_case(session, 1, "petugas", now=now())
        desk.confirm(session, 1, "petugas", Checklist(True, True, True, True), now=now())
        letters.send_letter(session, 1, "petugas", now=now())
        case = session.get_one(CaseRow, 1)
        to = letters.addressee_of(session, case)
        letter = outbox.enqueue(session, case, outbox.CONFIRMATION, "1", "post", to, "", b"%PDF", now=now())
        letter.status, letter.tries, letter.last_fault = outbox.IN_DOUBT, 1, "sambungan putus"
        block = BlockRow(
            case_id=1, nrkb="B1234ABC", ground=blocks.NOT_PAID, blocked_at=now(), blocked_by="penyelia"
        )
        session.add(block)
        session.flush()
        session.add(SamsatOrderRow(
            block_id=block.id, case_id=1, kind="block", ground=blocks.NOT_PAID, key="0f" * 16, status="refused",
            tries=1, next_try_at=now(), last_fault="TNKB tidak dikenal", made_at=now(), changed_at=now(),
        ))  # fmt: skip
    server.sign_in("penyelia")


def statuses(server):
    with Session(server.engine) as session:
        return session.get_one(LetterRow, 1).status, session.get_one(SamsatOrderRow, 1).status


def say(server, what, happened):
    form = {"token": server.token("/desk/deliveries"), "happened": happened}
    return server.client.post(f"/desk/deliveries/{what}/1", data=form)


def test_a_supervisor_finds_what_is_in_doubt_with_its_number_and_fault(server, in_doubt):
    assert "2 pengiriman diragukan" in server.client.get("/desk/office").text.replace(" <span", "<span")
    page = server.client.get("/desk/deliveries").text
    for words in ("Surat konfirmasi", "sambungan putus", "TNKB tidak dikenal", "0f" * 16, "/desk/office/1"):
        assert words in page
    # Nothing of the addressee: whose letter it is stands in the case's file, on record.
    assert "Siti" not in page


@pytest.mark.parametrize(
    ("happened", "letter", "order"), [("yes", "sent", "sent"), ("no", "queued", "queued")]
)
def test_what_was_found_out_is_kept_on_the_trail(server, in_doubt, happened, letter, order):
    assert "Tidak ada surat yang diragukan" in say(server, "letters", happened).text
    assert "Tidak ada pesanan yang bermasalah" in say(server, "orders", happened).text
    assert statuses(server) == (letter, order)
    with Session(server.engine) as session:
        steps = {(row.who, row.what) for row in session.query(audit.AuditRow).filter_by(subject="case 1")}
        assert {("penyelia", "letter followed"), ("penyelia", "Samsat order followed")} <= steps
        assert audit.verify(session) == []


def test_what_is_in_no_doubt_any_more_is_not_decided_twice(server, in_doubt):
    for what in ("letters", "orders"):
        say(server, what, "yes")
        again = say(server, what, "no")
        assert again.status_code == 409 and 'role="alert"' in again.text
    assert statuses(server) == ("sent", "sent")
    assert server.client.post("/desk/deliveries/letters/99", data={
        "token": server.token("/desk/deliveries"), "happened": "yes"}).status_code == 409  # fmt: skip


def test_an_auditor_reads_and_finds_no_button(server, in_doubt):
    server.client.cookies.clear()
    server.sign_in("auditor")
    page = server.client.get("/desk/deliveries").text
    assert "sambungan putus" in page and 'name="happened"' not in page


def test_an_owner_is_told_by_letter_that_the_block_was_released_once(server, in_doubt):
    assert 'value="release"' not in server.client.get("/desk/office/1").text
    with Session(server.engine) as session, session.begin():
        block = session.get_one(BlockRow, 1)
        block.released_at, block.release_ground = now(), "withdrawn"
    assert 'value="release"' in server.client.get("/desk/office/1").text
    for _ in range(2):
        form = {"token": server.token("/desk/office/1"), "kind": "release"}
        page = server.client.post("/desk/office/1/notice", data=form)
        assert page.status_code == 200 and "Pembukaan blokir STNK" in page.text
    with Session(server.engine) as session:
        assert session.query(LetterRow).filter_by(kind="release").count() == 1
