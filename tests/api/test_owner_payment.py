"""Paying over HTTP: the account, the bank's notification, the receipt; STNK and SIM points."""

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from owners import confirm, issue_ticket, owner_opens
from pypdf import PdfReader
from sqlalchemy.orm import Session

from ticketing import audit, blocks, clocks, moves, snap_request, tickets
from ticketing.models import CaseRow

PATH = "/api/v1.0/transfer-va/payment"


@pytest.fixture
def account(server):
    owner_opens(server, confirm(server))
    return issue_ticket(server)


def notify(
    server,
    account,
    rupiah=500_000,
    *,
    secret="rahasia",
    partner="BANK",
    payment="P-1",
    external="1",
    **changes,
):
    body = json.dumps({
        "virtualAccountNo": account, "paymentRequestId": payment,
        "paidAmount": {"value": f"{rupiah}.00", "currency": "IDR"},
    } | changes).encode()  # fmt: skip
    at = datetime.now(UTC).isoformat(timespec="seconds")
    signature = snap_request.signature("POST", PATH, "token", body, at, secret)
    headers = {"Authorization": "Bearer token", "X-TIMESTAMP": at, "X-SIGNATURE": signature, "X-PARTNER-ID": partner,
               "X-EXTERNAL-ID": external, "Content-Type": "application/json"}  # fmt: skip
    return server.client.post(PATH, content=body, headers=headers)


def test_the_page_shows_the_account_and_by_when(server, account):
    page = server.client.get("/perkara/bayar").text
    assert account in page and "Rp500.000" in page and "<svg" in page and "Tanda terima muncul" in page


def test_before_a_ticket_nothing_is_to_be_paid(server):
    owner_opens(server, confirm(server))
    page = server.client.get("/perkara/bayar").text
    assert "belum ada yang perlu dibayar" in page and "<svg" not in page
    assert server.client.get("/perkara/tanda-terima.pdf").status_code == 404


def test_the_receipt_is_there_as_soon_as_the_bank_has_told(server, account):
    before = server.client.get("/perkara/bayar/status").json()
    answer = notify(server, account)
    assert (answer.status_code, answer.json()["responseCode"]) == (200, "2002500")
    after = server.client.get("/perkara/bayar/status").json()
    assert before["stand"] == "ticket_issued 0 500000" and after["stand"] == "paid 500000 0"
    page = server.client.get("/perkara/bayar").text
    assert "Lunas" in page and "P-1" in page
    text = PdfReader(BytesIO(server.client.get("/perkara/tanda-terima.pdf").content)).pages[0].extract_text()
    assert "Rp500.000" in text and "P-1" in text


def test_the_same_notification_again_books_nothing_twice(server, account):
    assert notify(server, account).json() == notify(server, account).json()
    assert server.client.get("/perkara/bayar").text.count("Rp500.000</b> diterima") == 1


def test_part_of_it_leaves_the_rest_due(server, account):
    notify(server, account, 200_000)
    page = server.client.get("/perkara/bayar").text
    assert "Rp300.000" in page and "Rp200.000" in page


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"secret": "tebakan"}, "4012500"), ({"partner": "LAIN"}, "4012500"), ({"partner": ""}, "4012500"),
        ({"external": "?"}, "4002501"), ({"virtualAccountNo": "1"}, "4002501"), ({"paidAmount": {}}, "4002502"),
        ({"rupiah": 0}, "4042513"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_refused_with_snaps_code_and_books_nothing(
    server, account, changes, code, caplog
):
    answer = notify(server, account, **changes)
    assert answer.json()["responseCode"] == code and answer.status_code == int(code[:3])
    assert server.client.get("/perkara/bayar/status").json()["stand"] == "ticket_issued 0 500000"
    assert "bank request" in caplog.text


def test_a_body_that_is_no_json_is_refused(server, account):
    at = datetime.now(UTC).isoformat(timespec="seconds")
    for body in (b"", b"\xff\xfe", b"[" * 5000, b'"' * 10):
        signature = snap_request.signature("POST", PATH, "token", body, at, "rahasia")
        headers = {"Authorization": "Bearer token", "X-TIMESTAMP": at, "X-SIGNATURE": signature, "X-PARTNER-ID": "BANK",
                   "X-EXTERNAL-ID": "1"}  # fmt: skip
        assert server.client.post(PATH, content=body, headers=headers).status_code == 400


def test_an_office_without_a_secret_takes_no_notification(server, account, monkeypatch):
    monkeypatch.delenv("ETLE_BANK_SECRET")
    assert notify(server, account, secret="").status_code == 401


def test_a_withdrawn_case_shows_that_nothing_is_to_be_paid_and_what_comes_back(server, account):
    notify(server, account)
    with Session(server.engine) as session, session.begin():
        tickets.withdraw(session, 1, "ani", "salah baca", now=datetime.now(UTC))
    page = server.client.get("/perkara/bayar").text
    assert "Tidak ada yang perlu dibayar" in page and "Kelebihan yang dikembalikan" in page
    assert "Anda di sini" in server.client.get("/perkara").text


def test_a_block_is_shown_with_its_ground_and_what_lifts_it(server, account):
    later = datetime.now(UTC) + timedelta(days=60)
    with Session(server.engine) as session, session.begin():
        case = moves.take(session, 1)
        moves.advance(session, case, "past_due", "clock", "clock", now=later)
        blocks.impose(session, case, "ani", blocks.NOT_PAID, owed=500_000, now=later)
    page = server.client.get("/perkara/kendaraan").text
    assert "Diblokir" in page and "tidak dibayar sampai batas waktu" in page and "Tanpa biaya" in page
    notify(server, account)
    assert "Tidak diblokir" in server.client.get("/perkara/kendaraan").text


def test_points_are_shown_for_the_admitted_drivers_licence_and_no_other(server, account):
    def asked(number):
        return server.client.post(
            "/perkara/kendaraan", data={"sim_number": number, "token": server.token("/perkara/kendaraan")}
        )

    own = asked("1234567890")
    assert own.status_code == 200 and "Jumlah poin" in own.text
    for number in ("9999999999", "?", "1234567891"):
        other = asked(number)
        assert other.status_code == 404 and "Jumlah poin" not in other.text
    with Session(server.engine) as session:
        assert audit.verify(session) == []


def test_a_named_driver_sees_neither_the_owners_stnk_nor_the_owners_letters(server):
    from owners import answer

    owner_opens(server, confirm(server))
    answer(server, "name_driver", person_name="Budi", person_address="Jl. Kenanga 2")
    with Session(server.engine) as session:
        case = session.get(CaseRow, 1)
        assert case.addressee == "driver" and clocks.running(session, 1) is not None
    assert server.client.get("/perkara/kendaraan").status_code == 403


def inquire(server, account, *, secret="rahasia", partner="BANK"):
    path = "/api/v1.0/transfer-va/inquiry"
    body = json.dumps({"virtualAccountNo": account, "inquiryRequestId": "I-1"}).encode()
    at = datetime.now(UTC).isoformat(timespec="seconds")
    headers = {
        "Authorization": "Bearer token", "X-TIMESTAMP": at, "X-PARTNER-ID": partner, "X-EXTERNAL-ID": "1",
        "X-SIGNATURE": snap_request.signature("POST", path, "token", body, at, secret),
        "Content-Type": "application/json",
    }  # fmt: skip
    return server.client.post(path, content=body, headers=headers)


def test_the_bank_asks_what_is_due_before_somebody_pays(server, account):
    answer = inquire(server, account)
    assert (answer.status_code, answer.json()["responseCode"]) == (200, "2002400")
    assert answer.json()["virtualAccountData"]["totalAmount"] == {"value": "500000.00", "currency": "IDR"}
    notify(server, account)
    assert inquire(server, account).json()["responseCode"] == "4042414"


@pytest.mark.parametrize("changes", [{"secret": "tebakan"}, {"partner": "LAIN"}])
def test_an_inquiry_of_somebody_elses_is_told_nothing(server, account, changes):
    answer = inquire(server, account, **changes)
    assert (answer.status_code, answer.json()["responseCode"]) == (401, "4012400")
    assert "virtualAccountData" not in answer.json()
