"""``etle exempt``: plates whose captures are annulled at once, on record: ambulances, fire engines and the like."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import UsageError, told
from cli.law import Day, Who, read_day, who_is
from cli.office import open_office
from cli.run import DATA

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _exempt() -> None:
    """Hold the subcommands."""


@app.command("add")
def add(
    plate: Annotated[str, typer.Argument(help="The number, such as 'B 1234 ABC'.")],
    kind: Annotated[str, typer.Argument(help="What vehicle it is, such as ambulans.")],
    valid_from: Annotated[
        str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="Its first day; else today.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Its last day; else open.")] = None,
    who: Who = None,
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
) -> None:
    """Put a plate on the list."""
    from sqlalchemy.orm import Session

    from ticketing import exempt
    from ticketing.errors import PlateError, ReasonError

    with told(), open_office(data) as office, Session(office.engine) as session, session.begin():
        last = read_day(until) if until is not None else None
        try:
            row = exempt.add(
                session, who_is(who), plate, kind, read_day(valid_from), last, now=datetime.now(UTC)
            )
        except (PlateError, ReasonError) as error:
            raise UsageError(str(error)) from error
        print(f"{row.id}\t{row.nrkb} is exempt from {row.valid_from}")


@app.command("end")
def end(
    row: Annotated[int, typer.Argument(help="Its number on the list.")],
    on: Annotated[
        str | None, typer.Option("--on", metavar="YYYY-MM-DD", help="Its last day; else today.")
    ] = None,
    who: Who = None,
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
) -> None:
    """Let an exemption end; what was annulled before stays so."""
    from sqlalchemy.orm import Session

    from ticketing import exempt
    from ticketing.errors import NotFoundError

    with told(), open_office(data) as office, Session(office.engine) as session, session.begin():
        try:
            ended = exempt.end(session, who_is(who), row, read_day(on), now=datetime.now(UTC))
        except NotFoundError as error:
            raise UsageError(str(error)) from error
        print(f"{ended.id}\t{ended.nrkb} is exempt until {ended.valid_until}")


@app.command("list")
def list_rows(
    on: Day = None,
    everything: Annotated[bool, typer.Option("--all", help="Ended ones too.")] = False,
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
) -> None:
    """List the plates that are exempt on a day."""
    from sqlalchemy.orm import Session

    from ticketing import exempt

    with told(), open_office(data) as office, Session(office.engine) as session:
        for row in exempt.listed(session, None if everything else read_day(on)):
            until = row.valid_until or "further notice"
            print(
                f"{row.id}\t{row.nrkb}\t{row.kind}\t{row.valid_from} to {until}\tadded by {row.added_by} "
                f"on {row.added_at:%Y-%m-%d}"
            )
