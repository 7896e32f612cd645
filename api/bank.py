"""The bank's door (SNAP, "Transfer VA"): its inquiry before somebody pays (service 24), and its notification that a
virtual account was paid (25).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from api.office import OfficeDoor, now, office
from ticketing import banks, snap, snap_inquiry
from ticketing.snap_request import LARGEST_BODY, Answer, BankRequest, answer_of

router = APIRouter(prefix="/api/v1.0", tags=["bank"])
log = logging.getLogger("etle.refused")
ACCOUNT = {
    "partnerServiceId": "   77777",
    "customerNo": "1234567890",
    "virtualAccountNo": "777771234567890",
}
INQUIRY = {**ACCOUNT, "inquiryRequestId": "202608190001"}
PAYMENT = {
    **ACCOUNT,
    "paymentRequestId": "202608190001",
    "paidAmount": {"value": "500000.00", "currency": "IDR"},
    "trxDateTime": "2026-08-19T12:00:00+07:00",
}
REFUSED = {
    400: "SNAP: a field is missing or malformed",
    401: "SNAP: partner, signature or time do not hold",
    404: "SNAP: no such bill, or paid already",
    413: "the body is too large",
}


class Headers:
    """What SNAP puts beside a body."""

    def __init__(
        self,
        x_timestamp: Annotated[str, Header(max_length=40)] = "",
        x_signature: Annotated[str, Header(max_length=200)] = "",
        x_partner_id: Annotated[str, Header(max_length=60)] = "",
        x_external_id: Annotated[str, Header(max_length=60)] = "",
        authorization: Annotated[str, Header(max_length=4000)] = "",
    ) -> None:
        self.timestamp, self.signature, self.external_id = x_timestamp, x_signature, x_external_id
        self.partner_id, self.token = x_partner_id, authorization.removeprefix("Bearer ").strip()


Sent = Annotated[Headers, Depends()]


def _described(example: dict[str, Any], more: dict[int, str]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}, "example": example}}
    return {
        "openapi_extra": {"requestBody": {"required": True, "content": content}},
        "responses": {status: {"description": text} for status, text in {**REFUSED, **more}.items()},
    }


@router.post(
    "/transfer-va/inquiry", summary="Tell what is due on a virtual account", **_described(INQUIRY, {})
)
async def inquiry(request: Request, sent: Sent) -> JSONResponse:
    """Tell the bank whose account it is and what is due. Refusals carry SNAP's codes; nothing is written."""
    return await _answered(request, sent, snap_inquiry.SERVICE, snap_inquiry.take_inquiry)


@router.post(
    "/transfer-va/payment",
    summary="Take the notification that a virtual account was paid",
    **_described(PAYMENT, {409: "SNAP: the external id came with another payment today"}),
)
async def payment(request: Request, sent: Sent) -> JSONResponse:
    """Book a payment once; the same notification again gets the same answer. Refusals carry SNAP's codes."""
    return await _answered(request, sent, snap.SERVICE, snap.take_notification)


async def _answered(
    request: Request, sent: Headers, service: str, take: Callable[..., Answer]
) -> JSONResponse:
    door, body = office(request), await request.body()
    if len(body) > LARGEST_BODY:
        return _json(answer_of(service, "413", "00", "the body is too large"))
    bank = banks.for_partner(sent.partner_id)
    if bank is None:
        log.warning("bank request of an unknown partner")
        return _json(answer_of(service, "401", "00", "Unauthorized: X-PARTNER-ID"))
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    asked = BankRequest("POST", target, sent.token, sent.timestamp, sent.external_id, sent.signature, body)
    answer = await run_in_threadpool(_take, door, asked, bank, take)
    if answer.status != 200:
        log.warning("bank request refused: %s", answer.body.get("responseCode"))
    return _json(answer)


def _take(door: OfficeDoor, asked: BankRequest, bank: banks.Bank, take: Callable[..., Answer]) -> Answer:
    with door.session() as session:
        return take(session, asked, bank.secret, bank=bank, now=now())


def _json(answer: Answer) -> JSONResponse:
    return JSONResponse(
        dict(answer.body), answer.status, {"X-TIMESTAMP": now().isoformat(timespec="seconds")}
    )
