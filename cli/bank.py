"""``etle bank``: the bank's statement beside the office's ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Exit, say, told
from cli.law import Who, read_day, who_is
from cli.office import open_office
from cli.run import DATA
from pipeline.sources.base import SourceMissingError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from ticketing.reconcile import BankLine, Reconciliation

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _bank() -> None:
    """Hold the subcommands."""


@app.command("reconcile")
def reconcile(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="The bank's payments: paid_at, reference, virtual_account, amount (whole rupiah).",
        ),
    ],
    day: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD", help="Whose payments they are, in the bank's zone; else yesterday's."
        ),
    ] = None,
    book: Annotated[
        bool, typer.Option("--book", help="Book what the bank has and the office does not.")
    ] = False,
    who: Who = None,
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
) -> None:
    """Compare a day's payments at the bank with the ledger, and list what is in one only or differs.

    Exit code 1 where something is left to look into, 3 where a row or the file could not be read; the comparison is on
    the audit trail.
    """
    from sqlalchemy.orm import Session

    from ticketing import reconcile as ledger
    from ticketing.errors import StatementError
    from ticketing.snap import BANK_ZONE

    with told():
        if not file.is_file():
            raise SourceMissingError(f"{file}: no such file")
        name, now = who_is(who), datetime.now(UTC)
        wanted = read_day(day) if day is not None else now.astimezone(BANK_ZONE).date() - timedelta(1)
        with open_office(data) as office, Session(office.engine) as session, session.begin():
            try:
                found = ledger.reconcile(session, file, wanted, name, now=now)
            except StatementError as error:
                say(f"etle: {error}")
                raise typer.Exit(Exit.BAD_INPUT) from None
            left = _booked(session, name, found.only_bank, now) if book else list(found.only_bank)
        _tell(found, left)
        for fault in found.unreadable:
            say(f"etle: {file}: {fault}")
        if found.unreadable:
            raise typer.Exit(Exit.BAD_INPUT)
        if left or found.only_ours or found.differing:
            raise typer.Exit(Exit.FAILED)


def _booked(session: Session, who: str, lines: tuple[BankLine, ...], now: datetime) -> list[BankLine]:
    """Book payments that only the bank has; give those that no ticket can be found for."""
    from ticketing.errors import MoneyError
    from ticketing.reconcile import book_line

    left = []
    for line in lines:
        try:
            case = book_line(session, who, line, now=now)
        except MoneyError as error:
            say(f"etle: payment {line.reference}: {error}")
            left.append(line)
        else:
            print(f"booked\t{line.reference}\tcase {case.id}\tRp {line.rupiah}")
    return left


def _tell(found: Reconciliation, left: list[BankLine]) -> None:
    print(f"{found.day}: {found.matched} payments agree, Rp {found.matched_rupiah}")
    for line in left:
        print(
            f"only at the bank\t{line.reference}\t{line.virtual_account}\tRp {line.rupiah}\t{line.paid_at.isoformat()}"
        )
    for reference, case, rupiah in found.only_ours:
        print(f"only here\t{reference}\tcase {case}\tRp {rupiah}")
    for line, case, rupiah in found.differing:
        print(
            f"differs\t{line.reference}\tbank: {line.virtual_account} Rp {line.rupiah}\there: case {case} Rp {rupiah}"
        )
