"""The card of a set of weights: which files it is made of, by SHA-256, and which classes it knows.

A weight file is a program to whoever loads it (a ``.pt`` is unpickled), so nothing is opened before its hash
is right.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from detectors.base import WeightsError

EXPORT_SUFFIX = "_openvino_model"


class _CardFile(BaseModel):
    model_config = ConfigDict(extra="ignore")

    files: dict[str, str]
    classes: tuple[str, ...] = ()
    class_names: dict[str, str] | None = None


@dataclass(frozen=True)
class WeightsCard:
    """``files`` maps a file's path, relative to the card's folder or inside the export, to its SHA-256 in hex.

    ``classes`` are the network's own class names in order, empty where the card does not say; ``class_names`` maps
    those that are wanted to ours, where they differ (official COCO weights know 80 classes).
    """

    path: Path
    files: dict[str, str]
    classes: tuple[str, ...]
    class_names: dict[str, str] | None = None

    def digest_of(self, file: Path) -> str | None:
        """Give the SHA-256 that the card holds for a file, or None."""
        near = file.relative_to(self.path.parent).as_posix() if file.is_relative_to(self.path.parent) else ""
        return self.files.get(near) or self.files.get(file.name)


def card_path(weights: Path) -> Path:
    """Give where the card of a weight file or export folder lies: ``road_openvino_model/`` →
    ``road.json``."""
    return weights.with_name(weights.name.removesuffix(EXPORT_SUFFIX).removesuffix(".pt") + ".json")


def read_card(path: Path) -> WeightsCard:
    """Read a card. Raises `WeightsError` where it is missing or not a card."""
    try:
        card = _CardFile.model_validate_json(path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path}: cannot read the weights' card: {error.strerror}") from error
    except ValidationError as error:
        raise WeightsError(f"{path}: not a weights' card ({error.error_count()} faults): {error}") from error
    return WeightsCard(path, card.files, card.classes, card.class_names)


def sha256_of(file: Path) -> str:
    """Give a file's SHA-256 in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def weight_files(weights: Path) -> list[Path]:
    """Give every file that loading would read: the file itself, or all in an export folder.

    Raises:
        WeightsError: there is no such file or folder, or the folder holds no model.
    """
    if weights.is_file():
        return [weights]
    files = sorted(p for p in weights.rglob("*") if p.is_file()) if weights.is_dir() else []
    if not files:
        raise WeightsError(f"{weights}: no such weights")
    if not any(p.suffix == ".xml" for p in files) or not any(p.suffix == ".bin" for p in files):
        raise WeightsError(f"{weights}: an OpenVINO export holds one .xml and one .bin; this folder does not")
    return files


def check_weights(weights: Path, card: WeightsCard) -> dict[str, str]:
    """Compare every file with its card; give the hashes by file name.

    Raises:
        WeightsError: a file that is missing, altered or not on the card, named.
    """
    found = {file: sha256_of(file) for file in weight_files(weights)}
    for file, digest in found.items():
        expected = card.digest_of(file)
        if expected is None:
            raise WeightsError(f"{file}: not on the card {card.path}: refusing to load it")
        if digest != expected.lower():
            raise WeightsError(
                f"{file}: altered: SHA-256 is {digest}, the card {card.path} says {expected}: "
                "refusing to load it"
            )
    present = {file.name for file in found}
    if weights.is_dir() and (missing := sorted(n for n in card.files if Path(n).name not in present)):
        raise WeightsError(f"{weights / missing[0]}: missing, and the card {card.path} lists it")
    return {file.name: digest for file, digest in found.items()}
