"""How a letter leaves the office: a folder for the mailing house, e-mail, a webhook for WhatsApp or SMS.

A message carries no attachment and asks for no payment (DOMAIN.md, "Confirmation letter holds"); the paper goes by
post.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import smtplib
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

import httpx

from ticketing.errors import AddressError, DeliveryError, InDoubtError
from ticketing.letters import Addressee

POST, EMAIL, MESSAGE = "post", "email", "message"


@dataclass(frozen=True)
class Outgoing:
    """A letter as a channel gets it; ``key`` is the same at every try. ``document`` is a PDF, for paper."""

    key: str
    kind: str
    to: Addressee
    text: str
    document: bytes | None


class Channel(Protocol):
    """A way out of the office. ``idempotent``: handed the same key twice, the addressee gets it once."""

    idempotent: bool

    def deliver(self, letter: Outgoing) -> str | None:
        """Hand a letter over; give the courier's number where there is one.

        Raises:
            DeliveryError: it was not handed over; try again.
            AddressError: it cannot be, to this address.
            InDoubtError: it may have been: only a person can tell.
        """


class PostExport:
    """Puts each letter into a folder for the mailing house: ``KEY.pdf``, and ``KEY.json`` with its address.

    The JSON appears last and whole: what has one is complete. A second try writes the same files.
    """

    idempotent = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, letter: Outgoing) -> str | None:
        """Write both files. Raises `AddressError` without an address, `DeliveryError` where they cannot be written."""
        if not letter.to.name.strip() or not letter.to.address.strip():
            raise AddressError("the letter has no name or address")
        if letter.document is None:
            raise DeliveryError("there is no paper to post")
        about = {"key": letter.key, "kind": letter.kind, "name": letter.to.name, "address": letter.to.address}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write(f"{letter.key}.pdf", letter.document)
            self._write(f"{letter.key}.json", json.dumps(about, ensure_ascii=False).encode())
        except OSError as error:
            raise DeliveryError(f"{self._folder}: {error.strerror}") from error
        return None

    def _write(self, name: str, data: bytes) -> None:
        partial = self._folder / f".{name}.partial"
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._folder / name)


class Smtp:
    """Sends e-mail, plain text. A server that falls silent after the letter was handed over leaves it in doubt."""

    idempotent = False

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        subject: str,
        *,
        login: str | None = None,
        password: str = "",
        starttls: bool = True,
        timeout_s: float = 20.0,
    ) -> None:
        self._host, self._port, self._sender, self._subject = host, port, sender, subject
        self._login, self._password, self._starttls, self._timeout = login, password, starttls, timeout_s

    def deliver(self, letter: Outgoing) -> str | None:
        """Send it; the key is its Message-ID."""
        if "@" not in letter.to.email or any(c in letter.to.email for c in "\r\n,; "):
            raise AddressError("there is no e-mail address")
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._sender, letter.to.email, self._subject
        mail["Message-ID"] = f"<{letter.key}@{self._sender.rpartition('@')[2]}>"
        mail.set_content(letter.text)
        try:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        except OSError as error:
            raise DeliveryError(f"{self._host}:{self._port}: {error}") from error
        with server:
            self._greet(server)
            self._send(server, mail)
        return None

    def _greet(self, server: smtplib.SMTP) -> None:
        try:
            if self._starttls:
                server.starttls()
            if self._login is not None:
                server.login(self._login, self._password)
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryError(f"{self._host}: {error}") from error

    def _send(self, server: smtplib.SMTP, mail: EmailMessage) -> None:
        try:
            server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            codes = {code for code, _ in error.recipients.values()}
            if any(code >= 500 for code in codes):
                raise AddressError(f"refused by {self._host}: {sorted(codes)}") from error
            raise DeliveryError(f"not accepted by {self._host} for now: {sorted(codes)}") from error
        except smtplib.SMTPResponseException as error:
            raise DeliveryError(f"{self._host}: {error.smtp_code}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise InDoubtError(f"{self._host} fell silent: {error}") from error


class Webhook:
    """Hands a short text to a gateway for WhatsApp or SMS, which must hold a key that it has seen for one.

    ``X-Signature`` is HMAC-SHA256, in hex, over the body with the secret that both share.
    """

    idempotent = True

    def __init__(self, url: str, secret: str, *, client: httpx.Client | None = None) -> None:
        self._url, self._secret = url, secret
        self._client = client or httpx.Client(timeout=15.0)

    def deliver(self, letter: Outgoing) -> str | None:
        """Post it; the gateway's ``id`` is the courier's number."""
        if not letter.to.phone.strip():
            raise AddressError("there is no telephone number")
        body = json.dumps({"key": letter.key, "to": letter.to.phone, "text": letter.text}).encode()
        signed = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "Idempotency-Key": letter.key, "X-Signature": signed}
        try:
            answer = self._client.post(self._url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise DeliveryError(f"{self._url}: {error}") from error
        if answer.status_code in (404, 410, 422):
            raise AddressError(f"the gateway knows no such number ({answer.status_code})")
        if not answer.is_success:
            raise DeliveryError(f"the gateway answered {answer.status_code}")
        try:
            number = answer.json().get("id")
        except (ValueError, AttributeError):
            number = None
        return str(number)[:80] if number is not None else None


def plain(to: Addressee) -> dict[str, str]:
    """Give an addressee as it is sealed."""
    return asdict(to)
