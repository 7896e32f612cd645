"""Read a set of real plates and write predictions as `etle read-plates --jsonl` would, to be scored apart.

usage: python benchmarks/plates.py FOLDER [--out FILE.jsonl]

FOLDER holds images/ and plates.csv. Real sets measure only; nothing is tuned on them.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path

import cv2

from plate_reader.photo import PhotoReader


def main() -> int:
    """Write one line per image of the truth table; progress goes to standard error."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--out", type=Path)
    given = arguments.parse_args()
    with (given.folder / "plates.csv").open(newline="") as table:
        names = [row["image"] for row in csv.DictReader(table)]
    reader = PhotoReader()
    out = given.out.open("w") if given.out else sys.stdout
    for count, name in enumerate(names, start=1):
        image = cv2.imread(str(given.folder / "images" / name))
        readings = reader.read(image) if image is not None else []
        plates = [
            {
                "text": r.text,
                "accepted": r.accepted,
                "confidence": round(r.confidence, 4),
                "box": [round(v, 1) for v in r.box_xyxy],
                "colour": r.colour,
                "reason": r.reason,
            }
            for r in readings
        ]
        print(json.dumps({"image": name, "plates": plates}), file=out, flush=True)
        if count % 20 == 0:
            print(f"{count} of {len(names)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
