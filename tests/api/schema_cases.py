"""Schemathesis over the OpenAPI document of a server with one gateway: no answer may be a server error.

As a program (``python tests/api/schema_cases.py CASES``): that many cases in all, and a table of what was answered.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import schemathesis
from sqlalchemy.orm import Session

from api.app import create_app
from api.settings import Settings
from ticketing.crypto import ENVIRONMENT, new_key
from ticketing.db import make_engine, migrate
from ticketing.gateways import add_gateway, add_signing_key

CAMERA = "simpang-1"


@schemathesis.serializer("video/mp4", "image/jpeg")
def as_it_is(_, value) -> bytes:
    """Send a generated body byte by byte; Schemathesis wraps one of format binary in a text that is itself empty."""
    data = getattr(value, "data", value)
    return data if isinstance(data, bytes) else str(data).encode("utf-8", "surrogateescape")


def application(folder: Path):
    """Give an application over a new data folder, and the key of its one gateway."""
    os.environ.setdefault(ENVIRONMENT, new_key())
    url = f"sqlite:///{folder / 'office.sqlite3'}"
    migrate(url)
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        key = add_gateway(session, "gerbang-1", [CAMERA], who="uji", now=datetime.now(UTC))
        add_signing_key(session, "gerbang-1", b"k" * 32, who="uji", now=datetime.now(UTC))
    engine.dispose()
    limits = {"segment_bytes": 200_000, "evidence_bytes": 400_000, "wrong_keys_per_minute": 10**9}
    return create_app(Settings(folder, url, waiting_segments=10**9, look_ups_per_minute=10**9, **limits)), key


def run_cases(app, key: str, each: int) -> Counter[tuple[str, str, int]]:
    """Send ``each`` generated requests to every operation, most of them with a right key and camera; give how often
    each operation answered with each status. Raises at the first server error."""
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    answers: Counter[tuple[str, str, int]] = Counter()
    for found in schema.get_all_operations():
        _sender(found.ok(), key, each, answers)()
    return answers


def _sender(operation, key: str, each: int, answers: Counter[tuple[str, str, int]]):
    turns = itertools.count()

    @hypothesis.settings(
        max_examples=each,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.seed(2146)
    @hypothesis.given(case=operation.as_strategy())
    def send(case) -> None:
        # By turns, not drawn: a drawn choice is small far more often than not, and most requests went without the key.
        turn = next(turns)
        if turn % 10 and "camera_id" in (case.path_parameters or {}):
            case.path_parameters["camera_id"] = CAMERA
        if turn % 5:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {key}"}
        response = case.call()
        answers[operation.method.upper(), operation.path, response.status_code] += 1
        assert response.status_code < 500, f"{response.status_code} for {case.as_curl_command()[:2000]}"

    return send


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        app, key = application(Path(folder))
        operations = sum(
            1 for _ in schemathesis.openapi.from_asgi("/api/openapi.json", app).get_all_operations()
        )
        answers = run_cases(app, key, -(-int(sys.argv[1]) // operations))
        for (method, path, status), count in sorted(answers.items()):
            print(f"{method} {path} {status}: {count}")
        print(f"{sum(answers.values())} cases")
