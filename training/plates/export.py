"""Put the trained plate networks where `plate_reader` loads them: ``python -m training.plates.export OUT``.

Takes the averaged weights of ``OUT/corners.ckpt``, ``OUT/tnkb.ckpt`` and ``OUT/lines.ckpt``, of those that are there;
the recogniser's in the form that EasyOCR's custom route reads. Writes ``plates.json`` with the SHA-256 of every file
that loading opens, and of PP-OCR's network inside RapidOCR's package.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from importlib import resources
from pathlib import Path

import torch

from plate_reader.pp_ocr import HEAD
from plate_reader.tnkb import EASYOCR, weights_folder

FILES = ("tnkb.py", "tnkb.yaml", "tnkb.pth", "corners.pth", HEAD)
BACKBONE = "PP-OCRv6_rec_small.onnx"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    folder, found = weights_folder(), 0
    for name, file, before in (
        ("corners", "corners.pth", ""),
        ("tnkb", "tnkb.pth", EASYOCR),
        ("lines", HEAD, ""),
    ):
        checkpoint = given.out / f"{name}.ckpt"
        if checkpoint.exists():
            averaged = torch.load(checkpoint, weights_only=True)["averaged"]
            torch.save({before + key: value for key, value in averaged.items()}, folder / file)
            found += 1
    if not found:
        parser.error(f"{given.out}: holds no corners.ckpt, tnkb.ckpt or lines.ckpt")
    write_card(folder)


def write_card(folder: Path) -> None:
    """List the files with their hashes."""
    files = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in FILES
        if (folder / name).exists()
    }
    eye = Path(str(resources.files("rapidocr") / "models" / BACKBONE))
    backbone = {"file": BACKBONE, "sha256": hashlib.sha256(eye.read_bytes()).hexdigest()}
    text = json.dumps({"name": "plates", "files": files, "backbone": backbone}, indent=2) + "\n"
    (folder / "plates.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
