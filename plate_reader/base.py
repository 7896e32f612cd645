"""The interfaces of `plate_reader/`: what a caller asks for, and the network beneath it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from plate_reader.beam import Posterior
from plate_reader.types import Box, PlateReading

Image = NDArray[np.uint8]
FindPlates = Callable[[Image], list[Box]]
"""Finds plates in a whole picture (H, W, 3) BGR: boxes ``xyxy`` in its pixels, the surest first."""


class PlateReaderError(RuntimeError):
    """The reader cannot work: a model is missing or damaged, or what was given is no picture."""


class TrackPlateReader(Protocol):
    """Reads one vehicle's plate from several crops of it."""

    def read_crops(self, crops: Sequence[Image]) -> PlateReading:
        """Vote over crops (h, w, 3) uint8 BGR of one plate, padded 10–15% around the detector's box.

        No crops, or none that can be read, gives a reading with text None and a reason. The reading's box is
        the plate's in the best crop, in that crop's own pixels.
        """
        ...


class PhotoPlateReader(Protocol):
    """Reads all plates of a single picture."""

    def read(self, image: Image) -> list[PlateReading]:
        """Find and read plates in (H, W, 3) uint8 BGR; boxes in its pixels, most confident first."""
        ...


class Recogniser(Protocol):
    """Turns pictures of a plate, or of one line of it, into character posteriors; a network that can be exchanged."""

    def posteriors(self, lines: Sequence[Image]) -> list[Posterior]:
        """Give for each picture (h, w, 3) uint8 BGR its posterior (T, 37), see `plate_reader.beam`."""
        ...
