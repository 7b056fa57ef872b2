"""A trip's page: whole, in every state, for whoever may see it; its tracks to take along."""

import re
from typing import Any

import pytest
from httpx import AsyncClient
from lxml import etree

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from contravento.trips.models import Trip
from contravento.trips.rules import Audience, new_key
from tests.support import factories
from tests.support.counting import reads, statements
from tests.web.making import add_photo, add_track, gpx

SCRIPT = "<script>alert(1)</script>"
STORY = """\
Two days west, into the wind.

## Day 1, Bilbao – Ramales

It rained **upwards**.

## Day 2

It did not.
"""


async def make_trip(resources: Resources, rider: Rider, **changes: Any) -> Trip:
    async with resources.transaction() as session:
        return await factories.make_trip(session, rider, **changes)


async def test_a_trip_is_told_whole(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(
        resources,
        rider,
        title="Into the wind",
        story=STORY,
        excerpt="Two days west, into the wind.",
        tags=["paved"],
        starts_on=None,
        ends_on=None,
    )
    await add_track(resources, trip)
    await add_photo(resources, trip, caption="The first bend")
    await add_photo(resources, trip, caption="The second bend")

    page = (await client.get(f"/trips/{trip.slug}")).text

    assert '<h1 dir="auto">Into the wind</h1>' in page
    assert '<p class="lead" dir="auto">Two days west, into the wind.</p>' in page
    assert page.count("Two days west") == 3  # and in two descriptions for machines
    assert '<a href="/riders/maite">Maite Arrieta</a>' in page
    assert '<a class="tag" href="/?tag=paved">paved</a>' in page
    assert "<dt>highest</dt><dd>600 <small>m</small></dd>" in page
    assert 'class="map-casing"' in page
    assert f'data-geometry-url="/api/v1/trips/{trip.id}/geometry"' in page
    assert f'data-profile-url="/api/v1/trips/{trip.id}/profile"' in page
    assert 'data-bounds="-3.988,43.2,-3.0,43.2"' in page
    assert 'class="profile-area"' in page
    assert "The track begins at 50\u00a0m above the sea and ends at 50\u00a0m." in page
    assert "Its highest point, 600\u00a0m, comes at km" in page
    assert "all of them in Spain" in page
    assert "km/h on average.\n" in page
    assert "Two days</h2>" in page
    assert '<a href="#day-1">Bilbao – Ramales</a>' in page
    assert '<h3 class="day" id="day-1"><b>Day 1</b> Bilbao – Ramales<br>' in page
    assert "It rained <strong>upwards</strong>." in page
    assert '<figcaption dir="auto">The first bend</figcaption>' in page
    assert 'alt="The second bend"' in page


async def test_a_trip_of_words_alone_is_a_page_too(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(resources, rider, starts_on=None, ends_on=None)

    page = await client.get(f"/trips/{trip.slug}")

    assert page.status_code == 200
    assert factories.STORY in page.text
    for absent in ("profile", 'class="map"', "GPX", "Photographs", "<table", "figures"):
        assert absent not in page.text


@pytest.mark.parametrize(
    ("audience", "published"),
    [
        (Audience.EVERYONE, False),
        (Audience.LINK, False),
        (Audience.ME, True),
        (Audience.FOLLOWERS, True),
    ],
)
async def test_what_is_kept_back_is_not_found(
    client: AsyncClient,
    as_stranger: AsyncClient,
    signed_in: AsyncClient,
    resources: Resources,
    rider: Rider,
    audience: Audience,
    published: bool,
) -> None:
    trip = await make_trip(resources, rider, audience=audience, published=published)
    await add_track(resources, trip)
    photo = await add_photo(resources, trip)
    addresses = [f"/trips/{trip.slug}", f"/trips/{trip.slug}/tracks.gpx"]
    addresses.append(f"/photos/{photo.id}/small.jpg")

    for address in addresses:
        assert (await client.get(address)).status_code == 404
        assert (await as_stranger.get(address)).status_code == 404
        assert (await signed_in.get(address)).status_code == 200


async def test_its_rider_is_told_who_sees_it(
    signed_in: AsyncClient, client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    draft = await make_trip(resources, rider, published=False, title="")
    by_link = await make_trip(resources, rider, audience=Audience.LINK)
    alone = await make_trip(resources, rider, audience=Audience.ME)
    public = await make_trip(resources, rider)

    assert "A draft." in (await signed_in.get(f"/trips/{draft.slug}")).text
    assert "Shared by its link." in (await signed_in.get(f"/trips/{by_link.slug}")).text
    assert "Only you see this." in (await signed_in.get(f"/trips/{alone.slug}")).text
    own = (await signed_in.get(f"/trips/{public.slug}")).text
    assert 'class="notice"' not in own
    assert f'href="/trips/{public.slug}/edit"' in own
    others = (await client.get(f"/trips/{by_link.slug}")).text
    assert "/edit" not in others
    assert "Shared by its link." not in others


async def test_machines_are_told_about_public_trips_only(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    public = await make_trip(resources, rider)
    by_link = await make_trip(resources, rider, audience=Audience.LINK)
    photo = await add_photo(resources, public)
    await add_photo(resources, by_link)

    shown = (await client.get(f"/trips/{public.slug}")).text
    hidden = (await client.get(f"/trips/{by_link.slug}")).text

    assert 'property="og:title" content="Down the Duero"' in shown
    assert f'og:image" content="http://test/photos/{photo.id}/large.jpg"' in shown
    assert f'rel="canonical" href="http://test/trips/{public.slug}"' in shown
    assert "noindex" not in shown
    assert '<meta name="robots" content="noindex">' in hidden
    assert "og:" not in hidden
    assert 'name="description"' not in hidden


async def test_an_address_with_other_words_leads_to_the_right_one(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(resources, rider)

    for slug in (trip.key, f"an-earlier-title-{trip.key}"):
        moved = await client.get(f"/trips/{slug}")
        assert moved.status_code == 301
        assert moved.headers["location"] == f"/trips/{trip.slug}"
        assert moved.headers["cache-control"] == "no-cache"
    for slug in (new_key(), "new", "x%00y", trip.slug[:-1]):
        assert (await client.get(f"/trips/{slug}")).status_code == 404


async def test_what_was_written_cannot_hurt(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    hurtful = f'{SCRIPT}"><img src=x onerror=alert(1)>'
    trip = await make_trip(
        resources,
        rider,
        title=hurtful,
        story=f"{hurtful}\n\n## Day 1, {hurtful}\n\n[x](javascript:alert(1))",
        excerpt=hurtful,
        tags=[hurtful],
    )
    await add_track(resources, trip, gpx(name="&lt;script&gt;alert(1)&lt;/script&gt;"))
    await add_track(resources, trip, gpx(name="&lt;b&gt;", longitude=-5))
    await add_photo(resources, trip, caption=hurtful)
    await add_photo(resources, trip, caption=hurtful)
    async with resources.transaction() as session:
        (await session.get_one(Rider, rider.id)).name = hurtful

    page = (await client.get(f"/trips/{trip.slug}")).text

    assert SCRIPT not in page
    assert "<img src=x" not in page
    assert 'href="javascript:' not in page
    assert not re.search(r"<[^>]+\sstyle=", page)


async def test_how_many_statements_a_trip_costs(
    client: AsyncClient, signed_in: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(resources, rider)
    await add_track(resources, trip)
    await add_track(resources, trip, gpx(longitude=-5))
    await add_photo(resources, trip)
    await add_photo(resources, trip)

    with statements(resources) as cold:
        await client.get(f"/trips/{trip.slug}")
    with statements(resources) as warm:
        await client.get(f"/trips/{trip.slug}")
    with statements(resources) as signed:
        await signed_in.get(f"/trips/{trip.slug}")

    assert len(reads(cold)) == 7  # the version, the trip, tracks, lines, profiles, days, photos
    assert len(reads(warm)) == 1
    assert len(reads(signed)) == 7  # who it is as well, but no profiles


async def test_all_tracks_come_in_one_file(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(resources, rider)
    await add_track(resources, trip, gpx(name="A &lt; B"))
    await add_track(resources, trip, gpx(name="C", longitude=-5))

    file = await client.get(f"/trips/{trip.slug}/tracks.gpx")
    page = (await client.get(f"/trips/{trip.slug}")).text
    (one, _) = re.findall(r'href="(/trips/[^"]+/tracks/[^"]+\.gpx)"', page)
    single = await client.get(one)

    assert file.headers["content-type"].startswith("application/gpx+xml")
    assert file.headers["content-disposition"] == f'attachment; filename="{trip.slug}.gpx"'
    document = etree.fromstring(file.content)
    names = document.findall("{*}trk/{*}name")
    assert [name.text for name in names] == ["A < B", "C"]
    assert len(document.findall(".//{*}trkpt")) == 4 * 41
    assert len(etree.fromstring(single.content).findall("{*}trk")) == 1
    assert b'creator="ContraVento"' in file.content


async def test_a_trip_without_tracks_has_no_file(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(resources, rider)
    other = await make_trip(resources, rider)
    await add_track(resources, other)

    assert (await client.get(f"/trips/{trip.slug}/tracks.gpx")).status_code == 404
    page = (await client.get(f"/trips/{other.slug}")).text
    assert "tracks.gpx" in page
    missing = f"/trips/{other.slug}/tracks/{trip.id}.gpx"
    assert (await client.get(missing)).status_code == 404
