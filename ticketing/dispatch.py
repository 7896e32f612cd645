"""What goes out when: the confirmation letter together with its move, and each notice once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing import letters, notice, outbox
from ticketing.channels import EMAIL, MESSAGE, POST
from ticketing.letter import letter_for
from ticketing.letter_models import LetterRow
from ticketing.models import CaseRow

# A message only tells of the confirmation letter: nothing of money is ever said in one.
MESSAGES = (EMAIL, MESSAGE)


def send_confirmation(
    session: Session,
    case_id: int,
    officer: str,
    pictures: Sequence[bytes],
    portal_url: str,
    channels: Sequence[str] = (POST,),
    *,
    better_address: tuple[str, str] | None = None,
    now: datetime,
) -> list[LetterRow]:
    """Send the confirmation letter of a case to its addressee, the outbox and the case's move in one transaction.

    Args:
        pictures: up to four JPEGs.
        channels: `POST` for paper; `EMAIL` and `MESSAGE` where the addressee's are known.
        better_address: name and address, after one came back.

    Raises:
        As `letters.send_letter` and `letter.letter_for`; nothing goes out then.
    """
    if better_address is not None:
        case = letters.readdress(session, case_id, officer, *better_address, now=now)
    else:
        case = letters.send_letter(session, case_id, officer, now=now)
    paper = letter_for(session, case_id, pictures, portal_url, now=now, who=officer)
    told = notice.message_for(case, portal_url)
    to = letters.addressee_of(session, case)
    before = session.scalar(
        select(func.count(func.distinct(LetterRow.of))).where(
            LetterRow.case_id == case_id, LetterRow.kind == outbox.CONFIRMATION
        )
    )
    number = str((before or 0) + 1)
    reachable = [c for c in channels if c == POST or (c == EMAIL and to.email) or (c == MESSAGE and to.phone)]
    return [
        outbox.enqueue(
            session, case, outbox.CONFIRMATION, number, channel, to, told, paper if channel == POST else None, now=now
        )
        for channel in reachable
    ]  # fmt: skip


def send_notice(
    session: Session,
    case_id: int,
    kind: str,
    officer: str,
    pictures: Sequence[bytes],
    portal_url: str,
    *,
    now: datetime,
) -> LetterRow:
    """Send a notice of `notice.KINDS` on paper, each of what it tells once. Raises as `notice.notice_for`."""
    paper, to, of = notice.notice_for(session, case_id, kind, pictures, portal_url, who=officer, now=now)
    case = session.get_one(CaseRow, case_id)
    return outbox.enqueue(session, case, kind, of, POST, to, "", paper, now=now)
