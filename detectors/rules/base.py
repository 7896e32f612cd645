"""The one interface of a violation rule.

A rule is fed one `Scene` after another of one camera, in time order, and answers with the violations that
have just become certain. It keeps its own state per track and forgets a track when the tracker does. It knows
the camera's geometry and its own parameters, and nothing else: no plates, no owners, no database, no clock. A
rule about the plate itself (`PlateRule`) hands candidates on and judges each once its plate has been read.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from detectors.camera import Camera
from detectors.types import Scene, Violation

_NAMESPACE = uuid.UUID("6f0e5a0c-6f5c-5b0e-9d1c-0e71e0000001")


class Rule(Protocol):
    """One kind of violation on one camera."""

    rule_id: str

    def update(self, scene: Scene) -> list[Violation]:
        """Take in one moment; give the violations that it completes."""
        ...

    def finish(self) -> list[Violation]:
        """The source has ended: give what was certain already and only waited for its track to end."""
        ...


@dataclass(frozen=True)
class SeenPlate:
    """What a `PlateRule` may know of a plate: the NRKB without spaces and the base colour, None where they cannot be
    told; ``accepted`` only where the reader has no doubt about any character."""

    text: str | None
    accepted: bool
    colour: str | None


@dataclass(frozen=True)
class LetPass:
    """Why a candidate is no violation, in words that a person can count."""

    reason: str


@runtime_checkable
class PlateRule(Protocol):
    """A rule whose findings are candidates until their plate has been read."""

    rule_id: str

    def judge(self, violation: Violation, plate: SeenPlate | None) -> Violation | LetPass:
        """Judge a candidate; ``plate`` is None where none was seen."""
        ...


@runtime_checkable
class PassageRule(PlateRule, Protocol):
    """A rule that flags nobody by itself: what it hands on is a vehicle's passage, to be judged with the same vehicle's
    at another camera. ``started_at`` is the moment, ``measured["moment_doubt_s"]`` half of its 95% interval."""

    hands_on_passages: bool


RuleFactory = Callable[[Camera, Mapping[str, object]], Rule]


def violation_id(camera_id: str, rule_id: str, track_began_at: datetime, track_id: int) -> str:
    """Give the same id to the same event on every replay, and different ids to two tracks begun at once."""
    began = track_began_at.isoformat(timespec="microseconds")
    return str(uuid.uuid5(_NAMESPACE, f"{camera_id}|{rule_id}|{began}|{track_id}"))
