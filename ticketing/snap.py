"""The bank's payment notification as Bank Indonesia's SNAP has it (service 25): verified, booked once, answered."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ticketing import audit, banks, money, moves, tickets
from ticketing.errors import MoneyError, NotificationError
from ticketing.models import CaseRow
from ticketing.money_models import BankMessageRow, MoneyRow
from ticketing.snap_request import (
    WINDOW,
    Answer,
    BankRequest,
    answer_of,
    echoed,
    minify,
    named_in,
    request_id,
    verify,
)

WHO = "bank"
SERVICE = "25"
# The day within which an external id is unique is the bank's.
BANK_ZONE = ZoneInfo("Asia/Jakarta")
_AMOUNT = re.compile(r"([0-9]{1,13})\.00")
# Why nothing is taken, as `MoneyError` names it → status, case and words of the answer.
REFUSALS = {"closed": ("404", "12", "Invalid Bill/Virtual Account [Withdrawn]"), "paid": ("404", "14", "Paid Bill"),
          "booked": ("404", "18", "Inconsistent Request"), "amount": ("404", "13", "Invalid Amount"),
          "no_ticket": ("404", "12", "Invalid Bill/Virtual Account [Not Found]")}  # fmt: skip


def take_notification(
    session: Session,
    request: BankRequest,
    secret: str,
    *,
    bank: banks.Bank | None = None,
    window: timedelta = WINDOW,
    now: datetime,
) -> Answer:
    """Book the payment that a notification tells of, once; the same one again gets the same answer and changes nothing.
    So does the same payment under another external id; the same number with another amount or account is inconsistent.

    What is refused is answered with SNAP's code and says why. Unless the signature held, nothing at all is written.

    Args:
        secret: the client secret that this office shares with the bank; an empty one verifies nothing.
        bank: whose secret it is; another bank's accounts are not found. None where there is only one bank.
        window: how far the request's time may be from ``now``, which is timezone-aware.
    """
    try:
        sent_at = verify(request, secret, window, now)
        payment = _payment(request.body)
    except NotificationError as error:
        return _answer(*error.code, str(error))
    digest = hashlib.sha256(minify(request.body)).hexdigest()
    case = case_at(session, payment["account"], bank)
    if case is None:
        return _refuse(session, payment, "no_ticket", f"account {payment['account']}", now)
    case = moves.take(session, case.id)
    day = sent_at.astimezone(BANK_ZONE).date()
    known = session.scalar(
        select(BankMessageRow).where(
            BankMessageRow.day == day, BankMessageRow.external_id == request.external_id
        )
    )
    if known is not None and known.body_sha256 == digest:
        return Answer(known.status, known.answer)
    conflict = _answer("409", "00", "Conflict: this X-EXTERNAL-ID came with another payment today")
    if known is not None:
        return conflict
    answer = _success(payment, case)
    if _is_booked(session, case, payment):
        # The bank asks again under a new external id (flagAdvise): told "paid bill", it would give the money back.
        return answer
    message = BankMessageRow(
        day=day,
        external_id=request.external_id,
        body_sha256=digest,
        status=answer.status,
        answer=dict(answer.body),
        at=now,
    )
    paid_at = payment["paid_at"] or sent_at
    try:
        # Message and money are booked together or not at all.
        with session.begin_nested():
            session.add(message)
            session.flush()
            money.receive(session, case, payment["rupiah"], payment["id"], paid_at, who=WHO, now=now)
    except IntegrityError:
        return conflict
    except MoneyError as error:
        return _refuse(session, payment, error.reason, f"case {case.id}", now)
    return answer


def case_at(session: Session, account: str, bank: banks.Bank | None) -> CaseRow | None:
    """Give the case whose ticket has an account, where the account is of an office of this bank."""
    case = tickets.case_of_account(session, account)
    if case is None or bank is None:
        return case
    # Offices may share a bank under prefixes of their own: what tells banks apart is the secret.
    own = banks.bank_of(case.flagged["office"]).secret_environment == bank.secret_environment
    return case if own else None


def _payment(body: bytes) -> dict[str, Any]:
    fields, account = named_in(body, "paymentRequestId", "paidAmount")
    paid = fields["paidAmount"]
    if not isinstance(paid, dict) or not {"value", "currency"} <= paid.keys():
        raise NotificationError(("400", "02"), "Invalid Mandatory Field paidAmount: value and currency")
    value, currency = paid["value"], paid["currency"]
    amount = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if amount is None or currency != "IDR":
        raise NotificationError(
            ("400", "01"), "Invalid Field Format paidAmount: whole rupiah, as in 500000.00 IDR"
        )
    return {
        "account": account,
        "id": request_id(fields, "paymentRequestId"),
        "rupiah": int(amount[1]),
        "paid_at": _paid_at(fields.get("trxDateTime")),
        "echo": echoed(fields),
    }


def _paid_at(at: object) -> datetime | None:
    if not at:
        return None
    try:
        paid_at = datetime.fromisoformat(at)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        raise NotificationError(("400", "01"), "Invalid Field Format trxDateTime") from None
    # The standard's table asks for a zone, its samples have none: then it is the bank's.
    return paid_at if paid_at.tzinfo else paid_at.replace(tzinfo=BANK_ZONE)


def _is_booked(session: Session, case: CaseRow, payment: Mapping[str, Any]) -> bool:
    booked = session.scalar(select(MoneyRow).where(MoneyRow.reference == payment["id"]))
    return (
        booked is not None
        and booked.kind == money.PAYMENT
        and (booked.case_id, booked.amount_rupiah) == (case.id, payment["rupiah"])
    )


def account_name(case: CaseRow) -> str:
    """Give what whoever pays at a counter sees: whose account it is, the office's, and nothing of the owner."""
    return str(case.flagged["office"])[:255]


def _success(payment: Mapping[str, Any], case: CaseRow) -> Answer:
    data = {
        "virtualAccountName": account_name(case),
        **payment["echo"],
        "paidAmount": {"value": f"{payment['rupiah']}.00", "currency": "IDR"},
        "paymentFlagStatus": "00",
        "paymentFlagReason": {"english": "Success", "indonesia": "Sukses"},
    }
    return _answer("200", "00", "Successful", virtualAccountData=data)


def _refuse(session: Session, payment: Mapping[str, Any], why: str, subject: str, now: datetime) -> Answer:
    status, case, words = REFUSALS[why]
    detail = {
        "account": payment["account"],
        "payment": payment["id"],
        "rupiah": payment["rupiah"],
        "why": why,
    }
    audit.record(session, now, WHO, "payment refused", subject, detail)
    return _answer(status, case, words)


def _answer(status: str, case: str, message: str, **more: Any) -> Answer:
    return answer_of(SERVICE, status, case, message, **more)
