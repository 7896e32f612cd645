"""The ticketing office's database: SQLite (WAL) or PostgreSQL through SQLAlchemy, brought up to date by Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event

MIGRATIONS = Path(__file__).parent / "migrations"


def make_engine(url: str) -> Engine:
    """Open a database by its URL. On SQLite: WAL, foreign keys held, 10 s wait for a lock, 32 MiB of pages kept by each
    connection (a register of ten million records has an index of 183), deleted rows overwritten. Errors never quote
    what was to be stored: plates and names would outlive their rows in a log.
    """
    engine = create_engine(url, hide_parameters=True)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _configure(connection: Any, _record: Any) -> None:
            cursor = connection.cursor()
            # secure_delete: a deleted passage's plate does not stay readable in a free page.
            for pragma in (
                "journal_mode=WAL", "foreign_keys=ON", "busy_timeout=10000", "cache_size=-32768", "secure_delete=ON"
            ):  # fmt: skip
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

    return engine


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database up (or, with an older ``revision`` or "base", down) to a revision."""
    engine = make_engine(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            if _is_behind(config, connection, revision):
                command.downgrade(config, revision)
            else:
                command.upgrade(config, revision)
    finally:
        engine.dispose()


def _is_behind(config: Config, connection: Connection, revision: str) -> bool:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None or revision in ("head", current):
        return False
    passed = ScriptDirectory.from_config(config).iterate_revisions(current, "base")
    return revision == "base" or revision in {script.revision for script in passed}
