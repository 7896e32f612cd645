"""Choose and check when a plate's text is accepted: on rendered plates only, never on real photos.

usage: python -m training.plates.calibrate [--seed N] [--tracks N] [--photos N] [--figure OUT.png]

Prints a reliability table of the weakest character's probability, for tracks and for photos; what was accepted by
plate width; every text that was accepted wrongly; and the same for looser and stricter settings: how far the first
mistake is away.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from plate_reader.corners import CornerFinder
from plate_reader.photo import WIDE_PAD
from plate_reader.reader import PlateReader, PlateReaderConfig
from plate_reader.tnkb import weights_folder
from plate_reader.views import view_plates
from plate_reader.voting import Acceptance, Verdict, Witness, vote
from training.plates.tracks import RenderedTrack, rendered_photos, rendered_tracks

_BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.97, 0.99, 1.001)
_CURVE = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 1.001)
_LEAST_IN_BIN = 12
_WIDTHS = (0, 50, 60, 70, 80, 100, 120, 150, 200, 1000)
_OTHERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("chosen", {}),
    ("weakest 0.99", {"weakest": 0.99, "witness": 0.99}),
    ("weakest 0.95", {"weakest": 0.95, "witness": 0.95}),
    ("weakest 0.90", {"weakest": 0.90, "witness": 0.90}),
    ("weakest 0.80, witness 0.60", {"weakest": 0.80, "witness": 0.60}),
)


@dataclass(frozen=True)
class Heard:
    """One rendered track with what its crops say."""

    track: RenderedTrack
    witnesses: tuple[Witness, ...]

    def verdict(self, rules: Acceptance) -> Verdict:
        """Give the vote under these rules."""
        return vote(self.witnesses, rules)


def listen(tracks: Iterable[RenderedTrack]) -> list[Heard]:
    """Have every crop read."""
    reader, finder = PlateReader(), CornerFinder(weights_folder() / "corners.pth")
    out = []
    for track in tracks:
        out.append(Heard(track, tuple(reader.hear(view_plates(track.crops, finder)))))
        if len(out) % 100 == 0:
            print(f"{len(out)} read", file=sys.stderr)
    return out


def report(heard: Sequence[Heard], rules: Acceptance) -> list[str]:
    """Give the tables as lines of text."""
    verdicts = [(h, h.verdict(rules)) for h in heard]
    lines = ["weakest character   tracks   text right"]
    for low, high in pairwise(_BINS):
        right = [v.text == h.track.spec.text for h, v in verdicts if low <= v.confidence < high]
        lines.append(f"{low:.2f} to {min(high, 1):.2f}      {len(right):7d}   {_share(right)}")
    lines.append("widest crop px   tracks   text right   accepted   accepted wrong   (no mishap)")
    for least, below in pairwise(_WIDTHS):
        some = [(h, v) for h, v in verdicts if not h.track.mishap and least <= max(h.track.widths_px) < below]
        right = [v.text == h.track.spec.text for h, v in some]
        wrong = sum(v.accepted and v.text != h.track.spec.text for h, v in some)
        accepted = _share([v.accepted for _, v in some])
        lines.append(
            f"{least:4d} to {below:4d}   {len(some):7d}   {_share(right)}        {accepted}      {wrong}"
        )
    by_mishap: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for h, v in verdicts:
        by_mishap[h.track.mishap or "none"].append((v.accepted, v.accepted and v.text != h.track.spec.text))
    for mishap, seen in sorted(by_mishap.items()):
        taken, wrong = sum(a for a, _ in seen), sum(w for _, w in seen)
        lines.append(f"mishap {mishap}: {len(seen)} tracks, {taken} accepted, {wrong} wrong")
    for name, change in _OTHERS:
        other = [(h, h.verdict(replace(rules, **change))) for h in heard]
        wrong_ones = [
            f"{h.track.spec.text}>{v.text}" for h, v in other if v.accepted and v.text != h.track.spec.text
        ]
        accepted = _share([v.accepted for _, v in other])
        lines.append(f"{name}: accepted {accepted}, wrong {len(wrong_ones)} {' '.join(wrong_ones[:8])}")
    return lines


def draw(tracks: Sequence[Heard], photos: Sequence[Heard], config: PlateReaderConfig, file: Path) -> None:
    """Draw the reliability curve: how often a text is right against what its weakest character promises."""
    figure, axes = plt.subplots(figsize=(5.2, 4.6), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="as promised")
    for name, heard, rules in (("tracks", tracks, config.track), ("photos", photos, config.single)):
        verdicts = [(h.verdict(rules), h.track.spec.text) for h in heard]
        points = []
        for low, high in pairwise(_CURVE):
            inside = [(v.confidence, v.text == text) for v, text in verdicts if low <= v.confidence < high]
            if len(inside) >= _LEAST_IN_BIN:
                points.append(
                    (sum(c for c, _ in inside) / len(inside), sum(r for _, r in inside) / len(inside))
                )
        axes.plot([p for p, _ in points], [r for _, r in points], marker="o", label=f"{name}, n={len(heard)}")
    axes.set(xlabel="probability of the weakest character", ylabel="share of texts exactly right")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), title="Rendered plates of a seed never trained on")
    axes.legend(loc="upper left")
    figure.savefig(file, dpi=110)
    plt.close(figure)


def _share(values: Sequence[bool]) -> str:
    return f"{sum(values) / len(values):.3f}" if values else "  -  "


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--tracks", type=int, default=600)
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--figure", type=Path)
    given = parser.parse_args()
    config = PlateReaderConfig()
    tracks = listen(rendered_tracks(given.seed, given.tracks))
    photos = listen(rendered_photos(given.seed, given.photos, (config.pad, WIDE_PAD)))
    for line in ("TRACKS", *report(tracks, config.track), "PHOTOS", *report(photos, config.single)):
        print(line)
    if given.figure is not None:
        draw(tracks, photos, config, given.figure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
