"""Choose and check when a plate's text is accepted: on rendered tracks only, never on real photos.

usage: python -m training.plates.calibrate [--seed N] [--tracks N] [--threads N]

Prints a reliability table of the weakest character's probability, what was accepted by plate width, every
text that was accepted wrongly, and the same for looser settings: how far the first mistake is away.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from plate_reader.lines import cut_lines
from plate_reader.rapid import RapidRecogniser
from plate_reader.voting import Acceptance, Verdict, Witness, hear, vote
from training.plates.tracks import RenderedTrack, rendered_tracks

_BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.97, 0.99, 1.001)
_WIDTHS = (0, 50, 60, 70, 80, 100, 120, 1000)
_LOOSER: tuple[tuple[str, dict[str, Any]], ...] = (
    ("chosen", {}),
    ("weakest 0.95", {"weakest": 0.95}),
    ("weakest 0.90", {"weakest": 0.90}),
    ("weakest 0.90, witness 0.70", {"weakest": 0.90, "witness": 0.70}),
    ("weakest 0.80, witness 0.60", {"weakest": 0.80, "witness": 0.60}),
    ("no look at the layout", {"edge": -1.0, "lopsided": 1.0, "hole": 99.0}),
    ("any number of digits and letters", {"digits": 1, "letters": 0}),
)


@dataclass(frozen=True)
class Heard:
    """One rendered track with what its crops say."""

    track: RenderedTrack
    witnesses: tuple[Witness, ...]

    def verdict(self, rules: Acceptance) -> Verdict:
        """Give the vote under these rules."""
        return vote(self.witnesses, rules)


def listen(seed: int, count: int, threads: int) -> list[Heard]:
    """Render tracks and have every crop read."""
    recogniser = RapidRecogniser(threads)
    out = []
    for track in rendered_tracks(seed, count):
        lines = [cut_lines(crop) for crop in track.crops]
        posteriors = iter(recogniser.posteriors([view for cut in lines for view in cut.numbers]))
        witnesses = [hear([next(posteriors) for _ in cut.numbers], cut.spans, cut.width_px) for cut in lines]
        out.append(Heard(track, tuple(witnesses)))
        if len(out) % 50 == 0:
            print(f"{len(out)} of {count}", file=sys.stderr)
    return out


def report(heard: Sequence[Heard]) -> list[str]:
    """Give the tables as lines of text."""
    rules = Acceptance()
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
    for name, change in _LOOSER:
        other = [(h, h.verdict(replace(rules, **change))) for h in heard]
        wrong_ones = [
            f"{h.track.spec.text}>{v.text}" for h, v in other if v.accepted and v.text != h.track.spec.text
        ]
        accepted = _share([v.accepted for _, v in other])
        lines.append(f"{name}: accepted {accepted}, wrong {len(wrong_ones)} {' '.join(wrong_ones[:8])}")
    return lines


def _share(values: Sequence[bool]) -> str:
    return f"{sum(values) / len(values):.3f}" if values else "  -  "


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--tracks", type=int, default=600)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    print("\n".join(report(listen(given.seed, given.tracks, given.threads))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
