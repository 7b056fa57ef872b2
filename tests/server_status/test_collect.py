"""Looking at a real server: all of it, broken parts of it, and none of its secrets."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from contravento.kit.clock import now
from contravento.kit.resources import Resources
from contravento.migrations import newest_revision
from contravento.operations.models import Outcome
from contravento.operations.service import record_report
from contravento.operations.usage_metrics import count_content
from contravento.server_status import collect
from contravento.server_status.collect import choose, collect_status
from tests.conftest import make_settings
from tests.support import factories
from tests.web.making import add_photo

SECRETS = {
    "secret_key": "canary-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz",
    "secret_key_previous": "canary-previous-key-0123456789-abcdefghijklmnopqrstuvwxyz",
    "redis_url": "redis://:canary-redis@127.0.0.1:1/0",
    "database_url": "postgresql://diary:canary-database@nowhere/diary",
    "smtp_host": "mail.example.org",
    "smtp_from": "diary@example.org",
    "smtp_user": "canary-user",
    "smtp_password": "canary-mail",
    "sentry_dsn": "https://canary-dsn@sentry.example.org/1",
    "map_tiles_url": "https://tiles.example.org/{z}/{x}/{y}?key=canary-tiles",
}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine takes its time; what is wrong stays wrong."""
    monkeypatch.setattr(collect, "PART_SECONDS", 30.0)


async def test_everything_that_there_is_is_found(live_resources: Resources) -> None:
    async with live_resources.transaction() as session:
        rider = await factories.make_rider(session)
        await factories.make_rider(session, confirmed_at=None)
        trip = await factories.make_trip(session, rider)
        await factories.make_trip(session, rider, published=False)
        await record_report(session, "backup", Outcome.SUCCEEDED, details={"to": "a@example.org"})
        await record_report(session, "backup", Outcome.FAILED)
    await add_photo(live_resources, trip)

    seen = await collect_status(live_resources)

    assert seen.troubles == {}
    assert seen.content
    assert (seen.content.riders, seen.content.unconfirmed) == (1, 1)
    assert (seen.content.trips, seen.content.published, seen.content.photos) == (2, 1, 1)
    assert seen.stored
    assert seen.stored.database_bytes > 1_000_000
    assert seen.stored.photo_bytes > 0
    assert seen.migrations
    assert seen.migrations.current == seen.migrations.expected == newest_revision()
    assert seen.migrations.works
    assert seen.postgres
    assert int(seen.postgres.split(".")[0]) >= 18
    assert seen.connections
    assert 0 < seen.connections.used < seen.connections.most
    assert seen.room
    assert 0 < seen.room.free_bytes <= seen.room.total_bytes
    (backup,) = seen.reports or []
    assert (backup.outcome, backup.succeeded_at is None) == (Outcome.FAILED, False)
    assert (seen.redis, seen.certificate, seen.workers) == (None, None, [])


async def test_what_takes_long_to_count_is_shown_as_the_worker_counted_it(
    live_resources: Resources,
) -> None:
    async with live_resources.transaction() as session:
        await factories.make_rider(session)
    await count_content(live_resources)
    async with live_resources.transaction() as session:
        await factories.make_rider(session)

    quick = await collect_status(live_resources)
    async with live_resources.transaction() as session:
        await session.execute(text("UPDATE holdings SET seconds = 20"))
    slow = await collect_status(live_resources)
    await count_content(live_resources)
    again = await collect_status(live_resources)

    assert quick.content
    assert (quick.content.riders, quick.content.counted_at) == (2, None)
    assert slow.content
    assert slow.content.riders == 1
    assert slow.content.counted_at
    assert slow.stored
    assert slow.stored.database_bytes > 1_000_000
    assert again.content
    assert (again.content.riders, again.content.counted_at) == (2, None)


async def test_what_the_queue_holds_is_counted(live_resources: Resources) -> None:
    queue = """
        INSERT INTO procrastinate_jobs (queue_name, task_name, status, scheduled_at, attempts)
        VALUES ('default', 'a', 'todo', NULL, 0),
               ('default', 'b', 'todo', now() - interval '9 min', 0),
               ('default', 'c', 'todo', now() + interval '1 h', 0),
               ('default', 'd', 'doing', NULL, 1),
               ('default', 'e', 'succeeded', NULL, 1),
               ('default', 'f', 'doing', NULL, 4)
    """
    async with live_resources.transaction() as session:
        await session.execute(text(queue))
        await session.execute(
            text(
                "SELECT procrastinate_finish_job_v1(max(id), 'failed', false)"
                " FROM procrastinate_jobs"
            )
        )
        await session.execute(text("INSERT INTO procrastinate_workers DEFAULT VALUES"))

    seen = await collect_status(live_resources)

    found = seen.queue
    assert found
    assert (found.waiting, found.put_off, found.running, found.failed) == (2, 1, 1, 1)
    assert found.oldest_waiting_seconds >= 540
    (failed,) = found.failed_jobs
    assert (failed.name, failed.attempts, failed.error) == ("f", 5, None)
    assert failed.failed_at
    assert seen.workers
    assert seen.workers[0].silent_seconds < 60


async def test_a_broken_part_leaves_the_others(live_resources: Resources) -> None:
    async with live_resources.transaction() as session:
        await session.execute(text("ALTER TABLE mishaps RENAME TO gone"))

    seen = await collect_status(live_resources)

    assert set(seen.troubles) == {"queue", "mishaps"}  # the queue says why its jobs failed
    assert "mishaps" in str(seen.troubles["mishaps"].params["error"])
    assert "SELECT" not in str(seen.troubles["mishaps"].params["error"])
    assert seen.content


async def test_a_part_that_does_not_answer_is_given_up(
    live_resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "PART_SECONDS", 1.0)
    async with live_resources.transaction() as session:
        await session.execute(text("LOCK TABLE procrastinate_jobs"))
        seen = await collect_status(live_resources)

    assert {name: each.sentence for name, each in seen.troubles.items()} == {"queue": collect.SLOW}
    assert seen.workers == []


async def test_a_redis_that_is_gone_is_a_trouble_and_no_secret(
    live_resources: Resources, tmp_path: Path
) -> None:
    redis = make_settings("postgresql://x/x", tmp_path, redis_url=SECRETS["redis_url"]).redis_url
    settings = live_resources.settings.model_copy(update={"redis_url": redis})

    seen = await collect_status(replace(live_resources, settings=settings))

    assert set(seen.troubles) == {"redis"}
    assert "canary" not in str(seen)


def test_no_secret_is_among_the_settings_that_are_shown(tmp_path: Path) -> None:
    values = {name: value for name, value in SECRETS.items() if name != "database_url"}
    settings = make_settings(SECRETS["database_url"], tmp_path, mail_folder=None, **values)
    shown = choose(settings)
    assert "canary" not in str(shown)
    assert (shown.sentry, shown.redis, shown.mail) == (True, True, "mail.example.org:587")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    shown, key = tmp_path / "shown.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "90",
            "-subj",
            "/CN=localhost",
            "-keyout",
            str(key),
            "-out",
            str(shown),
        ],
        check=True,
        capture_output=True,
    )
    return shown, key


@pytest.fixture
async def served(pair: tuple[Path, Path]) -> AsyncIterator[int]:
    """A server with a certificate that nobody vouches for, at every address of this machine."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*pair)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "0.0.0.0", 0, ssl=tls)  # noqa: S104
    yield server.sockets[0].getsockname()[1]
    server.close()


def at(resources: Resources, **settings: str) -> Resources:
    return replace(resources, settings=resources.settings.model_copy(update=settings))


async def test_the_certificate_is_the_one_that_is_shown_at_the_public_address(
    live_resources: Resources, served: int
) -> None:
    seen = await collect_status(at(live_resources, public_url=f"https://localhost:{served}"))

    shown = seen.certificate
    assert shown
    assert (shown.host, shown.issuer, shown.is_from_inside) == ("localhost", "localhost", False)
    assert "self-signed" in shown.refusal
    assert round(shown.days_left) == 90
    assert shown.not_before <= now() < shown.not_after


async def test_a_server_that_does_not_reach_itself_asks_its_proxy(
    live_resources: Resources, served: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "ENCRYPTED_PORT", served)
    public = "https://diary.invalid"
    seen = await collect_status(
        at(live_resources, public_url=public, trusted_proxies=own_address())
    )

    assert seen.certificate, seen.troubles
    assert (seen.certificate.host, seen.certificate.is_from_inside) == ("diary.invalid", True)


async def test_an_address_out_of_reach_is_said_to_be(live_resources: Resources) -> None:
    seen = await collect_status(at(live_resources, public_url="https://diary.invalid"))

    assert seen.certificate is None
    assert seen.troubles["certificate"].params["host"] == "diary.invalid"


def own_address() -> str:
    """Of this machine, other than 127.0.0.1; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but 127.0.0.1")
        return str(probe.getsockname()[0])
