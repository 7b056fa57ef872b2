"""Whether the site can serve, as monitors and deployments ask."""

from collections.abc import AsyncIterator

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from contravento.http import health
from contravento.kit.resources import Resources
from contravento.main import create_app


@pytest.fixture
async def client(live_resources: Resources) -> AsyncIterator[AsyncClient]:
    """On connections of its own, since the checks run side by side."""
    app = create_app(live_resources.settings, live_resources)

    async def with_state(scope, receive, send):  # type: ignore[no-untyped-def]
        scope["state"] = {"resources": live_resources}
        await app(scope, receive, send)

    async with AsyncClient(
        transport=ASGITransport(app=with_state), base_url="http://test"
    ) as client:
        yield client


async def ask(client: AsyncClient) -> tuple[int, str, str]:
    answer = await client.get("/health/ready")
    told = answer.json()
    return answer.status_code, told["status"], told["checks"]["queue"]


async def execute(resources: Resources, statement: str) -> None:
    async with resources.transaction() as session:
        await session.execute(text(statement))


async def test_a_worker_that_signs_off_leaves_the_site_degraded_for_a_minute(
    client: AsyncClient, live_resources: Resources
) -> None:
    assert await ask(client) == (503, "unavailable", health.NO_WORKER)  # none was ever seen
    await execute(live_resources, "INSERT INTO procrastinate_workers DEFAULT VALUES")
    assert await ask(client) == (200, "ok", "ok")

    await execute(live_resources, "DELETE FROM procrastinate_workers")
    assert await ask(client) == (200, "degraded", health.NO_WORKER)


async def test_a_worker_that_never_comes_back_is_told(
    client: AsyncClient, live_resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    await execute(live_resources, "INSERT INTO procrastinate_workers DEFAULT VALUES")
    await ask(client)
    await execute(live_resources, "DELETE FROM procrastinate_workers")
    monkeypatch.setattr(health, "WORKER_SILENT_SECONDS", 0)
    assert await ask(client) == (503, "unavailable", health.NO_WORKER)


async def test_a_worker_that_died_is_silent(client: AsyncClient, live_resources: Resources) -> None:
    await execute(
        live_resources,
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '2 minutes')",
    )
    status, told, queue = await ask(client)
    assert (status, told) == (503, "unavailable")
    assert queue.startswith("no worker for 1")
