"""What is acknowledged is kept, what is refused leaves no trace; also when a process is killed."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx import AsyncClient
from sqlalchemy import func, select

from contravento.accounts.errors import RefreshTokenReused
from contravento.accounts.models import Purpose, Rider
from contravento.accounts.rules import CONFIRMATION_LIFETIME
from contravento.accounts.service.profile import send_reset
from contravento.accounts.service.sign_up import find_link, make_link, send_confirmation
from contravento.kit.errors import Conflict
from contravento.kit.jobs import Job
from contravento.kit.mail import Mail
from contravento.kit.resources import Resources
from contravento.main import create_app
from contravento.trips import service
from contravento.trips.inputs import TripDraft
from contravento.trips.models import Trip
from tests.conftest import SECRET, open_client
from tests.support import factories
from tests.support.mailbox import Mailbox
from tests.support.queue import list_queued, run_jobs
from tests.tracks.making import ride

PATIENCE_SECONDS = 90


async def count(resources: Resources, table: Any) -> int:
    async with resources.transaction() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_what_is_refused_late_leaves_no_row_and_no_job(
    resources: Resources, rider: Rider
) -> None:

    async def fail() -> None:
        async with resources.transaction() as session:
            await service.start_trip(session, TripDraft(title="Never"), rider_id=rider.id)
            await send_confirmation.later(session, rider_id=rider.id)
            raise Conflict

    with pytest.raises(Conflict):
        await fail()
    assert await count(resources, Trip) == 0
    assert await list_queued(resources) == []


async def test_a_refusal_may_keep_what_it_did(resources: Resources, rider: Rider) -> None:
    async def refuse() -> None:
        async with resources.transaction() as session:
            await service.start_trip(session, TripDraft(title="Kept"), rider_id=rider.id)
            raise RefreshTokenReused

    with pytest.raises(RefreshTokenReused):
        await refuse()
    assert await count(resources, Trip) == 1


async def test_two_people_cannot_take_one_name_at_once(live_resources: Resources) -> None:
    app = create_app(live_resources.settings, live_resources)
    async with open_client(app, live_resources) as client:
        answers = await asyncio.gather(
            *(
                client.post(
                    "/api/v1/accounts",
                    json={
                        "username": name,
                        "email": f"somebody{number}@example.org",
                        "password": "a quiet road to Soria",
                    },
                )
                for number, name in enumerate(["Maite", "maite", "MAITE", "maiTE"])
            )
        )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = [answer.json()["errors"][0]["field"] for answer in answers if answer.is_error]
    assert refused == ["username"] * 3
    assert await list_queued(live_resources) == ["accounts.send_confirmation"]


@pytest.mark.parametrize(
    ("send", "purpose"), [(send_confirmation, Purpose.CONFIRM), (send_reset, Purpose.RESET)]
)
async def test_a_mailed_link_works_as_soon_as_the_mail_arrives(
    live_resources: Resources, send: Job[...], purpose: Purpose
) -> None:
    async with live_resources.transaction() as session:
        rider = await factories.make_rider(session, confirmed_at=None)
    reader = QuickReader(live_resources, purpose)
    await send(replace(live_resources, mailer=reader), rider_id=rider.id)
    assert reader.links_that_work == 1


@dataclass
class QuickReader:
    """Follows the link while the mail server is still being told good-bye."""

    resources: Resources
    purpose: Purpose
    links_that_work: int = 0

    async def send(self, mail: Mail) -> None:
        mailbox = Mailbox()
        await mailbox.send(mail)
        async with self.resources.transaction() as session:
            if await find_link(session, mailbox.last_token(), self.purpose):
                self.links_that_work += 1


async def test_of_several_who_wait_for_one_address_one_gets_it(live_resources: Resources) -> None:
    mailbox = Mailbox()
    resources = replace(live_resources, mailer=mailbox)
    app = create_app(resources.settings, resources)
    async with open_client(app, resources) as client:
        emails = ["a@example.org", "A@example.org", "a@Example.ORG"]
        accounts = [
            {"username": f"somebody{number}", "email": email, "password": "a quiet road to Soria"}
            for number, email in enumerate(emails)
        ]
        answers = await asyncio.gather(
            *(client.post("/api/v1/accounts", json=account) for account in accounts)
        )
        assert [answer.status_code for answer in answers] == [201, 201, 201]
        await run_jobs(resources)
        verified = await asyncio.gather(
            *(
                client.post("/api/v1/accounts/verification", json={"token": token})
                for token in mailbox.tokens()
            )
        )
    assert [answer.status_code for answer in verified].count(204) == 1
    async with resources.transaction() as session:
        confirmed = await session.scalars(select(Rider).where(Rider.confirmed_at.is_not(None)))
    assert len(confirmed.all()) == 1


async def test_a_stolen_refresh_token_is_spent_by_one_of_two_at_once(
    live_resources: Resources,
) -> None:
    app = create_app(live_resources.settings, live_resources)
    async with live_resources.transaction() as session:
        rider = await factories.make_rider(session)
    async with open_client(app, live_resources) as client:
        login = {"login": rider.username, "password": factories.PASSWORD}
        tokens = (await client.post("/api/v1/sessions", json=login)).json()
        sent = {"refresh_token": tokens["refresh_token"]}
        answers = await asyncio.gather(
            *(client.post("/api/v1/sessions/refresh", json=sent) for _ in range(2))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 401]
        (renewed,) = [answer.json() for answer in answers if answer.status_code == 200]
        after = await client.post(
            "/api/v1/sessions/refresh", json={"refresh_token": renewed["refresh_token"]}
        )
    assert after.status_code == 401


async def test_two_mails_links_cannot_both_be_spent(live_resources: Resources) -> None:

    app = create_app(live_resources.settings, live_resources)
    async with live_resources.transaction() as session:
        rider = await factories.make_rider(session, confirmed_at=None)
        token = await make_link(session, rider.id, Purpose.CONFIRM, CONFIRMATION_LIFETIME)
    async with open_client(app, live_resources) as client:
        answers = await asyncio.gather(
            *(client.post("/api/v1/accounts/verification", json={"token": token}) for _ in range(4))
        )
    assert sorted(answer.status_code for answer in answers) == [204, 422, 422, 422]


class Processes:
    """The real web and worker, to be killed."""

    def __init__(self, database_url: str, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._environment = {
            **os.environ,
            "APP_ENV": "local",
            "DATABASE_URL": database_url,
            "SECRET_KEY": SECRET,
            "STORAGE_URL": (folder / "storage").as_uri(),
            "MAIL_FOLDER": str(folder / "mail"),
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "BCRYPT_ROUNDS": "4",
            "WORKER_PROCESSES": "1",
            "LOG_LEVEL": "WARNING",
        }
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, name: str) -> subprocess.Popen[bytes]:
        more = ["--port", str(self.port)] if name == "web" else []
        process = subprocess.Popen(
            [sys.executable, "-m", "contravento", name, *more],
            env=self._environment,
            start_new_session=True,
        )
        self._running.append(process)
        return process

    @staticmethod
    def kill(process: subprocess.Popen[bytes]) -> None:
        """With its whole family, as a machine that loses power does."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_all(self) -> None:
        for process in self._running:
            if process.poll() is None:
                self.kill(process)


@pytest.fixture
def processes(own_database: str, tmp_path: Path) -> Iterator[Processes]:
    made = Processes(own_database, tmp_path)
    try:
        yield made
    finally:
        made.kill_all()


async def until(check: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again until it is so; fails after a while."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await check():  # noqa: ASYNC110  (another process has no event to wait for)
            await asyncio.sleep(0.1)


async def answers(client: AsyncClient) -> bool:
    try:
        return (await client.get("/health")).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
async def uploaded(
    processes: Processes, live_resources: Resources
) -> AsyncIterator[tuple[AsyncClient, str, subprocess.Popen[bytes]]]:
    """A track that was acknowledged, with no worker to read it yet."""
    async with live_resources.transaction() as session:
        rider = await factories.make_rider(session)
        trip = await factories.make_trip(session, rider)
    web = processes.start("web")
    async with AsyncClient(base_url=processes.base_url, timeout=30) as client:
        await until(lambda: answers(client))
        signed_in = await client.post(
            "/api/v1/sessions", json={"login": rider.username, "password": factories.PASSWORD}
        )
        client.headers["Authorization"] = f"Bearer {signed_in.json()['access_token']}"
        sent = await client.post(
            f"/api/v1/trips/{trip.id}/tracks", files={"file": ("day.gpx", ride(60_000))}
        )
        assert sent.status_code == 202, sent.text
        yield client, f"/api/v1/tracks/{sent.json()['id']}", web


@pytest.mark.servers
async def test_what_the_web_process_acknowledged_outlives_it(
    uploaded: tuple[AsyncClient, str, subprocess.Popen[bytes]], processes: Processes
) -> None:
    client, track, web = uploaded
    processes.kill(web)  # right after the 202
    processes.start("worker")
    processes.start("web")

    await until(lambda: answers(client))
    await until(lambda: in_state(client, track, "ready"))


@pytest.mark.servers
async def test_a_worker_killed_in_the_middle_loses_nothing(
    uploaded: tuple[AsyncClient, str, subprocess.Popen[bytes]], processes: Processes
) -> None:
    client, track, _web = uploaded
    worker = processes.start("worker")
    await until(lambda: in_state(client, track, "reading", "ready"))
    processes.kill(worker)
    assert await in_state(client, track, "reading"), "it was too quick to be killed"

    processes.start("worker")
    await until(lambda: in_state(client, track, "ready"))


async def in_state(client: AsyncClient, track: str, *states: str) -> bool:
    return (await client.get(track)).json()["state"] in states
