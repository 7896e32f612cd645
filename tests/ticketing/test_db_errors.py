"""What the database says of a failure holds nothing personal."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from ticketing.db import make_engine


def test_an_error_never_quotes_what_was_to_be_stored(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'office.sqlite'}")
    with engine.connect() as connection, pytest.raises(OperationalError) as error:
        connection.execute(text("INSERT INTO nowhere VALUES (:plate)"), {"plate": "B1234ABC"})
    assert "nowhere" in str(error.value)
    assert "B1234ABC" not in str(error.value)
