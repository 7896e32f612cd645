"""From a finding to evidence on disk and a case in the officer's queue; a replay writes neither twice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from detectors.camera import Camera
from pipeline.evidence import EvidenceStore
from pipeline.manifest import describe, plain
from pipeline.package import NO_PLATE, Finding, build_package
from pipeline.types import Counters, Evidence
from ticketing.errors import TicketingError
from ticketing.types import FlaggedViolation

log = logging.getLogger(__name__)

# A crash can leave evidence without its case only for the violations in hand at that moment.
RESUMED_AT_MOST = 200


class CaseSink:
    """Writes a finding's evidence, then hands it to ticketing.

    Args:
        camera: the camera that saw it.
        store: where evidence is kept.
        flag: makes the case (`ticketing.cases.flag_violation` in a session of its own, committed), or None
            where no cases are made.
        models: each model's name and SHA-256, for the manifest.
        title_of: a rule's name as people read it.
        counters: where incomplete evidence is counted.
    """

    def __init__(
        self,
        camera: Camera,
        store: EvidenceStore,
        flag: Callable[[FlaggedViolation], None] | None,
        models: Mapping[str, str],
        title_of: Callable[[str], str] = lambda rule: rule,
        counters: Counters | None = None,
    ) -> None:
        self._camera, self._store, self._flag = camera, store, flag
        self._models, self._title_of, self._counters = dict(models), title_of, counters or Counters()

    def __call__(self, finding: Finding) -> Evidence:
        """Take a finding. Raises `pipeline.evidence.StoreError` where its evidence cannot be written."""
        violation_id = finding.violation.id
        evidence = self._store.get(violation_id)
        if evidence is None:
            package = build_package(finding, self._camera, self._title_of(finding.violation.rule))
            self._counters.evidence_incomplete.update(package.missing)
            body = describe(
                finding.violation, self._camera, finding.reading, self._models, package.key_frames
            )
            body["missing"] = list(package.missing)
            body["case"] = case_body(flagged_violation(self._camera, finding, ""))
            evidence = self._store.write(violation_id, body, package.items)
        if self._flag is not None:
            self._flag(flagged_from_manifest(self._store.manifest(violation_id), evidence.manifest_sha256))
        return evidence


_MANIFEST = "evidence_manifest_sha256"


def resume_cases(store: EvidenceStore, flag: Callable[[FlaggedViolation], None]) -> int:
    """Make the cases of evidence that a crash left without one; give how many were looked at.

    Making a case that exists already changes nothing, so the newest packages are simply handed over again.
    """
    newest = store.violation_ids()[-RESUMED_AT_MOST:]
    for violation_id in newest:
        evidence = store.get(violation_id)
        if evidence is None:
            continue
        try:
            flag(flagged_from_manifest(store.manifest(violation_id), evidence.manifest_sha256))
        except (TicketingError, TypeError, ValueError) as error:
            # One package that no case can be made of must not keep a camera from starting.
            log.error("%s: no case can be made of this evidence: %s", violation_id, error)
    return len(newest)


def flagged_violation(camera: Camera, finding: Finding, manifest_sha256: str) -> FlaggedViolation:
    """Put together what ticketing is told of a finding."""
    violation, reading, file = finding.violation, finding.reading, camera.file
    return FlaggedViolation(
        violation_id=violation.id,
        rule=violation.rule,
        camera_id=camera.id,
        camera_name=file.name,
        office=file.office,
        street=file.location.street,
        latitude=file.location.latitude,
        longitude=file.location.longitude,
        timezone=file.timezone,
        occurred_at=violation.started_at,
        vehicle_class=violation.vehicle_class,
        plate_text=reading.text if reading else None,
        plate_accepted=bool(reading and reading.accepted and reading.text),
        plate_confidence=reading.confidence if reading else 0.0,
        character_probabilities=reading.character_probabilities if reading else (),
        plate_colour=reading.colour if reading else None,
        plate_reason=reading.reason if reading else NO_PLATE,
        speed_kmh=violation.speed_kmh,
        speed_uncertainty_kmh=violation.speed_uncertainty_kmh,
        speed_limit_kmh=file.speed_limit_kmh,
        measured=dict(violation.measured),
        evidence_manifest_sha256=manifest_sha256,
        expiry_lines=reading.expiry_lines if reading else (),
    )


def case_body(flagged: FlaggedViolation) -> dict[str, Any]:
    """Write what a case is made of into a manifest, all but that manifest's own hash."""
    return {f.name: plain(getattr(flagged, f.name)) for f in fields(flagged) if f.name != _MANIFEST}


def flagged_from_manifest(manifest: Mapping[str, Any], sha256: str) -> FlaggedViolation:
    """Rebuild what ticketing is told from signed evidence: the case and its evidence cannot differ."""
    case = dict(manifest["case"])
    case["occurred_at"] = datetime.fromisoformat(case["occurred_at"])
    case["character_probabilities"] = tuple(case["character_probabilities"])
    case["expiry_lines"] = tuple(case.get("expiry_lines", ()))
    return FlaggedViolation(**case, evidence_manifest_sha256=sha256)
