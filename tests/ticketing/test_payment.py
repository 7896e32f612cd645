"""Payment: account numbers, the bank's notifications, its statement beside our ledger."""

import base64
import csv
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from case_ways import NOON
from domain import FINE_287
from hypothesis import given
from hypothesis import strategies as st

from ticketing import audit, banks, money, moves, reconcile, snap, snap_request, tickets, virtual_accounts
from ticketing.case_models import TicketRow
from ticketing.errors import MoneyError, StatementError
from ticketing.models import AuditRow, CaseRow
from ticketing.money_models import BankMessageRow, MoneyRow

SECRET = "rahasia-bersama"
PATH = "/snap/v1.0/transfer-va/payment"
SENT = "2026-08-19T12:00:00+07:00"
STRANGER = virtual_accounts.with_check("7777700000001")


def notification(
    account, rupiah=f"{FINE_287}.00", *, payment="p1", external="1001", at=SENT, secret=SECRET, **body
):
    fields = {
        "partnerServiceId": "   77777", "customerNo": account[5:], "virtualAccountNo": f"   {account}",
        "paymentRequestId": payment, "paidAmount": {"value": rupiah, "currency": "IDR"}, "trxDateTime": at,
    }  # fmt: skip
    data = json.dumps(fields | body, indent=2).encode()
    signed = snap_request.signature("POST", PATH, "token", data, at, secret)
    return snap_request.BankRequest("POST", PATH, "token", at, external, signed, data)


def state_of(session):
    """Everything that money could have changed."""
    return (
        [(c.id, c.state) for c in session.query(CaseRow)],
        [(m.kind, m.amount_rupiah, m.reference) for m in session.query(MoneyRow)],
        session.query(BankMessageRow).count(),
    )


@pytest.fixture
def ticket(session, in_state):
    return session.get_one(TicketRow, in_state("ticket_issued"))


@given(st.integers(0, 10**13 - 1))
def test_check_digits_show_every_wrong_digit_and_every_two_that_changed_places(serial):
    number = virtual_accounts.with_check(f"{serial:013}")
    assert virtual_accounts.is_account(number)
    for i, digit in enumerate(number):
        for other in "0123456789":
            if other != digit:
                assert not virtual_accounts.is_account(number[:i] + other + number[i + 1 :])
        if i and number[i - 1] != digit:
            swapped = number[: i - 1] + digit + number[i - 1] + number[i + 1 :]
            assert not virtual_accounts.is_account(swapped)


@pytest.mark.parametrize(
    "text", ["", "7777712345678", "7" * 16, "٧" * 15, "77777 123456789", "77777123456789a"]
)
def test_what_is_no_account_number_is_none(text):
    assert not virtual_accounts.is_account(text)


def test_an_account_number_begins_with_the_offices_prefix():
    assert virtual_accounts.new_account("12345").startswith("12345")
    with pytest.raises(ValueError, match="5 digits"):
        virtual_accounts.new_account("123456")


def test_the_signature_is_the_standards():
    # printf "POST:/p:t:$(printf '{"a":"b c"}' | openssl dgst -sha256 -r | cut -d' ' -f1):2026-08-19T12:00:00+07:00" |
    #   openssl dgst -sha512 -hmac s -binary | openssl base64 -A
    body = b'{\n  "a" : "b c"\n}'
    assert snap_request.signature("POST", "/p", "t", body, SENT, "s") == (
        "iV9RGpEcrP2pUn01KOebo+8eUjYhrcylraVu18sEaDF7WDHw5BIKhMY4H2uiCIIJivT1rOc86tgBB3bHj1wHrQ=="
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, st.integers(0, 4))
def test_minified_json_says_the_same_and_has_no_space_between_tokens(value, indent):
    loose = json.dumps(value, indent=indent, ensure_ascii=False).encode()
    tight = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    assert snap_request.minify(loose) == tight


def test_a_bank_books_on_the_accounts_of_its_own_offices_only_whatever_their_prefix(session, ticket):
    own = replace(banks.bank_of("Ditlantas"), prefix="22222")
    theirs = replace(own, secret_environment="OTHER_SECRET")
    request = notification(ticket.virtual_account)
    assert snap.take_notification(session, request, SECRET, bank=theirs, now=NOON).status == 404
    assert snap.take_notification(session, request, SECRET, bank=own, now=NOON).status == 200


def test_a_payment_is_booked_and_answered(session, ticket):
    answer = snap.take_notification(session, notification(ticket.virtual_account), SECRET, now=NOON)
    assert (answer.status, answer.body["responseCode"]) == (200, "2002500")
    assert session.get(CaseRow, ticket.case_id).state == "paid"
    booked = session.query(MoneyRow).one()
    assert (booked.amount_rupiah, booked.reference, booked.at) == (FINE_287, "p1", NOON)
    assert audit.verify(session) == []


def test_the_same_notification_again_gets_the_same_answer_and_changes_nothing(session, ticket):
    request = notification(ticket.virtual_account)
    first = snap.take_notification(session, request, SECRET, now=NOON)
    before = state_of(session)
    again = snap.take_notification(session, request, SECRET, now=NOON + timedelta(minutes=2))
    assert again == first
    assert state_of(session) == before


@pytest.mark.parametrize(
    ("change", "code", "why"),
    [
        ({"secret": "geraten"}, "4012500", "signature"),
        ({"at": "2026-08-19T11:54:59+07:00"}, "4012500", "TIMESTAMP"),
        ({"at": "2026-08-19T12:05:01+07:00"}, "4012500", "TIMESTAMP"),
        ({"at": "2026-08-19T12:00:00"}, "4002501", "zone"),
        ({"at": "gestern"}, "4002501", "X-TIMESTAMP"),
        ({"external": "1'; DROP"}, "4002501", "EXTERNAL"),
        ({"rupiah": "500000.50"}, "4002501", "whole rupiah"),
        ({"rupiah": "5e5"}, "4002501", "whole rupiah"),
        ({"rupiah": "-500000.00"}, "4002501", "whole rupiah"),
        ({"rupiah": "0.00"}, "4042513", "Amount"),
        ({"paidAmount": {"value": "500000.00", "currency": "USD"}}, "4002501", "whole rupiah"),
        ({"paidAmount": None}, "4002502", "Mandatory"),
        ({"virtualAccountNo": "777771234567890"}, "4002501", "check digits"),
        ({"virtualAccountNo": STRANGER, "customerNo": STRANGER[5:]}, "4042512", "Not Found"),
        ({"payment": ""}, "4002501", "paymentRequestId"),
        ({"payment": "p" * 129}, "4002501", "paymentRequestId"),
        ({"trxDateTime": "kemarin"}, "4002501", "trxDateTime"),
        ({"customerNo": "0000000001"}, "4002501", "partnerServiceId"),
    ],
)
def test_what_is_wrong_is_refused_with_the_standards_code_and_changes_nothing(
    session, ticket, change, code, why
):
    before = state_of(session)
    answer = snap.take_notification(session, notification(ticket.virtual_account, **change), SECRET, now=NOON)
    assert answer.body["responseCode"] == code
    assert why in answer.body["responseMessage"]
    assert str(answer.status) == code[:3]
    assert state_of(session) == before


@pytest.mark.parametrize("part", ["method", "path", "token", "timestamp", "body"])
def test_every_part_of_a_request_is_signed(session, ticket, part):
    request = notification(ticket.virtual_account)
    other = {
        "body": request.body.replace(b"%d.00" % FINE_287, b"1.00"),
        "timestamp": "2026-08-19T12:00:01+07:00",
    }
    rows = session.query(AuditRow).count()
    forged = replace(request, **{part: other.get(part, "x")})
    assert snap.take_notification(session, forged, SECRET, now=NOON).status == 401
    assert session.query(AuditRow).count() == rows


def test_without_a_secret_nothing_is_believed(session, ticket):
    request = notification(ticket.virtual_account, secret="")
    assert snap.take_notification(session, request, "", now=NOON).status == 401


def test_an_external_id_with_another_payment_is_a_conflict(session, ticket):
    snap.take_notification(session, notification(ticket.virtual_account, "1000.00"), SECRET, now=NOON)
    before = state_of(session)
    other = notification(ticket.virtual_account, "2000.00", payment="p2")
    assert snap.take_notification(session, other, SECRET, now=NOON).body["responseCode"] == "4092500"
    assert state_of(session) == before


def test_a_second_payment_is_refused_and_changes_nothing(session, ticket):
    snap.take_notification(session, notification(ticket.virtual_account), SECRET, now=NOON)
    before = state_of(session)
    request = notification(ticket.virtual_account, payment="p2", external="1003")
    assert snap.take_notification(session, request, SECRET, now=NOON).body["responseCode"] == "4042514"
    assert state_of(session) == before


def test_a_bank_that_asks_again_under_another_external_id_is_told_that_its_payment_is_booked(session, ticket):
    first = snap.take_notification(session, notification(ticket.virtual_account), SECRET, now=NOON)
    before = state_of(session)
    again = notification(ticket.virtual_account, external="1002", flagAdvise="Y")
    assert snap.take_notification(session, again, SECRET, now=NOON).body == first.body
    assert state_of(session) == before


def test_one_payment_number_with_two_amounts_is_inconsistent(session, ticket):
    snap.take_notification(session, notification(ticket.virtual_account, "1000.00"), SECRET, now=NOON)
    before = state_of(session)
    other = notification(ticket.virtual_account, "2000.00", external="1002")
    assert snap.take_notification(session, other, SECRET, now=NOON).body["responseCode"] == "4042518"
    assert state_of(session) == before


def test_an_answer_repeats_the_banks_numbers_and_names_nobody(session, ticket):
    request = notification(
        ticket.virtual_account, referenceNo="88", trxId="\ud800", virtualAccountName="Siti"
    )
    data = snap.take_notification(session, request, SECRET, now=NOON).body["virtualAccountData"]
    assert data["partnerServiceId"] == "   77777"
    assert data["customerNo"] == ticket.virtual_account[5:]
    assert data["virtualAccountNo"] == f"   {ticket.virtual_account}"
    assert (data["paymentRequestId"], data["referenceNo"], data["trxDateTime"]) == ("p1", "88", SENT)
    assert data["paidAmount"] == {"value": f"{FINE_287}.00", "currency": "IDR"}
    assert data["virtualAccountName"] == "Ditlantas"
    assert "trxId" not in data


def test_a_signature_in_hex_holds_too(session, ticket):
    request = notification(ticket.virtual_account)
    in_hex = base64.b64decode(request.signature).hex()
    for text in (in_hex, in_hex.upper()):
        sent = replace(request, signature=text)
        assert snap.take_notification(session, sent, SECRET, now=NOON).status == 200


def test_a_time_without_a_zone_is_the_banks_and_a_long_number_is_kept_whole(session, ticket):
    long = "p" * 128
    request = notification(ticket.virtual_account, payment=long, trxDateTime="2026-08-19T11:58:00")
    assert snap.take_notification(session, request, SECRET, now=NOON).status == 200
    booked = session.query(MoneyRow).one()
    assert (booked.reference, booked.at) == (long, NOON - timedelta(minutes=2))


def test_a_payment_for_a_withdrawn_ticket_is_refused_and_on_record(session, ticket):
    tickets.withdraw(session, ticket.case_id, "ani", "pelat ganda", now=NOON)
    before = state_of(session)
    answer = snap.take_notification(session, notification(ticket.virtual_account), SECRET, now=NOON)
    assert answer.body["responseCode"] == "4042512"
    assert "Withdrawn" in answer.body["responseMessage"]
    assert state_of(session) == before
    assert session.query(AuditRow).filter_by(what="payment refused").one().detail["why"] == "closed"


def test_an_external_id_may_come_again_another_day(session, ticket):
    snap.take_notification(session, notification(ticket.virtual_account, "1000.00"), SECRET, now=NOON)
    next_day = notification(ticket.virtual_account, "2000.00", payment="p2", at="2026-08-20T12:00:00+07:00")
    answer = snap.take_notification(session, next_day, SECRET, now=NOON + timedelta(days=1))
    assert answer.status == 200
    assert money.account(session, session.get(CaseRow, ticket.case_id)).paid == 3000


@given(st.binary(max_size=60) | json_values.map(lambda v: json.dumps(v).encode()))
def test_no_body_breaks_the_door(body):
    signed = snap_request.signature("POST", PATH, "t", body, SENT, SECRET)
    request = snap_request.BankRequest("POST", PATH, "t", SENT, "1", signed, body)
    assert snap.take_notification(None, request, SECRET, now=NOON).status == 400


def statement(path, *rows, columns=reconcile.COLUMNS, encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def bank_row(account, amount=f"{FINE_287}", reference="p1", paid_at=SENT):
    return {"paid_at": paid_at, "reference": reference, "virtual_account": account, "amount": amount}


def test_a_statement_that_agrees_is_balanced(session, ticket, tmp_path):
    snap.take_notification(session, notification(ticket.virtual_account), SECRET, now=NOON)
    file = statement(tmp_path / "b.csv", bank_row(ticket.virtual_account))
    found = reconcile.reconcile(session, file, date(2026, 8, 19), "ani", now=NOON)
    assert (found.balanced, found.matched, found.matched_rupiah) == (True, 1, FINE_287)


def test_everything_that_does_not_agree_is_named_and_nothing_changes(session, ticket, tmp_path):
    held = moves.take(session, ticket.case_id)
    for reference in ("ours", "differs", "same"):
        money.receive(session, held, 1000, reference, NOON, who="bank", now=NOON)
    before = state_of(session)
    account = ticket.virtual_account
    file = statement(
        tmp_path / "b.csv",
        bank_row(account, "1000", "same"), bank_row(account, "2000", "differs"), bank_row(account, "5", "theirs"),
        bank_row(account, "1000", "same"), bank_row(account, "5,5", "bad"), bank_row(account, "5", "bad", "19/08/26"),
        bank_row(account, "5", ""),
    )  # fmt: skip
    found = reconcile.reconcile(session, file, date(2026, 8, 19), "ani", now=NOON)
    assert (found.matched, [line.reference for line in found.only_bank]) == (1, ["theirs"])
    assert found.only_ours == (("ours", ticket.case_id, 1000),)
    assert [(line.reference, booked) for line, _, booked in found.differing] == [("differs", 1000)]
    assert len(found.unreadable) == 4
    assert not found.balanced
    assert state_of(session) == before


def test_the_day_is_the_banks(session, ticket, tmp_path):
    late = datetime(2026, 8, 19, 16, 59, tzinfo=UTC)
    money.receive(session, moves.take(session, ticket.case_id), 1000, "late", late, who="bank", now=NOON)
    empty = statement(tmp_path / "b.csv")
    assert reconcile.reconcile(session, empty, date(2026, 8, 19), "ani", now=NOON).only_ours
    assert not reconcile.reconcile(session, empty, date(2026, 8, 20), "ani", now=NOON).only_ours


def test_money_that_came_for_a_withdrawn_ticket_is_booked_and_owed_back(session, ticket, tmp_path):
    tickets.withdraw(session, ticket.case_id, "ani", "pelat ganda", now=NOON)
    file = statement(tmp_path / "b.csv", bank_row(ticket.virtual_account))
    (line,) = reconcile.reconcile(session, file, date(2026, 8, 19), "ani", now=NOON).only_bank
    case = reconcile.book_line(session, "ani", line, now=NOON)
    assert money.account(session, case).refundable == FINE_287
    with pytest.raises(MoneyError, match="booked already"):
        reconcile.book_line(session, "ani", line, now=NOON)
    stranger = replace(line, virtual_account=STRANGER, reference="p9")
    with pytest.raises(MoneyError, match="no ticket has the account"):
        reconcile.book_line(session, "ani", stranger, now=NOON)


def test_what_is_no_statement_is_refused(session, tmp_path):
    wide = [*reconcile.COLUMNS, *(f"x{k}" for k in range(196))]
    for file, why in (
        (statement(tmp_path / "a.csv", columns=wide), "200"),
        (statement(tmp_path / "b.csv", {"paid_at": "Ren\xe9"}, encoding="cp1252"), "UTF-8"),
        (statement(tmp_path / "c.csv", columns=("paid_at", "amount")), "needs the columns"),
    ):
        with pytest.raises(StatementError, match=why):
            reconcile.reconcile(session, file, date(2026, 8, 19), "ani", now=NOON)
