"""The clip that an owner may see."""

import io
from datetime import UTC, datetime, timedelta

import av
import numpy as np
import pytest

from detectors.types import Detection
from pipeline.clip import ClipError
from pipeline.images import encode_jpeg
from pipeline.public_clip import WIDEST_PX, public_clip
from pipeline.ring import StoredFrame

START = datetime(2026, 8, 18, 3, 0, tzinfo=UTC)
SUBJECT, OTHER, PERSON = (
    (100.0, 200.0, 400.0, 400.0),
    (600.0, 150.0, 900.0, 350.0),
    (950.0, 100.0, 1050.0, 380.0),
)
FOUND = (Detection("car", 0.9, SUBJECT), Detection("car", 0.9, OTHER), Detection("person", 0.9, PERSON))


def stripes() -> np.ndarray:
    """Black and white stripes of 8 pixels, everywhere: whatever is masked has no stripes any more."""
    row = ((np.arange(1200) // 8) % 2 * 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(row[None, :, None], (600, 1200, 3)))


def frames(count=20, found=FOUND):
    jpeg = encode_jpeg(stripes())
    return [
        StoredFrame(k, k / 25, START + timedelta(seconds=k / 25), jpeg, True, found) for k in range(count)
    ]


def pictures(clip: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(clip)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def contrast(picture: np.ndarray, box) -> float:
    scale = picture.shape[1] / 1200
    x1, y1, x2, y2 = (round(v * scale) for v in box)
    return float(picture[y1 + 10 : y2 - 10, x1 + 10 : x2 - 10].std())


def test_the_subject_is_seen_and_everybody_else_is_masked_in_every_frame():
    shown = pictures(public_clip(frames(), dict.fromkeys(range(20), SUBJECT)))
    assert len(shown) == 10 and shown[0].shape[1] == WIDEST_PX
    for picture in shown:
        # The lower half of the subject, below its glass, is as it was.
        assert contrast(picture, (100, 310, 400, 400)) > 60
        assert contrast(picture, OTHER) < 45 and contrast(picture, PERSON) < 45


def test_a_frame_in_which_nobody_looked_or_the_subject_is_not_known_is_left_out():
    looked, blind = frames(20), frames(20, None)
    mixed = [blind[k] if k < 10 else looked[k] for k in range(20)]
    assert len(pictures(public_clip(mixed, dict.fromkeys(range(15), SUBJECT)))) == 3


def test_without_one_frame_that_can_be_masked_there_is_no_clip():
    for kept, boxes in ((frames(5, None), dict.fromkeys(range(5), SUBJECT)), (frames(5), {}), ([], {})):
        with pytest.raises(ClipError):
            public_clip(kept, boxes)
