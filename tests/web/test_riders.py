"""Riders' pages and portraits, and the list of everybody who writes here."""

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from httpx import AsyncClient

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from contravento.photos import service as photos
from contravento.trips.rules import Audience
from contravento.web import riders
from tests.support import factories
from tests.support.counting import reads, statements
from tests.support.queue import run_jobs
from tests.web.making import add_track, gpx, jpeg

SCRIPT = "<script>alert(1)</script>"


async def test_a_page_adds_up_what_its_rider_rode(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider, title="Over the hill")
        (await session.get_one(Rider, rider.id)).bio = "Bookbinder from Getxo."
    await add_track(resources, trip)

    page = (await client.get("/riders/MAITE")).text

    assert '<h1 dir="auto">Maite Arrieta</h1>' in page
    assert "Bookbinder from Getxo." in page
    assert "here since" in page
    assert "<dt>days out</dt><dd>2</dd>" in page
    assert "longest day, 3 June 2025" in page or "longest day, 4 June 2025" in page
    assert 'data-share="1.0"' in page
    assert '<th scope="row">2025</th>' in page
    assert "One country</h2>" in page
    assert 'class="map-visited"' in page
    assert "Over the hill" in page
    assert "Change this page" not in page


async def test_a_rider_who_wrote_nothing_has_a_page(client: AsyncClient, rider: Rider) -> None:
    page = await client.get(f"/riders/{rider.username}")

    assert page.status_code == 200
    assert "Nothing here yet, not a breath." in page.text
    assert '<div class="portrait" aria-hidden="true">M</div>' in page.text


async def test_what_others_may_not_see_is_not_on_the_page_nor_in_its_sums(
    client: AsyncClient,
    as_stranger: AsyncClient,
    signed_in: AsyncClient,
    resources: Resources,
    rider: Rider,
) -> None:
    async with resources.transaction() as session:
        for audience in (Audience.LINK, Audience.ME):
            hidden = await factories.make_trip(
                session, rider, title="Kept back", audience=audience, countries=["NO"]
            )
        await factories.make_trip(session, rider, title="A draft", published=False)
    await add_track(resources, hidden)

    for browser in (client, as_stranger):
        page = (await browser.get("/riders/maite")).text
        for secret in ("Kept back", "A draft", "Norway", "Spain", "km</small>"):
            assert secret not in page
        assert "maite" not in (await browser.get("/riders")).text.partition("<main")[2]
    own = (await signed_in.get("/riders/maite")).text
    assert own.count('">Kept back</a>') == 2
    assert "A draft" not in own
    assert "Change this page" in own


@pytest.mark.parametrize("username", ["nobody", "x%00y", "a b", "no-such-name", "é" * 10])
async def test_who_is_not_here_is_not_found(client: AsyncClient, username: str) -> None:
    assert (await client.get(f"/riders/{username}")).status_code == 404
    assert (await client.get(f"/riders/{username}/portrait/large.jpg")).status_code == 404


async def test_who_has_not_confirmed_is_not_found(
    client: AsyncClient, resources: Resources
) -> None:
    async with resources.transaction() as session:
        new = await factories.make_rider(session, username="newcomer", confirmed_at=None)
        await factories.make_trip(session, new)

    assert (await client.get("/riders/newcomer")).status_code == 404
    assert "newcomer" not in (await client.get("/riders")).text


async def test_a_rider_costs_so_many_statements(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        trips = [await factories.make_trip(session, rider) for _ in range(5)]
    await add_track(resources, trips[0])

    with statements(resources) as page:
        await client.get("/riders/maite")
    with statements(resources) as fragment:
        await client.get("/riders/maite", headers={"HX-Request": "true"})
    with statements(resources) as everybody:
        await client.get("/riders")

    assert len(reads(page)) == 6  # rider, trips, and four sums
    assert len(reads(fragment)) == 2
    assert len(reads(everybody)) == 1


async def test_older_trips_come_page_by_page(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    async with resources.transaction() as session:
        for number in range(riders.TRIPS + 1):
            published_at = start + timedelta(days=number)
            await factories.make_trip(
                session, rider, title=f"Tour {number}.", published_at=published_at
            )

    first = (await client.get("/riders/maite")).text
    link = re.search(r'href="([^"]+)" rel="next"', first)
    assert link
    fragment = (await client.get(link[1], headers={"HX-Request": "true"})).text

    assert "Tour 0." not in first
    assert "Tour 0." in fragment
    assert "<html" not in fragment


async def test_who_wrote_last_stands_first(
    client: AsyncClient,
    resources: Resources,
    rider: Rider,
    stranger: Rider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with resources.transaction() as session:
        early, late = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC)
        await factories.make_trip(session, rider, published_at=late, distance_metres=150_000)
        await factories.make_trip(session, rider, published_at=early, distance_metres=150_000)
        await factories.make_trip(session, stranger, published_at=early)

    both = (await client.get("/riders")).text
    monkeypatch.setattr(riders, "RIDERS", 1)
    first = (await client.get("/riders")).text
    link = re.search(r'href="([^"]+)" rel="next"', first)
    assert link
    second = (await client.get(link[1])).text

    assert both.index("Maite Arrieta") < both.index("Tomás Ibarrola")
    assert "300 <small>km</small>" in both
    assert "Tomás" not in first
    assert "Tomás" in second
    assert "Maite" not in second


async def test_a_portrait_is_sent_in_its_sizes(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        file = BytesIO(jpeg((600, 700)))
        await photos.upload_portrait(session, file, rider_id=rider.id, storage=resources.storage)
    await run_jobs(resources)

    picture = await client.get("/riders/maite/portrait/small.jpg")

    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8")
    assert 'src="/riders/maite/portrait/large.jpg"' in (await client.get("/riders/maite")).text
    # Under the same address tomorrow's portrait is another one: a browser has to ask again.
    assert picture.headers["cache-control"] == "public, max-age=0, must-revalidate, s-maxage=1"
    assert picture.headers["surrogate-key"] == f"rider-{rider.id}"
    tag = {"If-None-Match": picture.headers["etag"]}
    assert (await client.get("/riders/maite/portrait/small.jpg", headers=tag)).status_code == 304
    assert (await client.get("/riders/maite/portrait/huge.jpg")).status_code == 404


async def test_names_and_words_about_oneself_stay_text(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        (await session.get_one(Rider, rider.id)).bio = f'{SCRIPT}"'
        (await session.get_one(Rider, rider.id)).name = f'{SCRIPT}"'
        trip = await factories.make_trip(session, rider, title=SCRIPT)
    await add_track(resources, trip, gpx())

    for address in ("/riders/maite", "/riders"):
        page = (await client.get(address)).text
        assert SCRIPT not in page
        assert 'content="<' not in page


async def test_a_bio_keeps_its_lines(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        (await session.get_one(Rider, rider.id)).bio = "Slow.\nAnd mostly uphill."

    page = await client.get(f"/riders/{rider.username}")

    assert '<p class="rider-bio" dir="auto">Slow.\nAnd mostly uphill.</p>' in page.text
