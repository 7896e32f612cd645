"""A bank's request as Bank Indonesia's SNAP has it, and its answer: verified, and read as far as all services share.

Signature, fields and codes are those of the SNAP developer site of ASPI (apidevportal.aspi-indonesia.or.id), "Keamanan"
and "Transfer Kredit / Virtual Account": HMAC-SHA512 over ``METHOD:PATH:TOKEN:SHA256(BODY):TIMESTAMP``, the body being
minified JSON and its hash lower-case hex. The site's samples write the signature in hex, most banks in base64: both
hold. An answer's code is the HTTP status, the service and the case.
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

from ticketing.errors import NotificationError
from ticketing.virtual_accounts import is_account

# How far the bank's clock may be from ours: our own default, the standard leaves it open.
WINDOW = timedelta(minutes=5)
LARGEST_BODY = 64_000
_STRINGS_AND_SPACE = re.compile(rb'("(?:\\.|[^"\\])*")|\s+', re.DOTALL)
_PAYMENT_ID = re.compile(r"[!-~]{1,128}")
# What an answer repeats as it came, spaces included.
_ECHOED = (
    "partnerServiceId", "customerNo", "virtualAccountNo", "trxId", "paymentRequestId", "inquiryRequestId",
    "trxDateTime", "referenceNo",
)  # fmt: skip


@dataclass(frozen=True)
class BankRequest:
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


def verify(request: BankRequest, secret: str, window: timedelta, now: datetime) -> datetime:
    """Give when a request was sent, once its signature holds. Raises `NotificationError`."""
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


def named_in(body: bytes, *required: str) -> tuple[dict[str, Any], str]:
    """Give a body's fields and the virtual account that they name. Raises `NotificationError`.

    Args:
        required: fields that must be there, besides the account.
    """
    try:
        fields: dict[str, Any] = json.loads(body)
        account = str(fields["virtualAccountNo"]).strip()
        for name in required:
            fields[name]
        parts = [fields.get("partnerServiceId"), fields.get("customerNo")]
    except KeyError as error:
        raise NotificationError(("400", "02"), f"Invalid Mandatory Field {str(error)[1:-1][:60]}") from None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise NotificationError(("400", "02"), f"Invalid Mandatory Field: {str(error)[:60]}") from None
    if not is_account(account):
        raise NotificationError(
            ("400", "01"), "Invalid Field Format virtualAccountNo: its check digits do not hold"
        )
    if None not in parts and "".join(str(part).strip() for part in parts) != account:
        raise NotificationError(
            ("400", "01"), "Invalid Field Format virtualAccountNo: is not partnerServiceId with customerNo"
        )
    return fields, account


def request_id(fields: Mapping[str, Any], name: str) -> str:
    """Give the bank's own number of what it asks. Raises `NotificationError` where it is none."""
    value = fields[name]
    if not isinstance(value, str) or not _PAYMENT_ID.fullmatch(value):
        raise NotificationError(("400", "01"), f"Invalid Field Format {name}")
    return value


def echoed(fields: Mapping[str, Any]) -> dict[str, str]:
    """Give what an answer repeats as it came."""
    return {name: fields[name] for name in _ECHOED if _is_plain(fields.get(name))}


def answer_of(service: str, status: str, case: str, message: str, **more: Any) -> Answer:
    """Give an answer with SNAP's code: the HTTP status, the service and the case."""
    return Answer(
        int(status), {"responseCode": f"{status}{service}{case}", "responseMessage": message, **more}
    )


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 128 and value.isascii() and value.isprintable()
