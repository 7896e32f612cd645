"""A pushed frame, and what it is refused for: each refusal has a name that can be counted."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from detectors.types import SignalState

__all__ = [
    "REFUSALS",
    "FrameOrder",
    "FrameRefusedError",
    "FrameTaken",
    "PushedFrame",
    "SignalState",
    "check_time",
    "jpeg_size",
]
AHEAD = timedelta(seconds=5)
BEHIND = timedelta(seconds=60)
MOST_PIXELS = 50_000_000
# What a frame can be refused for: a label of the metrics, so never taken from what was sent.
REFUSALS = ("not_a_jpeg", "too_many_pixels", "wrong_size", "in_the_future", "too_old", "out_of_order",
            "unknown_signal", "too_large", "malformed")  # fmt: skip


class FrameRefusedError(ValueError):
    """A frame that is not taken; ``name`` is one of `REFUSALS`, the message says what to do."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True)
class PushedFrame:
    """One live frame as it was pushed: ``captured_at`` and ``sent_at`` by the gateway's clock, ``received_at`` by ours;
    ``signals`` are the states of a wired signal controller by the signal's id. All times name their zone."""

    sequence: int
    captured_at: datetime
    jpeg: bytes = field(repr=False)
    received_at: datetime
    sent_at: datetime | None = None
    signals: Mapping[str, SignalState] = field(default_factory=dict)


@dataclass(frozen=True)
class FrameTaken:
    """What became of the queue: ``dropped`` older frames made room for this one, ``dropped_in_all`` since the worker
    holds the camera; ``missing`` frames between the one before and this one never came."""

    dropped: int
    dropped_in_all: int
    missing: int


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Read a JPEG's width and height from its header alone: nothing is decoded.

    Raises:
        FrameRefusedError: not a JPEG, or one that would decode to more than `MOST_PIXELS`.
    """
    if not data.startswith(b"\xff\xd8\xff"):
        what = "the frame is empty (0 bytes)" if not data else "the frame is not a JPEG"
        raise FrameRefusedError("not_a_jpeg", f"{what}: a pushed frame must be a JPEG")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(data), formats=("JPEG",)) as picture:
                width, height = picture.size
    except Pillow.DecompressionBombError as error:
        raise FrameRefusedError("too_many_pixels", f"the frame is too large: {error}") from error
    except (UnidentifiedImageError, ModuleNotFoundError, OSError, SyntaxError, ValueError) as error:
        raise FrameRefusedError("not_a_jpeg", "the frame begins as a JPEG and is none") from error
    if width * height > MOST_PIXELS:
        raise FrameRefusedError(
            "too_many_pixels",
            f"the frame says {width}x{height}, {width * height / 1e6:.0f} megapixels; at most "
            f"{MOST_PIXELS // 10**6} are taken",
        )
    return width, height


def check_time(frame: PushedFrame) -> None:
    """Refuse a capture time that cannot be that of a live frame. Raises `FrameRefusedError`."""
    ahead = frame.captured_at - frame.received_at
    if ahead > AHEAD:
        raise FrameRefusedError(
            "in_the_future",
            f"captured_at is {ahead.total_seconds():.1f} s ahead of the server's clock; "
            f"at most {AHEAD.total_seconds():.0f} s are taken: set the gateway's clock (NTP)",
        )
    if -ahead > BEHIND:
        raise FrameRefusedError(
            "too_old",
            f"captured_at is {-ahead.total_seconds():.0f} s ago; live frames are at most "
            f"{BEHIND.total_seconds():.0f} s old: hand the recording over as a segment",
        )


class FrameOrder:
    """One camera's frames follow each other: numbers grow, and so do times.

    A gateway that starts anew may begin again with number 0, never with an earlier time.
    """

    def __init__(self) -> None:
        self._last: PushedFrame | None = None

    def check(self, frame: PushedFrame) -> int:
        """Take a frame in; give how many are missing before it. Raises `FrameRefusedError`: out of order."""
        last = self._last
        if last is not None and frame.captured_at <= last.captured_at:
            raise FrameRefusedError(
                "out_of_order",
                f"captured_at runs backwards: {frame.captured_at.isoformat()} after {last.captured_at.isoformat()}",
            )
        if last is not None and frame.sequence <= last.sequence and frame.sequence != 0:
            raise FrameRefusedError(
                "out_of_order",
                f"sequence {frame.sequence} after {last.sequence}: numbers grow, or begin again at 0",
            )
        self._last = frame
        if last is None or frame.sequence == 0:
            return 0
        return frame.sequence - last.sequence - 1
