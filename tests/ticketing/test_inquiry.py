"""The bank asks what is due before somebody pays (SNAP, service 24)."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from case_ways import NOON
from test_payment import SECRET, SENT, STRANGER, state_of

from ticketing import banks, money, moves, snap_inquiry, snap_request, tickets
from ticketing.case_models import TicketRow
from ticketing.models import AuditRow, CaseRow

PATH = "/snap/v1.0/transfer-va/inquiry"


def inquiry(account, *, secret=SECRET, at=SENT, **body):
    fields = {
        "partnerServiceId": "   77777", "customerNo": account[5:], "virtualAccountNo": f"   {account}",
        "inquiryRequestId": "i1", "txnDateInit": SENT, "channelCode": 6011,
    }  # fmt: skip
    data = json.dumps(fields | body, indent=2).encode()
    signed = snap_request.signature("POST", PATH, "token", data, at, secret)
    return snap_request.BankRequest("POST", PATH, "token", at, "1001", signed, data)


def asked(session, request, **more):
    before, rows = state_of(session), session.query(AuditRow).count()
    answer = snap_inquiry.take_inquiry(session, request, SECRET, now=NOON, **more)
    assert (state_of(session), session.query(AuditRow).count()) == (before, rows)
    return answer


@pytest.fixture
def ticket(session, in_state):
    return session.get_one(TicketRow, in_state("ticket_issued"))


def test_of_an_open_ticket_the_bank_is_told_what_is_due_and_whose_account_it_is(session, ticket):
    answer = asked(session, inquiry(ticket.virtual_account))
    assert (answer.status, answer.body["responseCode"]) == (200, "2002400")
    assert answer.body["virtualAccountData"] == {
        "inquiryStatus": "00",
        "inquiryReason": {"english": "Success", "indonesia": "Sukses"},
        "virtualAccountName": "Ditlantas",
        "partnerServiceId": "   77777",
        "customerNo": ticket.virtual_account[5:],
        "virtualAccountNo": f"   {ticket.virtual_account}",
        "inquiryRequestId": "i1",
        "totalAmount": {"value": f"{ticket.deposit_rupiah}.00", "currency": "IDR"},
    }


def test_nothing_in_the_answer_names_the_owner(session, ticket):
    said = json.dumps(dict(asked(session, inquiry(ticket.virtual_account)).body))
    assert "Siti" not in said and "B1234ABC" not in said


def test_of_a_ticket_paid_in_part_the_rest_is_due(session, ticket):
    money.receive(session, moves.take(session, ticket.case_id), 200_000, "p1", NOON, who="bank", now=NOON)
    answer = asked(session, inquiry(ticket.virtual_account))
    due = f"{ticket.deposit_rupiah - 200_000}.00"
    assert answer.body["virtualAccountData"]["totalAmount"]["value"] == due


def test_after_the_verdict_its_fine_is_due(session, in_state):
    case = in_state("court")
    ticket = session.get_one(TicketRow, case)
    tickets.give_verdict(session, case, "ani", 90_000, 2_000, "1", now=NOON + timedelta(days=30))
    assert asked(session, inquiry(ticket.virtual_account)).body["virtualAccountData"]["totalAmount"][
        "value"
    ] == ("92000.00")


def test_a_paid_ticket_has_no_bill(session, in_state):
    ticket = session.get_one(TicketRow, in_state("paid"))
    answer = asked(session, inquiry(ticket.virtual_account))
    assert (answer.status, answer.body["responseCode"]) == (404, "4042414")
    assert answer.body["responseMessage"] == "Paid Bill"


def test_a_withdrawn_ticket_has_no_bill_and_says_why(session, ticket):
    tickets.withdraw(session, ticket.case_id, "ani", "pelat ganda", now=NOON)
    answer = asked(session, inquiry(ticket.virtual_account))
    assert (answer.status, answer.body["responseCode"]) == (404, "4042412")
    assert "Withdrawn" in answer.body["responseMessage"]


def test_an_account_of_no_ticket_is_not_found(session, ticket):
    answer = asked(session, inquiry(STRANGER))
    assert (answer.status, answer.body["responseCode"]) == (404, "4042412")
    assert "Not Found" in answer.body["responseMessage"]


def test_another_banks_accounts_are_not_found(session, ticket):
    theirs = replace(banks.bank_of("Ditlantas"), secret_environment="OTHER_SECRET")
    assert asked(session, inquiry(ticket.virtual_account), bank=theirs).body["responseCode"] == "4042412"


@pytest.mark.parametrize(
    ("change", "code", "why"),
    [
        ({"secret": "geraten"}, "4012400", "signature"),
        ({"at": "2026-08-19T11:54:59+07:00"}, "4012400", "TIMESTAMP"),
        ({"at": "gestern"}, "4002401", "X-TIMESTAMP"),
        ({"virtualAccountNo": "777771234567890"}, "4002401", "check digits"),
        ({"virtualAccountNo": "77777'; DROP--"}, "4002401", "check digits"),
        ({"customerNo": "0000000001"}, "4002401", "partnerServiceId"),
        ({"inquiryRequestId": None}, "4002401", "inquiryRequestId"),
        ({"inquiryRequestId": "i" * 129}, "4002401", "inquiryRequestId"),
    ],
)
def test_what_is_wrong_is_refused_with_the_standards_code(session, ticket, change, code, why):
    answer = asked(session, inquiry(ticket.virtual_account, **change))
    assert (answer.status, answer.body["responseCode"]) == (int(code[:3]), code)
    assert why in answer.body["responseMessage"]
    assert "virtualAccountData" not in answer.body


def test_an_inquiry_without_its_number_lacks_a_field(session, ticket):
    request = inquiry(ticket.virtual_account)
    body = json.dumps({"virtualAccountNo": ticket.virtual_account}).encode()
    signed = snap_request.signature("POST", PATH, "token", body, SENT, SECRET)
    answer = asked(session, replace(request, body=body, signature=signed))
    assert (answer.body["responseCode"], "inquiryRequestId" in answer.body["responseMessage"]) == (
        "4002402",
        True,
    )


def test_a_payments_signature_does_not_open_the_inquiry(session, ticket):
    request = inquiry(ticket.virtual_account)
    elsewhere = snap_request.signature(
        "POST", "/snap/v1.0/transfer-va/payment", "token", request.body, SENT, SECRET
    )
    assert asked(session, replace(request, signature=elsewhere)).status == 401


def test_what_is_due_can_be_paid_and_then_asking_again_finds_it_paid(session, ticket):
    due = asked(session, inquiry(ticket.virtual_account)).body["virtualAccountData"]["totalAmount"]["value"]
    case = moves.take(session, ticket.case_id)
    money.receive(session, case, int(due.removesuffix(".00")), "p1", NOON, who="bank", now=NOON)
    assert session.get_one(CaseRow, ticket.case_id).state == "paid"
    assert asked(session, inquiry(ticket.virtual_account)).body["responseCode"] == "4042414"
