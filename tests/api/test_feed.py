"""The feed by JSON: pages of it, and what it costs."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from httpx import AsyncClient

from contravento.accounts.models import Rider
from contravento.api.feed import EntryOut
from contravento.api.schemas.pagination import decode_cursor, encode_cursor
from contravento.kit.resources import Resources
from contravento.trips.rules import Audience
from tests.support import factories
from tests.support.counting import reads, statements

FEED = "/api/v1/feed"
NOON = datetime(2025, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
async def forty_five(resources: Resources, rider: Rider) -> list[str]:
    """Titles, newest first; three at a time are published in the same moment."""
    titles = []
    async with resources.transaction() as session:
        for number in range(45):
            moment = NOON + timedelta(seconds=number // 3)
            trip = await factories.make_trip(
                session, rider, title=f"Trip {number}", published_at=moment
            )
            titles.append((moment, trip.id, trip.title))
    return [title for *_, title in sorted(titles, reverse=True)]


async def test_the_pages_hold_every_trip_once_newest_first(
    client: AsyncClient, forty_five: list[str]
) -> None:
    found: list[str] = []
    following: str | None = ""
    pages = 0
    while following is not None:
        cursor = f"&cursor={following}" if following else ""
        page = (await client.get(f"{FEED}?limit=10{cursor}")).json()
        found += [item["title"] for item in page["items"]]
        following = page["next"]
        pages += 1

    assert found == forty_five
    assert pages == 5


async def test_a_page_has_twenty_unless_asked_otherwise(
    client: AsyncClient, forty_five: list[str]
) -> None:
    assert len((await client.get(FEED)).json()["items"]) == 20
    whole = (await client.get(f"{FEED}?limit=50")).json()
    assert (len(whole["items"]), whole["next"]) == (45, None)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=51",
        "limit=x",
        "cursor=",
        "cursor=%00",
        "cursor=rubbish",
        f"cursor={'A' * 33}",
        f"cursor={'f' * 32}",
        f"cursor={'a' * 500}",
        "country=es",
        "tag=%00",
    ],
)
async def test_what_cannot_be_asked_is_a_problem(query: str, client: AsyncClient) -> None:
    answer = await client.get(f"{FEED}?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


def test_a_cursor_leads_back_to_its_place() -> None:
    place = (NOON + timedelta(microseconds=7), uuid4())
    cursor = encode_cursor(place)
    assert decode_cursor(cursor) == place
    assert cursor.replace("-", "").replace("_", "").isalnum()


async def test_the_feed_holds_only_what_everyone_may_see(
    signed_in: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        for audience in Audience:
            await factories.make_trip(session, rider, title=audience, audience=audience)
        await factories.make_trip(session, rider, title="draft", published=False)
    items = (await signed_in.get(FEED)).json()["items"]
    assert [item["title"] for item in items] == ["everyone"]


async def test_the_feed_narrows_to_a_country_or_a_tag(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        await factories.make_trip(session, rider, title="A", countries=["ES", "PT"], tags=["river"])
        await factories.make_trip(session, rider, title="B", countries=["FR"], tags=["wind"])

    for query, titles in (("country=PT", ["A"]), ("tag=wind", ["B"]), ("country=DE", [])):
        items = (await client.get(f"{FEED}?{query}")).json()["items"]
        assert [item["title"] for item in items] == titles


async def test_an_entry_is_what_the_description_says(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    photo_id = uuid4()
    cover = {"photo_id": str(photo_id), "width": 3, "height": 2, "colour": "#aabbcc", "alt": "Wind"}
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider, cover=cover, published_at=NOON)
    (item,) = (await client.get(FEED)).json()["items"]

    entry = EntryOut.model_validate(item)
    assert item.keys() == EntryOut.model_fields.keys()
    assert entry.cover
    assert entry.cover.url == f"/photos/{photo_id}/medium.jpg"
    assert (entry.id, entry.slug, entry.rider) == (trip.id, trip.slug, "maite")
    assert item["published_at"] == "2025-10-01T12:00:00Z"


async def test_a_page_of_the_feed_takes_one_statement(
    signed_in: AsyncClient, resources: Resources, forty_five: list[str]
) -> None:
    with statements(resources) as sent:
        await signed_in.get(FEED)
    assert len(reads(sent)) == 1


async def test_who_has_the_feed_is_not_sent_it_again(
    client: AsyncClient, resources: Resources, rider: Rider, forty_five: list[str]
) -> None:
    first = await client.get(FEED)
    tag = {"If-None-Match": first.headers["ETag"]}
    same = await client.get(FEED, headers=tag)
    async with resources.transaction() as session:
        await factories.make_trip(session, rider)
    other = await client.get(FEED, headers=tag)

    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    assert other.status_code == 200


async def test_head_answers_wherever_get_does(client: AsyncClient, forty_five: list[str]) -> None:
    got, head = await client.get(FEED), await client.head(FEED)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == got.headers["ETag"]
