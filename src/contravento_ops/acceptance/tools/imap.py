"""An inbox that is read by IMAP over TLS. What lies in it is left as it is.

SEARCH TO finds parts of words on one server and whole words on another; so the newest 50 mails
are looked through and whole addresses compared here. More than 50 mails within half a minute may
hide the one that is meant. The certificate is verified, which imaplib does not do by itself, since
a password goes over that connection. Passwords beyond ASCII need AUTHENTICATE PLAIN; OAuth is not
spoken.
"""

import imaplib
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.utils import getaddresses
from urllib.parse import unquote, urlsplit

from contravento_ops.kit.check_result import Inconclusive

PORT = 993
ANSWER_SECONDS = 10
NEWEST = 50  # mails, which are looked through anew each time
PLAIN = "AUTH=PLAIN"
TOLD_TO = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
HEADERS = f"(BODY.PEEK[HEADER.FIELDS ({' '.join(TOLD_TO)})])"
WHOLE = "(BODY.PEEK[])"


@dataclass(frozen=True, slots=True)
class Account:
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str


def account(url: str) -> Account:
    """Of `imaps://user:password@host:port/folder`, with what a URL needs encoded."""
    parts = urlsplit(url)
    return Account(
        host=parts.hostname or "",
        port=parts.port or PORT,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )


@dataclass
class Inbox:
    """One connection, however often it is looked into; a lost one is made anew."""

    account: Account
    trust: ssl.SSLContext
    _server: imaplib.IMAP4_SSL | None = None

    def mails_to(self, address: str) -> list[str]:
        """Texts of the newest of them. Raises Inconclusive where nobody may look."""
        is_first = self._server is None
        try:
            self._server = self._server or self._sign_in()
            return list(_mails_to(self._server, self.account.folder, address))
        except (imaplib.IMAP4.abort, OSError) as error:
            self.close()
            if is_first:
                raise Inconclusive(f"{self._name} does not answer: {_words(error)}") from error
            return []
        except imaplib.IMAP4.error as error:
            raise Inconclusive(f"{self._name} refuses to be read: {_words(error)}") from error

    def close(self) -> None:
        """Without a word, which might not be answered."""
        if self._server:
            with suppress(OSError):
                self._server.shutdown()
        self._server = None

    @property
    def _name(self) -> str:
        return f"the inbox of CHECK_INBOX_URL at {self.account.host}:{self.account.port}"

    def _sign_in(self) -> imaplib.IMAP4_SSL:
        """Raises Inconclusive where the server is not the one meant, or does not know us."""
        try:
            server = imaplib.IMAP4_SSL(
                self.account.host,
                self.account.port,
                ssl_context=self.trust,
                timeout=ANSWER_SECONDS,
            )
        except ssl.SSLCertVerificationError as error:
            raise Inconclusive(
                f"{self._name} shows a certificate that is not trusted: {error.verify_message};"
                " ACME_CA_BUNDLE may name the root of a private authority"
            ) from error
        try:
            self._authenticate(server)
        except BaseException:
            server.shutdown()
            raise
        return server

    def _authenticate(self, server: imaplib.IMAP4_SSL) -> None:
        user, password = self.account.user, self.account.password
        try:
            if PLAIN in server.capabilities:
                server.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
            else:
                server.login(_quoted(user), password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise Inconclusive(f"{self._name} does not let us in: {_words(error)}") from error
        except UnicodeEncodeError:
            raise Inconclusive(f"{self._name} takes no user or password beyond ASCII") from None


def _mails_to(server: imaplib.IMAP4_SSL, folder: str, address: str) -> Iterator[str]:
    """The addresses are compared here: servers search for parts of words, or not at all."""
    status, said = server.select(_quoted(_in_ascii(folder)), readonly=True)
    if status != "OK":
        raise Inconclusive(f"the folder {folder} of the inbox cannot be opened: {_said(said)}")
    count = int(said[0] or 0)
    if not count:
        return
    _, found = server.fetch(f"{max(1, count - NEWEST + 1)}:{count}", HEADERS)
    for part in found:
        if isinstance(part, tuple) and address.casefold() in _addresses(part[1]):
            number = part[0].split()[0].decode()
            yield _text(server, number)


def _addresses(header: bytes) -> set[str]:
    told = message_from_bytes(header)
    named = getaddresses([str(each) for name in TOLD_TO for each in told.get_all(name, ())])
    return {address.casefold() for _, address in named}


def _text(server: imaplib.IMAP4_SSL, number: str) -> str:
    """All that is written in it, plain or as HTML."""
    _, found = server.fetch(number, WHOLE)
    raw = next((part[1] for part in found if isinstance(part, tuple)), b"")
    parts = [
        part.get_payload(decode=True)
        for part in message_from_bytes(raw).walk()
        if part.get_content_maintype() == "text"
    ]
    return "\n".join(part.decode(errors="replace") for part in parts if isinstance(part, bytes))


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _in_ascii(folder: str) -> str:
    """As IMAP writes names of folders: RFC 3501, 5.1.3."""
    return re.sub(r"&|[^\x20-\x7e]+", lambda found: _shifted(found[0]), folder)


def _shifted(text: str) -> str:
    if text == "&":
        return "&-"
    return "&" + b64encode(text.encode("utf-16-be"), b"+,").rstrip(b"=").decode() + "-"


def _said(answer: list[bytes | None]) -> str:
    return b" ".join(each for each in answer if each).decode(errors="replace")


def _words(error: Exception) -> str:
    """`imaplib` hands on bytes as they came."""
    said = error.args[-1] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(error)
