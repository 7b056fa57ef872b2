"""Files that no row names go, once nothing can want them any more."""

import os
import time
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from contravento.accounts.models import Rider
from contravento.kit.database.session import driver_url
from contravento.kit.resources import Resources
from contravento.kit.storage.storage import random_key
from contravento.storage_migration.orphans import OLDER_THAN, sweep_orphans
from tests.support import factories
from tests.web.making import add_photo


@pytest.fixture
async def files(live_resources: Resources) -> list[Path]:
    """A photo in its sizes, and a file of an upload that was never committed, all of them old."""
    async with live_resources.transaction() as session:
        rider: Rider = await factories.make_rider(session)
        trip = await factories.make_trip(session, rider)
    await add_photo(live_resources, trip)
    await live_resources.storage.put(random_key("tracks"), b"never committed")
    return age_all(live_resources)


def age_all(resources: Resources) -> list[Path]:
    assert resources.storage.folder
    files = [path for path in resources.storage.folder.rglob("*") if path.is_file()]
    long_ago = time.time() - OLDER_THAN.total_seconds() - 60
    for path in files:
        os.utime(path, (long_ago, long_ago))
    return files


async def test_an_old_file_that_no_row_names_is_deleted(
    live_resources: Resources, files: list[Path]
) -> None:
    await sweep_orphans(live_resources)
    gone = [path for path in files if not path.exists()]
    assert [path.parent.parent.name for path in gone] == ["tracks"]


async def test_a_fresh_file_stays_since_its_row_may_come(
    live_resources: Resources, files: list[Path]
) -> None:
    for path in files:
        os.utime(path)
    await sweep_orphans(live_resources)
    assert all(path.exists() for path in files)


async def test_nothing_goes_while_a_replaced_database_may_come_back(
    live_resources: Resources, files: list[Path]
) -> None:
    url = driver_url(live_resources.settings.database, "asyncpg")
    name = url.rpartition("/")[2].partition("?")[0]
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.exec_driver_sql(f'CREATE DATABASE "{name}_before_20261201_101500"')
        try:
            await sweep_orphans(live_resources)
        finally:
            await connection.exec_driver_sql(f'DROP DATABASE "{name}_before_20261201_101500"')
    await engine.dispose()
    assert all(path.exists() for path in files)
