"""The contact centre's table: its topics, what is promised for each, how things end, and what one person may send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ticketing.errors import ReasonError

TABLE = Path(__file__).with_name("contact.yaml")
CONVERSATION, REPORT = "conversation", "report"
KINDS = (CONVERSATION, REPORT)


@dataclass(frozen=True)
class Promise:
    """Until when the office answers first, and then again."""

    first: timedelta
    then: timedelta


@dataclass(frozen=True)
class Limits:
    """What one network may begin, and what one message may hold; ``letters`` are characters."""

    new_per_hour: int
    new_per_day: int
    unanswered_messages: int
    letters: int
    files: int


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return table


def topics(kind: str) -> Mapping[str, tuple[str, str]]:
    """Give the topics of a kind with their words, Bahasa Indonesia and English."""
    return {name: (row["title"][0], row["title"][1]) for name, row in _table()[kind].items()}


def outcomes() -> Mapping[str, tuple[str, str]]:
    """Give the ways in which a conversation or report ends, with their words."""
    return {name: (words[0], words[1]) for name, words in _table()["outcomes"].items()}


def limits() -> Limits:
    """Give what one person may send."""
    return Limits(**_table()["limits"])


def promise_for(kind: str, topic: str, day: date) -> Promise:
    """Give what is promised for a topic on a day. Raises `ReasonError` where there is no such topic."""
    row = _table()[kind].get(topic) if kind in KINDS else None
    if row is None:
        known = ", ".join(_table()[kind]) if kind in KINDS else ", ".join(KINDS)
        raise ReasonError(f"{topic[:40]!r} is no topic; known: {known}")
    begun = max((p for p in row["promises"] if p["from"] <= day), key=lambda p: p["from"])
    return Promise(timedelta(minutes=begun["first"]), timedelta(minutes=begun["next"]))
