"""Files that people send to the office: read from a form, made anew, kept, and opened again at the desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fastapi import Request, UploadFile
from fastapi.responses import Response

from api.owner_session import keys
from api.security import ProblemError, refused
from pipeline.evidence import StoreError
from pipeline.uploads import MOST_BYTES, UploadError, clean, safe_name
from ticketing.contact import Attached
from ticketing.errors import KeyMissingError

# What a form with five files of the largest size and its text comes to.
FORM_BYTES = 5 * MOST_BYTES + 256 * 1024


class Stored(Protocol):
    """A file's row, of an objection or of a conversation."""

    @property
    def file_name(self) -> str:
        """What it is called."""

    @property
    def media_type(self) -> str:
        """What it is."""

    @property
    def sha256(self) -> str:
        """By what its content is found."""


def take_files(request: Request, files: Sequence[UploadFile], most: int) -> list[Attached]:
    """Make the files of a form anew and keep them.

    Raises:
        UploadError: one of them cannot be taken, or there are more than ``most``; none was kept then.
    """
    sent = [file for file in files if file.filename or file.size]
    if len(sent) > most:
        refused(request, "too many files")
        raise UploadError("", f"paling banyak {most} berkas", f"at most {most} files, please")
    try:
        cleaned = [clean(file.filename or "", file.file.read(MOST_BYTES + 1)) for file in sent]
    except UploadError as error:
        refused(request, f"file refused ({error.text_en})")
        raise
    if any("/" in (file.filename or "") or "\\" in (file.filename or "") for file in sent):
        refused(request, "path in a file's name set aside")
    store = keys(request).uploads
    return [Attached(f.name, f.media_type, store.put(f.data), len(f.data)) for f in cleaned]


def open_file(request: Request, file: Stored) -> Response:
    """Send a kept file to whoever may see it; who that is, and that it is on the trail, the caller has seen to.

    Raises `ProblemError` 404 where its content is missing or damaged.
    """
    try:
        data = keys(request).uploads.get(file.sha256)
    except (StoreError, KeyMissingError) as error:
        raise ProblemError(
            404, "Tidak ada data / No data", "Berkas rusak atau hilang / the file is damaged or missing"
        ) from error
    name = safe_name(file.file_name)
    headers = {
        "Content-Disposition": f'inline; filename="{name}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(data, media_type=file.media_type, headers=headers)
