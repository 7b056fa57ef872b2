"""What ends with a password, and what a token's scopes let it do."""

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from contravento.accounts.inputs import NewPersonalToken
from contravento.accounts.models import EmailToken, PersonalToken, Purpose, Rider
from contravento.accounts.rules import RESET_LIFETIME
from contravento.accounts.service.profile import make_personal_token
from contravento.accounts.service.sign_up import make_link
from contravento.kit.resources import Resources
from tests.support.factories import PASSWORD

NEW = "another road to Soria"


async def make_tokens(resources: Resources, rider: Rider, *names: str) -> dict[str, str]:
    """Their ids by name; and a reset link that was mailed before."""
    async with resources.transaction() as session:
        await make_link(session, rider.id, Purpose.RESET, RESET_LIFETIME)
        made = [
            await make_personal_token(session, NewPersonalToken(name=name), rider_id=rider.id)
            for name in names
        ]
        return {row.name: str(row.id) for row, _ in made}


async def left(resources: Resources) -> tuple[list[str], int]:
    async with resources.transaction() as session:
        names = list(await session.scalars(select(PersonalToken.name)))
        return names, len(list(await session.scalars(select(EmailToken.digest))))


@pytest.mark.parametrize("kept", [[], ["backup"]])
async def test_a_changed_password_ends_tokens_but_those_chosen(
    kept: list[str], signed_in: AsyncClient, rider: Rider, resources: Resources
) -> None:
    ids = await make_tokens(resources, rider, "backup", "old")
    changed = await signed_in.put(
        "/api/v1/me/password",
        json={"current": PASSWORD, "new": NEW, "keep_tokens": [ids[name] for name in kept]},
    )
    assert changed.status_code == 204
    assert await left(resources) == (kept, 0)


async def test_the_page_asks_which_tokens_go_on_working(
    signed_in: AsyncClient, rider: Rider, resources: Resources
) -> None:
    ids = await make_tokens(resources, rider, "backup", "old")
    assert f'name="keep_tokens" value="{ids["old"]}"' in (await signed_in.get("/settings")).text
    await signed_in.post(
        "/settings/password", data={"current": PASSWORD, "new": NEW, "keep_tokens": ids["old"]}
    )
    assert await left(resources) == (["old"], 0)


async def test_a_reset_ends_every_token_and_link(
    signed_in: AsyncClient, rider: Rider, resources: Resources
) -> None:
    await make_tokens(resources, rider, "backup")
    async with resources.transaction() as session:
        token = await make_link(session, rider.id, Purpose.RESET, RESET_LIFETIME)
    reset = await signed_in.put("/api/v1/password-reset", json={"token": token, "password": NEW})
    assert reset.status_code == 204
    assert await left(resources) == ([], 0)


async def test_a_token_that_may_only_write_reads_nothing(
    client: AsyncClient, rider: Rider, resources: Resources
) -> None:
    async with resources.transaction() as session:
        wanted = NewPersonalToken(name="tracker", scopes=["write"])
        _, token = await make_personal_token(session, wanted, rider_id=rider.id)
    client.headers["Authorization"] = f"Bearer {token}"
    made = await client.post("/api/v1/trips", json={"title": "Sent from the road"})
    assert made.status_code == 201
    for address in ("/api/v1/me", "/api/v1/feed/../trips/" + made.json()["id"], "/api/v1/me/trips"):
        answer = await client.get(address)
        assert answer.status_code == 403
        assert "may only write" in answer.json()["detail"]


async def test_a_rider_has_so_many_tokens(
    signed_in: AsyncClient, rider: Rider, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contravento.accounts.rules.MAX_TOKENS", 2)
    await make_tokens(resources, rider, "one", "two")
    refused = await signed_in.post("/api/v1/me/tokens", json={"name": "three"})
    assert refused.status_code == 409
    shown = await signed_in.post("/settings/tokens", data={"name": "three", "scopes": "read"})
    assert "You have 2 tokens already." in shown.text
