"""What stands along a trip's way on its page: places, climbs, transfers."""

import re

import pytest
from httpx import AsyncClient
from sqlalchemy import select, update

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from contravento.tracks.models import Track
from contravento.tracks.queries import list_without_climbs
from contravento.tracks.service import find_climbs_of_earlier_tracks
from contravento.trips.models import Trip
from tests.support import factories
from tests.web.making import add_track, gpx

SPRING = (
    b'<wpt lat="43.201" lon="-3.244"><ele>601</ele><name>La Pe&#241;a</name><sym>Water</sym>'
    b"<desc>Cold &lt;b&gt;</desc></wpt>"
)
FAR_OFF = b'<wpt lat="40" lon="-3.2"><name>Madrid</name></wpt>'
PLACES_ALONE = (
    b'<gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1">'
    + FAR_OFF
    + SPRING
    + b"</gpx>"
)


async def make_trip(resources: Resources, rider: Rider) -> Trip:
    async with resources.transaction() as session:
        return await factories.make_trip(session, rider, published=True)


def cells(page: str) -> list[list[str]]:
    return table(page, "places")


def table(page: str, name: str) -> list[list[str]]:
    """The words in each row of the section's table."""
    content = page[page.index(f'id="{name}"') :].partition("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", content, re.S)[1:]
    parts = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows]
    return [[re.sub(r"<[^>]+>", " ", part).strip() for part in row] for row in parts]


async def test_marked_places_are_listed_in_the_order_of_the_way(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(resources, rider)
    await add_track(resources, trip, gpx().replace(b"<trk>", FAR_OFF + SPRING + b"<trk>"))

    page = (await client.get(f"/trips/{trip.slug}")).text

    assert cells(page) == [
        ["La Peña", "Water  Cold &lt;b&gt;", "19.8", "601"],
        ["Madrid", "", "–", "–"],
    ]
    assert page.count('class="place-mark"') == 1  # the other one is nowhere on the profile
    assert f'data-waypoints-url="/api/v1/trips/{trip.id}/waypoints"' in page


async def test_a_file_of_places_alone_adds_them_to_the_way_of_another(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(resources, rider)
    await add_track(resources, trip)
    await add_track(resources, trip, PLACES_ALONE)

    page = (await client.get(f"/trips/{trip.slug}")).text

    assert [row[0] for row in cells(page)] == ["La Peña", "Madrid"]
    assert page.count('class="place-mark"') == 1
    assert (await client.get(f"/trips/{trip.slug}/tracks.gpx")).content.count(b"<trk>") == 1


async def test_a_trip_with_places_alone_lists_them_without_a_map(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(resources, rider)
    await add_track(resources, trip, PLACES_ALONE)

    page = (await client.get(f"/trips/{trip.slug}")).text

    assert [row[0] for row in cells(page)] == ["Madrid", "La Peña"]
    assert "data-track" not in page
    assert (await client.get(f"/trips/{trip.slug}/tracks.gpx")).status_code == 404


async def test_places_are_told_as_geojson(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(resources, rider)
    await add_track(resources, trip, PLACES_ALONE)

    answer = await client.get(f"/api/v1/trips/{trip.id}/waypoints")

    assert answer.headers["content-type"] == "application/geo+json"
    _, spring = answer.json()["features"]
    assert spring["geometry"] == {"type": "Point", "coordinates": [-3.244, 43.201]}
    track_id = spring["properties"].pop("track_id")
    assert spring["properties"] == {
        "name": "La Peña",
        "kind": "Water",
        "note": "Cold <b>",
        "elevation_metres": 601,
    }
    track = (await client.get(f"/api/v1/tracks/{track_id}")).json()
    assert (track["state"], track["statistics"]["points"]) == ("ready", 0)
    lines = (await client.get(f"/api/v1/tracks/{track_id}/geometry")).json()
    assert lines["geometry"]["coordinates"] == []
    refused = await client.get(f"/api/v1/tracks/{track_id}/file")
    assert (refused.status_code, "no track" in refused.json()["detail"]) == (409, True)


async def test_climbs_are_listed_and_marked_on_the_profile(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(resources, rider)
    await add_track(resources, trip, gpx(days=1, peak_metres=850))
    await add_track(resources, trip, gpx(days=1, longitude=-4, peak_metres=850))

    page = (await client.get(f"/trips/{trip.slug}")).text

    first, second = table(page, "climbs")
    assert first[1:] == ["19.8", "800", "4.0", "4.0", "1"]
    assert float(second[0]) == pytest.approx(float(first[0]) + 39.7, abs=0.1)
    assert page.count('class="climb-mark"') == 2
    (flat,) = re.findall(
        r"is like ([\d.]+) km in the flat", page.replace("\N{NO-BREAK SPACE}", " ")
    )
    assert float(flat) == pytest.approx(2 * (39.7 + 8 * 0.8), abs=0.5)
    assert "By the day, that is demanding." in page
    shares = re.findall(r"<small>(\d+) ?%<", page.replace("\N{NO-BREAK SPACE}", " "))
    assert sum(map(int, shares)) == pytest.approx(100, abs=3)


async def test_a_flat_way_has_no_climbs(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(resources, rider)
    await add_track(resources, trip, gpx(peak_metres=50))
    page = (await client.get(f"/trips/{trip.slug}")).text
    assert "climb-mark" not in page
    assert "like 80.3 km in the flat" in page.replace("\N{NO-BREAK SPACE}", " ")


async def test_ways_by_train_are_dashed_and_said_to_everybody(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(resources, rider)
    one, other = gpx(days=1).decode(), gpx(days=1, longitude=-6).decode()
    first_half, rest = one.split("</trkseg>")[0], other.split("<trkseg>")[1]
    later = rest.replace("T08:", "T14:").replace("T09:", "T15:").replace("T10:", "T16:")
    await add_track(resources, trip, (first_half + later).encode())

    page = (await client.get(f"/trips/{trip.slug}")).text
    lines = (await client.get(f"/api/v1/trips/{trip.id}/transfers")).json()["features"]

    assert "a way by train, ferry or plane, 204 km, that does not count" in page.replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert page.count('class="map-transfer"') == 1
    (line,) = lines
    assert line["geometry"] == {
        "type": "LineString",
        "coordinates": [[-3.488, 43.2], [-6.0, 43.2]],
    }


async def test_climbs_of_tracks_that_were_read_before_are_looked_for_later(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(resources, rider)
    await add_track(resources, trip, gpx(peak_metres=900))
    page = (await client.get(f"/trips/{trip.slug}")).text
    async with resources.transaction() as session:
        await session.execute(update(Track).values(climbs=None, gradients=None))
    assert (await client.get(f"/trips/{trip.slug}")).text != page

    await find_climbs_of_earlier_tracks(resources)

    assert (await client.get(f"/trips/{trip.slug}")).text == page
    async with resources.transaction() as session:
        assert await list_without_climbs(session, 10) == []


async def test_a_track_whose_points_are_gone_keeps_no_other_from_its_climbs(
    resources: Resources, rider: Rider
) -> None:
    trip = await make_trip(resources, rider)
    for longitude in (-3.0, -5.0):
        await add_track(resources, trip, gpx(peak_metres=900, longitude=longitude))
    async with resources.transaction() as session:
        await session.execute(update(Track).values(climbs=None))
        ((_, lost), _) = await list_without_climbs(session, 10)
    await resources.storage.delete(lost)

    await find_climbs_of_earlier_tracks(resources)

    async with resources.transaction() as session:
        assert await list_without_climbs(session, 10) == []
        assert [
            bool(climbs)
            for climbs in await session.scalars(select(Track.climbs).order_by(Track.id))
        ] == [False, True]
