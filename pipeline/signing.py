"""The key that signs evidence: made at first use, readable by its owner alone."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pipeline.blobs import StoreError, sha256_hex, sync_folder, write_whole


class EvidenceKey:
    """An Ed25519 key pair (RFC 8032) in ``folder``: ``evidence.pem`` (0600) and ``evidence.pub.pem``."""

    def __init__(self, folder: Path) -> None:
        """Load the key, or make it where there is none. Raises `StoreError`."""
        self._path = folder / "evidence.pem"
        if not self._path.exists():
            _make(self._path)
        try:
            key = serialization.load_pem_private_key(self._path.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise StoreError(f"{self._path}: the evidence key cannot be read: {error}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise StoreError(f"{self._path}: not an Ed25519 key")
        self._key = key
        public = key.public_key()
        self.fingerprint = fingerprint(public)
        shown = folder / "evidence.pub.pem"
        if not shown.exists():
            pem = public.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            write_whole(shown, pem, mode=0o644)

    def sign(self, data: bytes) -> bytes:
        """Sign bytes; 64 bytes of signature."""
        return self._key.sign(data)


def load_public_key(folder: Path) -> Ed25519PublicKey:
    """Load the key that evidence is verified with. Raises `StoreError` where it is missing or no key."""
    return read_public_key(folder / "evidence.pub.pem")


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read an Ed25519 public key from a PEM file. Raises `StoreError` where it is missing or no such key."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: the evidence's public key cannot be read: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise StoreError(f"{path}: not an Ed25519 public key")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """Give the SHA-256 of a public key's 32 bytes, in hex."""
    return sha256_hex(key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))


def signed_by(key: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    """Tell whether the holder of this key signed these bytes."""
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _make(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        # A link fails where another process made the key meanwhile: theirs is then used by both.
        os.link(temporary, path)
        sync_folder(path.parent)
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(f"{path}: the evidence key cannot be made: {error.strerror}") from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
