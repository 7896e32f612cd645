"""RapidOCR's text detector (PP-OCR, its weights ship inside its package)."""

from __future__ import annotations

import logging
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from plate_reader.base import Image, PlateReaderError

_LONGEST_SIDE_PX = 1920


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
