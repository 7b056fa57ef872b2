"""Sends mail by SMTP, or into a folder that local-dev shows on a page."""

import asyncio
import logging
import secrets
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from pathlib import Path
from typing import Protocol

import aiosmtplib

from contravento.kit.clock import now
from contravento.kit.mail_address import ascii_address
from contravento.kit.settings import Settings
from contravento.kit.telemetry import metrics

SMTPS_PORT = 465
SMTP_TIMEOUT_SECONDS = 20

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mail:
    to: str
    subject: str
    text: str
    html: str | None = None


class Mailer(Protocol):
    async def send(self, mail: Mail) -> None: ...


class SmtpMailer:
    """TLS from the first byte on port 465, STARTTLS on any other when SMTP_TLS is true."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def send(self, mail: Mail) -> None:
        settings = self._settings
        implicit = settings.smtp_tls and settings.smtp_port == SMTPS_PORT
        with metrics.mailing():
            await aiosmtplib.send(
                compose(mail, sender=settings.smtp_from or "", sender_name=settings.app_name),
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_user,
                password=settings.smtp_password.get_secret_value()
                if settings.smtp_password
                else None,
                use_tls=implicit,
                start_tls=settings.smtp_tls and not implicit,
                timeout=SMTP_TIMEOUT_SECONDS,
            )


class FolderMailer:
    """Writes every mail as an .eml file, newest last by name."""

    def __init__(self, folder: Path, sender_name: str) -> None:
        self.folder = folder
        self._sender_name = sender_name

    async def send(self, mail: Mail) -> None:
        message = compose(mail, sender="diary@localhost", sender_name=self._sender_name)
        with metrics.mailing():
            await asyncio.to_thread(self._write, message.as_bytes(policy=policy.SMTP))

    def _write(self, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{now():%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(4)}"
        unfinished = self.folder / f".{name}"
        unfinished.write_bytes(content)
        unfinished.rename(self.folder / f"{name}.eml")


class AllowedOnly:
    """Lets mails go to the addresses and domains that are allowed; holds all others back."""

    def __init__(self, mailer: Mailer, allowed: tuple[str, ...]) -> None:
        self._mailer = mailer
        self._allowed = frozenset(allowed)
        self.held_back = 0

    def lets_through(self, address: str) -> bool:
        address = address.lower()
        return address in self._allowed or f"@{address.rpartition('@')[2]}" in self._allowed

    async def send(self, mail: Mail) -> None:
        if self.lets_through(mail.to):
            await self._mailer.send(mail)
            return
        self.held_back += 1
        metrics.MAILS.labels("held").inc()
        log.warning("a mail was held back by MAIL_ALLOW_LIST; %d so far", self.held_back)


def make_mailer(settings: Settings) -> Mailer:
    mailer = _make_mailer(settings)
    if settings.mail_allow_list:
        return AllowedOnly(mailer, settings.mail_allow_list)
    return mailer


def _make_mailer(settings: Settings) -> Mailer:
    if settings.smtp_host:
        return SmtpMailer(settings)
    if settings.mail_folder is None:
        raise ValueError("neither SMTP_HOST nor MAIL_FOLDER is set")
    return FolderMailer(settings.mail_folder, settings.app_name)


def compose(mail: Mail, *, sender: str, sender_name: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender if "<" in sender else formataddr((sender_name, sender))
    message["To"] = ascii_address(mail.to) or mail.to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">") or None)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message


def read_folder(folder: Path, at_most: int = 50) -> list[tuple[str, EmailMessage]]:
    """The newest mails of a FolderMailer's folder, newest first, with their file names."""
    files = sorted(folder.glob("*.eml"), reverse=True)[:at_most]
    return [
        (file.name, message_from_bytes(file.read_bytes(), EmailMessage, policy=policy.default))
        for file in files
    ]
