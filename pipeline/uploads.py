"""Files that people send to the office: what they are is seen from their content, and they are made anew.

Of a picture only its pixels go on, of a PDF only pictures of its pages: whatever else was in the file, a script, a
place, a second file behind the first, stays behind. What is kept is encrypted: it shows persons and papers.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from pipeline.blobs import StoreError, sha256_hex, write_whole
from ticketing import crypto

MOST_BYTES = 5 * 2**20
MOST_PIXELS = 50_000_000
LONGEST_SIDE_PX = 2400
PDF_TIMEOUT_S = 30
_PDF = Path(__file__).with_name("pdf_pages.py")
_SIGNS = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"%PDF-", "PDF"))
_UNSAFE = re.compile(r"[^\w .()\-]", re.ASCII)


class UploadError(ValueError):
    """A file that is not taken; ``text_id`` and ``text_en`` say why and what to do."""

    def __init__(self, name: str, text_id: str, text_en: str) -> None:
        super().__init__(f"{name}: {text_en}")
        self.name, self.text_id, self.text_en = name, text_id, text_en


@dataclass(frozen=True)
class CleanFile:
    """A file as it was made anew; ``name`` is for people to read and is never part of a path."""

    name: str
    media_type: str
    data: bytes


def kind_of(data: bytes) -> str | None:
    """Tell from its first bytes whether a file is a JPEG, PNG, WEBP or PDF; None: something else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for sign, kind in _SIGNS if data.startswith(sign)), None)


def clean(name: str, data: bytes) -> CleanFile:
    """Make an uploaded file anew.

    Args:
        name: as the sender's machine called it; only letters and digits of its last part are kept.
        data: at most `MOST_BYTES`.

    Raises:
        UploadError: empty, too large, neither JPEG, PNG, WebP nor PDF, broken, or a picture of more than
            `MOST_PIXELS`: such a one is refused before its pixels are decoded.
    """
    shown = safe_name(name)
    if not data:
        raise UploadError(shown, "berkas kosong", "the file is empty")
    if len(data) > MOST_BYTES:
        raise UploadError(
            shown,
            f"lebih dari {MOST_BYTES // 2**20} MB: perkecil dulu",
            f"larger than {MOST_BYTES // 2**20} MB: make it smaller first",
        )
    kind = kind_of(data)
    if kind is None:
        raise UploadError(
            shown, "bukan foto (JPEG, PNG, WebP) atau PDF", "neither a photo (JPEG, PNG, WebP) nor a PDF"
        )
    if kind == "PDF":
        return CleanFile(_with_suffix(shown, ".pdf"), "application/pdf", _pdf(shown, data))
    return CleanFile(_with_suffix(shown, ".jpg"), "image/jpeg", _picture(shown, data, kind))


def safe_name(name: str) -> str:
    """Give the last part of a file's name without anything that a shell, a path or a page could take amiss."""
    last = re.split(r"[/\\]", name)[-1]
    return _UNSAFE.sub("_", last).strip(" .")[:80] or "berkas"


def _with_suffix(name: str, suffix: str) -> str:
    return f"{name.rsplit('.', 1)[0]}{suffix}"


def _picture(name: str, data: bytes, kind: str) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(data), formats=[kind]) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise UploadError(name, "terlalu banyak piksel", "it has too many pixels")
                opened.draft("RGB", (LONGEST_SIDE_PX, LONGEST_SIDE_PX))
                picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
        raise UploadError(name, "terlalu banyak piksel", "it has too many pixels") from None
    except UploadError:
        raise
    # A library elsewhere in this process replaces the opener by one that asks for a HEIF plug-in first.
    except (UnidentifiedImageError, ModuleNotFoundError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise UploadError(name, "foto rusak, tidak bisa dibaca", "the photo is broken") from error
    picture.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
    # Only the pixels go on: the encoder would else carry comments and profiles along.
    bare = Pillow.new("RGB", picture.size)
    bare.paste(picture)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=88)
    return out.getvalue()


def _pdf(name: str, data: bytes) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603  # our own program; what it reads is never part of the command
            [sys.executable, "-I", str(_PDF)], input=data, capture_output=True, timeout=PDF_TIMEOUT_S, check=False
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise UploadError(name, "PDF terlalu rumit", "the PDF is too complicated") from None
    if done.returncode == 4:
        raise UploadError(name, "PDF paling banyak 12 halaman", "a PDF of at most 12 pages, please")
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        raise UploadError(
            name, "PDF tidak bisa dibaca, atau terkunci", "the PDF cannot be read, or has a password"
        )
    return done.stdout


class UploadStore:
    """Uploaded files under ``root/ab/abcd…``, each named by the SHA-256 of its content and encrypted."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> str:
        """Keep a file; give its SHA-256. Raises `StoreError`, `ticketing.errors.KeyMissingError`."""
        sha256 = sha256_hex(data)
        path = self._path(sha256)
        if not path.exists():
            write_whole(path, crypto.seal_bytes(data), mode=0o600)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Read a file. Raises `StoreError` where it is missing, altered, or was encrypted with another key."""
        path = self._path(sha256)
        try:
            data = crypto.unseal_bytes(path.read_bytes())
        except OSError as error:
            raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
        if sha256_hex(data) != sha256:
            raise StoreError(f"{path}: altered: its content no longer has the SHA-256 of its name")
        return data

    def _path(self, sha256: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise StoreError(f"{sha256[:80]!r} is not a SHA-256")
        return self._root / sha256[:2] / sha256
