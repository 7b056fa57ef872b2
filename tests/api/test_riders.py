"""Riders by JSON."""

import pytest
from httpx import AsyncClient

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from contravento.trips.rules import Audience
from tests.api.conftest import RunJobs, send_track
from tests.support import factories
from tests.support.counting import reads, statements


async def test_a_profile_tells_what_is_public_and_no_more(
    client: AsyncClient, rider: Rider
) -> None:
    answer = await client.get("/api/v1/riders/MAITE")
    assert answer.status_code == 200
    assert set(answer.json()) == {"username", "name", "bio", "portrait", "created_at"}
    assert answer.json()["name"] == "Maite Arrieta"


@pytest.mark.parametrize("end", ["", "/trips", "/statistics"])
async def test_nobody_rides_under_an_unknown_or_unconfirmed_name(
    end: str, client: AsyncClient, resources: Resources
) -> None:
    async with resources.transaction() as session:
        await factories.make_rider(session, username="waiting", confirmed_at=None)
    answers = [
        await client.get(f"/api/v1/riders/{name}{end}")
        for name in ("nobody_here", "waiting", "x%00y", "ñandú", "a" * 200)
    ]
    assert {answer.status_code for answer in answers} == {404}


async def test_a_riders_list_holds_what_its_reader_may_find(
    signed_in: AsyncClient, as_stranger: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        for audience in Audience:
            await factories.make_trip(session, rider, title=audience, audience=audience)
        await factories.make_trip(session, rider, title="draft", published=False)
    address = f"/api/v1/riders/{rider.username}/trips"

    own = (await signed_in.get(address)).json()["items"]
    others = (await as_stranger.get(address)).json()["items"]

    assert {trip["title"] for trip in own} == set(Audience)
    assert [trip["title"] for trip in others] == ["everyone"]


async def test_statistics_count_what_their_reader_may_find(
    signed_in: AsyncClient,
    as_stranger: AsyncClient,
    rider: Rider,
    trip_id: str,
    jobs: RunJobs,
) -> None:
    await send_track(signed_in, trip_id)
    await jobs()
    await signed_in.put(f"/api/v1/trips/{trip_id}/publication")
    await signed_in.patch(f"/api/v1/trips/{trip_id}", json={"audience": "me"})
    address = f"/api/v1/riders/{rider.username}/statistics"

    own = (await signed_in.get(address)).json()
    others = (await as_stranger.get(address)).json()

    assert own["trips"] == 1
    assert own["distance_metres"] > 1000
    assert own["riding_days"] == 1
    assert list(own["years"]) == ["2024"]
    assert (others["trips"], others["distance_metres"], others["years"]) == (0, 0, {})


async def test_a_riders_page_of_trips_takes_two_statements(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        for _ in range(5):
            await factories.make_trip(session, rider)
    with statements(resources) as sent:
        answer = await client.get(f"/api/v1/riders/{rider.username}/trips")
    assert len(answer.json()["items"]) == 5
    assert len(reads(sent)) == 2


async def test_a_riders_totals_take_few_statements(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    with statements(resources) as sent:
        await client.get(f"/api/v1/riders/{rider.username}/statistics")
    assert len(reads(sent)) == 5
