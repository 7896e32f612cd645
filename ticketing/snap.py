"""The bank's payment notification as Bank Indonesia's SNAP has it: verified, booked once, answered.

Fields, codes and signature are those of the SNAP developer site of ASPI (apidevportal.aspi-indonesia.or.id), "Transfer
Kredit / Virtual Account", service 25, and "Keamanan": HMAC-SHA512 over ``METHOD:PATH:TOKEN:SHA256(BODY):TIMESTAMP``,
the body being minified JSON and its hash lower-case hex. The site's samples write the signature in hex, most banks in
base64: both hold. An answer's code is the HTTP status, the service and the case. How a route calls this: `banks`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
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
from ticketing.virtual_accounts import is_account

WHO = "bank"
SERVICE = "25"
# How far the bank's clock may be from ours: our own default, the standard leaves it open.
WINDOW = timedelta(minutes=5)
# The day within which an external id is unique is the bank's.
BANK_ZONE = ZoneInfo("Asia/Jakarta")
LARGEST_BODY = 64_000
_STRINGS_AND_SPACE = re.compile(rb'("(?:\\.|[^"\\])*")|\s+', re.DOTALL)
_PAYMENT_ID = re.compile(r"[!-~]{1,128}")
# What an answer repeats as it came, spaces included.
_ECHOED = (
    "partnerServiceId", "customerNo", "virtualAccountNo", "trxId", "paymentRequestId", "trxDateTime", "referenceNo",
)  # fmt: skip
_AMOUNT = re.compile(r"([0-9]{1,13})\.00")
_CASES = {"closed": ("404", "12", "Invalid Bill/Virtual Account [Withdrawn]"), "paid": ("404", "14", "Paid Bill"),
          "booked": ("404", "18", "Inconsistent Request"), "amount": ("404", "13", "Invalid Amount"),
          "no_ticket": ("404", "12", "Invalid Bill/Virtual Account [Not Found]")}  # fmt: skip


@dataclass(frozen=True)
class Notification:
    """A request of the bank as it came: ``path`` with its query, the rest as the headers have it."""

    method: str
    path: str
    token: str
    timestamp: str
    external_id: str
    signature: str
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What the bank is answered: the HTTP status and the JSON body."""

    status: int
    body: Mapping[str, Any]


def minify(body: bytes) -> bytes:
    """Take white space between JSON's tokens away; inside strings it stays."""
    return _STRINGS_AND_SPACE.sub(lambda found: found[1] or b"", body)


def signature(method: str, path: str, token: str, body: bytes, timestamp: str, secret: str) -> str:
    """Give the symmetric signature of a request, in base64."""
    digest = hashlib.sha256(minify(body)).hexdigest().lower()
    signed = f"{method}:{path}:{token}:{digest}:{timestamp}"
    return base64.b64encode(hmac.digest(secret.encode(), signed.encode(), "sha512")).decode()


def take_notification(
    session: Session,
    request: Notification,
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
        sent_at = _verify(request, secret, window, now)
        payment = _payment(request.body)
    except NotificationError as error:
        return _answer(*error.code, str(error))
    digest = hashlib.sha256(minify(request.body)).hexdigest()
    case = tickets.case_of_account(session, payment["account"])
    # Offices may share a bank under prefixes of their own: what tells banks apart is the secret.
    others = (
        case is not None
        and bank is not None
        and (banks.bank_of(case.flagged["office"]).secret_environment != bank.secret_environment)
    )
    if case is None or others:
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


def _verify(request: Notification, secret: str, window: timedelta, now: datetime) -> datetime:
    if not secret:
        raise NotificationError(("401", "00"), "Unauthorized: this office has no secret to verify it with")
    if len(request.body) > LARGEST_BODY:
        raise NotificationError(("400", "01"), "Invalid Field Format: the body is too large")
    if not re.fullmatch(r"[0-9A-Za-z\-]{1,36}", request.external_id):
        raise NotificationError(("400", "01"), "Invalid Field Format X-EXTERNAL-ID")
    try:
        sent_at = datetime.fromisoformat(request.timestamp)
    except ValueError:
        raise NotificationError(("400", "01"), "Invalid Field Format X-TIMESTAMP") from None
    if sent_at.tzinfo is None:
        raise NotificationError(("400", "01"), "Invalid Field Format X-TIMESTAMP has no zone")
    expected = signature(request.method, request.path, request.token, request.body, request.timestamp, secret)
    in_hex = base64.b64decode(expected).hex()
    # Both are compared, whatever the first says: the time tells nothing.
    holds = [
        hmac.compare_digest(expected.encode(), request.signature.encode()),
        hmac.compare_digest(in_hex.encode(), request.signature.lower().encode()),
    ]
    if not any(holds):
        raise NotificationError(("401", "00"), "Unauthorized: the signature does not hold")
    if abs(now - sent_at) > window:
        raise NotificationError(("401", "00"), "Unauthorized: X-TIMESTAMP is too far from the time here")
    return sent_at


def _payment(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
        account = str(fields["virtualAccountNo"]).strip()
        payment_id = fields["paymentRequestId"]
        paid, at = fields["paidAmount"], fields.get("trxDateTime")
        value, currency = paid["value"], paid["currency"]
        parts = [fields.get("partnerServiceId"), fields.get("customerNo")]
    except KeyError as error:
        raise NotificationError(("400", "02"), f"Invalid Mandatory Field {str(error)[1:-1][:60]}") from None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise NotificationError(("400", "02"), f"Invalid Mandatory Field: {str(error)[:60]}") from None
    amount = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if amount is None or currency != "IDR":
        raise NotificationError(
            ("400", "01"), "Invalid Field Format paidAmount: whole rupiah, as in 500000.00 IDR"
        )
    if not is_account(account):
        raise NotificationError(
            ("400", "01"), "Invalid Field Format virtualAccountNo: its check digits do not hold"
        )
    if None not in parts and "".join(str(part).strip() for part in parts) != account:
        raise NotificationError(
            ("400", "01"), "Invalid Field Format virtualAccountNo: is not partnerServiceId with customerNo"
        )
    if not isinstance(payment_id, str) or not _PAYMENT_ID.fullmatch(payment_id):
        raise NotificationError(("400", "01"), "Invalid Field Format paymentRequestId")
    return {
        "account": account,
        "id": payment_id,
        "rupiah": int(amount[1]),
        "paid_at": _paid_at(at),
        "echo": {name: fields[name] for name in _ECHOED if _is_plain(fields.get(name))},
    }


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 128 and value.isascii() and value.isprintable()


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


def _success(payment: Mapping[str, Any], case: CaseRow) -> Answer:
    data = {
        # Whoever pays at a counter sees whose account it is: the office's, and nothing of the owner.
        "virtualAccountName": str(case.flagged["office"])[:255],
        **payment["echo"],
        "paidAmount": {"value": f"{payment['rupiah']}.00", "currency": "IDR"},
        "paymentFlagStatus": "00",
        "paymentFlagReason": {"english": "Success", "indonesia": "Sukses"},
    }
    return _answer("200", "00", "Successful", virtualAccountData=data)


def _refuse(session: Session, payment: Mapping[str, Any], why: str, subject: str, now: datetime) -> Answer:
    status, case, words = _CASES[why]
    detail = {
        "account": payment["account"],
        "payment": payment["id"],
        "rupiah": payment["rupiah"],
        "why": why,
    }
    audit.record(session, now, WHO, "payment refused", subject, detail)
    return _answer(status, case, words)


def _answer(status: str, case: str, message: str, **more: Any) -> Answer:
    return Answer(
        int(status), {"responseCode": f"{status}{SERVICE}{case}", "responseMessage": message, **more}
    )
