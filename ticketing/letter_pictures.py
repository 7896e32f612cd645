"""Evidence pictures made fit for a letter."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from ticketing.errors import PictureError

MOST = 4
# A quarter of an A4 page's width at 300 dots per inch is some 500 pixels; twice that bears a look with a lens.
LONGEST_SIDE = 1000
QUALITY = 88


def prepared(pictures: Sequence[bytes]) -> list[bytes]:
    """Make up to `MOST` JPEGs anew: upright, RGB, without their metadata, at most `LONGEST_SIDE` pixels long.

    Raises:
        PictureError: there are more, or one is no whole JPEG; a letter is not sent with less than was meant.
    """
    if len(pictures) > MOST:
        raise PictureError(f"{len(pictures)} pictures: a letter has room for {MOST}")
    return [_prepare(data, number) for number, data in enumerate(pictures, 1)]


def _prepare(data: bytes, number: int) -> bytes:
    try:
        with Image.open(BytesIO(data), formats=["JPEG"]) as opened:
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, ModuleNotFoundError) as error:
        # A library elsewhere in this process replaces the opener by one that asks for a HEIF plug-in first.
        raise PictureError(f"picture {number} is not a JPEG: take it from the evidence package") from error
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise PictureError(f"picture {number} is a broken JPEG: {error}") from error
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    # Only the pixels go on: the encoder would else carry comments and profiles along.
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    out = BytesIO()
    bare.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
