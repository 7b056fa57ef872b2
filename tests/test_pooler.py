"""The product behind a real PgBouncer in transaction mode, with fewer connections than riders."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from contravento import migrations
from contravento.kit.database.embedded import create_database, drop_database
from contravento.kit.database.session import libpq_url, make_engine, reading
from contravento.kit.database_url import read_address
from contravento.kit.resources import Resources, open_resources
from contravento.main import create_app
from contravento.reactions import REACTIONS
from tests.conftest import SECRET, TEMPLATE, make_settings, open_client, open_folder
from tests.support import factories
from tests.support.pooler import BEHIND, Pooler, pooler_before
from tests.support.served import Served, served, wait_until
from tests.test_failing_over import Riders, are_read, assert_kept, make_riders

SECONDS = 4.0
EMPTY = "empty_behind_a_pooler"


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made


@pytest.fixture
def pooler(own_database: str, folder: Path) -> Iterator[Pooler]:
    with pooler_before(own_database, folder) as made:
        yield made


def look_around(pooler: Pooler, folder: Path, **settings: object) -> None:
    """Many small reads at once, each of them a statement that has been asked before."""
    asyncio.run(_look_around(pooler, folder, settings))


async def _look_around(pooler: Pooler, folder: Path, settings: dict[str, object]) -> None:
    chosen = make_settings(pooler.url, folder, database_pool_size=10, **settings)
    engine = make_engine(chosen)

    async def look(number: int) -> None:
        for _ in range(20):
            async with reading(engine) as reader:
                question = text("SELECT CAST(:n AS int), count(*) FROM trips WHERE title <> :t")
                row = (await reader.execute(question, {"n": number, "t": ""})).one()
                assert row[0] == number

    looks = (look(number) for number in range(10))
    outcomes = await asyncio.gather(*looks, return_exceptions=True)
    await engine.dispose()  # when all have given their connections back
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


def test_what_is_asked_again_and_again_is_answered(pooler: Pooler, tmp_path: Path) -> None:
    look_around(pooler, tmp_path, database_direct_url=pooler.direct)


def test_where_it_is_not_told_of_the_pooler_it_is_not(pooler: Pooler, tmp_path: Path) -> None:
    """What DATABASE_DIRECT_URL is for: statements that have names stay on one connection."""
    if int(pooler.ask("SHOW VERSION")[0]["version"].split(".")[1]) > 20:
        pytest.skip("this PgBouncer follows named statements itself")
    with pytest.raises(DBAPIError, match="prepared statement"):
        look_around(pooler, tmp_path)


@pytest.fixture
def product(pooler: Pooler, tmp_path: Path) -> Iterator[Served]:
    direct = {"DATABASE_DIRECT_URL": pooler.direct}
    with served(pooler.url, tmp_path, DATABASE_POOL_SIZE="10", **direct) as running:
        yield running


@pytest.mark.servers
def test_riders_and_jobs_get_along_with_few_connections(
    product: Served, pooler: Pooler, tmp_path: Path
) -> None:
    riders = asyncio.run(make_riders(product, pooler.direct, tmp_path))
    most: list[dict[str, int]] = []
    busiest = threading.Thread(target=watch, args=(pooler, riders, most))
    riders.start()
    busiest.start()
    time.sleep(SECONDS)
    riders.stop()
    busiest.join()

    statuses = {answer.status for answer in riders.sent}
    assert statuses <= {200, 201, 202}
    assert_kept(riders)
    wait_until(lambda: are_read(riders))
    assert pooler.transactions > len(riders.sent)
    behind = max(pool["sv_active"] + pool["sv_idle"] + pool["sv_used"] for pool in most)
    before = max(pool["cl_active"] + pool["cl_waiting"] for pool in most)
    print(f"\n{len(riders.sent)} requests, {before} connections before, {behind} behind")  # noqa: T201
    assert behind <= BEHIND


def watch(pooler: Pooler, riders: Riders, most: list[dict[str, int]]) -> None:
    database = read_address(pooler.direct).database
    while not riders.has_ended:
        most += [row for row in pooler.ask("SHOW POOLS") if row["database"] == database]
        time.sleep(0.05)


LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%%' AND datname = %s"


@pytest.mark.servers
def test_the_worker_listens_without_the_pooler(product: Served, pooler: Pooler) -> None:
    database = read_address(pooler.direct).database
    with psycopg.connect(libpq_url(pooler.direct)) as connection:
        row = connection.execute(LISTENING, (database,)).fetchone()
    assert row is not None
    assert row[0] == 1


@pytest.mark.servers
def test_migrations_go_without_the_pooler(postgres: str, folder: Path, tmp_path: Path) -> None:
    """They hold a lock from their first statement to their last."""
    root = postgres.replace(TEMPLATE, "postgres")
    create_database(root, EMPTY)
    try:
        with pooler_before(postgres.replace(TEMPLATE, EMPTY), folder) as pooler:
            environment = {
                **os.environ,
                "APP_ENV": "local",
                "DATABASE_URL": pooler.url,
                "DATABASE_DIRECT_URL": pooler.direct,
                "SECRET_KEY": SECRET,
                "MAIL_FOLDER": str(tmp_path),
            }
            program = [sys.executable, "-m", "contravento", "migrate"]
            several = [subprocess.Popen(program, env=environment) for _ in range(2)]
            assert [process.wait(120) for process in several] == [0, 0]
            assert pooler.transactions == 0
            assert not migrations.plan(pooler.direct).pending
    finally:
        drop_database(root, EMPTY)


ASKED = 150
MOST_TIMES_AS_LONG = 4.0


@pytest.mark.servers
async def test_what_statements_without_names_cost(pooler: Pooler, tmp_path: Path) -> None:
    """The feed, the page that is asked for most: as ever, without names, and through PgBouncer."""
    ways = {
        "as ever": make_settings(pooler.direct, tmp_path),
        "without names": make_settings(pooler.direct, tmp_path, database_direct_url=pooler.direct),
        "by PgBouncer": make_settings(pooler.url, tmp_path, database_direct_url=pooler.direct),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    async with AsyncExitStack() as stack:
        clients = {}
        for name, settings in ways.items():
            resources = await stack.enter_async_context(
                open_resources(settings, reactions=REACTIONS)
            )
            if name == "as ever":
                await fill(resources)
            client = open_client(create_app(settings, resources), resources)
            clients[name] = await stack.enter_async_context(client)
        for _ in range(ASKED):  # by turns, so that whatever else runs here slows each alike
            for name, client in clients.items():
                began = time.perf_counter()
                assert (await client.get("/api/v1/feed")).status_code == 200
                seconds[name].append(time.perf_counter() - began)
    medians = {name: median(each[20:]) for name, each in seconds.items()}
    told = ", ".join(f"{name} {1000 * each:.1f} ms" for name, each in medians.items())
    print(f"\nthe feed: {told}")  # noqa: T201
    assert medians["by PgBouncer"] < MOST_TIMES_AS_LONG * medians["as ever"]


async def fill(resources: Resources) -> None:
    async with resources.transaction() as session:
        rider = await factories.make_rider(session)
        for number in range(30):
            await factories.make_trip(session, rider, title=f"Day {number}")
