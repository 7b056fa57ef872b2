"""Mail, delivered to a real SMTP server: encrypted, to the right place, or not at all."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from contravento.kit import mail as mails
from contravento.kit.mail import FolderMailer, Mail, SmtpMailer, read_folder
from contravento.kit.settings import Settings
from tests.conftest import make_settings

MAIL = Mail("maite@example.org", "Confirma tu dirección", "Un clic.\n", "<p>Un clic.</p>")


class Received:
    """What the server was handed."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.logins: list[tuple[bytes, bytes]] = []
        self.was_encrypted: list[bool] = []

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        found = message_from_bytes(envelope.content, EmailMessage, policy=policy.default)
        self.mails.append(found)
        self.was_encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 OK"

    def check(self, _server: Any, _session: Any, _envelope: Any, _how: str, who: Any) -> AuthResult:
        assert isinstance(who, LoginPassword)
        self.logins.append((who.login, who.password))
        return AuthResult(success=who.password == b"hunter2")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that is its own authority, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            str(key),
            "-out",
            str(certificate),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.fixture
def tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def received() -> Received:
    return Received()


type Serve = Callable[..., Awaitable[int]]


@pytest.fixture
async def serve(received: Received) -> AsyncIterator[Serve]:
    """Start a server; the port that it listens on."""
    running: list[asyncio.Server] = []

    async def start(*, implicit: ssl.SSLContext | None = None, **options: Any) -> int:
        server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(received, hostname="localhost", **options),
            "127.0.0.1",
            0,
            ssl=implicit,
        )
        running.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    yield start
    for server in running:
        server.close()


@pytest.fixture
def trusted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """What an operator with an authority of their own does; nothing in the program is relaxed."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


def settings_for(port: int, tmp_path: Path, **changes: object) -> Settings:
    return make_settings(
        "postgresql://nowhere/nothing",
        tmp_path,
        mail_folder=None,
        smtp_host="localhost",
        smtp_port=port,
        smtp_from="diary@example.org",
        **changes,
    )


async def test_a_mail_travels_encrypted_by_starttls(
    serve: Serve, received: Received, tls: ssl.SSLContext, trusted: None, tmp_path: Path
) -> None:
    port = await serve(tls_context=tls, require_starttls=True)
    await SmtpMailer(settings_for(port, tmp_path)).send(MAIL)

    (mail,) = received.mails
    assert received.was_encrypted == [True]
    assert (mail["To"], mail["Subject"]) == (MAIL.to, MAIL.subject)
    assert mail["From"] == "ContraVento <diary@example.org>"
    assert mail["Message-ID"].endswith("@example.org>")
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, html = mail.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")


async def test_a_mail_travels_encrypted_from_the_first_byte(
    serve: Serve,
    received: Received,
    tls: ssl.SSLContext,
    trusted: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = await serve(implicit=tls)
    monkeypatch.setattr(mails, "SMTPS_PORT", port)  # 465 itself is not for tests to open
    await SmtpMailer(settings_for(port, tmp_path)).send(MAIL)
    assert received.was_encrypted == [True]


async def test_a_password_is_sent_only_when_encrypted(
    serve: Serve, received: Received, tls: ssl.SSLContext, trusted: None, tmp_path: Path
) -> None:
    login = {"smtp_user": "diary", "smtp_password": "hunter2"}
    port = await serve(tls_context=tls, authenticator=received.check, auth_required=True)
    await SmtpMailer(settings_for(port, tmp_path, **login)).send(MAIL)
    assert received.logins == [(b"diary", b"hunter2")]
    assert received.was_encrypted == [True]


async def test_a_server_that_cannot_encrypt_gets_nothing(
    serve: Serve, received: Received, tmp_path: Path
) -> None:
    mailer = SmtpMailer(settings_for(await serve(), tmp_path))
    with pytest.raises(aiosmtplib.SMTPException):
        await mailer.send(MAIL)
    assert received.mails == []


async def test_a_server_that_is_not_who_it_says_gets_nothing(
    serve: Serve, received: Received, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    mailer = SmtpMailer(settings_for(await serve(tls_context=tls), tmp_path))
    with pytest.raises((aiosmtplib.SMTPException, ssl.SSLError)):
        await mailer.send(MAIL)
    assert received.mails == []


async def test_without_tls_it_goes_as_it_is(
    serve: Serve, received: Received, tmp_path: Path
) -> None:
    await SmtpMailer(settings_for(await serve(), tmp_path, smtp_tls=False)).send(MAIL)
    assert received.was_encrypted == [False]


async def test_nobody_adds_a_line_to_a_mails_head(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"linefeed|newline"):
        await FolderMailer(tmp_path, "Diary").send(
            Mail("a@example.org\nBcc: all@example.org", "x", "y")
        )


async def test_a_folder_keeps_mails_newest_first(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path, "Diary")
    for number in range(3):
        await mailer.send(Mail("a@example.org", f"Number {number}", "x"))
    assert [mail["Subject"] for _, mail in read_folder(tmp_path, at_most=2)] == [
        "Number 2",
        "Number 1",
    ]
