"""From a plate read in doubt to the records that it may be. Nothing here takes a record: an officer does.

A candidate's weight is the product over its characters: the reader's probability where it agrees, else what is left
of it times how often the one character is taken for the other. Records of another vehicle class or plate colour are
left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import ARRAY, ColumnElement, String, any_, bindparam, func, select
from sqlalchemy.orm import Session

from ticketing import gate
from ticketing.models import CaseRow, VehicleRow
from ticketing.plates import NRKB
from ticketing.types import Vehicle

TABLE = Path(__file__).with_name("confusion.yaml")
DIGITS = "0123456789"
ALPHABET = DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MOST_SHOWN = 10


@dataclass(frozen=True)
class Seen:
    """What is known of a vehicle: words are the register's; None where nobody could tell."""

    text: str
    character_probabilities: tuple[float, ...]
    vehicle_class: str | None
    plate_colour: str | None
    body_colour: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A record that the plate may be, nothing personal in it; ``share`` is its part of all that the plate may be."""

    nrkb: str
    share: float
    vehicle: Vehicle
    vehicle_class: str
    plate_colour: str


@dataclass(frozen=True)
class Match:
    """What the register says to a reading.

    ``exact`` tells that the text as read is registered to a vehicle of that class and plate colour. ``suggested``
    is the one candidate that is far ahead of all others, or None: the officer reads the plate all the same.
    """

    exact: bool
    candidates: tuple[Candidate, ...]
    suggested: str | None


def match(session: Session, seen: Seen) -> Match:
    """Look up what a reading may be: nothing, where it is no plate or lacks a probability for a character."""
    if not NRKB.fullmatch(seen.text) or len(seen.character_probabilities) != len(seen.text):
        return Match(False, (), None)
    table = _table()
    doubtful = [i for i, p in enumerate(seen.character_probabilities) if p < table["sure"]]
    weights = _texts(seen.text, seen.character_probabilities, doubtful)
    found = session.execute(
        select(
            VehicleRow.nrkb, VehicleRow.make, VehicleRow.type, VehicleRow.colour, VehicleRow.vehicle_class,
            VehicleRow.plate_colour,
        ).where(_among(session, list(weights)))
    ).all()  # fmt: skip
    scored = []
    for row in found:
        if seen.vehicle_class not in (None, row.vehicle_class) or seen.plate_colour not in (
            None,
            row.plate_colour,
        ):
            continue
        weight = weights[row.nrkb]
        if seen.body_colour is not None and not gate.same_body_colour(seen.body_colour, row.colour):
            weight *= table["body_colour_differs"]
        scored.append((weight, row))
    registered = any(row.nrkb == seen.text for row in found)
    nobody = 0.0 if registered else table["unregistered"] * weights[seen.text]
    total = sum(weight for weight, _ in scored) + nobody
    scored.sort(key=lambda item: (-item[0], item[1].nrkb))
    candidates = tuple(
        Candidate(
            row.nrkb, w / total, Vehicle(row.make, row.type, row.colour), row.vehicle_class, row.plate_colour
        )
        for w, row in scored[:MOST_SHOWN]
        if total > 0
    )
    exact = any(row.nrkb == seen.text for _, row in scored)
    return Match(exact, candidates, _ahead(candidates, len(doubtful)))


def _among(session: Session, plates: list[str]) -> ColumnElement[bool]:
    # One parameter, whatever their number: the statement stays the same, so nobody has to compile and plan it again.
    if session.get_bind().dialect.name == "postgresql":
        return VehicleRow.nrkb == any_(bindparam("plates", plates, ARRAY(String)))
    named = func.json_each(json.dumps(plates)).table_valued("value")
    return VehicleRow.nrkb.in_(select(named.c.value))


def match_case(session: Session, case: CaseRow, body_colour: str | None = None) -> Match:
    """Look up what the reading of a case may be; class and plate colour are the officer's where one corrected them.

    Args:
        body_colour: the vehicle's colour in the register's words; without it, what was seen of it.
    """
    probabilities = case.flagged["character_probabilities"]
    body_colour = body_colour or gate.seen_body_colour(case)
    seen = Seen(
        case.flagged["plate_text"] or "",
        tuple(probabilities),
        gate.seen_class(case),
        gate.seen_colour(case),
        body_colour.strip().lower() if body_colour else None,
    )
    return match(session, seen)


def _ahead(candidates: Sequence[Candidate], doubtful: int) -> str | None:
    table = _table()
    if not candidates or doubtful > table["most_doubtful"]:
        return None
    first = candidates[0]
    second = candidates[1].share if len(candidates) > 1 else 0.0
    rules = table["suggest"]
    far = first.share >= rules["share"] and first.share >= rules["times"] * second
    return first.nrkb if far else None


def _texts(text: str, probabilities: Sequence[float], doubtful: Sequence[int]) -> dict[str, float]:
    """Give every plate that the doubtful characters allow, with its weight; the text as read is always among them."""
    weakest = sorted(doubtful, key=lambda i: probabilities[i])[: _table()["most_doubtful"]]
    sure = prod(p for i, p in enumerate(probabilities) if i not in weakest)
    choices = [
        [(text[i], probabilities[i])]
        + [(c, (1 - probabilities[i]) * share) for c, share in _meant(text[i]).items()]
        for i in weakest
    ]
    found = {}
    for picked in product(*choices):
        characters = list(text)
        weight = sure
        for i, (character, factor) in zip(weakest, picked, strict=True):
            characters[i] = character
            weight *= factor
        plate = "".join(characters)
        if NRKB.fullmatch(plate):
            found[plate] = weight
    return found


@cache
def _meant(named: str) -> Mapping[str, float]:
    """Give what may be meant where the reader names a character wrongly; the shares make one."""
    table = _table()
    rates = {}
    for true in ALPHABET:
        if true != named:
            kind = "same_kind" if (true in DIGITS) == (named in DIGITS) else "other_kind"
            rates[true] = table["taken_for"].get(true, {}).get(named, table[kind])
    total = sum(rates.values())
    return {true: rate / total for true, rate in rates.items()}


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return table
