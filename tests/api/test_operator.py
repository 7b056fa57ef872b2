"""How the server is, as JSON, for administrators."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient
from starlette.types import ASGIApp

from contravento.accounts.inputs import NewPersonalToken
from contravento.accounts.service.profile import make_personal_token
from contravento.kit.resources import Resources
from tests.conftest import open_client
from tests.support import factories

OPERATOR = "/api/v1/operator"


@pytest.fixture
async def live_program(app: ASGIApp, live_resources: Resources) -> AsyncIterator[AsyncClient]:
    async with open_client(app, live_resources) as client:
        del client.headers["Sec-Fetch-Site"]
        yield client


async def token_of(resources: Resources, *, is_admin: bool) -> dict[str, str]:
    """A personal token that may only read."""
    async with resources.transaction() as session:
        rider = await factories.make_rider(session, is_admin=is_admin)
        wanted = NewPersonalToken(name="watcher", scopes=["read"])
        _, token = await make_personal_token(session, wanted, rider_id=rider.id)
    return {"Authorization": f"Bearer {token}"}


async def test_an_administrators_program_reads_everything(
    live_program: AsyncClient, live_resources: Resources
) -> None:
    token = await token_of(live_resources, is_admin=True)
    answer = await live_program.get(OPERATOR, headers=token)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["content"]["riders"] == 1
    assert told["queue"]["failed"] == 0
    assert told["certificate"] is None
    assert told["troubles"] == {}
    assert {"part": "reports", "level": "warning", "message": NO_BACKUP} in told["concerns"]


NO_BACKUP = "No backup service has reported yet."


async def test_concerns_are_told_in_the_callers_language(
    live_program: AsyncClient, live_resources: Resources
) -> None:
    token = await token_of(live_resources, is_admin=True)
    answer = await live_program.get(OPERATOR, headers={**token, "Cookie": "language=es"})
    messages = [concern["message"] for concern in answer.json()["concerns"]]
    assert "Ningún servicio de copias ha informado todavía." in messages


async def test_to_other_riders_it_is_not_there(
    live_program: AsyncClient, live_resources: Resources
) -> None:
    token = await token_of(live_resources, is_admin=False)
    assert (await live_program.get(OPERATOR, headers=token)).status_code == 404


async def test_nobody_is_asked_to_sign_in(live_program: AsyncClient) -> None:
    answer = await live_program.get(OPERATOR)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
