"""The databases that the tests of the store run on: a migrated one is made once, and copied for each test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text

from ticketing.db import migrate


class SqliteStore:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.template = folder / "template.sqlite3"
        migrate(f"sqlite:///{self.template}")

    @contextmanager
    def database(self, *, empty: bool = False) -> Iterator[str]:
        """Give the URL of a new database."""
        folder = self._folder / uuid4().hex
        folder.mkdir()
        if not empty:
            shutil.copy(self.template, folder / "office.sqlite3")
        yield f"sqlite:///{folder / 'office.sqlite3'}"
        shutil.rmtree(folder)


class PostgresStore:
    """Databases on a server; ``server`` is the URL of one in which others may be made."""

    def __init__(self, server: str) -> None:
        self._server = make_url(server)
        self._admin = create_engine(server, isolation_level="AUTOCOMMIT")
        self._template = f"etle_template_{uuid4().hex[:12]}"
        self._execute(f"CREATE DATABASE {self._template}")
        migrate(self._url(self._template))

    @contextmanager
    def database(self, *, empty: bool = False) -> Iterator[str]:
        """Give the URL of a new database."""
        name = f"etle_test_{uuid4().hex}"
        self._execute(f"CREATE DATABASE {name}" + ("" if empty else f" TEMPLATE {self._template}"))
        try:
            yield self._url(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Leave nothing on the server."""
        self._execute(f"DROP DATABASE {self._template} WITH (FORCE)")
        self._admin.dispose()

    def _url(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))
