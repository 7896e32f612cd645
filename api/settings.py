"""What a server is told: where its data lies, its database, its public address, its limits."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Settings of one server.

    Args:
        data: the data folder: evidence, spool, keys.
        database_url: as SQLAlchemy writes it; the database is up to date.
        portal_url: the owner portal's public address for QR codes; the request's own address without it.
        https: cookies are sent over HTTPS only; switch on wherever the server is reached by one.
        session_s: an officer's session ends after so many seconds.
        owner_session_s: what an owner has looked up, or a reporter follows, stays open for so many seconds.
        contacts_per_minute: messages per address, and per conversation.
        bank_partner: by which X-PARTNER-ID the bank is known (``ETLE_BANK_PARTNER``).
        bank_secret: the secret shared with the bank (``ETLE_BANK_SECRET``); without both it is refused.
        look_ups_per_minute: per address, and per plate, before look-ups are refused for a while.
        segment_bytes: the largest recorded segment that is taken in.
        waiting_segments: with so many in the spool, gateways are asked to wait.
    """

    data: Path
    database_url: str
    portal_url: str | None = None
    https: bool = False
    session_s: int = 8 * 3600
    owner_session_s: int = 1800
    contacts_per_minute: int = 6
    look_ups_per_minute: int = 10
    segment_bytes: int = 64 * 1024 * 1024
    waiting_segments: int = 500
    bank_partner: str = field(default_factory=lambda: os.environ.get("ETLE_BANK_PARTNER", ""))
    bank_secret: str = field(default_factory=lambda: os.environ.get("ETLE_BANK_SECRET", ""), repr=False)
