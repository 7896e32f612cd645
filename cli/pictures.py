"""``etle detect`` and ``etle read-plates``: pictures in, one line for each out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.errors import leave_over, told
from cli.models import load_detector
from cli.output import jsonl
from cli.progress import progress
from detectors.types import Image
from pipeline.images import ImageError, decode_image
from pipeline.sources.base import InputFault, SourceMissingError
from pipeline.sources.image_folder import SUFFIXES

LEAST_SIDE_PX = 16
"""Nothing that the models know can be told in a picture with a shorter side."""

PLATE_CONFIDENCE = 0.05
"""A plate that is hardly one is told by reading it."""

Paths = Annotated[list[Path], typer.Argument(metavar="PATH…", help="Pictures, or folders of pictures.")]
Out = Annotated[
    str | None,
    typer.Option("--jsonl", metavar="[OUT]", help="One line per picture; standard output without OUT."),
]
Weights = Annotated[Path | None, typer.Option(help="Other detector weights than those shipped.")]
Size = Annotated[
    int | None,
    typer.Option(
        min=320, max=2560, help="Long side in pixels that the detector sees; each picture's own without it."
    ),
]


def detect(
    paths: Paths,
    jsonl_out: Out = None,
    size: Size = None,
    weights: Weights = None,
    confidence: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="What is found with less confidence is not written.")
    ] = 0.1,
    quiet: Annotated[bool, typer.Option(help="No progress bar.")] = False,
) -> None:
    """Find vehicles, persons, heads and plates in pictures."""
    with told():
        files = pictures(paths)
        detector = load_detector(size, weights, confidence)

        def found(image: Image) -> dict[str, Any]:
            return {
                "width": image.shape[1],
                "height": image.shape[0],
                "detections": [
                    {"class": d.label, "confidence": round(d.confidence, 4), "box": _box(d.box_xyxy)}
                    for d in detector.detect(image)
                ],
            }

        _each_picture("detect", files, found, {"detections": []}, jsonl_out or "-", quiet)


def read_plates(
    paths: Paths,
    jsonl_out: Out = None,
    size: Size = None,
    weights: Weights = None,
    by_text: Annotated[
        bool, typer.Option(help="Look for plates by their text alone, without the detector.")
    ] = False,
    quiet: Annotated[bool, typer.Option(help="No progress bar.")] = False,
) -> None:
    """Read the plates in pictures. What is not ``accepted`` is for a person to read."""
    with told():
        files = pictures(paths)
        reader = _photo_reader(size, weights, by_text)

        def read(image: Image) -> dict[str, Any]:
            return {
                "plates": [
                    {
                        "text": r.text,
                        "accepted": r.accepted,
                        "confidence": round(r.confidence, 4),
                        "box": _box(r.box_xyxy),
                        "colour": r.colour,
                        "expiry": r.expiry,
                        "reason": r.reason,
                    }
                    for r in reader(image)
                    if r.text is not None
                ]
            }

        _each_picture("read plates", files, read, {"plates": []}, jsonl_out or "-", quiet)


def pictures(paths: Sequence[Path]) -> list[Path]:
    """Give the pictures that paths name, folders looked through; a folder that holds none stands for itself.

    Raises:
        SourceMissingError: no such path.
    """
    out: list[Path] = []
    for path in paths:
        if not path.exists():
            raise SourceMissingError(f"{path}: no such file or folder")
        if path.is_dir():
            out += sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES) or [path]
        else:
            out.append(path)
    return out


def _each_picture(
    title: str,
    files: Sequence[Path],
    look: Callable[[Image], Mapping[str, Any]],
    nothing: Mapping[str, Any],
    target: str,
    quiet: bool,
) -> None:
    """Write a line for every picture; a broken one has ``error`` and the exit code says so."""
    faults = []
    with jsonl(target) as write, progress(title, len(files), quiet) as advance:
        for file in files:
            try:
                row = look(_opened(file))
            except (ImageError, OSError) as error:
                faults.append(InputFault(str(file), str(error)))
                row = {**nothing, "error": str(error)}
            write({"image": str(file), **row})
            advance(file.name)
    leave_over(faults)


def _opened(file: Path) -> Image:
    if file.is_dir():
        raise ImageError(f"an empty folder: it holds no pictures ({', '.join(sorted(SUFFIXES))})")
    image = decode_image(file.read_bytes())
    if min(image.shape[:2]) < LEAST_SIDE_PX:
        raise ImageError(
            f"{image.shape[1]}x{image.shape[0]} pixels: too small, {LEAST_SIDE_PX} a side are needed"
        )
    return image


def _photo_reader(size: int | None, weights: Path | None, by_text: bool) -> Callable[[Image], list[Any]]:
    from plate_reader.photo import PhotoReader

    if by_text:
        return PhotoReader().read
    detector = load_detector(size, weights, PLATE_CONFIDENCE)

    def find(image: Image) -> list[tuple[float, float, float, float]]:
        return [d.box_xyxy for d in detector.detect(image) if d.label == "plate"]

    return PhotoReader(find=find).read


def _box(box: tuple[float, float, float, float]) -> list[float]:
    return [round(v, 1) for v in box]
