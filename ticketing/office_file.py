"""A decided case as the office works on it: its letters, answers, money, court, block, and what has become of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import answers, audit, clocks, money, objection_files, outbox, tickets
from ticketing.case_models import AnswerRow, BlockRow, TicketRow
from ticketing.errors import NotFoundError
from ticketing.letter_models import LetterRow
from ticketing.models import AuditRow, CaseRow


@dataclass(frozen=True)
class Sent:
    """One letter or message without its text; ``changed_at`` is UTC."""

    kind: str
    channel: str
    status_id: str
    status_en: str
    tracking: str | None
    fault: str | None
    changed_at: datetime


@dataclass(frozen=True)
class Block:
    """A block of the STNK; its grounds are in `blocks.WORDS`, times are UTC. ``released_at`` is None while it holds."""

    ground: str
    blocked_at: datetime
    released_at: datetime | None
    release_ground: str | None


@dataclass(frozen=True)
class Step:
    """One row of the trail of a case, without its detail."""

    at: datetime
    who: str
    what: str


@dataclass(frozen=True)
class OfficeFile:
    """Everything beside the case itself. Days are in the camera's zone, amounts whole rupiah. ``block`` is the last one
    that was asked for.
    """

    letters: list[Sent]
    answers: list[answers.Read]
    files: list[objection_files.ObjectionFile]
    addressee: str
    bill: tickets.Bill | None
    account: money.Account
    hearing_on: date | None
    hearing_place: str | None
    verdict_number: str | None
    verdict_rupiah: int | None
    block: Block | None
    clock: str | None
    until: date | None
    answer_by: date | None
    pay_by: date | None
    steps: list[Step]


def gather(session: Session, case_id: int, reader: str, *, now: datetime) -> OfficeFile:
    """Put the file of a case together; that its answers were read is on record where there are any."""
    case = session.get_one(CaseRow, case_id, populate_existing=True)
    ticket = session.get(TicketRow, case_id)
    clock = clocks.running(session, case_id)
    has_answers = session.scalar(select(AnswerRow.id).where(AnswerRow.case_id == case_id).limit(1))
    sent = session.scalars(select(LetterRow).where(LetterRow.case_id == case_id).order_by(LetterRow.id))
    trail = session.scalars(
        select(AuditRow).where(AuditRow.subject == f"case {case_id}").order_by(AuditRow.id)
    )
    return OfficeFile(
        letters=[
            Sent(
                row.kind, row.channel, *outbox.WORDS[row.status], row.tracking, row.last_fault, row.changed_at
            )
            for row in sent
        ],
        answers=answers.read(session, case_id, reader, now=now) if has_answers else [],
        files=objection_files.files_of(session, case_id),
        addressee=case.addressee,
        bill=tickets.bill(session, case),
        account=money.account(session, case),
        hearing_on=ticket.hearing_on if ticket else None,
        hearing_place=ticket.hearing_place if ticket else None,
        verdict_number=ticket.verdict_number if ticket else None,
        verdict_rupiah=ticket.verdict_rupiah if ticket else None,
        block=_last_block(session, case_id),
        clock=clock.kind if clock else None,
        until=clock.day if clock else None,
        answer_by=case.answer_by,
        pay_by=case.pay_by,
        steps=[Step(row.at, row.who, row.what) for row in trail if row.what != "preloaded"],
    )


def _last_block(session: Session, case_id: int) -> Block | None:
    rows = select(BlockRow).where(BlockRow.case_id == case_id).order_by(BlockRow.id.desc())
    last = session.scalars(rows).first()
    if last is None:
        return None
    return Block(last.ground, last.blocked_at, last.released_at, last.release_ground)


def objection_file(
    session: Session, case_id: int, file_id: int, reader: str, *, now: datetime
) -> objection_files.ObjectionFile:
    """Give one file that came with an objection; that it was opened is on record. Raises `NotFoundError`."""
    for file in objection_files.files_of(session, case_id):
        if file.id == file_id:
            detail = {"sha256": file.sha256}
            audit.record(session, now, reader, "opened objection file", f"case {case_id}", detail)
            return file
    raise NotFoundError(f"case {case_id} has no such file: go back to its page")
