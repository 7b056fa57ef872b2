"""The operator's page: for administrators, about a real server, with real mail servers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from httpx import AsyncClient, Response
from sqlalchemy import text
from starlette.types import ASGIApp

from contravento.accounts.models import Rider
from contravento.kit.mail import make_mailer, read_folder
from contravento.kit.resources import Resources
from contravento.operations.models import ErrorEvent, Outcome
from contravento.operations.rules import MAIL_TEST_LIMIT
from contravento.operations.service import record_report
from tests.conftest import make_settings, open_client, sign_in
from tests.support import factories
from tests.test_translations import check_spanish

PAGE = "/operator"
FORMS = [
    f"{PAGE}/mail-test",
    f"{PAGE}/failed-jobs/retry",
    f"{PAGE}/failed-jobs/discard",
    f"{PAGE}/failed-jobs/1/retry",
    f"{PAGE}/failed-jobs/1/discard",
]

type Visit = Callable[..., Awaitable[AsyncClient]]


@pytest.fixture
async def admin(live_resources: Resources) -> Rider:
    async with live_resources.transaction() as session:
        return await factories.make_rider(session, username="maite", is_admin=True)


@pytest.fixture
async def visit(app: ASGIApp, live_resources: Resources) -> AsyncIterator[Visit]:
    """Open a browser, somebody's or nobody's, on this server as it is or with other parts."""
    opened: list[AsyncClient] = []

    async def open_for(rider: Rider | None, resources: Resources = live_resources) -> AsyncClient:
        client = open_client(app, resources)
        opened.append(client)
        client.headers["Accept"] = "text/html"
        if rider:
            await sign_in(client, live_resources, rider)
        return client

    yield open_for
    for client in opened:
        await client.aclose()


def said(page: Response) -> str:
    return " ".join(unescape(page.text).split())


async def fail_job(resources: Resources, name: str, words: str | None = None) -> int:
    """A job that failed, and, with `words`, why."""
    async with resources.transaction() as session:
        made = await session.scalar(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts)"
                " VALUES ('default', :name, 'doing', 4) RETURNING id"
            ),
            {"name": name},
        )
        finish = text("SELECT procrastinate_finish_job_v1(:id, 'failed', false)")
        await session.execute(finish, {"id": made})
        if words:
            session.add(ErrorEvent(place=name, words=words, job_id=made))
        return int(made or 0)


async def states(resources: Resources) -> dict[str, str]:
    async with resources.transaction() as session:
        rows = await session.execute(
            text("SELECT task_name, status::text FROM procrastinate_jobs ORDER BY id")
        )
        return {row[0]: row[1] for row in rows}


async def test_an_administrator_sees_how_the_server_is(
    visit: Visit, live_resources: Resources, admin: Rider
) -> None:
    async with live_resources.transaction() as session:
        details = {"sentence": "48 MB in 31 seconds"}
        await record_report(session, "backup", Outcome.SUCCEEDED, details=details)
        await record_report(session, "drill", Outcome.FAILED)
    await fail_job(live_resources, "photos.shrink", "OSError: broken <b>bread</b>")

    page = await (await visit(admin)).get(PAGE)

    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    words = said(page)
    for expected in (
        *("No worker gives a sign of life", "48 MB in 31 seconds", "The last drill failed"),
        *("photos.shrink", "failed after 5 tries", "PostgreSQL", "all done", "free of"),
        "answers over plain HTTP at http://test",
    ):
        assert expected in words, expected
    assert "&lt;b&gt;bread" in page.text
    assert "http-equiv" not in page.text


async def test_what_the_page_loads_is_our_own(visit: Visit, admin: Rider) -> None:
    page = await (await visit(admin)).get(PAGE)
    assert 'src="http' not in page.text
    assert 'href="http' not in page.text


async def test_before_any_backup_the_page_says_so(visit: Visit, admin: Rider) -> None:
    words = said(await (await visit(admin)).get(PAGE))
    assert "No backup service has reported yet." in words


@pytest.mark.parametrize("path", [PAGE, *FORMS])
async def test_to_another_rider_it_is_not_there(
    path: str, visit: Visit, live_resources: Resources
) -> None:
    async with live_resources.transaction() as session:
        rider = await factories.make_rider(session, username="tomas")
    client = await visit(rider)
    answer = await (client.get(path) if path == PAGE else client.post(path))
    assert answer.status_code == 404
    assert "Server" not in said(await client.get("/"))


@pytest.mark.parametrize("path", [PAGE, *FORMS])
async def test_whoever_is_not_signed_in_is_asked_to(path: str, visit: Visit) -> None:
    client = await visit(None)
    answer = await (client.get(path) if path == PAGE else client.post(path))
    assert answer.status_code == (303 if path == PAGE else 401)


@pytest.mark.parametrize("path", FORMS)
async def test_another_site_cannot_send_its_forms(
    path: str, visit: Visit, live_resources: Resources, admin: Rider
) -> None:
    failed = await fail_job(live_resources, "photos.shrink")
    client = await visit(admin)
    path = path.replace("/1/", f"/{failed}/")
    answer = await client.post(path, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert await states(live_resources) == {"photos.shrink": "failed"}


async def test_administrators_find_the_page_and_nobody_else(visit: Visit, admin: Rider) -> None:
    assert 'href="/operator"' in (await (await visit(admin)).get("/")).text
    assert 'href="/operator"' not in (await (await visit(None)).get("/")).text


async def test_a_failed_job_is_tried_again_or_discarded(
    visit: Visit, live_resources: Resources, admin: Rider
) -> None:
    first, second = [await fail_job(live_resources, name) for name in ("tests.one", "tests.two")]
    await fail_job(live_resources, "tests.three")
    client = await visit(admin)

    tried = await client.post(f"{PAGE}/failed-jobs/{first}/retry", follow_redirects=True)
    gone = await client.post(f"{PAGE}/failed-jobs/{second}/discard", follow_redirects=True)

    assert ("Back in the queue." in said(tried), "Discarded." in said(gone)) == (True, True)
    assert await states(live_resources) == {"tests.one": "todo", "tests.three": "failed"}


async def test_all_failed_jobs_are_tried_again_or_discarded(
    visit: Visit, live_resources: Resources, admin: Rider
) -> None:
    client = await visit(admin)
    for name in ("tests.one", "tests.two"):
        await fail_job(live_resources, name)
    await client.post(f"{PAGE}/failed-jobs/retry")
    assert await states(live_resources) == {"tests.one": "todo", "tests.two": "todo"}
    await fail_job(live_resources, "tests.three")
    await client.post(f"{PAGE}/failed-jobs/discard")
    assert await states(live_resources) == {"tests.one": "todo", "tests.two": "todo"}


@pytest.mark.parametrize("what", ["retry", "discard"])
@pytest.mark.parametrize("job_id", ["999999999", "0", "x", str(2**63)])
async def test_a_job_that_has_not_failed_is_not_there(
    what: str, job_id: str, visit: Visit, admin: Rider
) -> None:
    answer = await (await visit(admin)).post(f"{PAGE}/failed-jobs/{job_id}/{what}")
    assert answer.status_code == 404


async def test_the_page_is_in_spanish_too(
    visit: Visit, live_resources: Resources, admin: Rider
) -> None:
    await fail_job(live_resources, "tests.one")
    async with live_resources.transaction() as session:
        (await session.merge(admin)).language = "es"
        await record_report(session, "backup", Outcome.FAILED)
    page = await (await visit(admin)).get(PAGE, headers={"Accept-Language": "es"})
    check_spanish(page)


# Mail, by servers that take it, refuse it, or are dead.


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
