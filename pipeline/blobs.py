"""Files that are whole or not there, and files that are named by what is in them."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

_SHA256 = re.compile(r"[0-9a-f]{64}")


class StoreError(RuntimeError):
    """The evidence store cannot do what was asked: no room, no right, or not there."""


def write_whole(path: Path, data: bytes, mode: int = 0o640, durable: bool = True) -> None:
    """Write a file so that, whatever happens, it is there whole or not at all; once this returns, durably, unless
    it is of no worth after a crash.

    Raises:
        StoreError: no room on the disk, or no right to write.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
        if durable:
            sync_folder(path.parent)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error


def sync_folder(folder: Path) -> None:
    """Make a rename or a new name in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_hex(data: bytes) -> str:
    """Give the SHA-256 of bytes in hex."""
    return hashlib.sha256(data).hexdigest()


class BlobStore:
    """Files under ``root/ab/abcd…``, each named by its SHA-256: the same content is stored once."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, sha256: str) -> Path:
        """Give where a blob lies. Raises `StoreError` for what is no SHA-256 in lower-case hex."""
        if not _SHA256.fullmatch(sha256):
            raise StoreError(f"{sha256[:80]!r} is not a SHA-256")
        return self._root / sha256[:2] / sha256

    def put(self, data: bytes) -> str:
        """Store bytes; give their address. A damaged blob of that address is written anew."""
        sha256 = sha256_hex(data)
        path = self.path(sha256)
        if self.fault(sha256) is not None:
            write_whole(path, data)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Read a blob and check it. Raises `StoreError` where it is missing or altered."""
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise StoreError(f"{path}: cannot be read: {error.strerror}") from error
        if sha256_hex(data) != sha256:
            raise StoreError(f"{path}: altered: its content no longer has the SHA-256 of its name")
        return data

    def fault(self, sha256: str) -> str | None:
        """Say what is wrong with a blob, or None."""
        try:
            with self.path(sha256).open("rb") as file:
                actual = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return "missing"
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        return None if actual == sha256 else f"altered: its SHA-256 is now {actual}"
