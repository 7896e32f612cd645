"""Vehicles that pass an end of a measured section: signed stills of the moment, until their time is over.

They stand outside the evidence store, whose chain forgets nothing: nearly all of these people broke no law, and a file
of theirs is to be gone without a trace. What turns out to be a violation is written into the store whole
(`pipeline.section_cases`).
"""

from __future__ import annotations

import base64
import io
import json
import logging
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from detectors.camera import Camera
from detectors.types import Box, Detection, Violation
from pipeline.blobs import StoreError, sha256_hex, write_whole
from pipeline.cases import case_body, flagged_from_manifest, flagged_violation
from pipeline.images import ImageError, decode_image, encode_png
from pipeline.manifest import canonical, describe, plain, with_signature
from pipeline.measurement import ROLE, MeasurementError, measurement_file, read_measurement
from pipeline.package import PLATES_SHOWN, Finding
from pipeline.plates import PlateCrop
from pipeline.ring import StoredFrame
from pipeline.signing import EvidenceKey, load_public_key, signed_by
from pipeline.types import Counters
from plate_reader.types import PlateReading
from ticketing.passages import CLOCK_OFFSET, SectionFinding
from ticketing.types import FlaggedViolation

log = logging.getLogger(__name__)

FORMAT = "etle-passage/1"
FOLDER = "passages"
NO_CLOCK = "average_speed: the gateway does not tell its clock"
NO_CASE = "average_speed: no case, the pictures of an end cannot be used"
_MANIFEST, _FRAME = "manifest.json", "frame.jpg"
_Violation, _Reading = TypeAdapter(Violation), TypeAdapter(PlateReading | None)


class PassageError(StoreError):
    """A passage that cannot be used: deleted, damaged or altered."""


@dataclass(frozen=True)
class Passage:
    """A passage as it was kept: ``finding`` has one frame. ``signed`` is its manifest as it was signed."""

    finding: Finding
    camera: Camera
    flagged: FlaggedViolation
    models: Mapping[str, str]
    signed: bytes


class PassageStore:
    """One file per passage, ``passages/ID.zip`` in the data folder: a signed manifest and the files that it names."""

    def __init__(self, root: Path) -> None:
        self._folder, self._keys = root / FOLDER, root / "keys"

    @cached_property
    def _key(self) -> EvidenceKey:
        return EvidenceKey(self._keys)

    def write(self, finding: Finding, camera: Camera, models: Mapping[str, str]) -> str:
        """Keep a passage's stills; one that is there whole stays as it is.

        Returns:
            Its manifest's SHA-256.

        Raises:
            StoreError: no room or no right to write, or its frame is no longer kept.
        """
        path = self._path(finding.violation.id)
        try:
            return self.read(finding.violation.id).flagged.evidence_manifest_sha256
        except PassageError:
            # Not there, or damaged: it is written anew.
            pass
        key = finding.violation.key_frames[0]
        stored = min(finding.frames, key=lambda f: abs(f.t_s - key.t_s), default=None)
        if stored is None:
            raise StoreError(f"passage {finding.violation.id}: its frame is no longer kept")
        crops = finding.crops[:PLATES_SHOWN]
        files = {
            _FRAME: stored.jpeg,
            **{f"plate-{i}.png": encode_png(c.image) for i, c in enumerate(crops)},
            f"{ROLE}.json": measurement_file(finding.path, finding.signals, camera).data,
        }
        manifest = {
            **describe(finding.violation, camera, finding.reading, models, ()),
            "format": FORMAT,
            "case": case_body(flagged_violation(camera, finding, "")),
            "frame": {
                "index": stored.index,
                "t_s": stored.t_s,
                "captured_at": plain(stored.captured_at),
                "as_received": stored.as_received,
                "box_xyxy": finding.boxes.get(stored.index),
                "detections": plain(stored.detections),
            },
            "crops": [
                {"frame_index": c.frame_index, "t_s": c.t_s, "box_xyxy": plain(c.box_xyxy), "score": c.score}
                for c in crops
            ],
            "files": {name: sha256_hex(data) for name, data in files.items()},
        }
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_MANIFEST, with_signature(manifest, self._key))
            for name, data in files.items():
                archive.writestr(name, data)
        write_whole(path, out.getvalue())
        return sha256_hex(canonical(manifest))

    def read(self, passage_id: str) -> Passage:
        """Give a passage, its signature and every file checked. Raises `PassageError`."""
        try:
            with zipfile.ZipFile(self._path(passage_id)) as archive:
                files = {name: archive.read(name) for name in archive.namelist()}
            signed = files.pop(_MANIFEST)
            whole = json.loads(signed)
            manifest, data = whole["manifest"], canonical(whole["manifest"])
            signature = base64.b64decode(whole["signature_ed25519"], validate=True)
            if not signed_by(load_public_key(self._keys), signature, data):
                raise PassageError(f"passage {passage_id}: altered: the signature does not fit")
            if {name: sha256_hex(data) for name, data in files.items()} != manifest["files"]:
                raise PassageError(f"passage {passage_id}: altered: a file is not the one that was signed")
            return _passage(manifest, files, sha256_hex(data), signed)
        except FileNotFoundError as error:
            raise PassageError(f"passage {passage_id}: deleted") from error
        except (OSError, zipfile.BadZipFile, ValueError, KeyError, TypeError) as error:
            raise PassageError(f"passage {passage_id}: cannot be read: {error!r:.200}") from error

    def forget(self, until: datetime) -> tuple[int, int]:
        """Delete the files that were written until then, those that a crash left unfinished too; give how many, and how
        many cannot be deleted, each of which is told in the log."""
        gone = left = 0
        for path in self._folder.glob("*"):
            # Another process may delete it first.
            try:
                if path.stat().st_mtime <= until.timestamp():
                    path.unlink()
                    gone += 1
            except FileNotFoundError:
                continue
            except OSError as error:
                log.error("passage %s: cannot be deleted: %s", path.name, error.strerror)
                left += 1
        return gone, left

    def _path(self, passage_id: str) -> Path:
        return self._folder / f"{passage_id}.zip"


class PassageSink:
    """Keeps each passage of one camera, and makes the cases of those that were too fast.

    Args:
        camera: the camera that saw them.
        store: where their stills are kept.
        keep: puts a passage on record, committed, and gives the pairs of its plate that were too fast.
        cases: makes a pair's case; tells whether it is new.
        models: each model's name and SHA-256, for the manifest.
        clock_offset_s: how far the source's clock is from ours, None where nobody can tell. Two cameras' clocks are
            compared here: what one is off widens the interval, and one that nobody knows measures nothing.
    """

    def __init__(
        self,
        camera: Camera,
        store: PassageStore,
        keep: Callable[[FlaggedViolation], Sequence[SectionFinding]],
        cases: Callable[[SectionFinding], bool],
        models: Mapping[str, str],
        clock_offset_s: Callable[[], float | None] = lambda: 0.0,
    ) -> None:
        self._camera, self._store, self._keep, self._cases = camera, store, keep, cases
        self._models, self._clock_offset_s = dict(models), clock_offset_s

    def __call__(self, finding: Finding, counters: Counters) -> None:
        """Take a passage. Raises `StoreError` where its stills cannot be written."""
        offset = self._clock_offset_s()
        if offset is None:
            counters.let_pass[NO_CLOCK] += 1
            return
        measured = {**finding.violation.measured, CLOCK_OFFSET: offset}
        passed = replace(finding, violation=replace(finding.violation, measured=measured))
        sha256 = self._store.write(passed, self._camera, self._models)
        counters.passages += 1
        for found in self._keep(flagged_violation(self._camera, passed, sha256)):
            try:
                counters.flagged[finding.violation.rule] += self._cases(found)
            except PassageError as error:
                log.error("average_speed %s: no case: %s", found.finding.sightings[-1], error)
                counters.let_pass[NO_CASE] += 1


def _passage(manifest: Mapping[str, Any], files: Mapping[str, bytes], sha256: str, signed: bytes) -> Passage:
    try:
        violation = _Violation.validate_python(manifest["violation"])
        reading = _Reading.validate_python(manifest["plate"])
        measured = read_measurement(files[f"{ROLE}.json"])
        crops = tuple(
            PlateCrop(
                **(row | {"box_xyxy": _box(row["box_xyxy"])}), image=decode_image(files[f"plate-{i}.png"])
            )
            for i, row in enumerate(manifest["crops"])
        )
    except (ValidationError, MeasurementError, ImageError) as error:
        raise PassageError(f"passage {manifest['violation']['id']}: cannot be read: {error}") from error
    frame = manifest["frame"]
    found = frame["detections"]
    stored = StoredFrame(
        frame["index"],
        frame["t_s"],
        datetime.fromisoformat(frame["captured_at"]),
        files[_FRAME],
        frame["as_received"],
        None if found is None else tuple(Detection(**(d | {"box_xyxy": _box(d["box_xyxy"])})) for d in found),
    )
    boxes = {} if frame["box_xyxy"] is None else {stored.index: _box(frame["box_xyxy"])}
    finding = Finding(violation, (stored,), boxes, crops, reading, measured.path, measured.signals)
    return Passage(
        finding, measured.camera, flagged_from_manifest(manifest, sha256), manifest["models"], signed
    )


def _box(values: Sequence[float]) -> Box:
    x1, y1, x2, y2 = values
    return x1, y1, x2, y2
