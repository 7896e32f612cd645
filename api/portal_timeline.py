"""The way of a case as its owner sees it: what is done, where it stands ("you are here"), what comes, and which clock
stands still.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from ticketing import states
from ticketing.owner_case import OwnerCase

RECORDED, CONFIRMED, LETTER, ANSWER, TICKET, PAY, HEARING, VERDICT, END = range(9)
WORDS = {
    RECORDED: ("Pelanggaran tercatat kamera", "Recorded by a camera"),
    CONFIRMED: ("Diperiksa dan dikonfirmasi petugas", "Reviewed and confirmed by an officer"),
    LETTER: ("Surat konfirmasi dikirim", "Confirmation letter sent"),
    ANSWER: ("Jawaban Anda", "Your answer"),
    TICKET: ("Tilang diterbitkan", "Ticket issued"),
    PAY: ("Titipan denda dibayar", "Deposit paid"),
    HEARING: ("Sidang", "Hearing"),
    VERDICT: ("Putusan", "Verdict"),
    END: ("Perkara selesai", "Case settled"),
}
# Where a case in each state stands: at the step that has to come next.
STANDS = {
    states.CONFIRMED: LETTER, states.LETTER_SENT: ANSWER, states.UNDELIVERED: LETTER, states.DRIVER_NAMED: LETTER,
    states.SILENT: TICKET, states.ADMITTED: TICKET, states.TICKET_ISSUED: PAY, states.UNPAID: HEARING,
    states.PAID: HEARING, states.COURT: VERDICT, states.JUDGED: END, states.SETTLED: END,
}  # fmt: skip
DONE_BY = {
    CONFIRMED: (states.CONFIRM,), LETTER: (states.SEND_LETTER,),
    ANSWER: (states.ADMIT, states.NAME_DRIVER, states.SELL, states.DISOWN, states.CONTEST),
    TICKET: (states.ISSUE,), PAY: (states.PAY,), VERDICT: (states.VERDICT,), END: (states.SETTLE, states.WITHDRAW),
}  # fmt: skip
CLOCK_STEP = {states.ANSWER: ANSWER, states.PAY_BY: PAY, states.SEND: LETTER, states.ISSUE_BY: TICKET,
              states.HEARING_BY: HEARING, states.READDRESS: LETTER}  # fmt: skip
Standing = Literal["done", "here", "open", "missed", "skipped"]


@dataclass(frozen=True)
class Step:
    """One step: its words, how it stands, its day (``by``: the last day for it), and since when it stands still."""

    words: tuple[str, str]
    standing: Standing
    day: date | None
    by: bool = False
    frozen_on: date | None = None


def steps_of(case: OwnerCase) -> list[Step]:
    """Give the steps of a case; exactly one is "here"."""
    state = case.view.state
    if state == states.WITHDRAWN:
        return _withdrawn(case)
    disputed = state in states.DISPUTES
    position = STANDS[case.before_dispute if disputed and case.before_dispute else state]
    frozen = {CLOCK_STEP.get(c.kind) for c in case.clocks if c.frozen_on is not None}
    since = next((c.frozen_on for c in case.clocks if c.frozen_on is not None), None)
    steps: list[Step] = []
    for number, words in WORDS.items():
        if disputed and number == position:
            steps.append(_dispute(case))
        here = number == position and not disputed
        standing: Standing = "here" if here else "done" if number < position else "open"
        day, by = _day(case, number, standing)
        if standing == "done" and by:
            standing = "missed"
        # The days after the one that stands still move on with it.
        still = number in frozen or (bool(frozen) and by and standing == "open")
        steps.append(Step(words, standing, day, by, since if still else None))
    return steps


def _dispute(case: OwnerCase) -> Step:
    decide = next((c.day for c in case.clocks if c.kind == states.DECIDE), None)
    words = ("Keberatan Anda diperiksa; semua batas waktu dan blokir dibekukan",
             "Your objection is examined; every deadline and block stands still")  # fmt: skip
    return Step(words, "here", decide, by=True)


def _withdrawn(case: OwnerCase) -> list[Step]:
    done = [
        Step(words, "done", day)
        for number, words in WORDS.items()
        if number < END and (day := _done_on(case, number)) is not None
    ]
    gone = ("Perkara dihentikan: tidak ada yang perlu dibayar", "Withdrawn: nothing is to be paid")
    return [*done, Step(gone, "here", _done_on(case, END))]


def _day(case: OwnerCase, number: int, standing: Standing) -> tuple[date | None, bool]:
    """Give a step's day, and whether it is a last day rather than the day on which it was done."""
    done = _done_on(case, number)
    if done is not None and (standing == "done" or number == END):
        return done, False
    if number == ANSWER:
        return case.view.answer_by, True
    if number == PAY:
        return case.view.pay_by, True
    if number in (HEARING, VERDICT) and case.hearing is not None:
        return case.hearing[0], False
    return None, False


def _done_on(case: OwnerCase, number: int) -> date | None:
    zone = ZoneInfo(case.view.timezone)
    if number == RECORDED:
        return case.view.occurred_at.astimezone(zone).date()
    if number == HEARING and case.hearing is not None and case.verdict is not None:
        return case.hearing[0]
    found = [e.at for e in case.events if e.event in DONE_BY.get(number, ())]
    return found[-1].astimezone(zone).date() if found else None
