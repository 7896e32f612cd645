"""The bank's statement of a day beside our ledger: every payment is in both, or is named."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing import audit, money, moves, tickets
from ticketing.errors import MoneyError, StatementError
from ticketing.models import CaseRow
from ticketing.money_models import MoneyRow
from ticketing.snap import BANK_ZONE
from ticketing.workdays import end_of

# Banks name their columns differently: the office's export is set to these.
COLUMNS = ("paid_at", "reference", "virtual_account", "amount")
MOST_COLUMNS = 60
_AMOUNT = re.compile(r"([0-9]{1,13})(\.00)?")


@dataclass(frozen=True)
class BankLine:
    """One payment as the bank has it; ``rupiah`` whole, ``paid_at`` timezone-aware."""

    paid_at: datetime
    reference: str
    virtual_account: str
    rupiah: int


@dataclass(frozen=True)
class Reconciliation:
    """What came of the comparison of one day, in the bank's zone.

    ``only_bank`` came in and is not booked here; ``only_ours`` is booked here (reference, case, rupiah) and not in the
    statement; ``differing`` has another amount or ticket here (line, case, rupiah booked); ``unreadable`` says of each
    row that was left out its number and why.
    """

    day: date
    matched: int
    matched_rupiah: int
    only_bank: tuple[BankLine, ...]
    only_ours: tuple[tuple[str, int, int], ...]
    differing: tuple[tuple[BankLine, int, int], ...]
    unreadable: tuple[str, ...]

    @property
    def balanced(self) -> bool:
        """Whether nothing is left to look into."""
        return not (self.only_bank or self.only_ours or self.differing or self.unreadable)


def reconcile(session: Session, path: Path, day: date, who: str, *, now: datetime) -> Reconciliation:
    """Compare a statement (UTF-8 CSV with `COLUMNS`) with the payments booked for that day. Nothing but the trail
    changes.

    Raises:
        StatementError: it is no statement: not UTF-8, columns missing or far too many.
    """
    lines, unreadable = _read(path)
    seen = {line.reference for line in lines}
    booked = _booked(session, day, seen)
    matched = matched_rupiah = 0
    only_bank: list[BankLine] = []
    differing: list[tuple[BankLine, int, int]] = []
    for line in lines:
        ours = booked.get(line.reference)
        if ours is None:
            only_bank.append(line)
        elif ours.amount_rupiah != line.rupiah or not _same_ticket(session, line, ours.case_id):
            differing.append((line, ours.case_id, ours.amount_rupiah))
        else:
            matched, matched_rupiah = matched + 1, matched_rupiah + line.rupiah
    only_ours = tuple(
        (row.reference, row.case_id, row.amount_rupiah) for ref, row in booked.items() if ref not in seen
    )
    result = Reconciliation(
        day, matched, matched_rupiah, tuple(only_bank), only_ours, tuple(differing), tuple(unreadable)
    )
    detail = {
        "matched": matched, "rupiah": matched_rupiah, "only_bank": len(only_bank), "only_ours": len(only_ours),
        "differing": len(differing), "unreadable": len(unreadable),
    }  # fmt: skip
    audit.record(session, now, who, "reconciled", f"statement {day}", detail)
    return result


def book_line(session: Session, officer: str, line: BankLine, *, now: datetime) -> CaseRow:
    """Book a payment that only the bank has; what nothing is owed for is to be given back.

    Raises:
        MoneyError: no ticket has that account number, or it is booked already.
    """
    found = tickets.case_of_account(session, line.virtual_account)
    if found is None:
        raise MoneyError(
            "no_ticket", f"no ticket has the account {line.virtual_account}: ask the bank who paid"
        )
    case = moves.take(session, found.id)
    money.receive(
        session, case, line.rupiah, line.reference, line.paid_at, who=officer, actor="officer", arrived=True, now=now
    )  # fmt: skip
    return case


def _booked(session: Session, day: date, references: set[str]) -> dict[str, MoneyRow]:
    zone = str(BANK_ZONE)
    until, since = end_of(day, zone), end_of(day - timedelta(1), zone)
    payments = select(MoneyRow).where(MoneyRow.kind == money.PAYMENT)
    rows = list(session.scalars(payments.where(MoneyRow.at >= since, MoneyRow.at < until)))
    wanted = sorted(references)
    for k in range(0, len(wanted), 500):
        rows += session.scalars(payments.where(MoneyRow.reference.in_(wanted[k : k + 500])))
    return {row.reference: row for row in rows}


def _same_ticket(session: Session, line: BankLine, case_id: int) -> bool:
    found = tickets.case_of_account(session, line.virtual_account)
    return found is not None and found.id == case_id


def _read(path: Path) -> tuple[list[BankLine], list[str]]:
    lines: dict[str, BankLine] = {}
    faults: list[str] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header = list(reader.fieldnames or ())
            missing = [c for c in COLUMNS if header.count(c) != 1]
            if missing or len(header) > MOST_COLUMNS:
                raise StatementError(
                    f"{path.name}: no statement: it needs the columns {', '.join(COLUMNS)} once, and has {len(header)}"
                )
            for raw in reader:
                line = _line(raw, reader.line_num, faults)
                if line is not None and line.reference in lines:
                    faults.append(
                        f"row {reader.line_num}: payment {line.reference} stands in the statement twice"
                    )
                elif line is not None:
                    lines[line.reference] = line
    except UnicodeDecodeError as error:
        raise StatementError(f"{path.name} is not UTF-8: save it as CSV UTF-8 and try again") from error
    except csv.Error as error:
        raise StatementError(f"{path.name}: {error}") from error
    return list(lines.values()), faults


def _line(raw: dict[str, str], number: int, faults: list[str]) -> BankLine | None:
    text = {c: (raw.get(c) or "").strip() for c in COLUMNS}
    amount = _AMOUNT.fullmatch(text["amount"])
    try:
        paid_at = datetime.fromisoformat(text["paid_at"])
    except ValueError:
        faults.append(f"row {number}: {text['paid_at'][:40]!r} is no time")
        return None
    if amount is None:
        faults.append(f"row {number}: {text['amount'][:40]!r} is no amount of whole rupiah")
        return None
    if not text["reference"]:
        faults.append(f"row {number}: the payment has no reference")
        return None
    # A statement without a zone is in the bank's own.
    paid_at = paid_at if paid_at.tzinfo else paid_at.replace(tzinfo=ZoneInfo(str(BANK_ZONE)))
    return BankLine(paid_at, text["reference"][:128], text["virtual_account"], int(amount[1]))
