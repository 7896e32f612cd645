"""Our own TNKB recognition network, hosted by EasyOCR's custom-network route."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import cv2
import numpy as np
import torch

from plate_reader.base import Image, PlateReaderError
from plate_reader.beam import Posterior
from plate_reader.grammar import ALPHABET
from plate_reader.straight import READ, stretched

NAME = "tnkb"
EASYOCR = "module."
"""EasyOCR takes these seven letters off each weight's name: those of a network that was trained on several GPUs."""
SIGNS = ALPHABET + "?"
"""What the network names: the characters, and a mark where something covers one."""

UNLOADABLE = (
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    OSError,
    RuntimeError,
    TypeError,
    UnpicklingError,
    ValueError,
)
"""What is raised where a network's runtime is missing, or a file holds something else than its state."""


def weights_folder() -> Path:
    """Give the folder of the networks that ship with the package."""
    return Path(str(resources.files("plate_reader") / "weights"))


def checked(folder: Path, *names: str) -> dict[str, str]:
    """Compare files with the hashes in ``folder/plates.json``; give their SHA-256 by name.

    Raises:
        PlateReaderError: a file that is missing, altered or not listed; nothing of it has been loaded then.
    """
    card = folder / "plates.json"
    try:
        listed = json.loads(card.read_text(encoding="utf-8"))["files"]
        found = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PlateReaderError(
            f"{folder}: the plate reader's weights or their card cannot be read: {error}"
        ) from error
    for name, digest in found.items():
        if listed.get(name) != digest:
            raise PlateReaderError(
                f"{folder / name}: altered: SHA-256 is {digest}, the card says {listed.get(name)}: refusing to load it"
            )
    return found


class TnkbRecogniser:
    """Reads straightened plates and month·year lines; see `plate_reader.base.Recogniser`."""

    def __init__(self, folder: Path | None = None, batch: int = 16) -> None:
        """Load the network.

        Args:
            folder: where ``tnkb.py``, ``tnkb.yaml``, ``tnkb.pth`` and their card lie; the shipped ones without it.
            batch: how many plates go through at once.

        Raises:
            PlateReaderError: the weights are missing or altered.
        """
        folder = folder or weights_folder()
        # EasyOCR unpickles what it is given, so nothing is handed to it whose hash is not right.
        self.sha256_by_file = checked(folder, f"{NAME}.py", f"{NAME}.yaml", f"{NAME}.pth")
        self._batch = batch
        self._network = _easyocr_network(folder)

    def posteriors(self, lines: Sequence[Image]) -> list[Posterior]:
        """Give each picture's posterior (48, 37); pictures (h, w, 3) or (h, w) uint8 of any size.

        Where a step sees a covered character, its row lacks that much to one.
        """
        out: list[Posterior] = []
        for start in range(0, len(lines), self._batch):
            part = np.stack([stretched(_grey(line)) for line in lines[start : start + self._batch]])
            with torch.inference_mode():
                shares = self._network(torch.from_numpy(part)[:, None], None).softmax(2).double().numpy()
            out += list(shares[:, :, : 1 + len(ALPHABET)])
        return out


def _easyocr_network(folder: Path) -> Any:
    try:
        import easyocr

        reader = easyocr.Reader(
            ["en"],
            gpu=False,
            recog_network=NAME,
            model_storage_directory=str(folder),
            user_network_directory=str(folder),
            detector=False,
            download_enabled=False,
            quantize=False,
            verbose=False,
        )
    except UNLOADABLE as error:
        raise PlateReaderError(f"EasyOCR cannot load {folder / NAME}: {error}") from error
    if reader.character != SIGNS:
        raise PlateReaderError(f"{folder / NAME}.yaml: its characters are {reader.character}, not {SIGNS}")
    return reader.recognizer.eval()


def _grey(line: Image) -> Image:
    grey = cv2.cvtColor(line, cv2.COLOR_BGR2GRAY) if line.ndim == 3 else line
    if (grey.shape[1], grey.shape[0]) == READ:
        return grey
    shrinks = grey.shape[1] > READ[0]
    return np.asarray(
        cv2.resize(grey, READ, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC), np.uint8
    )
