"""The evidence store: packages that are written once, whole, signed and chained, and can be verified."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.blobs import BlobStore, StoreError, sha256_hex, write_whole
from pipeline.chain import START, Chain, Link
from pipeline.manifest import canonical, with_files, with_signature
from pipeline.signing import EvidenceKey, load_public_key, signed_by
from pipeline.types import Evidence, EvidenceFile, EvidenceItem, Fault

__all__ = ["Evidence", "EvidenceFile", "EvidenceItem", "EvidenceStore", "Fault", "StoreError"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class EvidenceStore:
    """Evidence under one data folder.

    ``blobs/`` holds the files by their SHA-256, ``evidence/manifests/`` one signed manifest per violation,
    ``evidence/chain`` the order in which they were written, ``keys/`` the signing key. A package counts once
    its link is in the chain: a crash before leaves files that the next write of the same violation uses.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._blobs = BlobStore(root / "blobs")
        self._chain = Chain(root / "evidence" / "chain")

    @cached_property
    def key(self) -> EvidenceKey:
        """The key that signs, made at first use."""
        return EvidenceKey(self._root / "keys")

    def write(self, violation_id: str, body: Mapping[str, Any], items: Sequence[EvidenceItem]) -> Evidence:
        """Write a package; one that is there already is given back as it is.

        Args:
            violation_id: names the package.
            body: what `pipeline.manifest.describe` says of the violation.
            items: its files, one per role.

        Raises:
            StoreError: no room or no right to write, or two files of one role.
        """
        roles = [item.role for item in items]
        if len(set(roles)) != len(roles):
            raise StoreError(f"violation {violation_id}: two files have the same role")
        with self._chain.locked():
            self._recover()
            if self._chain.of(violation_id) is not None:
                return self._evidence(violation_id)
            files = [
                EvidenceFile(i.role, i.media_type, self._blobs.put(i.data), len(i.data), i.note)
                for i in items
            ]
            previous = self._chain.head()
            manifest = with_files(body, violation_id, files, self._chain.next_sequence(), previous)
            sha256 = sha256_hex(canonical(manifest))
            write_whole(self._manifest_path(violation_id), with_signature(manifest, self.key))
            link = Link(int(manifest["sequence"]), violation_id, sha256, previous)
            self._chain.append(link)
        return Evidence(violation_id, sha256, tuple(files))

    def get(self, violation_id: str) -> Evidence | None:
        """Give a violation's evidence, None where there is none. Raises `StoreError` where it is damaged."""
        return self._evidence(violation_id) if self._chain.of(violation_id) is not None else None

    def manifest(self, violation_id: str) -> dict[str, Any]:
        """Give a violation's manifest as it was signed. Raises `StoreError`: missing, altered."""
        link = self._chain.of(violation_id)
        if link is None:
            raise StoreError(f"there is no evidence for violation {violation_id}")
        faults, manifest = self._check_manifest(link)
        if faults or manifest is None:
            raise StoreError("; ".join(str(f) for f in faults))
        return manifest

    def signed_manifest(self, violation_id: str) -> bytes:
        """Give a violation's manifest with its signature, byte by byte. Raises `StoreError`: missing, altered."""
        self.manifest(violation_id)
        return self._manifest_path(violation_id).read_bytes()

    def open(self, sha256: str) -> bytes:
        """Read a file of a package. Raises `StoreError` where it is missing or altered."""
        return self._blobs.get(sha256)

    def violation_ids(self) -> list[str]:
        """Give the violations that have evidence, in the order of writing."""
        return [link.violation_id for link in self._chain.links()]

    def verify(self, violation_id: str | None = None) -> list[Fault]:
        """Check everything, or one package; give each thing that was altered or is missing, named."""
        links = self._chain.links()
        chain = str(self._chain_path)
        if violation_id is not None:
            link = self._chain.of(violation_id)
            if link is None:
                return [Fault(violation_id, chain, "there is no evidence for this violation")]
            return self._check_package(link)
        faults = [
            Fault(None, f"{chain} {where}", "altered: not a link") for where in self._chain.broken_lines
        ]
        previous, sequence = START, 1
        for link in links:
            if link.previous != previous or link.sequence != sequence:
                faults.append(
                    Fault(
                        link.violation_id,
                        f"{chain} sequence {link.sequence}",
                        "the chain is broken before this link: a link was taken away, added or altered",
                    )
                )
            previous, sequence = link.manifest_sha256, link.sequence + 1
            faults += self._check_package(link)
        known = {link.violation_id for link in links}
        for path in sorted((self._root / "evidence" / "manifests").glob("*.json")):
            if path.stem not in known:
                faults.append(
                    Fault(
                        path.stem,
                        str(path),
                        "not in the chain: written by a run that was cut off, or its link was taken away",
                    )
                )
        return faults

    @property
    def _chain_path(self) -> Path:
        return self._root / "evidence" / "chain"

    def _manifest_path(self, violation_id: str) -> Path:
        if not _ID.fullmatch(violation_id):
            raise StoreError(f"{violation_id[:100]!r} cannot be a violation's id")
        return self._root / "evidence" / "manifests" / f"{violation_id}.json"

    def _recover(self) -> None:
        """Finish the one package that a crash can have left between its manifest and its link."""
        self._chain.drop_unfinished()
        head, sequence = self._chain.head(), self._chain.next_sequence()
        for path in (self._root / "evidence" / "manifests").glob("*.json"):
            if self._chain.of(path.stem) is not None:
                continue
            faults, manifest = self._read_manifest(path, path.stem)
            if faults or manifest is None or manifest.get("previous_manifest_sha256") != head:
                continue
            if all(self._blobs.fault(str(f["sha256"])) is None for f in manifest["files"]):
                self._chain.append(Link(sequence, path.stem, sha256_hex(canonical(manifest)), head))
                return

    def _evidence(self, violation_id: str) -> Evidence:
        manifest = self.manifest(violation_id)
        files = tuple(EvidenceFile(**f) for f in manifest["files"])
        return Evidence(violation_id, sha256_hex(canonical(manifest)), files)

    def _check_package(self, link: Link) -> list[Fault]:
        faults, manifest = self._check_manifest(link)
        for file in (manifest or {}).get("files", ()):
            what = self._blobs.fault(str(file["sha256"]))
            if what is not None:
                where = f"{self._blobs.path(str(file['sha256']))} ({file['role']})"
                faults.append(Fault(link.violation_id, where, what))
        return faults

    def _check_manifest(self, link: Link) -> tuple[list[Fault], dict[str, Any] | None]:
        path = self._manifest_path(link.violation_id)
        faults, manifest = self._read_manifest(path, link.violation_id)
        if manifest is None:
            return faults, None
        if sha256_hex(canonical(manifest)) != link.manifest_sha256:
            faults.append(
                Fault(link.violation_id, str(path), "altered: not the manifest that the chain names")
            )
        if manifest.get("previous_manifest_sha256") != link.previous:
            faults.append(
                Fault(link.violation_id, str(path), "names another manifest before it than the chain")
            )
        return faults, manifest

    def _read_manifest(self, path: Path, violation_id: str) -> tuple[list[Fault], dict[str, Any] | None]:
        try:
            signed = json.loads(path.read_bytes())
            manifest: dict[str, Any] = signed["manifest"]
            signature = base64.b64decode(signed["signature_ed25519"], validate=True)
            data = canonical(manifest)
            files_whole = all({"role", "sha256"} <= set(f) for f in manifest["files"])
        except FileNotFoundError:
            return [Fault(violation_id, str(path), "missing")], None
        except (OSError, ValueError, KeyError, TypeError) as error:
            return [Fault(violation_id, str(path), f"altered: cannot be read as a manifest: {error}")], None
        faults = []
        try:
            if not signed_by(load_public_key(self._root / "keys"), signature, data):
                faults.append(
                    Fault(violation_id, str(path), "altered: the signature does not fit the manifest")
                )
        except StoreError as error:
            faults.append(Fault(violation_id, str(path), f"its signature cannot be checked: {error}"))
        if manifest.get("violation_id") != violation_id or not files_whole:
            faults.append(Fault(violation_id, str(path), "altered: it is another violation's manifest"))
        return faults, manifest if files_whole else None
