"""Builders: a drawn clip of coloured boxes on a grey road, a detector that knows their colours, a reader."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import yaml

from detectors.camera import Camera, load_camera
from detectors.rules.registry import NEEDS
from detectors.types import Detection, Image
from plate_reader.types import PlateReading

WIDTH, HEIGHT, FPS = 640, 360, 12
RECORDED = datetime(2026, 8, 17, 0, 15, tzinfo=UTC)
BLUE, GREEN = (220, 60, 20), (40, 200, 40)


def camera_data(**changes: Any) -> dict[str, Any]:
    """Seen from straight above, a tenth of a metre to the pixel; two lanes, both lawful to the right."""
    corners = [(0, 0), (WIDTH, 0), (0, HEIGHT), (WIDTH, HEIGHT), (320, 180)]
    data: dict[str, Any] = {
        "id": "kamera-uji",
        "name": "Kamera Uji – Jl. Contoh",
        "office": "Satlantas Polres Contoh",
        "location": {"street": "Jl. Contoh", "latitude": -7.8, "longitude": 110.4},
        "timezone": "Asia/Jakarta",
        "frame_size": [WIDTH, HEIGHT],
        "calibration": {
            "points": [{"image": [x, y], "road": [x / 10, -y / 10]} for x, y in corners],
            "image_sigma_px": 0.5,
        },
        "lanes": [
            {"id": "l1", "polygon": [[0, 0], [64, 0], [64, -18], [0, -18]], "direction": [1, 0]},
            {"id": "l2", "polygon": [[0, -18], [64, -18], [64, -36], [0, -36]], "direction": [1, 0]},
        ],
        "enforce": {"wrong_way": {}},
        "recorded_at": RECORDED.isoformat(),
    }
    return data | changes


def write_camera(path: Path, **changes: Any) -> Path:
    data = {k: v for k, v in camera_data(**changes).items() if v is not None}
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return path


def camera(folder: Path, **changes: Any) -> Camera:
    return load_camera(write_camera(folder / "camera.yaml", **changes), NEEDS)


@dataclass(frozen=True)
class Mover:
    """A coloured box: where its left edge is at a time, or None; ``y`` is its upper edge. ``beacon``: a red lamp
    flashes on it, three times in two seconds."""

    x: Callable[[float], float | None]
    y: int
    colour: tuple[int, int, int] = BLUE
    plate: bool = True
    beacon: bool = False


def along(speed_px_s: float, start: float, stop_s: float = 1e9) -> Callable[[float], float]:
    return lambda t: start + speed_px_s * min(t, stop_s)


WRONG_WAY = Mover(along(-110.0, 560.0), 60)
LAWFUL = Mover(along(110.0, 20.0), 230, GREEN)


def picture(movers: Sequence[Mover], t: float) -> Image:
    image = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    for mover in movers:
        x = mover.x(t)
        if x is None:
            continue
        a, b = (round(x), mover.y), (round(x) + 60, mover.y + 44)
        cv2.rectangle(image, a, b, mover.colour, -1)
        if mover.beacon and t * 1.5 % 1 < 0.5:
            cv2.rectangle(image, (a[0] + 22, a[1] + 2), (a[0] + 38, a[1] + 8), (30, 30, 255), -1)
        if mover.plate:
            cv2.rectangle(image, (a[0] + 20, a[1] + 28), (a[0] + 40, a[1] + 36), (255, 255, 255), -1)
            cv2.line(image, (a[0] + 24, a[1] + 32), (a[0] + 36, a[1] + 32), (0, 0, 0), 2)
    return image


def write_clip(
    path: Path,
    movers: Sequence[Mover],
    seconds: float = 5.0,
    times: Sequence[float] | None = None,
    **options: str,
) -> Path:
    """Draw a clip; frame times are ``times`` or every 1/12 s."""
    times = times if times is not None else [i / FPS for i in range(round(seconds * FPS))]
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(
            "libx264", rate=FPS, options={"crf": "12", "preset": "veryfast", "bf": "0"}
        )
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 90000)
        for t in times:
            frame = av.VideoFrame.from_ndarray(picture(movers, t), format="bgr24")
            frame.pts, frame.time_base = round(t * 90000), Fraction(1, 90000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


class ColourDetector:
    """Finds blue and green boxes as cars, white ones as plates."""

    def __init__(self, pause_s: float = 0.0) -> None:
        self.calls = 0
        self._pause_s = pause_s

    def detect(self, image: Image) -> list[Detection]:
        self.calls += 1
        time.sleep(self._pause_s)
        hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
        coloured = (hsv[..., 1] > 90).astype(np.uint8)
        coloured = cv2.morphologyEx(coloured, cv2.MORPH_CLOSE, np.ones((15, 25), np.uint8))
        white = (image.min(axis=2) > 200).astype(np.uint8)
        white = cv2.morphologyEx(white, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        found = [Detection("car", 0.9, box) for box in _boxes(coloured, 600)]
        return found + [Detection("plate", 0.8, box) for box in _boxes(white, 60)]

    def detect_batch(self, images: Sequence[Image]) -> list[list[Detection]]:
        return [self.detect(image) for image in images]


def _boxes(mask: Any, least: int) -> list[tuple[float, float, float, float]]:
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    return sorted(
        (float(x), float(y), float(x + w), float(y + h)) for x, y, w, h, area in stats[1:] if area >= least
    )


class FixedReader:
    """Reads the same text on any plate."""

    def __init__(self, text: str | None = "AB1234XY", accepted: bool = True) -> None:
        self.text, self.accepted, self.crops = text, accepted, 0

    def read_crops(self, crops: Sequence[Image]) -> PlateReading:
        self.crops = len(crops)
        text = self.text or ""
        return PlateReading(
            self.text,
            self.accepted,
            0.99,
            (0.99,) * len(text),
            "white",
            0.9,
            ((0, 0), (1, 0), (1, 1), (0, 1)),
            len(crops),
            reason="" if self.accepted else "two crops disagree",
        )
