"""Pictures are sent to whoever may see their trip, and not twice."""

from uuid import uuid4

from httpx import AsyncClient

from contravento.accounts.models import Rider
from contravento.kit.resources import Resources
from contravento.trips.rules import Audience
from tests.support import factories
from tests.support.counting import reads, statements
from tests.web.making import add_photo


async def test_a_photo_is_sent_in_its_sizes(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider)
    photo = await add_photo(resources, trip)

    with statements(resources) as sent:
        small = await client.get(
            f"/photos/{photo.id}/small.jpg", headers={"Accept-Encoding": "gzip"}
        )
    large = await client.get(f"/photos/{photo.id}/large.jpg")

    assert len(reads(sent)) == 1
    assert small.headers["content-type"] == "image/jpeg"
    assert small.headers["cache-control"] == "public, max-age=3600, must-revalidate, s-maxage=1"
    assert small.headers["x-content-type-options"] == "nosniff"
    assert int(small.headers["content-length"]) == len(small.content)
    assert small.headers.get("content-encoding") != "gzip"
    assert small.content.startswith(b"\xff\xd8")
    assert len(small.content) < len(large.content)
    assert small.headers["etag"] != large.headers["etag"]


async def test_what_a_browser_has_is_not_sent_again(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider)
    photo = await add_photo(resources, trip)
    first = await client.get(f"/photos/{photo.id}/small.jpg")

    again = await client.get(
        f"/photos/{photo.id}/small.jpg", headers={"If-None-Match": f'"x", {first.headers["etag"]}'}
    )
    other = await client.get(
        f"/photos/{photo.id}/small.jpg", headers={"If-None-Match": '"something else"'}
    )
    anything = await client.get(f"/photos/{photo.id}/small.jpg", headers={"If-None-Match": "*"})

    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    assert anything.status_code == 304
    assert other.status_code == 200


async def test_behind_a_version_a_picture_is_kept_for_good(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider)
    photo = await add_photo(resources, trip)

    jpeg, webp = [
        await client.get(f"/photos/{photo.id}/{photo.version}/medium.{ending}")
        for ending in ("jpg", "webp")
    ]
    other = await client.get(f"/photos/{photo.id}/00000000/medium.jpg")

    kept = "public, max-age=31536000, immutable, s-maxage=1"
    assert [each.headers["cache-control"] for each in (jpeg, webp)] == [kept, kept]
    assert webp.headers["content-type"] == "image/webp"
    assert webp.content[8:12] == b"WEBP"
    assert other.status_code == 404


async def test_no_shared_cache_keeps_a_picture_that_only_the_link_leads_to(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider, audience=Audience.LINK)
    photo = await add_photo(resources, trip)

    plain = await client.get(f"/photos/{photo.id}/small.jpg")
    fixed = await client.get(f"/photos/{photo.id}/{photo.version}/small.jpg")

    assert plain.headers["cache-control"] == "private, max-age=3600"
    assert fixed.headers["cache-control"] == "private, max-age=31536000, immutable"


async def test_what_is_not_there_is_not_found(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider)
    photo = await add_photo(resources, trip)

    for address in (
        f"/photos/{photo.id}/huge.jpg",
        f"/photos/{photo.id}/small.png",
        f"/photos/{uuid4()}/small.jpg",
        "/photos/1/small.jpg",
        f"/photos/{photo.id}/%2e%2e%2fsmall.jpg",
    ):
        assert (await client.get(address)).status_code == 404, address
