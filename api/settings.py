"""What a server is told: where its data lies, its database, its public address, its limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Settings of one server.

    Args:
        data: the data folder: evidence, spool, keys.
        database_url: as SQLAlchemy writes it; the database is up to date.
        portal_url: the owner portal's public address for QR codes; the request's own address without it.
        https: cookies are sent over HTTPS only; switch on wherever the server is reached by one.
        session_s: an officer's session ends after so many seconds, whatever they do.
        idle_s: it ends after so many seconds without a page.
        second_factor: officers give a code from their authenticator too; off only for a trial.
        log_ins_per_minute: per address, before log-ins are refused for a while.
        second_share: of this share of the cases, 0 to 1, a second officer decides too, blind to the first decision.
        hasty_s: a decision in fewer seconds is counted as hasty.
        owner_session_s: what an owner has looked up, or a reporter follows, stays open for so many seconds.
        contacts_per_minute: messages per address, and per conversation.
        look_ups_per_minute: per address, and per plate, before look-ups are refused for a while.
        segment_bytes: the largest recorded segment that is taken in.
        waiting_segments: with so many in the spool, gateways are asked to wait.
        frame_bytes: the largest live frame that is taken in.
        evidence_bytes: the largest evidence package of one violation that is taken in.
        wrong_keys_per_minute: per address, before gateways' keys are no longer looked at for a while.
        metrics_token: whoever asks for the metrics sends it as a bearer token; empty, and only this machine may ask.
    """

    data: Path
    database_url: str
    portal_url: str | None = None
    https: bool = False
    session_s: int = 8 * 3600
    idle_s: int = 30 * 60
    second_factor: bool = True
    log_ins_per_minute: int = 20
    second_share: float = 0.0
    hasty_s: float = 4.0
    owner_session_s: int = 1800
    contacts_per_minute: int = 6
    look_ups_per_minute: int = 10
    segment_bytes: int = 64 * 1024 * 1024
    waiting_segments: int = 500
    frame_bytes: int = 8 * 1024 * 1024
    evidence_bytes: int = 128 * 1024 * 1024
    wrong_keys_per_minute: int = 30
    metrics_token: str = ""
