import pytest
from sqlalchemy.orm import Session

from ticketing.crypto import ENVIRONMENT, new_key
from ticketing.db import make_engine, migrate


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, new_key())
    url = f"sqlite:///{tmp_path / 'office.sqlite3'}"
    migrate(url)
    engine = make_engine(url)
    with Session(engine) as opened:
        yield opened
    engine.dispose()
