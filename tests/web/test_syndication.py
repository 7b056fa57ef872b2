"""Feeds for feed readers: the same as the pages, in two formats, and nothing that is not public."""

from datetime import UTC, datetime

import pytest
from httpx import AsyncClient
from lxml import etree

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from contravento.trips.models import Trip
from tests.support import factories

NAMES = {"a": "http://www.w3.org/2005/Atom"}
TITLE = "Salt & <wind> “east”"


@pytest.fixture
async def trips(resources: Resources, rider: Rider) -> list[Trip]:
    async with resources.transaction() as session:
        return [
            await factories.make_trip(
                session,
                rider,
                title=title,
                excerpt="No shade <b>at all</b>.",
                tags=["gravel", "river"],
                published_at=datetime(2026, 5, day, 8, tzinfo=UTC),
            )
            for day, title in ((1, "Earlier"), (3, TITLE))
        ]


@pytest.mark.parametrize("page", ["", "/riders/{}"])
async def test_an_atom_feed_has_the_newest_first(
    client: AsyncClient, rider: Rider, trips: list[Trip], page: str
) -> None:
    page = page.format(rider.username)
    answer = await client.get(f"{page}/feed.atom")

    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = etree.fromstring(answer.content)
    assert [title.text for title in feed.findall("a:entry/a:title", NAMES)] == [TITLE, "Earlier"]
    assert feed.findtext("a:updated", namespaces=NAMES) == "2026-05-03T08:00:00+00:00"
    links = {link.get("rel"): link.get("href") for link in feed.findall("a:link", NAMES)}
    assert links["self"] == f"{feed.findtext('a:id', namespaces=NAMES)}"
    entry = feed.find("a:entry", NAMES)
    assert entry is not None
    assert entry.findtext("a:id", namespaces=NAMES) == f"urn:uuid:{trips[1].id}"
    assert entry.findtext("a:summary", namespaces=NAMES) == "No shade <b>at all</b>."
    terms = [one.get("term") for one in entry.findall("a:category", NAMES)]
    assert terms == ["gravel", "river"]
    address = entry.find("a:link", NAMES)
    assert address is not None
    assert (address.get("href") or "").endswith(f"/trips/{trips[1].slug}")


@pytest.mark.parametrize("page", ["", "/riders/{}"])
async def test_a_json_feed_says_the_same(
    client: AsyncClient, rider: Rider, trips: list[Trip], page: str
) -> None:
    answer = await client.get(f"{page.format(rider.username)}/feed.json")

    assert answer.headers["content-type"] == "application/feed+json"
    feed = answer.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["title"] for item in feed["items"]] == [TITLE, "Earlier"]
    assert feed["items"][0]["date_published"] == "2026-05-03T08:00:00+00:00"
    assert feed["items"][0]["authors"][0]["url"].endswith(f"/riders/{rider.username}")


async def test_who_has_it_already_is_told_so(client: AsyncClient, trips: list[Trip]) -> None:
    first = await client.get("/feed.atom")
    again = await client.get("/feed.atom", headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304
    assert again.content == b""


async def test_pages_say_where_their_feeds_are(
    client: AsyncClient, rider: Rider, trips: list[Trip]
) -> None:
    for page, feed in (
        ("/", "/feed"),
        (f"/riders/{rider.username}", f"/riders/{rider.username}/feed"),
    ):
        text = (await client.get(page)).text
        for ending, kind in (("atom", "atom+xml"), ("json", "feed+json")):
            assert f'rel="alternate" type="application/{kind}"' in text
            assert f'href="{feed}.{ending}"' in text


async def test_an_empty_house_has_an_empty_feed(client: AsyncClient) -> None:
    feed = etree.fromstring((await client.get("/feed.atom")).content)

    assert feed.findall("a:entry", NAMES) == []
    assert feed.findtext("a:updated", namespaces=NAMES) == "1970-01-01T00:00:00+00:00"
    assert (await client.get("/feed.json")).json()["items"] == []


async def test_a_rider_who_does_not_exist_has_no_feed(client: AsyncClient) -> None:
    assert (await client.get("/riders/nobody/feed.atom")).status_code == 404
