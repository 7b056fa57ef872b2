"""The map of all tours, and the ground for live maps."""

import pytest
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


async def test_the_ground_is_sent_and_kept(client: AsyncClient) -> None:
    first = await client.get("/atlas/sheet.json?bounds=-3.21,43.1,-2.9,43.4")
    near = await client.get("/atlas/sheet.json?bounds=-3.22,43.11,-2.91,43.39")
    again = await client.get(
        "/atlas/sheet.json?bounds=-3.21,43.1,-2.9,43.4",
        headers={"If-None-Match": first.headers["etag"]},
    )

    assert first.headers["content-type"] == "application/geo+json"
    assert first.headers["cache-control"] == "public, max-age=604800"
    assert {feature["properties"]["kind"] for feature in first.json()["features"]} >= {
        "land",
        "sheet",
    }
    assert near.headers["etag"] == first.headers["etag"]
    assert again.status_code == 304


@pytest.mark.parametrize(
    "bounds",
    [
        "",
        "1,2,3",
        "1,2,3,4,5",
        "a,b,c,d",
        "1,5,2,4",
        "1,-91,2,4",
        "nan,1,2,3",
        "1,2,3,4,",
        "1e9,1,2,3",
    ],
)
async def test_bounds_that_are_none_are_refused(client: AsyncClient, bounds: str) -> None:
    assert (await client.get("/atlas/sheet.json", params={"bounds": bounds})).status_code == 422


async def test_bounds_may_cross_the_date_line(client: AsyncClient) -> None:
    for bounds in ("179,-18,-179,-16", "179,-18,181,-16", "-180,-90,180,90"):
        assert (await client.get(f"/atlas/sheet.json?bounds={bounds}")).status_code == 200
