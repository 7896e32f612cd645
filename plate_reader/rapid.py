"""RapidOCR's recogniser (PP-OCR, its weights ship inside its package), opened up to its raw posteriors."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from plate_reader.base import Image, PlateReaderError
from plate_reader.beam import Posterior
from plate_reader.grammar import ALPHABET

# Signs of other scripts that look the same; the network knows them all and may name either.
_SAME_SHAPE = dict(zip("АВЕКМНОРСТУХІЅЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧØ", "ABEKMHOPCTYXISJABEZHIKMNOPTYX0", strict=True))
_LONGEST_SIDE_PX = 1920
_STEP_PX = 8
"""One time step of the network looks at this many pixels of the line's width."""


class RapidRecogniser:
    """PP-OCR restricted to the plate alphabet; safe to call from several threads, as its session is."""

    def __init__(self, threads: int = 1, batch: int = 8) -> None:
        """Load the network.

        Args:
            threads: of onnxruntime within one call.
            batch: how many lines go through at once.

        Raises:
            PlateReaderError: rapidocr's package holds no usable model.
        """
        self._batch = batch
        self._engine = quiet_engine(threads)._load_rec_model()
        characters = self._engine.postprocess_op.character
        self._columns, self._onto = _restriction(tuple(characters))
        self._height = int(self._engine.rec_image_shape[1])

    def posteriors(self, lines: Sequence[Image]) -> list[Posterior]:
        """Give each line's posterior (T, 37); lines of any size, (h, w, 3) uint8 BGR."""
        out: list[Posterior] = []
        for start in range(0, len(lines), self._batch):
            part = lines[start : start + self._batch]
            widest = max(max(line.shape[1] / line.shape[0] for line in part), 4.0)
            inputs = np.stack([self._engine.resize_norm_img(line, widest) for line in part])
            raw = self._engine.session(inputs.astype(np.float32))
            for line, posterior in zip(part, raw, strict=True):
                # Past the line's own width the network looked at padding.
                steps = int(np.ceil(self._height * line.shape[1] / line.shape[0] / _STEP_PX)) + 1
                out.append(posterior[:steps, self._columns].astype(np.float64) @ self._onto)
        return out


def quiet_engine(threads: int) -> Any:
    """Make a RapidOCR engine that writes nothing to the console. Raises `PlateReaderError`."""
    try:
        from rapidocr import RapidOCR

        logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
        return RapidOCR(
            params={
                "Global.log_level": "critical",
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
    except (ImportError, OSError, ValueError) as error:
        raise PlateReaderError(f"RapidOCR cannot be loaded: {error}; install the package again") from error


@cache
def _restriction(characters: tuple[str, ...]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Choose the network's columns that bear on a plate, and the matrix that adds them up to ours."""
    pairs = [(0, 0)]
    for column, sign in enumerate(characters[1:], start=1):
        plain = unicodedata.normalize("NFKD", sign)[:1].upper()
        plain = _SAME_SHAPE.get(plain, plain)
        if len(plain) == 1 and plain in ALPHABET:
            pairs.append((column, 1 + ALPHABET.index(plain)))
        elif not sign.strip() or unicodedata.category(sign[0])[0] in "PSZ":
            # Gaps, bolts and the dots between groups are no characters of the number.
            pairs.append((column, 0))
    onto = np.zeros((len(pairs), 1 + len(ALPHABET)))
    for row, (_, target) in enumerate(pairs):
        onto[row, target] = 1.0
    return np.array([column for column, _ in pairs]), onto


class TextFinder:
    """RapidOCR's text detector: where in a picture there is text at all."""

    def __init__(self, threads: int = 1) -> None:
        """Load the network. Raises `PlateReaderError`."""
        self._engine = quiet_engine(threads)._load_det_model()

    def find(self, image: Image) -> list[NDArray[np.float32]]:
        """Give the text boxes of (H, W, 3) uint8 BGR, each (4, 2) pixels clockwise from top left."""
        # The network enlarges what is small; of what is large it needs no more than this.
        shrink = min(1.0, _LONGEST_SIDE_PX / max(image.shape[:2]))
        seen = (
            cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
            if shrink < 1
            else image
        )
        if min(seen.shape[:2]) < 8:
            return []
        boxes = self._engine(seen).boxes
        return [] if boxes is None else [np.asarray(box, np.float32) / np.float32(shrink) for box in boxes]
