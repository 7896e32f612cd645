"""What crosses the wall of `plate_reader/`: crops in, a reading with a probability for each character out."""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[float, float, float, float]
Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
NOWHERE: Quad = ((0.0, 0.0),) * 4


@dataclass(frozen=True)
class PlateReading:
    """What was read on one plate, from one crop or voted over a track's crops.

    ``text`` is the NRKB in canonical form without spaces (``B1234ABC``), or None where nothing that obeys the
    TNKB grammar could be read. ``character_probabilities`` has one value in 0..1 per character of ``text``.
    ``accepted`` is the reader's own word that the text may go on without a person retyping it: it looks at
    the weakest character and at agreement between crops, never at the mean. ``reason`` says why not, in
    words. ``colour`` is the plate's base colour: white, black, yellow, red, green, or None where it cannot
    be told. ``corners`` are the plate's, clockwise from its top left, in pixels of the picture that was given.
    ``crops_read`` counts the crops behind the vote. ``expiry_lines`` is the month·year line, ``MM.YY``, as each of
    the widest pictures showed it, those that could not be read left out; ``expiry`` is what all of them agree on,
    else None.
    """

    text: str | None
    accepted: bool
    confidence: float
    character_probabilities: tuple[float, ...]
    colour: str | None
    colour_confidence: float
    corners: Quad = NOWHERE
    crops_read: int = 1
    expiry: str | None = None
    alternatives: tuple[tuple[str, float], ...] = ()
    reason: str = ""
    expiry_lines: tuple[str, ...] = ()

    @property
    def box_xyxy(self) -> Box:
        """The upright box around the plate."""
        xs, ys = zip(*self.corners, strict=True)
        return (min(xs), min(ys), max(xs), max(ys))
