"""How an office's bank knows it: the prefix of its virtual accounts, and where the secret they share is.

A ticket's account begins with its office's prefix (`prefix_for`). What the bank asks at our door carries an
X-PARTNER-ID (`for_partner`) and is signed with the secret (`snap_request`).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.orm import Session

from ticketing.errors import BankSettingsError, NotFoundError
from ticketing.models import CaseRow
from ticketing.virtual_accounts import PREFIX_DIGITS

TABLE = Path(__file__).with_name("banks.yaml")
ENVIRONMENT = "ETLE_BANKS"
_FIELDS = ("prefix", "secret_environment", "partner_id")


@dataclass(frozen=True)
class Bank:
    """One office's bank; ``prefix`` is five digits."""

    prefix: str
    secret_environment: str
    partner_id: str

    @property
    def secret(self) -> str:
        """The shared secret; empty where the environment has none, and then nothing is believed."""
        return os.environ.get(self.secret_environment, "")


def bank_of(office: str) -> Bank:
    """Give the bank of an issuing office. Raises `BankSettingsError` where the settings are none."""
    default, offices = _settings()
    return offices.get(office, default)


def prefix_for(session: Session, case_id: int) -> str:
    """Give the account prefix of a case's office. Raises `NotFoundError`, `BankSettingsError`."""
    case = session.get(CaseRow, case_id)
    if case is None:
        raise NotFoundError(f"there is no case {case_id}: go back to the queue")
    return bank_of(case.flagged["office"]).prefix


def for_partner(partner_id: str) -> Bank | None:
    """Give the bank whose notifications carry an X-PARTNER-ID; None where none does.

    A bank without a ``partner_id`` in the settings takes any, where it is the only one.
    """
    default, offices = _settings()
    known = {default, *offices.values()}
    for bank in known:
        if bank.partner_id and bank.partner_id == partner_id:
            return bank
    secrets = {bank.secret_environment for bank in known}
    return default if len(secrets) == 1 and not default.partner_id else None


def _settings() -> tuple[Bank, dict[str, Bank]]:
    own = os.environ.get(ENVIRONMENT)
    file = Path(own) if own else TABLE
    try:
        return _read(file, file.stat().st_mtime_ns)
    except OSError as error:
        raise BankSettingsError(f"{file}: {error.strerror}") from error


@lru_cache(maxsize=4)
def _read(file: Path, _changed: int) -> tuple[Bank, dict[str, Bank]]:
    try:
        table: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BankSettingsError(f"{file.name} is no YAML: {error}") from error
    if not isinstance(table, dict) or not isinstance(table.get("default"), dict):
        raise BankSettingsError(f"{file.name} needs 'default' with {', '.join(_FIELDS)}")
    offices = table.get("offices") or {}
    default = _bank(file, "default", table["default"])
    return default, {name: _bank(file, name, {**table["default"], **row}) for name, row in offices.items()}


def _bank(file: Path, name: str, row: dict[str, Any]) -> Bank:
    if set(row) != set(_FIELDS) or not all(isinstance(value, str) for value in row.values()):
        raise BankSettingsError(
            f"{file.name}: {name} has exactly {', '.join(_FIELDS)}, each a text in quotes"
        )
    if not re.fullmatch(rf"[0-9]{{{PREFIX_DIGITS}}}", row["prefix"]):
        raise BankSettingsError(f"{file.name}: {name}: the prefix is {PREFIX_DIGITS} digits, in quotes")
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", row["secret_environment"]):
        raise BankSettingsError(f"{file.name}: {name}: secret_environment names a variable, and is no secret")
    return Bank(**row)
