"""The bank's inquiry as Bank Indonesia's SNAP has it, before somebody pays at its counter: whose account is it, and how
much is due? Verified as a payment's notification is; nothing is written.

Fields and codes: SNAP developer site of ASPI, "Transfer Kredit / Virtual Account", service 24.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ticketing import banks, money, snap
from ticketing.errors import MoneyError, NotificationError
from ticketing.snap_request import (
    WINDOW,
    Answer,
    BankRequest,
    answer_of,
    echoed,
    named_in,
    request_id,
    verify,
)

SERVICE = "24"


def take_inquiry(
    session: Session,
    request: BankRequest,
    secret: str,
    *,
    bank: banks.Bank | None = None,
    window: timedelta = WINDOW,
    now: datetime,
) -> Answer:
    """Tell what is due on a virtual account; what is paid, withdrawn or unknown is refused with SNAP's code.

    An inquiry may be asked again under the same external id: it changes nothing, so nobody keeps its answer.

    Args:
        secret, bank, window, now: as for `snap.take_notification`.
    """
    try:
        verify(request, secret, window, now)
        fields, account = named_in(request.body, "inquiryRequestId")
        request_id(fields, "inquiryRequestId")
    except NotificationError as error:
        return answer_of(SERVICE, *error.code, str(error))
    case = snap.case_at(session, account, bank)
    if case is None:
        return answer_of(SERVICE, *snap.REFUSALS["no_ticket"])
    try:
        due = money.payable(session, case).due
    except MoneyError as error:
        return answer_of(SERVICE, *snap.REFUSALS[error.reason])
    data = {
        "inquiryStatus": "00",
        "inquiryReason": {"english": "Success", "indonesia": "Sukses"},
        "virtualAccountName": snap.account_name(case),
        **echoed(fields),
        "totalAmount": {"value": f"{due}.00", "currency": "IDR"},
    }
    return answer_of(SERVICE, "200", "00", "Successful", virtualAccountData=data)
