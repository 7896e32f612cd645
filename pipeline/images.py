"""Pictures from bytes and to bytes, strictly: a picture that is cut short is an error, never half grey."""

from __future__ import annotations

import io
import warnings

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from detectors.types import Image

EVIDENCE_JPEG_QUALITY = 95
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")


_REFUSED_MODES = {
    "CMYK": "the picture is in CMYK, the colours of print",
    **dict.fromkeys(
        ("I;16", "I;16B", "I;16L", "I;16N", "I", "F"), "the picture has more than 8 bits a pixel"
    ),
}


class ImageError(ValueError):
    """Bytes that are no whole picture; the message says what is wrong with them."""


def decode_image(data: bytes) -> Image:
    """Decode JPEG, PNG, WebP or BMP to (H, W, 3) uint8 BGR, turned as its EXIF orientation says.

    Pictures with more than eight bits a channel, or in the colours of print, are refused: how such a one is brought to
    what a camera shows is for whoever made it to say, and evidence must not rest on a guess.

    Raises:
        ImageError: empty, not a picture, cut short, too large, or of another kind of colour.
    """
    if not data:
        raise ImageError("the file is empty (0 bytes)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(data), formats=FORMATS) as picture:
                if picture.mode in _REFUSED_MODES:
                    raise ImageError(f"{_REFUSED_MODES[picture.mode]}: convert it to 8-bit RGB or grey first")
                picture.load()
                rgb = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    # Ultralytics, once imported, puts its own opener in Pillow's place, which asks for a package where none fits.
    except (UnidentifiedImageError, ModuleNotFoundError) as error:
        raise ImageError("not a picture that can be read (JPEG, PNG, WebP or BMP)") from error
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise ImageError(f"the picture is too large: {error}") from error
    except ImageError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ImageError(f"the picture is broken: {error}") from error
    bgr: Image = np.ascontiguousarray(rgb[:, :, ::-1])
    return bgr


def encode_jpeg(image: Image, quality: int = EVIDENCE_JPEG_QUALITY) -> bytes:
    """Encode (H, W, 3) uint8 BGR as JPEG."""
    return _encode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])


def encode_png(image: Image) -> bytes:
    """Encode (H, W, 3) uint8 BGR without loss."""
    return _encode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 4])


def _encode(kind: str, image: Image, options: list[int]) -> bytes:
    done, data = cv2.imencode(kind, image, options)
    if not done:
        raise ImageError(f"a picture of shape {image.shape} cannot be encoded as {kind}")
    return bytes(data.tobytes())


def crop(image: Image, box: tuple[float, float, float, float], pad: float = 0.0) -> Image:
    """Cut ``box_xyxy`` out of a picture, widened by ``pad`` of its size on each side; a copy, at least 1x1.

    Raises:
        ImageError: the box lies outside the picture.
    """
    h, w = image.shape[:2]
    dx, dy = pad * (box[2] - box[0]), pad * (box[3] - box[1])
    x1, y1 = max(0, int(box[0] - dx)), max(0, int(box[1] - dy))
    x2, y2 = min(w, int(np.ceil(box[2] + dx))), min(h, int(np.ceil(box[3] + dy)))
    if x2 <= x1 or y2 <= y1:
        raise ImageError(f"box {box} lies outside the picture of {w}x{h}")
    return image[y1:y2, x1:x2].copy()
