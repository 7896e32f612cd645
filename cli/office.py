"""The back office behind the commands: its database, its register, its cases. All of ticketing that the
command line knows is here."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.errors import UsageError
from ticketing.types import FlaggedViolation

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from ticketing.channels import Channel
    from ticketing.passages import SectionFinding
    from ticketing.record_rules.settings import Settings
    from ticketing.register_import import Imported
    from ticketing.samsat import Samsat

DATABASE = "etle.sqlite3"
ENVIRONMENT = "ETLE_DATABASE_URL"
METRICS = "ETLE_METRICS_TOKEN"


def database_url(data: Path) -> str:
    """Give the database of a data folder: ``ETLE_DATABASE_URL`` where it is set, else SQLite in it."""
    return os.environ.get(ENVIRONMENT) or f"sqlite:///{(data / DATABASE).resolve()}"


@dataclass(frozen=True)
class Office:
    """An open back office."""

    engine: Engine

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on an error."""
        from sqlalchemy.orm import Session

        with Session(self.engine) as session, session.begin():
            yield session

    def flag(self, flagged: FlaggedViolation) -> None:
        """Make the case of a violation, committed when this returns; one that exists stays as it is."""
        from sqlalchemy.exc import IntegrityError

        from ticketing.cases import flag_violation

        try:
            with self.session() as session:
                flag_violation(session, flagged)
        except IntegrityError:
            # The workers of a section's two cameras made its case at once: the other's is found now.
            with self.session() as session:
                flag_violation(session, flagged)

    def measures(self, camera_id: str) -> bool:
        """Tell whether a section that is measured begins or ends at a camera."""
        return self._rules.average_speed.measures(camera_id)

    def keep_passage(self, passed: FlaggedViolation) -> tuple[SectionFinding, ...]:
        """Keep a passage, committed, and give the pairs of its plate that were too fast."""
        from sqlalchemy.exc import IntegrityError

        from ticketing import passages

        now = datetime.now(UTC)
        try:
            with self.session() as session:
                passages.keep(session, passed, now)
        except IntegrityError:
            # Two workers kept the same passage at once: the other's is found now.
            with self.session() as session:
                passages.keep(session, passed, now)
        with self.session() as session:
            return passages.too_fast(session, self._rules.average_speed, now, passed.plate_text)

    def too_fast(self) -> tuple[SectionFinding, ...]:
        """Give all pairs of kept passages that were too fast."""
        from ticketing.passages import too_fast

        with self.session() as session:
            return too_fast(session, self._rules.average_speed, datetime.now(UTC))

    def forget_passages(self, now: datetime) -> tuple[int, float]:
        """Delete the passages whose time is over; give how many, and for how many minutes they are kept."""
        from ticketing.passages import forget

        settings = self._rules.average_speed
        with self.session() as session:
            return forget(session, settings, now), settings.keep_minutes

    @cached_property
    def _rules(self) -> Settings:
        # Read once: a fault written into the file while cameras run stops none of them.
        from ticketing.record_rules.settings import load_settings

        return load_settings()

    def violation_of(self, case_id: int) -> str | None:
        """Give a case's violation, None where there is no such case."""
        from sqlalchemy.orm import Session

        from ticketing.models import CaseRow

        with Session(self.engine) as session:
            case = session.get(CaseRow, case_id)
            return None if case is None else str(case.violation_id)

    def exempts(self, rule: str, plate: str) -> str | None:
        """Say why a plate's record lets it pass under a rule about plates, None where it does not."""
        from sqlalchemy.orm import Session

        from ticketing.record_rules import odd_even
        from ticketing.record_rules.base import LookUp, Register
        from ticketing.registry import find

        if rule != "odd_even":
            return None
        with Session(self.engine) as session:
            record = find(session, plate)
        look_up = LookUp(Register.NOT_REGISTERED if record is None else Register.FOUND, record)
        return odd_even.lets_pass(look_up, self._rules.odd_even)

    def title_of(self, rule: str) -> str:
        """Give a rule's name as officers and owners read it."""
        from ticketing.law import title_of

        return str(title_of(rule))

    def import_register(
        self,
        file: Path,
        report: Path | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Imported:
        """Take STNK records in, each batch committed as it is read; rows that cannot be are listed in ``report``.

        Raises:
            RegistryImportError: it is no register file; nothing was taken in.
        """
        from sqlalchemy.orm import Session

        from ticketing.register_import import import_csv

        with Session(self.engine) as session:
            return import_csv(session, file, report=report, keep=session.commit, progress=progress)

    def add_officer(self, login: str, name: str, password: str, role: str = "reviewer") -> None:
        """Let an officer sign in at the desk. Raises `UsageError` where the login is taken or none."""
        from sqlalchemy.orm import Session

        from ticketing.errors import LoginError
        from ticketing.officers import add_officer

        try:
            with Session(self.engine) as session, session.begin():
                add_officer(session, login, name, password, role, now=datetime.now(UTC))
        except LoginError as error:
            raise UsageError(str(error)) from error

    def verify_audit(self) -> list[str]:
        """Check the audit trail; give what was altered."""
        from sqlalchemy.orm import Session

        from ticketing.audit import verify

        with Session(self.engine) as session:
            return [str(fault) for fault in verify(session)]

    def export_hard_examples(self, since: datetime, file: Path) -> list[str]:
        """Write what officers rejected or corrected since then as a table; give the violations' ids."""
        from sqlalchemy.orm import Session

        from ticketing.funnel import export_hard_examples

        with Session(self.engine) as session:
            return export_hard_examples(session, since, file)

    def run_schedule(self, channels: Mapping[str, Channel], samsat: Samsat) -> dict[str, Counter[str]]:
        """Fire the clocks that have run out, escalate what the contact centre left open, hand over the letters that
        are due, and tell Samsat of blocks.

        Returns:
            How often each clock fired; how many letters, and how many orders for Samsat, ended in each status.
        """
        from ticketing import outbox, samsat_delivery
        from ticketing.contact_office import escalate_due
        from ticketing.schedule import run_due

        now = datetime.now(UTC)
        fired = run_due(self.engine, now)
        fired.update({"contact_escalated": n} if (n := escalate_due(self.engine, now)) else {})
        return {
            "deadlines": fired,
            "letters": outbox.deliver_due(self.engine, channels, now),
            "orders for Samsat": samsat_delivery.deliver_due(self.engine, samsat, now),
        }

    def demonstrate(self) -> Demonstration | None:
        """As the demo's officer, confirm one case whose plate was read and matched; None where none is."""
        from sqlalchemy.orm import Session

        from ticketing.demonstration import demonstrate

        with Session(self.engine) as session, session.begin():
            shown = demonstrate(session)
        return None if shown is None else Demonstration(*shown)


@dataclass(frozen=True)
class Demonstration:
    """What a demo shows: the logins, of one password, and the plate and reference of one ticket."""

    logins: tuple[str, ...]
    password: str
    plate: str
    reference: str


def web_app(
    data: Path, portal_url: str | None, *, second_factor: bool = True, second_share: float = 0.0
) -> Any:
    """Give the web application over a data folder; it is reached by HTTPS where it has a public address.

    ``second_factor`` and ``second_share`` as in `api.settings.Settings`; its metrics' token is ``ETLE_METRICS_TOKEN``.
    """
    from api.app import create_app
    from api.settings import Settings

    address = portal_url.rstrip("/") if portal_url else None
    settings = Settings(
        data,
        database_url(data),
        address,
        https=address is not None,
        second_factor=second_factor,
        second_share=second_share,
        metrics_token=os.environ.get(METRICS, ""),
    )
    return create_app(settings)


@contextmanager
def open_office(data: Path) -> Iterator[Office]:
    """Open the back office of a data folder, its database brought up to date.

    Raises:
        UsageError: the database cannot be reached or written.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from ticketing.db import make_engine, migrate

    url = database_url(data)
    try:
        data.mkdir(parents=True, exist_ok=True)
        _provide_key(data / "keys" / "personal-data.key")
        migrate(url)
        engine = make_engine(url)
    except SQLAlchemyError as error:
        raise UsageError(f"the database cannot be opened: {error}") from error
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the database cannot be opened: its driver {error.name} is not installed; PostgreSQL's comes with "
            "etle[postgres]"
        ) from error
    try:
        yield Office(engine)
    finally:
        engine.dispose()


def _provide_key(file: Path) -> None:
    """Where the environment gives no key for personal data, keep one beside the data: fit for one machine only."""
    from ticketing.crypto import ENVIRONMENT as KEY
    from ticketing.crypto import new_key

    if os.environ.get(KEY):
        return
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(new_key(), encoding="ascii")
    os.environ[KEY] = file.read_text(encoding="ascii")
