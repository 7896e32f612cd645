"""Migrations go up and down with an office's data in the tables, on SQLite and on PostgreSQL."""

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from ticketing import audit
from ticketing.db import MIGRATIONS, make_engine, migrate
from ticketing.models import Base

REVISIONS = [s.revision for s in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]
KEPT = ("vehicles", "cases", "audit")


def rows(engine):
    """Everything that the first revision has a column for, in tables that it has."""
    found = {}
    with engine.connect() as connection:
        for table in KEPT:
            found[table] = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()
        found["plates"] = connection.execute(text("SELECT nrkb, personal FROM vehicles")).all()
        found["violations"] = connection.execute(text("SELECT id, rule, camera_id FROM cases")).all()
    return found


def tables(engine):
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


@pytest.fixture
def filled(engine, in_state, url):
    """An office in whose tables something lies: cases that were answered, paid, judged, withdrawn."""
    in_state("judged")
    return url


def test_an_empty_database_goes_up_to_exactly_the_models_tables_and_down_to_none(store):
    with store.database(empty=True) as url:
        migrate(url)
        engine = make_engine(url)
        assert tables(engine) == set(Base.metadata.tables)
        for name, table in Base.metadata.tables.items():
            there = {column["name"]: column for column in inspect(engine).get_columns(name)}
            assert set(there) == {c.name for c in table.columns}, name
            assert {k: c["nullable"] for k, c in there.items()} == {c.name: c.nullable for c in table.columns}
        migrate(url, "base")
        assert tables(engine) == set()
        engine.dispose()


def test_every_step_down_and_up_again_keeps_what_it_has_a_place_for(filled, engine, session):
    before = rows(engine)
    assert before["cases"] == 1
    session.close()
    engine.dispose()
    for revision in reversed(REVISIONS[:-1]):
        migrate(filled, revision)
        assert rows(engine) == before, revision
        engine.dispose()
    for revision in REVISIONS[1:]:
        migrate(filled, revision)
        assert rows(engine) == before, revision
        engine.dispose()
    with Session(engine) as again:
        assert audit.verify(again) == []
