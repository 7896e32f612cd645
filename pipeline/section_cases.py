"""A vehicle that was too fast between two cameras: the evidence of both ends in one package, and its case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeline.cases import case_body, flagged_from_manifest
from pipeline.evidence import EvidenceStore
from pipeline.manifest import describe
from pipeline.measurement import FIRST_ROLE, ROLE
from pipeline.package import build_stills
from pipeline.passages import Passage, PassageError, PassageStore
from pipeline.types import Evidence, EvidenceItem
from ticketing.passages import SectionFinding
from ticketing.record_rules.base import RecordFinding
from ticketing.types import FlaggedViolation

# The first end's files by the roles that key frames before the decisive one have; what is left out is in another file.
_FIRST = {
    "frame:0": "frame:0",
    "offence": "annotated:0",
    "public_wide": "public_frame:0",
    "vehicle": "first_vehicle",
    "plate": "plate:1",
    ROLE: FIRST_ROLE,
}
_LAST = {"frame:0": "frame:1", "plate:1": "plate:2", "plate:2": "plate:3"}
PASSAGES = ("first_passage", "last_passage")


class SectionCases:
    """Makes the case of two passages. It has the later one's id, so that one passage is never in two cases.

    Args:
        passages: where the stills of both are.
        store: where the case's evidence goes.
        flag: makes the case, committed.
        title_of: a rule's name as people read it.
    """

    def __init__(
        self,
        passages: PassageStore,
        store: EvidenceStore,
        flag: Callable[[FlaggedViolation], None],
        title_of: Callable[[str], str] = lambda rule: rule,
    ) -> None:
        self._passages, self._store, self._flag, self._title_of = passages, store, flag, title_of

    def __call__(self, found: SectionFinding) -> bool:
        """Make the case and tell whether its evidence is new; the same pair again changes nothing.

        Raises:
            PassageError: the stills of an end are gone or were altered.
            StoreError: the evidence cannot be written.
        """
        last_id = found.finding.sightings[-1]
        evidence, new = self._store.get(last_id), False
        if evidence is None:
            ends = [self._passages.read(passage) for passage in found.finding.sightings]
            _check(ends, found)
            evidence, new = self._write(found.finding, *ends), True
        self._flag(flagged_from_manifest(self._store.manifest(last_id), evidence.manifest_sha256))
        return new

    def _write(self, finding: RecordFinding, first: Passage, last: Passage) -> Evidence:
        title = self._title_of(finding.rule)
        before, after = first.finding.violation, last.finding.violation
        # The first moment in the second camera's time, whose clock the whole package goes by.
        at_s = after.start_s - float(finding.measured["seconds"])
        violation = replace(
            after,
            measured=finding.measured,
            parameters=finding.parameters,
            speed_kmh=finding.speed_kmh,
            speed_uncertainty_kmh=finding.speed_uncertainty_kmh,
        )
        start = build_stills(first.finding, first.camera, title)
        end = build_stills(replace(last.finding, violation=violation), last.camera, title)
        keys = (*(replace(k, t_s=at_s) for k in before.key_frames), *after.key_frames)
        told = [{**k, "t_s": at_s, "camera": first.camera.id} for k in start.key_frames]
        body = describe(
            replace(violation, key_frames=keys),
            last.camera,
            last.finding.reading,
            last.models,
            [*told, *end.key_frames],
        )
        body["missing"] = [*start.missing, *end.missing]
        body["case"] = case_body(_flagged(finding, last.flagged))
        items = [*_named(start.items, _FIRST), *_renamed(end.items)]
        items += [
            EvidenceItem(role, "application/json", passage.signed, "as signed when the vehicle passed")
            for role, passage in zip(PASSAGES, (first, last), strict=True)
        ]
        return self._store.write(violation.id, body, items)


def _check(ends: Sequence[Passage], found: SectionFinding) -> None:
    for passage, sha256 in zip(ends, found.evidence_sha256, strict=True):
        if passage.flagged.evidence_manifest_sha256 != sha256:
            raise PassageError(f"passage {passage.flagged.violation_id}: not the one that was kept")


def _flagged(finding: RecordFinding, last: FlaggedViolation) -> FlaggedViolation:
    return replace(
        last,
        speed_kmh=finding.speed_kmh,
        speed_uncertainty_kmh=finding.speed_uncertainty_kmh,
        speed_limit_kmh=float(finding.measured["limit_kmh"]),
        measured=finding.measured,
    )


def _named(items: Sequence[EvidenceItem], roles: Mapping[str, Any]) -> list[EvidenceItem]:
    return [replace(item, role=roles[item.role]) for item in items if item.role in roles]


def _renamed(items: Sequence[EvidenceItem]) -> list[EvidenceItem]:
    return [replace(item, role=_LAST.get(item.role, item.role)) for item in items]
