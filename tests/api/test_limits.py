"""How often somebody may try by JSON."""

import pytest
from httpx import AsyncClient
from starlette.types import ASGIApp

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from tests.conftest import open_client
from tests.support import factories


def from_address(app: ASGIApp, resources: Resources, address: str) -> AsyncClient:
    client = open_client(app, resources)
    client._transport.client = (address, 1)  # type: ignore[attr-defined]
    return client


SESSIONS = "/api/v1/sessions"
WRONG = "not this one"


async def attempt(client: AsyncClient, login: str, password: str = WRONG) -> int:
    answer = await client.post(SESSIONS, json={"login": login, "password": password})
    if answer.status_code == 429:
        assert 0 < int(answer.headers["Retry-After"]) <= 3600
        assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code


async def test_ten_wrong_passwords_shut_the_door_even_to_the_right_one(
    program: AsyncClient, rider: Rider
) -> None:
    tries = [await attempt(program, "maite") for _ in range(11)]
    assert tries == [401] * 10 + [429]
    assert await attempt(program, "MAITE ", factories.PASSWORD) == 429


async def test_another_riders_door_stays_open(
    program: AsyncClient, rider: Rider, stranger: Rider
) -> None:
    for _ in range(11):
        await attempt(program, "maite")
    assert await attempt(program, "tomas", factories.PASSWORD) == 201


async def test_a_right_password_forgets_the_wrong_ones(program: AsyncClient, rider: Rider) -> None:
    for _ in range(3):
        assert [await attempt(program, "maite") for _ in range(8)] == [401] * 8
        assert await attempt(program, "maite", factories.PASSWORD) == 201


async def test_one_address_does_not_try_every_name(
    program: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contravento.accounts.rules.SIGN_IN_LIMIT_PER_ADDRESS", "5/15 minutes")
    tries = [await attempt(program, f"name_{number}") for number in range(6)]
    assert tries == [401] * 5 + [429]


async def test_accounts_are_not_made_by_the_hundred(program: AsyncClient) -> None:
    statuses = []
    for number in range(21):
        answer = await program.post(
            "/api/v1/accounts",
            json={
                "username": f"rider_{number}",
                "email": f"rider_{number}@example.org",
                "password": "a quiet road to Soria",
            },
        )
        statuses.append(answer.status_code)
    assert statuses == [201] * 20 + [429]


@pytest.mark.parametrize(
    "address", ["/api/v1/accounts/verification-mail", "/api/v1/password-reset"]
)
@pytest.mark.parametrize("email", ["maite@example.org", "nobody@example.org"])
async def test_nobodys_letter_box_is_filled(
    address: str, email: str, program: AsyncClient, rider: Rider
) -> None:
    """And an address without an account is refused as one with."""
    statuses = [(await program.post(address, json={"email": email})).status_code for _ in range(6)]
    assert statuses == [202] * 5 + [429]


async def test_a_borrowed_browser_does_not_guess_the_password(signed_in: AsyncClient) -> None:
    statuses = [
        (await signed_in.put("/api/v1/me/password", json={"current": "x", "new": "y"})).status_code
        for _ in range(11)
    ]
    assert statuses == [403] * 10 + [429]


async def test_an_account_is_not_guessed_at_from_many_addresses(
    app: ASGIApp, resources: Resources, rider: Rider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its owner gets in, who has signed in on that device before."""
    monkeypatch.setattr("contravento.accounts.rules.SIGN_IN_LIMIT_PER_ACCOUNT", "5/hour")
    right = {"login": "maite", "password": factories.PASSWORD}
    async with open_client(app, resources) as owner:
        assert (await owner.post("/sign-in", data=right)).status_code == 303
        await owner.post("/sign-out")
        statuses = []
        for number in range(7):
            async with from_address(app, resources, f"198.51.100.{number}") as stranger:
                statuses.append(await attempt(stranger, "maite"))
        assert statuses == [401] * 5 + [429] * 2
        async with from_address(app, resources, "198.51.100.99") as stranger:
            assert await attempt(stranger, "maite", factories.PASSWORD) == 429
        assert (await owner.post("/sign-in", data=right)).status_code == 303


async def test_a_made_up_device_is_nobodys(program: AsyncClient, rider: Rider) -> None:
    program.cookies.set("device", "abc.def.ghi")
    assert [await attempt(program, "maite") for _ in range(11)][-1] == 429


async def test_a_network_of_ipv6_addresses_is_one_source(
    app: ASGIApp, resources: Resources, rider: Rider
) -> None:
    statuses = []
    for number in range(11):
        async with from_address(app, resources, f"2001:db8:1:2::{number}") as stranger:
            statuses.append(await attempt(stranger, "maite"))
    assert statuses == [401] * 10 + [429]


async def test_a_stranger_does_not_use_up_the_owners_mails(
    app: ASGIApp, resources: Resources, rider: Rider
) -> None:
    asked = {"email": rider.email}
    async with from_address(app, resources, "198.51.100.1") as stranger:
        statuses = [
            (await stranger.post("/api/v1/password-reset", json=asked)).status_code
            for _ in range(6)
        ]
    async with from_address(app, resources, "203.0.113.5") as owner:
        statuses.append((await owner.post("/api/v1/password-reset", json=asked)).status_code)
    assert statuses == [202] * 5 + [429, 202]
