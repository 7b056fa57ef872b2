"""Whose trips and pages these tests begin with."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient
from starlette.types import ASGIApp

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from tests.conftest import open_client, sign_in
from tests.support import factories
from tests.web.operator_visit import Visit


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
