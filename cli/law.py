"""``etle law``: the rows of the law table that an administrator enters, each with its source, on the trail."""

from __future__ import annotations

import getpass
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.errors import UsageError, told
from cli.office import open_office
from cli.run import DATA

app = typer.Typer(no_args_is_help=True)
Day = Annotated[
    str | None, typer.Option(metavar="YYYY-MM-DD", help="As the law was on that day; else today.")
]
Who = Annotated[str | None, typer.Option(help="Whose name goes on record; else who is logged in here.")]


@app.callback()
def _law() -> None:
    """Hold the subcommands."""


@app.command("list")
def list_rows(
    rule: Annotated[str | None, typer.Argument(help="A rule; else all.")] = None,
    on: Day = None,
    entered: Annotated[bool, typer.Option("--entered", help="Only what was entered here, by whom.")] = False,
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
) -> None:
    """List the rules with article, fine, detention and points as they hold on a day."""
    from sqlalchemy.orm import Session

    from ticketing import law
    from ticketing.errors import UnknownRuleError

    with told(), open_office(data) as office, Session(office.engine) as session:
        day = read_day(on)
        if entered:
            for row in law.amendments(session):
                print(
                    f"{row.id}\t{row.table} {row.key}\tfrom {row.valid_from}\t{row.values}\t{row.source}\t"
                    f"entered by {row.entered_by} on {row.entered_at:%Y-%m-%d}"
                )
            return
        for name in [rule] if rule else law.rule_ids(session):
            try:
                found = law.law_row(name, day, session)
            except UnknownRuleError as error:
                if rule:
                    raise UsageError(str(error)) from error
                continue
            until = found.valid_until or "further notice"
            print(
                f"{name}\t{found.article}\tRp {found.fine_rupiah}\tdetention: {found.detention or 'none'}\t"
                f"points: {'open' if found.points is None else found.points}\t{found.valid_from} to {until}\t"
                f"{found.title_id} / {found.title_en}"
            )


@app.command("amend")
def amend(
    table: Annotated[str, typer.Argument(help="rules, or deadlines.")],
    key: Annotated[str, typer.Argument(help="A rule's id; an office's name or default.")],
    valid_from: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="Its first day.")],
    source: Annotated[str, typer.Option(help="Where it is written: which regulation, which page.")],
    values: Annotated[
        list[str],
        typer.Option("--set", metavar="FIELD=VALUE", help="What changes; may be repeated. FIELD=null: none."),
    ],
    who: Who = None,
    data: Annotated[Path, typer.Option(help="The data folder.")] = DATA,
) -> None:
    """Enter a row that holds from a day on; of a rule that is there, what is not set stays as it was.

    Cases keep the row that held when they happened.
    """
    from sqlalchemy.orm import Session

    from ticketing import law
    from ticketing.errors import LawError, UnknownRuleError

    with told(), open_office(data) as office, Session(office.engine) as session, session.begin():
        day = read_day(valid_from)
        fields = _fields(values)
        if table == "rules":
            # A new rule has to bring all of its fields, and is refused where it does not.
            with suppress(UnknownRuleError):
                fields = {**law.plain_rule(key, day, session), **fields}
        try:
            law.amend(session, who_is(who), table, key, day, fields, source, now=datetime.now(UTC))
        except LawError as error:
            raise UsageError(str(error)) from error
    print(f"{table} {key}: entered, from {day}")


def read_day(text: str | None) -> date:
    """Read a day; without one, today as UTC has it. Raises `UsageError`."""
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no day: write YYYY-MM-DD") from error


def who_is(who: str | None) -> str:
    """Give the name that goes on record. Raises `UsageError` where there is none."""
    name = (who if who is not None else getpass.getuser()).strip()[:80]
    if not name:
        raise UsageError("say with --who whose name goes on record")
    return name


def _fields(values: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--set {text}: write FIELD=VALUE, as in --set fine=500000")
        name = name.strip()
        if value == "null":
            fields[name] = None
        else:
            fields[name] = int(value) if value.isascii() and value.isdigit() else value
    return fields
