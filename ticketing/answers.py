"""What the addressee of a letter answers, and what an officer decides of an objection. Nothing here commits.

The five answers: DOMAIN.md, "Answers". Nobody is asked for a driver who says that the vehicle is not theirs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import audit, crypto, money, moves, references, states
from ticketing.case_models import AnswerRow
from ticketing.errors import GuardError, ReasonError
from ticketing.models import CaseRow

KINDS = (states.ADMIT, states.NAME_DRIVER, states.SELL, states.DISOWN, states.CONTEST)
DECISIONS = (states.ACCEPT, states.REFUSE, states.PASS_ON)
LONGEST_TEXT = 5000


@dataclass(frozen=True)
class Statement:
    """What somebody says; ``person_name`` and the rest are of the driver named or of the buyer. All of it is
    personal data.

    ``sim_number`` is the driving licence of whoever drove, of the answerer's own where they admit.
    """

    text: str = ""
    person_name: str = ""
    person_address: str = ""
    person_phone: str = ""
    sim_number: str = ""


@dataclass(frozen=True)
class Read:
    """An answer as an officer reads it; ``at`` is UTC."""

    kind: str
    by: str
    at: datetime
    said: Statement
    decision: str | None
    decision_note: str | None


def answer(session: Session, case_id: int, kind: str, said: Statement, *, now: datetime) -> AnswerRow:
    """Take an answer of the addressee; who it is the caller has made sure of.

    Raises:
        ReasonError: no such answer, a driver named without name and address, a contest without a word, or too long
            a text.
        NotFoundError, IllegalMoveError, GuardError: as for `moves.advance`.
    """
    if kind not in KINDS:
        raise ReasonError(f"{kind[:40]!r} is no answer; known: {', '.join(KINDS)}")
    if kind == states.NAME_DRIVER and not (said.person_name.strip() and said.person_address.strip()):
        raise ReasonError("whoever drove is named with name and address: the letter goes on to them")
    if kind == states.CONTEST and not said.text.strip():
        raise ReasonError("an objection says what is wrong, in a sentence at least")
    if any(len(value) > LONGEST_TEXT for value in asdict(said).values()):
        raise ReasonError(f"at most {LONGEST_TEXT} letters, please")
    case = moves.take(session, case_id)
    by = case.addressee
    if by != "owner" and kind in (states.SELL, states.DISOWN):
        raise GuardError(
            "whoever was named as the driver admits or contests; the rest is the owner's to answer"
        )
    moves.advance(session, case, kind, "owner", by, now=now)
    row = AnswerRow(case_id=case.id, kind=kind, by=by, at=now, personal=crypto.seal(asdict(said)))
    session.add(row)
    if kind == states.NAME_DRIVER:
        _address_to(session, case, said)
    session.flush()
    return row


def read(session: Session, case_id: int, officer: str, *, now: datetime) -> list[Read]:
    """Give the answers to a case, the first first; personal data, so the look at it is on the trail."""
    rows = session.scalars(select(AnswerRow).where(AnswerRow.case_id == case_id).order_by(AnswerRow.id)).all()
    audit.record(session, now, officer, "answers read", f"case {case_id}", {"answers": len(rows)})
    return [
        Read(
            row.kind,
            row.by,
            row.at,
            Statement(**crypto.unseal(row.personal)),
            row.decision,
            row.decision_note,
        )
        for row in rows
    ]


def decide(session: Session, case_id: int, officer: str, decision: str, note: str, *, now: datetime) -> None:
    """Decide an objection: accepted (the case is withdrawn), refused (it goes on where it stood, with the days that
    were left), or passed on to the driver or buyer whom the answer names.

    Raises:
        ReasonError: no such decision, or a refusal without a word of why.
        GuardError: nobody is named to pass it on to, a ticket was issued already, or the officer
            confirmed the case themselves (they may accept the objection).
        NotFoundError, IllegalMoveError: as for `moves.advance`.
    """
    if decision not in DECISIONS:
        raise ReasonError(f"{decision[:40]!r} is no decision; known: {', '.join(DECISIONS)}")
    if decision == states.REFUSE and not note.strip():
        raise ReasonError("an objection is refused with a reason that its author can read")
    case = moves.take(session, case_id)
    if decision != states.ACCEPT and case.confirmed_by == officer:
        raise GuardError(
            "whoever confirmed the case does not refuse the objection to it: another officer decides"
        )
    states.move(case.state, decision, case.before_dispute)
    row = session.scalars(
        select(AnswerRow)
        .where(AnswerRow.case_id == case.id, AnswerRow.decided_at.is_(None), AnswerRow.kind.in_(KINDS[2:]))
        .order_by(AnswerRow.id.desc())
    ).first()
    if row is None:
        raise ValueError(f"case {case.id} is in dispute without an answer")
    said = Statement(**crypto.unseal(row.personal))
    if decision == states.PASS_ON and not (said.person_name.strip() and said.person_address.strip()):
        raise GuardError("the answer names nobody with an address: there is nobody to pass the letter on to")
    moves.advance(session, case, decision, "officer", officer, now=now, why=note.strip())
    row.decided_at, row.decided_by, row.decision, row.decision_note = now, officer, decision, note.strip()
    if decision == states.PASS_ON:
        _address_to(session, case, said)
    # What was paid while the objection was open counts now.
    money.follow(session, case, "officer", officer, now=now)


def _address_to(session: Session, case: CaseRow, said: Statement) -> None:
    # The driver answers with a code of their own: the owner knows the one before.
    case.reference = references.unused_reference(session)
    case.addressee = "driver"
    case.addressee_personal = crypto.seal(
        {"name": said.person_name, "address": said.person_address, "phone": said.person_phone}
    )
