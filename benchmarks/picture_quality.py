"""What the watch over a camera's picture takes for a fault, and what it lets pass.

usage: python -m benchmarks.picture_quality CAMERA.yaml [CLIP] [--every 5]

The clip's first picture is the reference. Every so many seconds a later one is looked at as it is, and again shifted,
blurred and darkened: an unmoved camera must never be paused, a moved one always.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from detectors.camera import load_camera
from detectors.picture_quality import PictureQuality, View
from detectors.rules.registry import NEEDS
from detectors.types import Image

SHIFTS_PX, SIGMAS, GAINS = (3, 5, 8, 12), (1.0, 2.0, 3.0), (0.3, 0.1)


def pictures(clip: Path, every_s: float) -> Iterator[Image]:
    """Give a picture every ``every_s`` seconds, (H, W, 3) uint8 BGR."""
    opened = cv2.VideoCapture(str(clip))
    step = max(1, round(opened.get(cv2.CAP_PROP_FPS) * every_s))
    index = 0
    while opened.grab():
        if index % step == 0:
            read, image = opened.retrieve()
            if read:
                yield np.asarray(image, np.uint8)
        index += 1
    opened.release()


def disturbed(image: Image) -> Iterator[tuple[str, Image]]:
    """Give a picture as a moved, unfocused or covered camera would have taken it, each with its name."""
    yield "as it is", image
    for shift in SHIFTS_PX:
        yield f"shifted by {shift} px", np.roll(image, shift, axis=1)
    for sigma in SIGMAS:
        yield f"blurred, sigma {sigma:.0f} px", np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
    for gain in GAINS:
        yield f"darkened to {gain:.0%}", np.asarray(image * gain, np.uint8)


def main() -> int:
    """Run and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("camera", type=Path)
    parser.add_argument("clip", type=Path, nargs="?")
    parser.add_argument("--every", type=float, default=5.0)
    given = parser.parse_args()
    shown = pictures(given.clip or given.camera.with_name("clip.mp4"), given.every)
    view = View(next(shown), load_camera(given.camera, NEEDS))
    looks: dict[str, list[PictureQuality]] = {}
    began, count = time.perf_counter(), 0
    for image in shown:
        for name, picture in disturbed(image):
            looks.setdefault(name, []).append(view.compare(picture))
            count += 1
    took = (time.perf_counter() - began) / max(1, count)
    print("| picture | looks | paused | largest shift measured, px | least sharpness |")
    print("|---|---:|---:|---:|---:|")
    for name, seen in looks.items():
        shifts = [q.shift_px for q in seen if q.shift_px is not None]
        sharp = [q.sharpness for q in seen if q.sharpness is not None]
        print(
            f"| {name} | {len(seen)} | {sum(bool(q.faults) for q in seen)} | "
            f"{f'{max(shifts):.2f}' if shifts else '-'} | {f'{min(sharp):.2f}' if sharp else '-'} |"
        )
    print(f"{1000 * took:.0f} ms a look", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
