"""Virtual account numbers: the biller's prefix, eight random digits, two check digits.

Fifteen digits as BRIVA has them (DOMAIN.md, "The process"), with a prefix of five. The check digits are ISO 7064
MOD 97-10: any one wrong digit and any two neighbours that changed places show.
"""

from __future__ import annotations

import re
import secrets

PREFIX_DIGITS, SERIAL_DIGITS = 5, 8
LENGTH = PREFIX_DIGITS + SERIAL_DIGITS + 2


def new_account(prefix: str) -> str:
    """Make a number. Raises `ValueError` where the prefix is not five digits."""
    if not re.fullmatch(rf"[0-9]{{{PREFIX_DIGITS}}}", prefix):
        raise ValueError(f"{prefix!r} is no biller's prefix: it has {PREFIX_DIGITS} digits")
    return with_check(f"{prefix}{secrets.randbelow(10**SERIAL_DIGITS):0{SERIAL_DIGITS}}")


def with_check(digits: str) -> str:
    """Append the two check digits."""
    return f"{digits}{98 - int(digits) * 100 % 97:02}"


def is_account(number: str) -> bool:
    """Tell whether a text is a virtual account number whose check digits hold."""
    return re.fullmatch(rf"[0-9]{{{LENGTH}}}", number) is not None and int(number) % 97 == 1
