"""The front page: what it shows, hides, costs, and how it goes on."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from contravento.trips.models import Trip
from contravento.trips.rules import Audience
from contravento.web.feed import ENTRIES
from tests.support import factories
from tests.support.counting import reads, statements
from tests.web.making import add_photo, add_track

SCRIPT = "<script>alert(1)</script>"
HTMX = {"HX-Request": "true"}


async def make_trips(resources: Resources, rider: Rider, count: int, **changes: Any) -> list[Trip]:
    """The first of them is the oldest."""
    async with resources.transaction() as session:
        return [
            await factories.make_trip(
                session,
                rider,
                title=f"Tour {number}",
                published_at=datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=number),
                **changes,
            )
            for number in range(1, count + 1)
        ]


def titles(html: str) -> list[str]:
    return re.findall(r'entry-title" dir="auto"><a href="[^"]+">([^<]+)</a>', html)


def older(html: str) -> str:
    match = re.search(r'href="([^"]+)" rel="next"', html)
    assert match
    return match[1].replace("&amp;", "&")


async def test_an_empty_house_says_so(client: AsyncClient) -> None:
    page = await client.get("/")

    assert page.status_code == 200
    assert "Diaries from the windward side" in page.text
    assert "Nothing here yet, not a breath" in page.text
    assert "Nobody has drawn a line here yet." in page.text
    assert "map-land" in page.text


async def test_an_entry_says_where_when_who_and_how_far(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider, starts_on=None, ends_on=None)
    await add_track(resources, trip)
    await add_photo(resources, trip, caption="Shade")

    page = (await client.get("/")).text

    assert f'<a href="/trips/{trip.slug}">Down the Duero</a>' in page
    assert "<b>Spain</b> · <time" in page
    assert "3–4 June 2025" in page
    assert '<a href="/riders/maite">Maite Arrieta</a>' in page
    assert re.search(r"<dt>distance</dt><dd>\d\d\.\d <small>km</small>", page)
    assert 'data-kind="lead"' in page
    assert 'alt="Shade"' in page
    assert 'aria-label="Track: Down the Duero"' in page
    assert "Where people rode lately: one diary, " in page


@pytest.mark.parametrize("audience", [Audience.LINK, Audience.FOLLOWERS, Audience.ME])
async def test_only_what_everyone_may_see_is_listed(
    signed_in: AsyncClient,
    client: AsyncClient,
    resources: Resources,
    rider: Rider,
    audience: Audience,
) -> None:
    async with resources.transaction() as session:
        await factories.make_trip(session, rider, title="Kept back", audience=audience)
        await factories.make_trip(session, rider, title="A draft", published=False)

    for browser in (client, signed_in):
        for address in ("/", "/map", "/map/tours.json"):
            page = (await browser.get(address)).text
            assert "Kept back" not in page
            assert "A draft" not in page


async def test_older_diaries_are_a_link_and_a_fragment(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    count = ENTRIES * 2 + 3
    await make_trips(resources, rider, count)

    first = await client.get("/")
    link = older(first.text)
    second = await client.get(link)
    fragment = await client.get(link, headers=HTMX)

    assert titles(first.text)[:2] == [f"Tour {count}", f"Tour {count - 1}"]
    assert len(titles(first.text)) == ENTRIES + 1
    assert len(titles(second.text)) == ENTRIES
    assert "<h1" in second.text
    assert "frontis" not in second.text
    assert titles(fragment.text) == titles(second.text)
    assert "<html" not in fragment.text
    assert "<article" in fragment.text
    assert "HX-Request" in fragment.headers["Vary"]
    last = await client.get(older(second.text))
    assert titles(first.text + second.text + last.text) == [
        f"Tour {number}" for number in range(count, 0, -1)
    ]
    assert 'rel="next"' not in last.text


async def test_a_word_that_is_no_place_starts_at_the_beginning(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    await make_trips(resources, rider, 1)

    for word in ("nonsense", "%00", "é", "MjAyNS0wMS0wMQ", "a" * 3000):
        page = await client.get(f"/?before={word}")
        assert page.status_code == 200
        assert titles(page.text) == ["Tour 1"]


async def test_filters_show_only_what_they_name(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        await factories.make_trip(
            session, rider, title="Fjords", countries=["NO"], tags=["with children"]
        )
        await factories.make_trip(session, rider, title="Plains", countries=["ES"], tags=["gravel"])

    everything = (await client.get("/")).text
    country = (await client.get("/?country=es")).text
    tag = (await client.get("/?tag=with+children")).text
    nothing = (await client.get("/?country=XX")).text

    assert titles(everything) == ["Plains", "Fjords"]
    assert 'href="/?country=ES">Spain</a>' in everything
    assert 'href="/?tag=with+children">with children</a>' in everything
    assert titles(country) == ["Plains"]
    assert 'href="/?country=ES" aria-current="true">Spain</a>' in country
    assert titles(tag) == ["Fjords"]
    assert "No diary that everyone may read is about this." in nothing
    assert (await client.get("/?tag=%00&country=%00")).status_code == 200


async def test_the_next_page_keeps_the_filter(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    await make_trips(resources, rider, ENTRIES + 2, tags=["gravel"], countries=["ES"])

    link = older((await client.get("/?tag=gravel")).text)

    assert "tag=gravel" in link
    assert titles((await client.get(link)).text) == ["Tour 1"]


async def test_the_front_page_costs_at_most_three_statements(
    client: AsyncClient, signed_in: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trips = await make_trips(resources, rider, ENTRIES + 5)
    await add_track(resources, trips[-1])

    with statements(resources) as cold:
        await client.get("/")
    with statements(resources) as warm:
        await client.get("/")
    with statements(resources) as filtered:
        await client.get("/?tag=gravel")
    with statements(resources) as signed:
        await signed_in.get("/")

    assert len(reads(cold)) == 3
    assert len(reads(warm)) == 1
    assert len(reads(filtered)) == 1
    assert len(reads(signed)) == 2


async def test_the_map_follows_the_tracks(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    (trip,) = await make_trips(resources, rider, 1)
    await add_track(resources, trip)
    before = (await client.get("/")).text
    async with resources.transaction() as session:
        (await session.get_one(Trip, trip.id)).published_at = None
    after = (await client.get("/")).text

    assert before.count('class="map-casing"') == 1
    assert 'class="map-casing"' not in after


async def test_whoever_is_signed_in_needs_no_introduction(signed_in: AsyncClient) -> None:
    page = (await signed_in.get("/")).text

    assert "Start a diary" not in page
    assert "nobody keeps score" not in page
    assert "New trip" in page


async def test_what_people_write_stays_text(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        await factories.make_trip(
            session,
            rider,
            title=f'{SCRIPT}"',
            excerpt=SCRIPT,
            tags=[f'{SCRIPT}"'],
            countries=["ES"],
            cover={"photo_id": "x", "width": 9, "height": 6, "colour": None, "alt": f'{SCRIPT}"'},
        )
        (await session.get_one(Rider, rider.id)).name = SCRIPT

    for address in (
        "/",
        "/map",
        "/riders",
        "/riders/maite",
        f"/?tag={SCRIPT}",
        f"/?country={SCRIPT}",
    ):
        assert SCRIPT not in (await client.get(address)).text.lower(), address
