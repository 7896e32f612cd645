"""The bank's door: its notification that a virtual account was paid (SNAP, "Transfer VA", service 25)."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from api.office import OfficeDoor, now, office
from ticketing import banks
from ticketing.snap import LARGEST_BODY, Answer, Notification, take_notification

router = APIRouter(prefix="/api/v1.0", tags=["bank"])
log = logging.getLogger("etle.refused")
EXAMPLE = {
    "partnerServiceId": "   77777",
    "customerNo": "1234567890",
    "virtualAccountNo": "777771234567890",
    "paymentRequestId": "202608190001",
    "paidAmount": {"value": "500000.00", "currency": "IDR"},
    "trxDateTime": "2026-08-19T12:00:00+07:00",
}


@router.post(
    "/transfer-va/payment",
    summary="Take the notification that a virtual account was paid",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}, "example": EXAMPLE}},
        }
    },
    responses={
        status: {"description": text}
        for status, text in (
            (400, "SNAP: a field is missing or malformed"),
            (401, "SNAP: partner, signature or time do not hold"),
            (404, "SNAP: no such bill, paid already, or another amount than a bill's"),
            (409, "SNAP: the external id came with another payment today"),
            (413, "the body is too large"),
        )
    },
)
async def payment(
    request: Request,
    x_timestamp: Annotated[str, Header(max_length=40)] = "",
    x_signature: Annotated[str, Header(max_length=200)] = "",
    x_partner_id: Annotated[str, Header(max_length=60)] = "",
    x_external_id: Annotated[str, Header(max_length=60)] = "",
    authorization: Annotated[str, Header(max_length=4000)] = "",
) -> JSONResponse:
    """Book a payment once; the same notification again gets the same answer. Refusals carry SNAP's codes."""
    door, body = office(request), await request.body()
    if len(body) > LARGEST_BODY:
        return _answer(Answer(413, {"responseCode": "4132500", "responseMessage": "the body is too large"}))
    bank = banks.for_partner(x_partner_id)
    if bank is None:
        log.warning("bank notification of an unknown partner")
        return _answer(
            Answer(401, {"responseCode": "4012500", "responseMessage": "Unauthorized: X-PARTNER-ID"})
        )
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    token = authorization.removeprefix("Bearer ").strip()
    asked = Notification("POST", target, token, x_timestamp, x_external_id, x_signature, body)
    answer = await run_in_threadpool(_take, door, asked, bank)
    if answer.status != 200:
        log.warning("bank notification refused: %s", answer.body.get("responseCode"))
    return _answer(answer)


def _take(door: OfficeDoor, asked: Notification, bank: banks.Bank) -> Answer:
    with door.session() as session:
        return take_notification(session, asked, bank.secret, bank=bank, now=now())


def _answer(answer: Answer) -> JSONResponse:
    return JSONResponse(
        dict(answer.body), answer.status, {"X-TIMESTAMP": now().isoformat(timespec="seconds")}
    )
