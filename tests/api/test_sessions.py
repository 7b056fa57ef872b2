"""Sessions by JSON."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, text, update

from contravento.accounts.models import RefreshToken, Rider, SignIn
from contravento.kit.clock import now
from contravento.kit.resources import Resources
from contravento.kit.security.passwords import Passwords
from tests.api.conftest import RunJobs, grant
from tests.support import factories

ME = "/api/v1/me"


async def refresh(client: AsyncClient, token: str) -> Any:
    return await client.post("/api/v1/sessions/refresh", json={"refresh_token": token})


@pytest.mark.parametrize("login", ["maite", "MAITE", "Maite@Example.org", "  maite "])
async def test_a_rider_signs_in_by_name_or_address(
    login: str, program: AsyncClient, rider: Rider
) -> None:
    answer = await program.post(
        "/api/v1/sessions", json={"login": login, "password": factories.PASSWORD}
    )
    tokens = answer.json()

    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 900)
    me = await program.get(ME, headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert me.json()["username"] == "maite"


async def test_a_wrong_password_and_an_unknown_name_read_the_same(
    program: AsyncClient, rider: Rider
) -> None:
    answers = [
        await program.post("/api/v1/sessions", json={"login": login, "password": "not this one"})
        for login in (rider.username, "nobody_here")
    ]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    first, second = ({**answer.json(), "request_id": ""} for answer in answers)
    assert first == second


async def test_a_refresh_token_works_once_and_its_successor_goes_on(
    program: AsyncClient, rider: Rider
) -> None:
    tokens = await grant(program, rider)
    renewed = await refresh(program, tokens["refresh_token"])

    assert renewed.status_code == 200
    assert renewed.json()["refresh_token"] != tokens["refresh_token"]
    assert (await refresh(program, renewed.json()["refresh_token"])).status_code == 200


async def test_a_refresh_token_that_comes_back_ends_the_session(
    program: AsyncClient, rider: Rider, resources: Resources
) -> None:
    tokens = await grant(program, rider)
    renewed = (await refresh(program, tokens["refresh_token"])).json()

    stolen = await refresh(program, tokens["refresh_token"])

    assert stolen.status_code == 401
    assert (await refresh(program, renewed["refresh_token"])).status_code == 401
    assert (await program.get(ME)).status_code == 401
    async with resources.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(SignIn)) == 0


async def test_an_unknown_or_old_refresh_token_is_refused(
    program: AsyncClient, rider: Rider, resources: Resources
) -> None:
    tokens = await grant(program, rider)
    async with resources.transaction() as session:
        await session.execute(update(RefreshToken).values(expires_at=now()))

    for token in (tokens["refresh_token"], "never-given", "cv_x", ""):
        assert (await refresh(program, token)).status_code == 401
    assert (await program.get(ME)).status_code == 200


async def test_signing_out_ends_the_access_token_at_once(
    program: AsyncClient, rider: Rider
) -> None:
    tokens = await grant(program, rider)
    assert (await program.delete("/api/v1/sessions/current")).status_code == 204

    assert (await program.get(ME)).status_code == 401
    assert (await refresh(program, tokens["refresh_token"])).status_code == 401


async def test_the_sessions_are_listed_and_ended_together(
    program: AsyncClient, signed_in: AsyncClient, rider: Rider
) -> None:
    await grant(program, rider)
    listed = (await program.get("/api/v1/sessions")).json()["items"]

    assert {(item["is_current"], item["is_browser"]) for item in listed} == {
        (True, False),
        (False, True),
    }
    assert (await program.delete("/api/v1/sessions")).status_code == 204
    assert (await signed_in.get(ME)).status_code == 401
    assert (await program.get(ME)).status_code == 401


async def test_one_session_is_ended_by_its_id_and_only_by_its_rider(
    program: AsyncClient, signed_in: AsyncClient, as_stranger: AsyncClient, rider: Rider
) -> None:
    await grant(program, rider)
    listed = (await signed_in.get("/api/v1/sessions")).json()["items"]
    (other,) = [item["id"] for item in listed if not item["is_current"]]

    await as_stranger.delete(f"/api/v1/sessions/{other}")
    assert (await program.get(ME)).status_code == 200
    await signed_in.delete(f"/api/v1/sessions/{other}")
    assert (await program.get(ME)).status_code == 401
    assert (await signed_in.get(ME)).status_code == 200


async def test_rounds_that_changed_are_taken_over_at_the_next_sign_in(
    program: AsyncClient, rider: Rider, resources: Resources
) -> None:
    stronger = await Passwords(5).hash(factories.PASSWORD)
    async with resources.transaction() as session:
        await session.execute(update(Rider).values(password_hash=stronger))

    await grant(program, rider)

    async with resources.transaction() as session:
        kept = await session.scalar(select(Rider.password_hash))
    assert kept is not None
    assert kept.split("$")[2] == "04"


async def test_tokens_that_are_not_ours_are_refused(program: AsyncClient, rider: Rider) -> None:
    tokens = await grant(program, rider)
    header, body, signature = tokens["access_token"].split(".")
    claims = {"sub": str(rider.id), "sid": str(uuid4()), "iat": now(), "exp": now() + timedelta(1)}
    forged = [
        f"{header}.{body}.{signature[:-4]}AAAA",
        jwt.encode(claims, "k" * 32, algorithm="HS256"),
        jwt.encode(claims, "k" * 32, algorithm="HS256", headers={"kid": "x"}),
        jwt.encode(claims, "", algorithm="none"),
        "rubbish",
        "",
        "cv_never-made",
    ]
    for token in forged:
        answer = await program.get(ME, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, token


async def test_a_good_token_goes_first_even_where_nobody_need_sign_in(
    program: AsyncClient, rider: Rider
) -> None:
    bad = {"Authorization": "Bearer rubbish"}
    answer = await program.get(f"/api/v1/riders/{rider.username}/trips", headers=bad)
    assert answer.status_code == 401


async def test_no_token_is_kept_as_it_is(
    program: AsyncClient, rider: Rider, resources: Resources, jobs: RunJobs, mailbox: Any
) -> None:
    """Neither in a row, nor in the arguments of a job, nor in a kept answer."""
    key = {"Idempotency-Key": "one-of-mine"}
    secrets = list((await grant(program, rider)).values())
    made = await program.post("/api/v1/me/tokens", json={"name": "laptop"}, headers=key)
    renewed = await program.post(
        "/api/v1/sessions/refresh", json={"refresh_token": secrets[3]}, headers=key
    )
    await program.post("/api/v1/password-reset", json={"email": rider.email}, headers=key)
    await jobs()
    secrets = [
        *(secret for secret in secrets if len(str(secret)) > 20),
        made.json()["token"],
        renewed.json()["refresh_token"],
        mailbox.last_token(),
        factories.PASSWORD,
    ]
    assert len(secrets) == 6

    kept = await everything(resources)
    assert all(secret not in kept for secret in secrets)
    assert all(secret.encode().hex() not in kept for secret in secrets)


async def everything(resources: Resources) -> str:
    """Every row of every table as text."""
    async with resources.transaction() as session:
        tables = await session.scalars(
            text("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        )
        found = []
        for table in tables:
            rows = await session.execute(text(f"SELECT t::text FROM {table} t"))  # noqa: S608
            found += [row[0] for row in rows]
    return "\n".join(found)
