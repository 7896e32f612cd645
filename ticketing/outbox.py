"""The outbox: what has to leave the office is a row, written together with the move that called for it. It is tried
until it is handed over, and never sent twice; what became of it is followed to the letterbox.

Shipping words: DOMAIN.md, "Shipping words in use".
"""

from __future__ import annotations

import base64
import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from ticketing import audit, crypto, letters, moves, states
from ticketing.channels import Channel, Outgoing, plain
from ticketing.errors import AddressError, DeliveryError, GuardError, InDoubtError, NotFoundError
from ticketing.letter_models import LetterRow
from ticketing.letters import Addressee
from ticketing.models import CaseRow

QUEUED, SENDING, SENT, DELIVERED = "queued", "sending", "sent", "delivered"
RETURNED, ADDRESS_INVALID, IN_DOUBT, FAILED, CANCELLED = (
    "returned", "address_invalid", "in_doubt", "failed", "cancelled",
)  # fmt: skip
WORDS = {
    QUEUED: ("Tercetak", "Made, waiting to go out"),
    SENDING: ("Dalam proses pengiriman", "Being handed over"),
    SENT: ("Dalam proses pengiriman", "Handed over"),
    DELIVERED: ("Terkirim", "Delivered"),
    RETURNED: ("Dikembalikan", "Returned"),
    ADDRESS_INVALID: ("Gagal kirim: alamat tidak dikenal", "Not sent: the address is invalid"),
    IN_DOUBT: ("Perlu diperiksa: mungkin sudah terkirim", "To be checked: it may have been sent"),
    FAILED: ("Gagal kirim", "Not sent"),
    CANCELLED: ("Dibatalkan", "Cancelled before it went out"),
}
CONFIRMATION, TILANG = "confirmation", "tilang"
# Only while the case stands so does a letter of the kind still make sense; one of money or of the block always does.
STILL_MEANT = {
    CONFIRMATION: (states.LETTER_SENT,),
    TILANG: (states.TICKET_ISSUED, states.UNPAID, states.COURT),
}
REPORTS = (DELIVERED, RETURNED, ADDRESS_INVALID)
MOST_TRIES = 8
FIRST_WAIT = timedelta(minutes=2)
# A process that has held a letter longer than this has died with it.
STALE = timedelta(minutes=15)
WHO = "outbox"


def enqueue(
    session: Session,
    case: CaseRow,
    kind: str,
    of: str,
    channel: str,
    to: Addressee,
    text: str,
    document: bytes | None,
    *,
    now: datetime,
) -> LetterRow:
    """Put a letter into the outbox, in the caller's transaction. The same one again gives the row that is there."""
    there = session.scalar(
        select(LetterRow).where(
            LetterRow.case_id == case.id,
            LetterRow.kind == kind,
            LetterRow.of == of,
            LetterRow.channel == channel,
        )
    )
    if there is not None:
        return there
    row = LetterRow(
        case_id=case.id, kind=kind, of=of, channel=channel, key=secrets.token_hex(16),
        addressee=crypto.seal(plain(to)), text=crypto.seal({"text": text}),
        document=crypto.seal({"pdf": base64.b64encode(document).decode()}) if document is not None else None,
        status=QUEUED, tries=0, next_try_at=now, made_at=now, changed_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(session, now, WHO, "letter queued", f"case {case.id}", {"letter": row.id, "kind": kind})
    return row


def deliver_due(engine: Engine, channels: Mapping[str, Channel], now: datetime) -> Counter[str]:
    """Hand over every letter that is due, each taken by one process alone; give how many ended in each status.

    Letters of a channel that is not among ``channels`` wait.
    """
    done: Counter[str] = Counter()
    _recover(engine, channels, now)
    with Session(engine) as session:
        due = select(LetterRow.id).where(
            LetterRow.status == QUEUED, LetterRow.next_try_at <= now, LetterRow.channel.in_(channels)
        )
        waiting = list(session.scalars(due.order_by(LetterRow.id)))
    for letter_id in waiting:
        taken = _take(engine, letter_id, now)
        if isinstance(taken, str):
            done[taken] += 1
        if not isinstance(taken, tuple):
            continue
        channel, outgoing = taken
        status, fault, tracking = _hand_over(channels[channel], outgoing)
        with Session(engine) as session, session.begin():
            done[_settle(session, letter_id, status, fault, tracking, now)] += 1
    return done


def report(
    session: Session, letter_id: int, status: str, who: str, why: str = "", *, now: datetime
) -> LetterRow:
    """Note what the courier tells of a letter: delivered, returned or address invalid.

    A confirmation letter that came back stops its addressee's days: the case waits for a better address.

    Raises:
        GuardError: no such report, or the letter was never handed over.
        NotFoundError: there is no such letter.
    """
    row, _ = _hold(session, letter_id)
    if status not in REPORTS:
        raise GuardError(f"{status[:40]!r} is no report; known: {', '.join(REPORTS)}")
    if row.status == status:
        return row
    if row.status not in (SENT, DELIVERED, IN_DOUBT):
        raise GuardError(f"letter {row.id} is {row.status}: nothing can have come of it yet")
    _change(session, row, status, who, why, now)
    return row


def clear_doubt(
    session: Session, letter_id: int, officer: str, was_sent: bool, *, now: datetime
) -> LetterRow:
    """Say of a letter in doubt, or a failed one, whether it was sent; if not, it is tried again. Raises as `report`."""
    row, _ = _hold(session, letter_id)
    if row.status not in (IN_DOUBT, FAILED):
        raise GuardError(f"letter {row.id} is {row.status}: there is no doubt to clear")
    row.tries, row.next_try_at = 0, now
    _change(session, row, SENT if was_sent else QUEUED, officer, "looked into", now)
    return row


def unreachable(session: Session, case_id: int, kind: str) -> bool:
    """Tell whether the last letter of a kind on paper is not on its way to its addressee."""
    last = session.scalars(
        select(LetterRow)
        .where(LetterRow.case_id == case_id, LetterRow.kind == kind, LetterRow.channel == "post")
        .order_by(LetterRow.id.desc())
    ).first()
    return last is not None and last.status not in (SENT, DELIVERED)


def _take(engine: Engine, letter_id: int, now: datetime) -> tuple[str, Outgoing] | str | None:
    with Session(engine) as session, session.begin():
        row, case = _hold(session, letter_id)
        taken = session.execute(
            update(LetterRow)
            .where(LetterRow.id == letter_id, LetterRow.status == QUEUED, LetterRow.next_try_at <= now)
            .values(status=SENDING, tries=LetterRow.tries + 1, changed_at=now)
            .returning(LetterRow.id),
            execution_options={"synchronize_session": False},
        )
        if taken.first() is None:
            return None
        session.refresh(row)
        if case.state not in STILL_MEANT.get(row.kind, (case.state,)):
            _change(session, row, CANCELLED, WHO, f"the case is {case.state}", now)
            return CANCELLED
        paper = base64.b64decode(crypto.unseal(row.document)["pdf"]) if row.document is not None else None
        to, text = Addressee(**crypto.unseal(row.addressee)), crypto.unseal(row.text)["text"]
        return row.channel, Outgoing(row.key, row.kind, to, text, paper)


def _hand_over(channel: Channel, letter: Outgoing) -> tuple[str, str, str | None]:
    try:
        return SENT, "", channel.deliver(letter)
    except AddressError as error:
        return ADDRESS_INVALID, str(error), None
    except InDoubtError as error:
        return (QUEUED if channel.idempotent else IN_DOUBT), str(error), None
    except DeliveryError as error:
        return QUEUED, str(error), None


def _settle(
    session: Session, letter_id: int, status: str, fault: str, tracking: str | None, now: datetime
) -> str:
    row, _ = _hold(session, letter_id)
    if row.status != SENDING:
        return row.status
    if status == QUEUED and row.tries >= MOST_TRIES:
        status = FAILED
    row.tracking = tracking or row.tracking
    row.next_try_at = now + FIRST_WAIT * 2 ** (row.tries - 1)
    _change(session, row, status, WHO, fault, now)
    return status


def _change(session: Session, row: LetterRow, status: str, who: str, why: str, now: datetime) -> None:
    detail = {"letter": row.id, "kind": row.kind, "was": row.status, "is": status, "why": why}
    row.status, row.last_fault, row.changed_at = status, why or None, now
    session.flush()
    audit.record(session, now, who, "letter followed", f"case {row.case_id}", detail)
    on_paper = row.kind == CONFIRMATION and row.channel == "post"
    if on_paper and status in (RETURNED, ADDRESS_INVALID) and _is_last(session, row):
        letters.letter_returned(session, row.case_id, who, why or status, now=now)


def _is_last(session: Session, row: LetterRow) -> bool:
    later = select(LetterRow.id).where(
        LetterRow.case_id == row.case_id, LetterRow.kind == row.kind, LetterRow.id > row.id
    )
    return session.scalar(later.where(LetterRow.channel == row.channel).limit(1)) is None


def _recover(engine: Engine, channels: Mapping[str, Channel], now: datetime) -> None:
    """A letter whose process died may have been sent: only a channel that knows its key again may try it again."""
    with Session(engine) as session:
        stale = select(LetterRow.id, LetterRow.channel).where(
            LetterRow.status == SENDING, LetterRow.changed_at <= now - STALE, LetterRow.channel.in_(channels)
        )
        found = session.execute(stale).all()
    for letter_id, channel in found:
        with Session(engine) as session, session.begin():
            row, _ = _hold(session, letter_id)
            if row.status == SENDING and row.changed_at <= now - STALE:
                row.next_try_at = now
                status = QUEUED if channels[channel].idempotent else IN_DOUBT
                _change(session, row, status, WHO, "its process died", now)


def _hold(session: Session, letter_id: int) -> tuple[LetterRow, CaseRow]:
    """Hold a letter by its case, which everybody takes first: who took them the other way round could wait for ever."""
    case_id = session.scalar(select(LetterRow.case_id).where(LetterRow.id == letter_id))
    if case_id is None:
        raise NotFoundError(f"there is no letter {letter_id}")
    case = moves.take(session, case_id)
    return session.get_one(LetterRow, letter_id, populate_existing=True), case
