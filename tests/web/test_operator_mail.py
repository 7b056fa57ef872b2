"""The operator's test mail, and what a mail server has to say."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from contravento.accounts.models import Rider
from contravento.kit.mail import make_mailer, read_folder
from contravento.kit.resources import Resources
from contravento.operations.rules import MAIL_TEST_LIMIT
from tests.conftest import make_settings
from tests.web.operator_visit import PAGE, Visit, said


class Counter:
    """An SMTP server's manners, and what it took."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.answer_to_recipient = "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.answer_to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer_to_recipient.format(address=address)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append(envelope.content)
        return "250 OK"


type Serve = Callable[..., Awaitable[int]]


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
async def serve(counter: Counter) -> AsyncIterator[Serve]:
    running: list[asyncio.Server] = []

    async def start(**options: Any) -> int:
        server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(counter, hostname="localhost", **options), "127.0.0.1", 0
        )
        running.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield start
    for server in running:
        server.close()


def mailing(resources: Resources, folder: Path, port: int, **changes: Any) -> Resources:
    settings = make_settings(
        resources.settings.database,
        folder,
        **{
            "mail_folder": None,
            "smtp_host": "localhost",
            "smtp_port": port,
            "smtp_from": "diary@example.org",
            "smtp_tls": False,
            **changes,
        },
    )
    return replace(resources, settings=settings, mailer=make_mailer(settings))


async def test_the_test_mail_is_sent_at_once(
    visit: Visit,
    live_resources: Resources,
    admin: Rider,
    serve: Serve,
    counter: Counter,
    tmp_path: Path,
) -> None:
    resources = mailing(live_resources, tmp_path, await serve())
    page = await (await visit(admin, resources)).post(f"{PAGE}/mail-test")

    assert page.status_code == 200
    assert "The mail server took the mail for you." in said(page)
    (taken,) = counter.taken
    assert b"To: maite@example.org" in taken
    assert b"A test from ContraVento" in taken


async def test_a_refusal_is_told_in_the_mail_servers_words(
    visit: Visit,
    live_resources: Resources,
    admin: Rider,
    serve: Serve,
    counter: Counter,
    tmp_path: Path,
) -> None:
    counter.answer_to_recipient = "550 5.1.1 <{address}> User unknown in mailbox table"
    port = await serve()
    resources = mailing(live_resources, tmp_path, port)
    page = await (await visit(admin, resources)).post(f"{PAGE}/mail-test")

    words = said(page)
    assert f"localhost:{port} does not take mail for your address." in words
    assert "550 5.1.1" in words
    assert "User unknown in mailbox table" in words
    assert "maite@example.org" not in words
    assert counter.taken == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
async def test_a_wrong_password_is_told_and_not_shown(
    visit: Visit, live_resources: Resources, admin: Rider, serve: Serve, tmp_path: Path
) -> None:
    def refuse(*_: Any) -> AuthResult:
        return AuthResult(success=False, handled=False)

    port = await serve(authenticator=refuse, auth_required=True, auth_require_tls=False)
    login = {"smtp_user": "diary", "smtp_password": "canary-password"}
    resources = mailing(live_resources, tmp_path, port, **login)
    words = said(await (await visit(admin, resources)).post(f"{PAGE}/mail-test"))

    assert "did not accept SMTP_USER with SMTP_PASSWORD." in words
    assert "535" in words
    assert "canary" not in words


async def test_a_mail_server_that_is_dead_is_said_to_be(
    visit: Visit, live_resources: Resources, admin: Rider, tmp_path: Path
) -> None:
    page = await (await visit(admin, mailing(live_resources, tmp_path, 1))).post(
        f"{PAGE}/mail-test"
    )
    assert "localhost:1 could not be reached." in said(page)


async def test_a_mail_server_that_is_silent_is_given_up(
    visit: Visit,
    live_resources: Resources,
    admin: Rider,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("contravento.operations.mails.MAIL_TEST_SECONDS", 0.5)
    held = []
    server = await asyncio.start_server(lambda *pair: held.append(pair), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    resources = mailing(live_resources, tmp_path, port)
    page = await (await visit(admin, resources)).post(f"{PAGE}/mail-test")
    server.close()
    for _, writer in held:
        writer.transport.abort()
    assert f"localhost:{port} did not answer in time." in said(page)


async def test_a_server_without_encryption_gets_nothing(
    visit: Visit,
    live_resources: Resources,
    admin: Rider,
    serve: Serve,
    counter: Counter,
    tmp_path: Path,
) -> None:
    resources = mailing(live_resources, tmp_path, await serve(), smtp_tls=True)
    words = said(await (await visit(admin, resources)).post(f"{PAGE}/mail-test"))
    assert "could not agree on encryption" in words
    assert counter.taken == []


async def test_the_allow_list_holds_the_test_mail_back_and_says_so(
    visit: Visit,
    live_resources: Resources,
    admin: Rider,
    serve: Serve,
    counter: Counter,
    tmp_path: Path,
) -> None:
    allowed = {"mail_allow_list": "qa@example.net"}
    resources = mailing(live_resources, tmp_path, await serve(), **allowed)
    words = said(await (await visit(admin, resources)).post(f"{PAGE}/mail-test"))
    assert "MAIL_ALLOW_LIST names neither your address" in words
    assert counter.taken == []


async def test_a_server_that_keeps_its_mails_says_so(
    visit: Visit, live_resources: Resources, admin: Rider
) -> None:
    words = said(await (await visit(admin)).post(f"{PAGE}/mail-test"))
    assert "the mail was written to MAIL_FOLDER" in words
    assert live_resources.settings.mail_folder
    ((_, kept),) = read_folder(live_resources.settings.mail_folder)
    assert kept["To"] == "maite@example.org"


async def test_test_mails_are_counted(
    visit: Visit, live_resources: Resources, admin: Rider
) -> None:
    client = await visit(admin)
    most = int(MAIL_TEST_LIMIT.partition("/")[0])
    statuses = [(await client.post(f"{PAGE}/mail-test")).status_code for _ in range(most)]
    refused = await client.post(f"{PAGE}/mail-test")

    assert statuses == [200] * most
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "That was too often." in said(refused)
    assert live_resources.settings.mail_folder
    assert len(read_folder(live_resources.settings.mail_folder)) == most
