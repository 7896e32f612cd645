"""E-tilang, receipt, STNK block and release, read back from their PDFs."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
import zxingcpp
from case_ways import NOON
from domain import FINE_287, RED_LIGHT
from pypdf import PdfReader
from test_letter import PORTAL, VIEW, jpeg, squares, words

from ticketing import (
    answers,
    audit,
    money,
    moves,
    notice,
    references,
    samsat_delivery,
    tickets,
    vehicle_status,
)
from ticketing.errors import GuardError, NotFoundError
from ticketing.models import AuditRow, CaseRow
from ticketing.wording import rupiah

DAY = timedelta(days=1)


def make(session, case, kind, pictures=()):
    return notice.notice_for(session, case, kind, pictures, PORTAL, who="ani", now=NOON)


def test_the_ticket_says_what_the_law_asks_of_it(session, in_state):
    case = in_state("court")
    pdf, to, number = make(session, case, "tilang", [jpeg()] * 4)
    text = words(pdf)
    grouped = f"{number[:5]} {number[5:10]} {number[10:]}"
    for said in (
        "SURAT TILANG ELEKTRONIK", "Siti Lestari", "Jl. Melati 1", "B 1234 ABC", "Honda Beat, hitam",
        "Menerobos lampu merah", RED_LIGHT, rupiah(FINE_287), grouped, "PN Jakarta Selatan",
        "Senin, 14 September 2026", "Selasa, 18 Agustus 2026, pukul 10.00.05 WIB", "Jl. Sudirman", "ani",
        "Rabu, 2 September 2026", "Wednesday, 2 September 2026", "Gambar / Picture 4", "Waspada penipuan",
    ):  # fmt: skip
        assert said in text, said
    assert to.name == "Siti Lestari"
    made = session.query(AuditRow).filter_by(what="notice made").one()
    assert made.detail == {"kind": "tilang", "of": number}


def test_the_receipt_says_what_came_in_and_what_is_left(session, in_state):
    case = in_state("ticket_issued")
    money.receive(session, moves.take(session, case), 200_000, "p-7", NOON, who="bank", now=NOON)
    text = words(make(session, case, "receipt")[0])
    for said in (
        "TANDA TERIMA",
        "Rp200.000",
        "p-7",
        "Rp300.000",
        "Rabu, 19 Agustus 2026, pukul 12.00.00 WIB",
    ):
        assert said in text


def test_block_and_release_say_their_ground_and_that_it_is_free(session, in_state):
    case = in_state("silent")
    tickets.block_stnk(session, case, "ani", "no_answer", now=NOON)
    text = words(make(session, case, "block")[0])
    assert "tidak dijawab sampai batas waktu" in text
    assert "tidak dipungut biaya" in text
    with pytest.raises(GuardError, match="no released block"):
        make(session, case, "release")
    tickets.withdraw(session, case, "ani", "pelat ganda", now=NOON)
    text = words(make(session, case, "release")[0])
    assert "Tilang dibatalkan" in text
    with pytest.raises(GuardError, match="no block in effect"):
        make(session, case, "block")
    assert audit.verify(session) == []


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("letter_sent", "tilang"),
        ("ticket_issued", "receipt"),
        ("silent", "block"),
        ("withdrawn", "tilang"),
        ("silent", "poem"),
    ],
)
def test_there_is_no_notice_of_what_there_is_not(session, in_state, state, kind):
    with pytest.raises(GuardError):
        make(session, in_state(state), kind)
    with pytest.raises(NotFoundError):
        make(session, 99, kind)


def test_a_drivers_ticket_goes_to_the_driver_and_the_block_to_nobody_else_than_the_owner(session, in_state):
    case = in_state("driver_named")
    row = session.get(CaseRow, case)
    row.state = "admitted"
    session.flush()
    tickets.issue(session, case, "ani", now=NOON)
    pdf, to, _ = make(session, case, "tilang")
    assert to.name == "Budi Santoso"
    assert "Siti Lestari" not in words(pdf)


@pytest.fixture
def blocked(session, in_state):
    """Block the STNK of an owner who did not answer."""
    case = in_state("silent")
    tickets.block_stnk(session, case, "ani", "no_answer", now=NOON + 9 * DAY)
    session.commit()
    return case


def name_driver(session, case):
    said = answers.Statement("", "Budi Santoso", "Jl. Kenanga 2")
    answers.answer(session, case, "name_driver", said, now=NOON + 10 * DAY)
    session.commit()
    return references.written(session.get(CaseRow, case).reference)


def code_in(pdf):
    return zxingcpp.read_barcodes(squares(pdf))[0].text


def test_the_owners_letter_of_the_block_has_their_own_code(session, blocked):
    own = references.written(session.get(CaseRow, blocked).reference)
    pdf = make(session, blocked, "block")[0]
    assert own in words(pdf)
    assert code_in(pdf) == f"{PORTAL}/t/{own}"
    assert vehicle_status.status_of(session, "B 1234 ABC", now=NOON).blocks[0].reference == own


def test_the_owners_letter_of_the_release_never_says_the_drivers_code(session, blocked):
    own = references.written(session.get(CaseRow, blocked).reference)
    drivers = name_driver(session, blocked)
    pdf, to, _ = make(session, blocked, "release", [jpeg()])
    assert to.name == "Siti Lestari"
    for said in (words(pdf), PdfReader(BytesIO(pdf)).metadata.title):
        assert drivers not in said and own not in said and "ETLE-" not in said
    assert "Kode referensi" not in words(pdf) and "B 1234 ABC" in words(pdf)
    assert code_in(pdf) == f"{PORTAL}/"


def test_samsat_is_not_told_the_drivers_code(session, blocked, engine):
    told = []

    class Counter:
        idempotent = True

        def tell(self, order):
            told.append((order.kind, order.reference))

    own = references.written(session.get(CaseRow, blocked).reference)
    samsat_delivery.deliver_due(engine, Counter(), NOON + 9 * DAY)
    name_driver(session, blocked)
    samsat_delivery.deliver_due(engine, Counter(), NOON + 10 * DAY)
    assert told == [("block", own), ("release", "")]


OWN = {
    "tilang": {
        "deposit": "Rp1",
        "account": "1",
        "pay_by": ("x", "y"),
        "officer": "ani",
        "hearing": ("a", "b"),
    },
    "receipt": {"paid": "Rp1", "paid_at": ("x", "y"), "payment": "1", "due": "Rp1", "refundable": "Rp1"},
    "block": {"ground": ("x", "y"), "blocked_at": ("x", "y")},
    "release": {"ground": ("x", "y"), "released_at": ("x", "y")},
}


@pytest.mark.parametrize("kind", notice.KINDS)
@pytest.mark.parametrize("pictures", [0, 4])
@pytest.mark.parametrize("longer", [1, 4])
def test_long_names_and_addresses_fit_one_page_and_the_code_is_read(kind, pictures, longer):
    name = "Raden Ajeng Siti Kusumawardhani <binti> Haji Abdurrahman & Rekan " * longer + "ujung"
    address = "Perumahan Bumi Serpong Damai Blok XZ-99 Nomor 1234 RT 001/RW 002 " * longer * 2 + "akhir"
    type_of_three_lines = "Colt Diesel FE 74 HD " * 12
    view = replace(VIEW, vehicle=replace(VIEW.vehicle, type=type_of_three_lines))
    pdf = notice.notice_pdf(kind, view, name, address, OWN[kind], [jpeg()] * pictures, PORTAL, NOON)
    text = words(pdf)
    assert "<binti> Haji Abdurrahman & Rekan" in text
    for said in ("ujung", "akhir", "Waspada penipuan", "Kasubdit Gakkum"):
        assert said in text
    assert zxingcpp.read_barcodes(squares(pdf))[0].text == "https://etle.example.id/t/ETLE-BD7BR-RZFSD"


def test_a_telephone_is_told_where_to_look_and_never_to_pay_or_install(session, in_state):
    told = notice.message_for(session.get(CaseRow, in_state("letter_sent")), PORTAL + "/")
    assert "https://etle.example.id/t/ETLE-" in told
    assert "B1234ABC" in told
    for never in ("Rp", "virtual", ".apk", "{"):
        assert never not in told


def test_nobody_is_told_of_a_case_that_no_officer_confirmed(session, flag):
    with pytest.raises(GuardError):
        notice.message_for(session.get(CaseRow, flag()), PORTAL)
