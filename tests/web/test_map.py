"""The map of all tours, and the ground for live maps."""

from httpx import AsyncClient

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from tests.support import factories
from tests.support.counting import reads, statements
from tests.web.making import add_track, gpx


async def test_all_tours_are_on_the_map_and_in_words(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        one = await factories.make_trip(session, rider, title="One")
        two = await factories.make_trip(session, rider, title="Two")
        await factories.make_trip(session, rider, title="Words only")
    await add_track(resources, one)
    await add_track(resources, two, gpx(longitude=8))

    page = (await client.get("/map")).text
    tours = (await client.get("/map/tours.json")).json()

    assert page.count('class="map-casing"') == 2
    assert 'data-geometry-url="/map/tours.json"' in page
    assert f'<a href="/trips/{one.slug}" dir="auto">One</a>' in page
    assert "Words only" not in page
    properties = [feature["properties"] for feature in tours["features"]]
    assert [tour["title"] for tour in properties] == ["Two", "One"]
    assert properties[1]["href"] == f"/trips/{one.slug}"
    assert tours["features"][0]["geometry"]["type"] == "MultiLineString"


async def test_tours_are_sent_once(client: AsyncClient, resources: Resources, rider: Rider) -> None:
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider)
    await add_track(resources, trip)

    with statements(resources) as cold:
        first = await client.get("/map/tours.json")
    with statements(resources) as warm:
        again = await client.get(
            "/map/tours.json", headers={"If-None-Match": first.headers["etag"]}
        )

    assert (len(reads(cold)), len(reads(warm))) == (2, 1)
    assert again.status_code == 304
    assert "max-age=0, must-revalidate" in first.headers["cache-control"]


async def test_an_empty_map_is_a_map(client: AsyncClient) -> None:
    page = await client.get("/map")

    assert page.status_code == 200
    assert "Nobody has drawn a line here yet." in page.text
    assert (await client.get("/map/tours.json")).json()["features"] == []
