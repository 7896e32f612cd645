"""Put the trained plate networks where `plate_reader` loads them: ``python -m training.plates.export OUT``.

Takes the averaged weights of ``OUT/corners.ckpt`` and ``OUT/tnkb.ckpt``; the recogniser's in the form that EasyOCR's
custom route reads. Writes ``plates.json`` with the SHA-256 of every file that loading opens.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import torch

from plate_reader.tnkb import EASYOCR, weights_folder

FILES = ("tnkb.py", "tnkb.yaml", "tnkb.pth", "corners.pth", "peer.csv")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    folder = weights_folder()
    corners = torch.load(given.out / "corners.ckpt", weights_only=True)["averaged"]
    torch.save(corners, folder / "corners.pth")
    averaged = torch.load(given.out / "tnkb.ckpt", weights_only=True)["averaged"]
    torch.save({EASYOCR + name: value for name, value in averaged.items()}, folder / "tnkb.pth")
    write_card(folder)


def write_card(folder: Path) -> None:
    """List the files with their hashes."""
    files = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in FILES
        if (folder / name).exists()
    }
    text = json.dumps({"name": "plates", "files": files}, indent=2) + "\n"
    (folder / "plates.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
