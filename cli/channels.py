"""Which ways out of the office are open, by the environment: e-mail and messages only where they are set up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import UsageError

if TYPE_CHECKING:
    from ticketing.channels import Channel
    from ticketing.samsat import Samsat

POST_FOLDER = "outgoing-post"
SAMSAT_FOLDER = "outgoing-samsat"
SUBJECT = "Surat konfirmasi ETLE"


def open_channels(data: Path) -> dict[str, Channel]:
    """Give the channels: the mailing house's folder always, the others where their variables are set.

    ``ETLE_SMTP_HOST``, ``ETLE_SMTP_SENDER``, ``ETLE_SMTP_PORT`` (587), ``ETLE_SMTP_LOGIN``, ``ETLE_SMTP_PASSWORD``;
    ``ETLE_WEBHOOK_URL``, ``ETLE_WEBHOOK_SECRET``.

    Raises:
        UsageError: a channel is set up by half.
    """
    from ticketing.channels import EMAIL, MESSAGE, POST, PostExport, Smtp, Webhook

    channels: dict[str, Channel] = {POST: PostExport(data / POST_FOLDER)}
    host, sender = os.environ.get("ETLE_SMTP_HOST"), os.environ.get("ETLE_SMTP_SENDER", "")
    if host:
        port = os.environ.get("ETLE_SMTP_PORT", "587")
        if "@" not in sender or not port.isdecimal():
            raise UsageError(
                "ETLE_SMTP_HOST is set: set ETLE_SMTP_SENDER to an address, and ETLE_SMTP_PORT to a port"
            )
        login, password = os.environ.get("ETLE_SMTP_LOGIN"), os.environ.get("ETLE_SMTP_PASSWORD", "")
        channels[EMAIL] = Smtp(host, int(port), sender, SUBJECT, login=login, password=password)
    url, secret = os.environ.get("ETLE_WEBHOOK_URL", ""), os.environ.get("ETLE_WEBHOOK_SECRET", "")
    if url:
        if not url.startswith("https://") or not secret:
            raise UsageError("ETLE_WEBHOOK_URL begins with https://, and ETLE_WEBHOOK_SECRET goes with it")
        channels[MESSAGE] = Webhook(url, secret)
    return channels


def open_samsat(data: Path) -> Samsat:
    """Give the way to Samsat: its web service where ``ETLE_SAMSAT_URL`` and ``ETLE_SAMSAT_SECRET`` are set, else a
    folder in the data folder, for whoever carries the orders there. Raises `UsageError`.
    """
    from ticketing.samsat import HttpSamsat, SamsatFolder

    url, secret = os.environ.get("ETLE_SAMSAT_URL", ""), os.environ.get("ETLE_SAMSAT_SECRET", "")
    if not url and not secret:
        return SamsatFolder(data / SAMSAT_FOLDER)
    if not url.startswith("https://") or not secret:
        raise UsageError("ETLE_SAMSAT_URL begins with https://, and ETLE_SAMSAT_SECRET goes with it")
    return HttpSamsat(url, secret)
