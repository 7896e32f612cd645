"""``etle bank reconcile``: the bank's list of a day beside the ledger, from the command line."""

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy.orm import Session
from stnk import RECORD
from test_schedule_command import FLAG
from typer.testing import CliRunner

from cli.main import app
from cli.office import open_office
from ticketing import audit, desk, letters, money, moves, tickets, virtual_accounts
from ticketing.answers import Statement, answer
from ticketing.cases import flag_violation
from ticketing.models import AuditRow, CaseRow
from ticketing.money_models import MoneyRow
from ticketing.outside import HttpRegister, fetch

DAY = "2026-08-19"
NOON = datetime(2026, 8, 19, 5, tzinfo=UTC)
HEAD = "paid_at,reference,virtual_account,amount"
STRANGER = virtual_accounts.with_check("7777700000001")


@pytest.fixture
def etle(tmp_path, monkeypatch):
    monkeypatch.delenv("ETLE_PII_KEY", raising=False)
    monkeypatch.delenv("ETLE_DATABASE_URL", raising=False)

    def run(*rows, code=0, options=("--day", DAY, "--who", "bendahara"), head=HEAD):
        file = tmp_path / "payments.csv"
        file.write_text("\n".join([head, *rows]) + "\n")
        done = CliRunner().invoke(
            app, ["bank", "reconcile", str(file), *options, "--data", str(tmp_path / "data")]
        )
        assert done.exit_code == code, done.output
        return done

    return run


@pytest.fixture
def account(etle, tmp_path):
    """Issue a ticket of which 200,000 rupiah came in as payment p-1; give its account."""
    with open_office(tmp_path / "data") as office, Session(office.engine) as session, session.begin():
        client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=RECORD)))
        fetch(
            session, HttpRegister("https://eri.example.id", "t", client=client), "B1234ABC", "admin", now=NOON
        )
        case = flag_violation(session, replace(FLAG, occurred_at=NOON), NOON).id
        desk.open_case(session, case, "ani", now=NOON)
        desk.confirm(session, case, "ani", desk.Checklist(True, True, True, True), now=NOON)
        letters.send_letter(session, case, "ani", now=NOON)
        answer(session, case, "admit", Statement(), now=NOON)
        made = tickets.issue(session, case, "ani", now=NOON).virtual_account
        money.receive(session, moves.take(session, case), 200_000, "p-1", NOON, who="bank", now=NOON)
    return made


def row(account, reference="p-1", amount="200000", paid_at="2026-08-19T12:00:00+07:00"):
    return f"{paid_at},{reference},{account},{amount}"


def booked(tmp_path):
    with open_office(tmp_path / "data") as office, Session(office.engine) as session:
        assert audit.verify(session) == []
        state = session.get(CaseRow, 1).state
        return state, [(r.reference, r.amount_rupiah, r.booked_by) for r in session.query(MoneyRow)]


def test_a_day_that_agrees_is_said_and_is_on_the_trail(etle, account, tmp_path):
    done = etle(row(account))
    assert done.stdout == "2026-08-19: 1 payments agree, Rp 200000\n"
    with open_office(tmp_path / "data") as office, Session(office.engine) as session:
        (noted,) = session.query(AuditRow).filter_by(what="reconciled")
    assert (noted.who, noted.subject, noted.detail["matched"]) == ("bendahara", "statement 2026-08-19", 1)


def test_what_does_not_agree_is_named_and_nothing_is_booked(etle, account, tmp_path):
    before = booked(tmp_path)
    done = etle(row(account, amount="250000"), row(account, "p-2", "300000"), code=1)
    assert f"only at the bank\tp-2\t{account}\tRp 300000\t2026-08-19T12:00:00+07:00" in done.stdout
    assert f"differs\tp-1\tbank: {account} Rp 250000\there: case 1 Rp 200000" in done.stdout
    assert "only here\tp-1\tcase 1\tRp 200000" in etle(row(account, "p-2", "300000"), code=1).stdout
    assert booked(tmp_path) == before


def test_bad_rows_are_told_with_their_number_and_reason_and_the_others_are_compared(etle, account):
    done = etle(
        row(account),
        row(account, "p-3", "5.5"),
        row(account, "p-4", paid_at="19/08/26"),
        row(account, ""),
        row(account),
        code=3,
    )
    assert "1 payments agree" in done.stdout
    for said in (
        "row 3: '5.5' is no amount of whole rupiah",
        "row 4: '19/08/26' is no time",
        "row 5: the payment has no reference",
        "row 6: payment p-1 stands in the statement twice",
    ):
        assert said in done.stderr, said


def test_what_only_the_bank_has_is_booked_on_request(etle, account, tmp_path):
    done = etle(
        row(account), row(account, "p-2", "300000"), options=("--day", DAY, "--who", "bendahara", "--book")
    )
    assert "booked\tp-2\tcase 1\tRp 300000" in done.stdout
    assert booked(tmp_path) == ("paid", [("p-1", 200_000, "bank"), ("p-2", 300_000, "bendahara")])
    assert "2 payments agree, Rp 500000" in etle(row(account), row(account, "p-2", "300000")).stdout


def test_a_payment_to_no_tickets_account_is_left_to_look_into(etle, account, tmp_path):
    before = booked(tmp_path)
    options = ("--day", DAY, "--who", "bendahara", "--book")
    done = etle(row(account), row(STRANGER, "p-9"), options=options, code=1)
    assert f"no ticket has the account {STRANGER}" in done.stderr
    assert f"only at the bank\tp-9\t{STRANGER}" in done.stdout
    assert booked(tmp_path) == before


def test_what_is_no_statement_or_no_file_is_refused(etle, account, tmp_path):
    assert "needs the columns" in etle(row(account), head="a,b,c,d", code=3).stderr
    done = CliRunner().invoke(app, ["bank", "reconcile", str(tmp_path / "none.csv"), "--data", str(tmp_path)])
    assert (done.exit_code, "no such file" in done.stderr) == (2, True)
    assert "write YYYY-MM-DD" in etle(row(account), options=("--day", "kemarin"), code=2).stderr


def test_without_a_day_it_is_yesterday(etle, account):
    assert etle(options=()).stdout.endswith(": 0 payments agree, Rp 0\n")
