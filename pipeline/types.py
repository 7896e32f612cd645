"""What crosses the walls of `pipeline/`: evidence out, faults named, counters told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class EvidenceFile:
    """One file of an evidence package: its ``role``, media type, content address and size.

    Roles: ``wide``, ``vehicle``, ``plate`` and ``offence`` (annotated) are the letter's four photos;
    ``frame:0…`` the untouched key frames, ``annotated:0…`` the other key frames drawn upon, ``plate:1…``
    further plate crops, ``clip`` the video, ``measurement`` what the rule measured from (JSON); ``first_vehicle``,
    ``first_measurement`` and ``first_passage`` are of the first of two cameras, ``last_passage`` of the second;
    ``public_wide``, ``public_vehicle``, ``public_offence`` and the other key frames ``public_frame:0…``, and
    ``public_clip``, are what an owner may see, with everybody else masked. ``note`` says how the file was made.
    """

    role: str
    media_type: str
    sha256: str
    size_bytes: int
    note: str = ""


@dataclass(frozen=True)
class Evidence:
    """A written evidence package, by its violation."""

    violation_id: str
    manifest_sha256: str
    files: tuple[EvidenceFile, ...]

    def file(self, role: str) -> EvidenceFile | None:
        """Give the file of one role."""
        return next((f for f in self.files if f.role == role), None)


@dataclass(frozen=True)
class EvidenceItem:
    """A file that is to be written into a package."""

    role: str
    media_type: str
    data: bytes = field(repr=False)
    note: str = ""


@dataclass(frozen=True)
class Fault:
    """Something in the evidence store that is not as it was written: ``where`` names the file."""

    violation_id: str | None
    where: str
    what: str

    def __str__(self) -> str:
        of = f" (violation {self.violation_id})" if self.violation_id else ""
        return f"{self.where}{of}: {self.what}"


@dataclass(frozen=True)
class Arrivals:
    """How a camera's live frames arrive: ``taken`` in, ``missing`` by their numbers, ``refused`` by name.

    ``lag_s`` runs from capture to arrival by our clock (median of the last ones); ``clock_offset_s`` is how far the
    gateway's clock is ahead of ours, transit included, None where the gateway does not tell its time.
    """

    taken: int
    missing: int
    refused: Mapping[str, int]
    lag_s: float | None
    clock_offset_s: float | None


@dataclass
class Counters:
    """What happened on one camera, above all what was dropped, not read or not flagged, and why."""

    frames: int = 0
    frames_still: int = 0
    frames_detected: int = 0
    frames_dropped: int = 0
    frames_wrong_size: int = 0
    frames_clock_unfit: int = 0
    signal_unknown: int = 0
    vehicles: int = 0
    tracks_unconfirmed: int = 0
    by_class: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    let_pass: Counter[str] = field(default_factory=Counter)
    passages: int = 0
    plates_read: int = 0
    plates_in_doubt: int = 0
    not_read: Counter[str] = field(default_factory=Counter)
    paused: Counter[str] = field(default_factory=Counter)
    evidence_incomplete: Counter[str] = field(default_factory=Counter)
