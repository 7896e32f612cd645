"""DejaVu Sans, as matplotlib's package brings it along: it writes every owner's name, which PDF's own fonts do not."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

FAMILY = "DejaVuSans"


def font_file(style: str = "") -> Path:
    """Give the TrueType file of a style: "", "Bold", "Oblique" or "BoldOblique".

    Raises:
        FileNotFoundError: matplotlib is not installed.
    """
    # Found without importing matplotlib, which would take half a second of every command's start.
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise FileNotFoundError("the font DejaVu Sans comes with matplotlib, which is not installed")
    name = f"{FAMILY}-{style}.ttf" if style else f"{FAMILY}.ttf"
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / name
