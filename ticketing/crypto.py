"""Personal data at rest: encrypted with the key that the environment gives (UU 27/2022, security of processing)."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from ticketing.errors import KeyMissingError

ENVIRONMENT = "ETLE_PII_KEY"


def new_key() -> str:
    """Make a key for `ENVIRONMENT`."""
    return Fernet.generate_key().decode()


def seal(fields: Mapping[str, str]) -> str:
    """Encrypt personal fields. Raises `KeyMissingError`."""
    return _cipher().encrypt(json.dumps(dict(fields)).encode()).decode()


def unseal(sealed: str) -> dict[str, str]:
    """Decrypt personal fields. Raises `KeyMissingError` where the key is absent or another one."""
    try:
        fields: dict[str, Any] = json.loads(_cipher().decrypt(sealed.encode()))
    except InvalidToken as error:
        raise KeyMissingError(f"{ENVIRONMENT} is not the key that this data was encrypted with") from error
    return fields


def seal_bytes(data: bytes) -> bytes:
    """Encrypt a file. Raises `KeyMissingError`."""
    return _cipher().encrypt(data)


def unseal_bytes(sealed: bytes) -> bytes:
    """Decrypt a file. Raises `KeyMissingError` where the key is absent or another one, or the file was altered."""
    try:
        return _cipher().decrypt(sealed)
    except InvalidToken as error:
        raise KeyMissingError(
            f"{ENVIRONMENT} is not the key that this file was encrypted with, or it was altered"
        ) from error


def fingerprint(text: str) -> str:
    """Give a keyed hash by which equal texts are found again and no text is. Raises `KeyMissingError`."""
    _cipher()
    key = hashlib.sha256(b"etle fingerprint" + os.environ[ENVIRONMENT].encode()).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def key_in_use() -> str:
    """Give the key that the environment gives, to tell it from another. Raises `KeyMissingError`."""
    _cipher()
    return os.environ[ENVIRONMENT]


def _cipher() -> Fernet:
    key = os.environ.get(ENVIRONMENT)
    if not key:
        raise KeyMissingError(f"{ENVIRONMENT} is not set: personal data is kept encrypted and needs its key")
    try:
        return _cipher_of(key)
    except ValueError as error:
        raise KeyMissingError(f"{ENVIRONMENT} is not a Fernet key (32 bytes, URL-safe base64)") from error


@lru_cache(maxsize=4)
def _cipher_of(key: str) -> Fernet:
    return Fernet(key)
