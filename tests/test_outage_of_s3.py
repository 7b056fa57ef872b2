"""Web process and worker as on a server, and a bucket that goes away and comes back."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from contravento.kit.resources import Resources
from tests.support import factories
from tests.support.s3 import KEYS, Server, line_to
from tests.support.served import Served, served, wait_until
from tests.web.making import jpeg

pytestmark = pytest.mark.servers

PATIENCE_SECONDS = 120


@asynccontextmanager
async def serving(database: str, folder: Path, s3: Server, bucket: str) -> AsyncIterator[Served]:
    """Beside this loop, which holds the line to the bucket."""
    context = served(
        database,
        folder,
        STORAGE_URL=bucket,
        STORAGE_S3_ENDPOINT=s3.url,
        STORAGE_S3_ACCESS_KEY=KEYS["access_key"],
        STORAGE_S3_SECRET_KEY=KEYS["secret_key"],
    )
    found = await asyncio.to_thread(context.__enter__)
    try:
        yield found
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


async def until(holds: Callable[[], object]) -> None:
    await asyncio.to_thread(wait_until, holds, PATIENCE_SECONDS)


async def test_what_was_acknowledged_is_made_ready_after_an_outage(
    own_database: str, live_resources: Resources, s3: Server, tmp_path: Path
) -> None:
    async with live_resources.transaction() as session:
        rider = await factories.make_rider(session, username="maite", name="Maite")
        trip = await factories.make_trip(session, rider)
        cookie = await factories.make_cookie(session, rider)
    bucket = f"s3://{s3.make_bucket()}/diary"

    async with line_to(s3) as line, serving(own_database, tmp_path, line.server, bucket) as site:
        with site.client() as client:
            client.cookies.set("session", cookie)

            def send() -> httpx.Response:
                files = {"file": ("ferry.jpg", jpeg((900, 600)))}
                return client.post(f"/api/v1/trips/{trip.id}/photos", files=files)

            site.worker_process.send_signal(signal.SIGSTOP)
            kept = await asyncio.to_thread(send)
            assert kept.status_code == 202, kept.text
            await line.cut()
            site.worker_process.send_signal(signal.SIGCONT)
            await until(lambda: '"outcome":"retried"' in site.printed())
            refused = await asyncio.to_thread(send)
            page = await asyncio.to_thread(client.get, f"/trips/{trip.slug}")

            await line.mend()
            address = f"/photos/{kept.json()['id']}/small.jpg"
            await until(lambda: client.get(address).status_code == httpx.codes.OK)

    assert refused.status_code == 503
    assert page.status_code == 200
    assert "the storage cannot be used: it does not answer" in site.printed()
    assert KEYS["secret_key"] not in site.printed()
