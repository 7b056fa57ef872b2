"""Tracks as files, from the links of a trip's page."""

import re

import fitdecode
import pytest
from httpx import AsyncClient

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from contravento.tracks.export.write import MEDIA_TYPES, ExportFormat
from contravento.tracks.reading.read import read_recording
from contravento.trips.models import Trip
from tests.support import factories
from tests.web.making import add_track, gpx


@pytest.fixture
async def trip(resources: Resources, rider: Rider) -> Trip:
    async with resources.transaction() as session:
        made = await factories.make_trip(session, rider, published=True)
    await add_track(resources, made, gpx(name="A"))
    await add_track(resources, made, gpx(name="B", longitude=-5))
    return made


async def test_the_page_links_to_every_format_of_the_trip_and_of_each_track(
    client: AsyncClient, trip: Trip
) -> None:
    page = (await client.get(f"/trips/{trip.slug}")).text
    links = re.findall(r'href="(/trips/[^"]+/tracks[^"]*)" download', page)
    assert len(links) == 3 * len(ExportFormat)
    for link in links:
        file = await client.get(link)
        wanted = ExportFormat(link.rpartition(".")[2])
        assert (file.status_code, file.headers["content-type"]) == (200, MEDIA_TYPES[wanted])
        assert file.headers["content-disposition"].endswith(f'.{wanted}"')
        points = 2 * 41 * (1 if "/tracks/" in link else 2)
        assert len(read_recording(file.content)) == points, link


@pytest.mark.parametrize("wanted", ExportFormat)
async def test_what_somebody_has_already_is_not_written_again(
    wanted: ExportFormat, client: AsyncClient, trip: Trip, resources: Resources
) -> None:
    addresses = (
        f"/trips/{trip.slug}/tracks.{wanted}",
        f"/api/v1/trips/{trip.id}/file?format={wanted}",
    )
    tags = [(await client.get(address)).headers["ETag"] for address in addresses]
    assert resources.storage.folder
    for path in (resources.storage.folder / "points").rglob("*"):
        if path.is_file():
            path.unlink()  # whoever opened it now would fail
    for address, tag in zip(addresses, tags, strict=True):
        again = await client.get(address, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        head = await client.head(address)
        assert (head.status_code, head.headers["content-type"]) == (200, MEDIA_TYPES[wanted])


async def test_each_format_has_a_tag_of_its_own(client: AsyncClient, trip: Trip) -> None:
    addresses = [f"/trips/{trip.slug}/tracks.{wanted}" for wanted in ExportFormat]
    tags = {(await client.get(address)).headers["ETag"] for address in addresses}
    assert len(tags) == len(ExportFormat)


async def test_other_endings_are_not_there(client: AsyncClient, trip: Trip) -> None:
    for ending in ("exe", "GPX", "gpx2"):
        assert (await client.get(f"/trips/{trip.slug}/tracks.{ending}")).status_code == 404


async def test_a_fit_course_says_where_it_begins_and_ends(client: AsyncClient, trip: Trip) -> None:
    content = (await client.get(f"/trips/{trip.slug}/tracks.fit")).content
    with fitdecode.FitReader(content) as reader:
        messages = [each for each in reader if isinstance(each, fitdecode.FitDataMessage)]
    (lap,) = [message for message in messages if message.name == "lap"]
    degrees = [
        lap.get_value(name) * 180 / 2**31
        for end in ("start", "end")
        for name in (f"{end}_position_long", f"{end}_position_lat")
    ]
    read = read_recording(content)
    expected = [read.lon[0], read.lat[0], read.lon[-1], read.lat[-1]]
    assert degrees == pytest.approx(expected, abs=1e-6)
