"""The ledger of a ticket: what was paid, what is owed, what is to be given back. Whole rupiah, never a fraction.

Before the verdict the article's maximum is owed as a deposit; after it what the court gave; of a withdrawn ticket
nothing. What was paid beyond that is given back, and the surplus of a judged case that nobody claims within the
law's year goes to the state (UU 22/2009 art. 268; DOMAIN.md, "Court").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from ticketing import audit, clocks, moves, states
from ticketing.case_models import TicketRow
from ticketing.errors import MoneyError
from ticketing.models import CaseRow
from ticketing.money_models import MoneyRow

PAYMENT, REFUND, TO_STATE = "payment", "refund", "to_state"
# Payment is open to a case with a ticket in these states. An objection stops the clock, but nobody's payment.
PAYABLE = (*states.TICKETED, states.COURT, states.JUDGED, *states.DISPUTES)
# More than any ticket can cost: an amount beyond it is a mistake.
MOST_RUPIAH = 10**12
# Made once: every payment asks for it, and to make it takes longer than to run it.
_SUMS = (
    select(MoneyRow.kind, func.sum(MoneyRow.amount_rupiah))
    .where(MoneyRow.case_id == bindparam("case"))
    .group_by(MoneyRow.kind)
)


@dataclass(frozen=True)
class Account:
    """Where a ticket's money stands, in whole rupiah."""

    paid: int
    refunded: int
    to_state: int
    owed: int

    @property
    def held(self) -> int:
        """What the office has."""
        return self.paid - self.refunded - self.to_state

    @property
    def due(self) -> int:
        """What is still to be paid."""
        return max(0, self.owed - self.held)

    @property
    def refundable(self) -> int:
        """What is to be given back."""
        return max(0, self.held - self.owed)


def account(session: Session, case: CaseRow) -> Account:
    """Give the account of a case; of one without a ticket, nothing owed."""
    sums = dict(session.execute(_SUMS, {"case": case.id}).all())
    ticket = session.get(TicketRow, case.id)
    paid, refunded, to_state = (int(sums.get(kind, 0)) for kind in (PAYMENT, REFUND, TO_STATE))
    return Account(paid, refunded, to_state, _owed(case, ticket))


def payable(session: Session, case: CaseRow) -> Account:
    """Give the account of a case for which something is due.

    Raises:
        MoneyError: no ticket was issued (no_ticket), it was withdrawn (closed) or nothing is due (paid).
    """
    if session.get(TicketRow, case.id) is None:
        raise _no_ticket(case)
    if case.state not in PAYABLE and case.state != states.SETTLED:
        raise MoneyError("closed", f"the ticket of case {case.id} was withdrawn: nothing is to be paid")
    found = account(session, case)
    if found.due == 0:
        raise MoneyError("paid", f"the ticket of case {case.id} is paid: nothing more is due")
    return found


def receive(
    session: Session,
    case: CaseRow,
    amount: int,
    reference: str,
    paid_at: datetime,
    *,
    who: str,
    actor: states.Actor = "bank",
    arrived: bool = False,
    now: datetime,
) -> Account:
    """Book a payment to a case that this transaction holds. Too little leaves the rest due; too much is given back.

    Args:
        amount: whole rupiah.
        reference: the bank's number of this payment.
        arrived: the money lies on the account whatever the case says (found in the bank's own list): it is booked,
            and what nothing is owed for is to be given back.

    Raises:
        MoneyError: nothing is due, the ticket is closed or was never issued, the amount is none, or this payment is
            booked already; ``reason`` says which. Nothing was changed.
    """
    _check_amount(amount)
    if session.scalar(select(MoneyRow.id).where(MoneyRow.reference == reference)) is not None:
        raise MoneyError("booked", f"payment {reference} is booked already")
    if not arrived:
        payable(session, case)
    elif session.get(TicketRow, case.id) is None:
        raise _no_ticket(case)
    _book(session, case, PAYMENT, amount, reference, paid_at, who, now)
    follow(session, case, actor, who, now=now)
    return account(session, case)


def refund(
    session: Session, case_id: int, officer: str, amount: int, reference: str, *, now: datetime
) -> Account:
    """Book that money was given back.

    Raises:
        MoneyError: more than is to be given back, or this transfer is booked already.
        NotFoundError: there is no such case.
    """
    case = moves.take(session, case_id)
    _check_amount(amount)
    if session.scalar(select(MoneyRow.id).where(MoneyRow.reference == reference)) is not None:
        raise MoneyError("booked", f"refund {reference} is booked already")
    open_amount = account(session, case).refundable
    if amount > open_amount:
        raise MoneyError("too_much", f"{amount} rupiah is more than the {open_amount} to be given back")
    _book(session, case, REFUND, amount, reference, now, officer, now)
    follow(session, case, "officer", officer, now=now)
    return account(session, case)


def escheat(session: Session, case: CaseRow, who: str, *, now: datetime) -> None:
    """Hand the unclaimed surplus of a judged case to the state, and settle it."""
    surplus = account(session, case).refundable
    if surplus:
        _book(session, case, TO_STATE, surplus, f"to-state-{case.id}-{now:%Y%m%d%H%M%S%f}", now, who, now)
    follow(session, case, "clock", who, now=now)


def follow(session: Session, case: CaseRow, actor: states.Actor, who: str, *, now: datetime) -> None:
    """Let a case follow its money: paid in full, settled, or the clock of what is still open."""
    now_at = account(session, case)
    if case.state in (states.TICKET_ISSUED, states.UNPAID) and now_at.due == 0:
        moves.advance(session, case, states.PAY, actor, who, now=now)
    elif case.state == states.JUDGED:
        if now_at.held == now_at.owed:
            moves.advance(session, case, states.SETTLE, actor, who, now=now)
        else:
            _run(session, case, states.REFUND_LAPSES if now_at.refundable else states.COLLECT, now)
    elif case.state in states.ENDS:
        if now_at.refundable:
            _run(session, case, states.REFUND, now)
        else:
            clocks.stop(session, case)


def _run(session: Session, case: CaseRow, kind: str, now: datetime) -> None:
    clock = clocks.running(session, case.id)
    if clock is None or clock.kind != kind:
        clocks.start(session, case, kind, now)


def _no_ticket(case: CaseRow) -> MoneyError:
    return MoneyError("no_ticket", f"case {case.id} has no ticket: nothing can be paid for it")


def _owed(case: CaseRow, ticket: TicketRow | None) -> int:
    if ticket is None or case.state == states.WITHDRAWN:
        return 0
    return ticket.deposit_rupiah if ticket.verdict_rupiah is None else ticket.verdict_rupiah


def _check_amount(amount: int) -> None:
    if type(amount) is not int or not 0 < amount <= MOST_RUPIAH:
        raise MoneyError("amount", f"{amount!r} is not an amount of whole rupiah, 1 to {MOST_RUPIAH}")


def _book(
    session: Session,
    case: CaseRow,
    kind: str,
    amount: int,
    reference: str,
    at: datetime,
    who: str,
    now: datetime,
) -> None:
    session.add(
        MoneyRow(
            case_id=case.id,
            kind=kind,
            amount_rupiah=amount,
            reference=reference,
            at=at,
            booked_at=now,
            booked_by=who,
        )
    )
    session.flush()
    audit.record(session, now, who, kind, f"case {case.id}", {"rupiah": amount, "reference": reference})
