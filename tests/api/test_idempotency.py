"""Doing a thing once, however often it is asked for."""

import asyncio

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select
from starlette.requests import Request

from contravento.accounts.models import Rider
from contravento.kit.idempotency import IdempotentResponse
from contravento.kit.resources import Resources
from contravento.main import create_app
from contravento.trips.models import Trip
from tests.api.conftest import grant, jpeg, odd_gpx
from tests.conftest import open_client, sign_in
from tests.support import factories
from tests.support.queue import list_queued

TRIPS = "/api/v1/trips"
KEY = {"Idempotency-Key": "a-key-of-mine"}


async def count_trips(resources: Resources) -> int:
    async with resources.transaction() as session:
        return await session.scalar(select(func.count()).select_from(Trip)) or 0


async def test_the_same_key_does_a_thing_once(signed_in: AsyncClient) -> None:
    first = await signed_in.post(TRIPS, json={"title": "Once"}, headers=KEY)
    again = await signed_in.post(TRIPS, json={"title": "Once"}, headers=KEY)
    other = await signed_in.post(TRIPS, json={"title": "Twice"}, headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.status_code == 409


async def test_an_answer_without_a_body_is_repeated_without_one(
    signed_in: AsyncClient, trip_id: str
) -> None:
    answers = [await signed_in.delete(f"{TRIPS}/{trip_id}", headers=KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert answers[1].content == b""


async def test_a_retry_with_a_renewed_token_is_the_same_riders(
    program: AsyncClient, rider: Rider, resources: Resources
) -> None:
    tokens = await grant(program, rider)
    first = await program.post(TRIPS, json={"title": "Once"}, headers=KEY)
    renewed = await program.post(
        "/api/v1/sessions/refresh", json={"refresh_token": tokens["refresh_token"]}
    )
    program.headers["Authorization"] = f"Bearer {renewed.json()['access_token']}"
    again = await program.post(TRIPS, json={"title": "Once"}, headers=KEY)

    assert first.json() == again.json()
    assert await count_trips(resources) == 1


async def test_two_riders_may_choose_the_same_key(
    signed_in: AsyncClient, as_stranger: AsyncClient, resources: Resources
) -> None:
    for client in (signed_in, as_stranger):
        answer = await client.post(TRIPS, json={"title": "Mine"}, headers=KEY)
        assert answer.status_code == 201
    assert await count_trips(resources) == 2


async def test_an_upload_sent_again_is_kept_once(
    signed_in: AsyncClient, trip_id: str, resources: Resources
) -> None:
    """Though its boundary, and so its every byte, may differ."""
    address = f"{TRIPS}/{trip_id}/tracks"
    first = await signed_in.post(address, files={"file": ("a.gpx", odd_gpx())}, headers=KEY)
    again = await signed_in.post(address, files={"file": ("a.gpx", odd_gpx())}, headers=KEY)
    other = await signed_in.post(
        address, files={"file": ("a.gpx", odd_gpx().replace(b"Zamora", b"Toledo"))}, headers=KEY
    )

    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 409)
    assert first.json()["id"] == again.json()["id"]
    assert await list_queued(resources) == ["tracks.read"]


async def test_a_photos_caption_is_part_of_the_request(
    signed_in: AsyncClient, trip_id: str
) -> None:
    answers = [
        await signed_in.post(
            f"{TRIPS}/{trip_id}/photos",
            files={"file": ("a.jpg", jpeg())},
            data={"caption": caption},
            headers=KEY,
        )
        for caption in ("One", "One", "Two")
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 409]


async def test_what_failed_may_be_tried_again_with_its_key(signed_in: AsyncClient) -> None:
    made = await signed_in.post(TRIPS, json={"title": "A", "story": "Short."})
    address = f"{TRIPS}/{made.json()['id']}/publication"

    refused = await signed_in.put(address, headers=KEY)
    await signed_in.patch(f"{TRIPS}/{made.json()['id']}", json={"story": factories.STORY})
    accepted = await signed_in.put(address, headers=KEY)

    assert (refused.status_code, accepted.status_code) == (409, 200)


@pytest.mark.parametrize("key", ["", "x" * 201, "tab\there"])
async def test_a_key_is_short_and_printable(key: str, signed_in: AsyncClient) -> None:
    answer = await signed_in.post(TRIPS, json={}, headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_a_key_opens_no_door(
    client: AsyncClient, program: AsyncClient, signed_in: AsyncClient
) -> None:
    await signed_in.post(TRIPS, json={"title": "Once"}, headers=KEY)
    nobody = await client.post(TRIPS, json={"title": "Once"}, headers=KEY)
    forged = await signed_in.post(
        TRIPS, json={"title": "Once"}, headers={**KEY, "Sec-Fetch-Site": "cross-site"}
    )
    bad = await program.post(
        TRIPS, json={"title": "Once"}, headers={**KEY, "Authorization": "Bearer x"}
    )
    assert [each.status_code for each in (nobody, forged, bad)] == [401, 403, 401]


async def test_the_same_request_at_the_same_time_is_carried_out_once(
    live_resources: Resources,
) -> None:
    app = create_app(live_resources.settings, live_resources)
    async with live_resources.transaction() as session:
        rider = await factories.make_rider(session)
    async with open_client(app, live_resources) as client:
        await sign_in(client, live_resources, rider)
        answers = await asyncio.gather(
            *(client.post(TRIPS, json={"title": "Once"}, headers=KEY) for _ in range(6))
        )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await count_trips(live_resources) == 1


async def test_the_same_upload_at_the_same_time_is_kept_once(live_resources: Resources) -> None:
    app = create_app(live_resources.settings, live_resources)
    async with live_resources.transaction() as session:
        rider = await factories.make_rider(session)
        trip = await factories.make_trip(session, rider)
    async with open_client(app, live_resources) as client:
        await sign_in(client, live_resources, rider)
        answers = await asyncio.gather(
            *(
                client.post(
                    f"{TRIPS}/{trip.id}/tracks",
                    files={"file": ("a.gpx", odd_gpx())},
                    headers=KEY,
                )
                for _ in range(4)
            )
        )

    assert {answer.status_code for answer in answers} == {202}
    assert await list_queued(live_resources) == ["tracks.read"]
    assert live_resources.storage.folder
    files = [path for path in live_resources.storage.folder.rglob("*") if path.is_file()]
    assert len(files) == 1


async def test_nobodys_upload_is_not_read_for_its_key(
    client: AsyncClient, trip_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read(request: Request, **limits: object) -> None:
        raise AssertionError("it was read")

    client.cookies.clear()
    monkeypatch.setattr(Request, "form", read)
    address = f"{TRIPS}/{trip_id}/tracks"
    answer = await client.post(address, files={"file": ("a.gpx", odd_gpx())}, headers=KEY)
    assert answer.status_code == 401


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "the-last-one"}])
async def test_a_deleted_riders_answers_go_with_the_rider(
    headers: dict[str, str], signed_in: AsyncClient, resources: Resources
) -> None:
    await signed_in.post(TRIPS, json={"title": "Once"}, headers=KEY)
    gone = await signed_in.request(
        "DELETE", "/api/v1/me", json={"password": factories.PASSWORD}, headers=headers
    )
    assert gone.status_code == 204
    async with resources.transaction() as session:
        kept = await session.scalar(select(func.count()).select_from(IdempotentResponse))
    assert kept == 0
