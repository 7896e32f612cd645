"""The second reader: PP-OCR's recognition network with a last layer of our own, taught the TNKB on drawn plates.

PP-OCRv6 (Apache-2.0) has seen real text of all kinds. What it sees is taken from before its own classifier of 18,710
signs and read by a small recurrent layer; both were then taught together, gently (`training.plates.lines`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from plate_reader.base import Image, PlateReaderError
from plate_reader.beam import Posterior
from plate_reader.grammar import ALPHABET
from plate_reader.tnkb import SIGNS, UNLOADABLE, checked, weights_folder

HEAD = "lines.pth"
GRAPH = ("pp_ocr.xml", "pp_ocr.bin")
LINE = (256, 48)
"""Width and height in pixels of the line that the network is shown; a time step looks at 8 pixels of its width."""
FEATURES = 120 + 384
# In single precision everywhere: some processors would halve it, and read otherwise than others.
_OPTIONS: dict[str, str | int] = {"NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}


class LineHead(nn.Module):  # type: ignore[misc]
    """Reads PP-OCR's features (B, T, 504) as logits (B, T, 38): blank first, last a sign for a covered character."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(FEATURES)
        self.inner = nn.Linear(FEATURES, 224)
        self.sequence = nn.LSTM(224, 192, bidirectional=True, batch_first=True)
        self.out = nn.Linear(2 * 192, 1 + len(SIGNS))
        self.drop = nn.Dropout(0.2)

    def forward(self, seen: Tensor) -> Tensor:
        """Give logits (B, T, 38)."""
        along, _ = self.sequence(torch.relu(self.inner(self.drop(self.norm(seen)))))
        out: Tensor = self.out(self.drop(along))
        return out


class PpOcrFeatures:
    """PP-OCR's network up to its classifier; safe to call from several threads."""

    def __init__(self, graph: Any, threads: int = 1) -> None:
        """Make a graph ready.

        Args:
            graph: an ``openvino.Model`` of lines as `network_input` gives them, with what is seen of each step and
                what is seen close around it as outputs.
            threads: within one call.
        """
        import openvino

        self._network = openvino.Core().compile_model(
            graph, "CPU", {"INFERENCE_NUM_THREADS": threads, **_OPTIONS}
        )

    def of(self, lines: Sequence[Image]) -> NDArray[np.float32]:
        """Give (N, 32, 504) features of lines (h, w, 3) or (h, w) uint8 BGR, each stretched to `LINE`."""
        inputs = np.stack([network_input(line) for line in lines])
        # A request of its own: one that is shared refuses a second thread.
        found: Any = self._network.create_infer_request().infer([inputs])
        seen, local = (np.asarray(found[i]) for i in range(2))
        columns = local.reshape(len(lines), local.shape[1], -1).transpose(0, 2, 1)
        return np.concatenate([seen, columns], axis=2)


class PpOcrRecogniser:
    """Reads number lines; see `plate_reader.base.Recogniser`."""

    def __init__(self, threads: int = 1, folder: Path | None = None, batch: int = 16) -> None:
        """Load both networks.

        Args:
            threads: of PP-OCR's within one call.
            folder: where the networks and their card lie; the shipped ones without it.
            batch: how many lines go through at once.

        Raises:
            PlateReaderError: weights that are missing or altered.
        """
        folder, self._batch = folder or weights_folder(), batch
        self.sha256_by_file = checked(folder, HEAD, *GRAPH)
        self._head = LineHead()
        try:
            import openvino

            graph = openvino.Core().read_model(folder / GRAPH[0], folder / GRAPH[1])
            self._features = PpOcrFeatures(graph, threads)
            self._head.load_state_dict(torch.load(folder / HEAD, weights_only=True))
        except UNLOADABLE as error:
            raise PlateReaderError(
                f"{folder}: the second reader ({HEAD}, {GRAPH[0]}) cannot be run: {error}; install the versions in "
                "requirements.lock"
            ) from error
        self._head.eval()

    def posteriors(self, lines: Sequence[Image]) -> list[Posterior]:
        """Give each line's posterior (32, 37); lines (h, w, 3) uint8 BGR of any size.

        Where a step sees a covered character, its row lacks that much to one.
        """
        out: list[Posterior] = []
        for start in range(0, len(lines), self._batch):
            seen = torch.from_numpy(self._features.of(lines[start : start + self._batch]))
            with torch.inference_mode():
                shares = self._head(seen).softmax(2).double().numpy()
            out += list(shares[:, :, : 1 + len(ALPHABET)])
        return out


def network_input(line: Image) -> NDArray[np.float32]:
    """Give a line (h, w, 3) or (h, w) uint8 as the network is shown it, (3, 48, 256) float32 from -1 to 1."""
    # Our layer was taught on grey lines.
    grey = cv2.cvtColor(line, cv2.COLOR_BGR2GRAY) if line.ndim == 3 else line
    sized = grey if grey.shape[::-1] == LINE else cv2.resize(grey, LINE, interpolation=cv2.INTER_LINEAR)
    return np.repeat(sized.astype(np.float32)[None] / 127.5 - 1, 3, axis=0)
