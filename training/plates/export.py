"""Put the trained plate networks where `plate_reader` loads them: ``python -m training.plates.export OUT``.

Takes the averaged weights of ``OUT/corners.ckpt``, ``OUT/tnkb.ckpt`` and ``OUT/whole.ckpt``, of those that are there;
the recogniser's in the form that EasyOCR's custom route reads, the second reader's in OpenVINO's and half precision,
`TAUGHT_SHARE` of the way from ``OUT/lines.ckpt``. Writes
``plates.json`` with the SHA-256 of every file that loading opens.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import openvino
import torch

from plate_reader.pp_ocr import GRAPH, HEAD
from plate_reader.tnkb import EASYOCR, weights_folder
from training.plates.lines import LineReader, pp_ocr, taught_layer
from training.plates.taught_graph import taught

TAUGHT_SHARE = 0.6
"""How far the second reader goes from what it knew of all kinds of text to what drawn plates taught it: the weights in
between do better on plates of neither kind. Wortsman et al., Robust Fine-Tuning of Zero-Shot Models, CVPR 2022."""
FILES = ("tnkb.py", "tnkb.yaml", "tnkb.pth", "corners.pth", HEAD, *GRAPH)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    folder, found = weights_folder(), 0
    for name, file, before in (("corners", "corners.pth", ""), ("tnkb", "tnkb.pth", EASYOCR)):
        checkpoint = given.out / f"{name}.ckpt"
        if checkpoint.exists():
            averaged = torch.load(checkpoint, weights_only=True)["averaged"]
            torch.save({before + key: value for key, value in averaged.items()}, folder / file)
            found += 1
    if (given.out / "whole.ckpt").exists():
        whole = second_reader(given.out)
        torch.save(whole.head.state_dict(), folder / HEAD)
        openvino.save_model(
            taught(pp_ocr(), whole.eye.state_dict()), folder / GRAPH[0], compress_to_fp16=True
        )
        found += 1
    if not found:
        parser.error(f"{given.out}: holds no corners.ckpt, tnkb.ckpt or whole.ckpt")
    write_card(folder)


def second_reader(out: Path) -> LineReader:
    """Give the second reader as it ships: `TAUGHT_SHARE` of the way from ``lines.ckpt`` to ``whole.ckpt``."""
    whole = LineReader(taught_layer(out))
    averaged = torch.load(out / "whole.ckpt", weights_only=True)["averaged"]
    whole.load_state_dict({k: v.lerp(averaged[k], TAUGHT_SHARE) for k, v in whole.state_dict().items()})
    return whole


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
