"""A gateway's segments that the server has not taken yet, on disk, with how far the source was cut."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.blobs import StoreError, sync_folder, write_whole
from pipeline.cutting import Cut

PROGRESS, REFUSED = "progress.json", "refused"
_NAME = re.compile(r"(\d{12})_(\d{8}T\d{6}\.\d{6}Z)(\.mp4|\.zip)")
_TIME = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True)
class Parcel:
    """One segment that waits to be handed over."""

    sequence: int
    recorded_at: datetime
    kind: str
    path: Path

    @property
    def size_bytes(self) -> int:
        """Its size on disk."""
        return self.path.stat().st_size


class Outbox:
    """One camera's segments in a folder. A crash at any moment loses none and numbers none twice: a segment counts
    once the progress file names the number after it."""

    def __init__(self, folder: Path) -> None:
        """Open or make it. Raises `StoreError`."""
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            text = (folder / PROGRESS).read_bytes() if (folder / PROGRESS).exists() else b"{}"
            self._progress: dict[str, Any] = json.loads(text)
        except (OSError, ValueError) as error:
            raise StoreError(f"{folder}: cannot be read: {error}") from error

    @property
    def next_sequence(self) -> int:
        """The number that the next segment gets."""
        return int(self._progress.get("next_sequence", 0))

    def place_in(self, source: str) -> float | str | None:
        """Give where a source was cut last, None where it never was; one that is finished gives its end."""
        places: dict[str, float | str] = self._progress.get("places", {})
        return places.get(source)

    def finished(self, source: str) -> bool:
        """Tell whether a source was cut to its end."""
        return source in self._progress.get("finished", [])

    def put(self, source: str, cut: Cut) -> Parcel:
        """Keep a segment, durably. Raises `StoreError`."""
        sequence = self.next_sequence
        at = cut.recorded_at.astimezone(UTC)
        path = self._folder / f"{sequence:012d}_{at.strftime(_TIME)}{cut.kind}"
        write_whole(path, cut.data)
        places = {**self._progress.get("places", {}), source: cut.after}
        self._write({**self._progress, "next_sequence": sequence + 1, "places": places})
        return Parcel(sequence, at, cut.kind, path)

    def finish(self, source: str) -> None:
        """Say that a source was cut to its end. Raises `StoreError`."""
        self._write({**self._progress, "finished": [*self._progress.get("finished", []), source]})

    def waiting(self) -> list[Parcel]:
        """Give what waits, oldest first."""
        found = []
        for path in sorted(self._folder.iterdir()):
            named = _NAME.fullmatch(path.name)
            if named is not None and int(named[1]) < self.next_sequence:
                at = datetime.strptime(named[2], _TIME).replace(tzinfo=UTC)
                found.append(Parcel(int(named[1]), at, named[3], path))
        return found

    def size_bytes(self) -> int:
        """Give how much waits."""
        return sum(parcel.size_bytes for parcel in self.waiting())

    def done(self, parcel: Parcel) -> None:
        """Let go of a segment that the server has."""
        parcel.path.unlink(missing_ok=True)
        sync_folder(self._folder)

    def refuse(self, parcel: Parcel) -> Path:
        """Put a segment that the server will never take aside; give where it lies."""
        aside = self._folder / REFUSED / parcel.path.name
        aside.parent.mkdir(exist_ok=True)
        parcel.path.replace(aside)
        return aside

    def _write(self, progress: dict[str, Any]) -> None:
        write_whole(self._folder / PROGRESS, json.dumps(progress, indent=1).encode())
        self._progress = progress
