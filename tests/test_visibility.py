"""Who may see what, everywhere it can be seen: one table, in words.

A trip is a draft or published, for one of four audiences. Whoever may not see it is told exactly
what they would be told if it did not exist. Another surface is one more line in SURFACES.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response
from starlette.types import ASGIApp

from contravento.accounts.models import Rider
from contravento.api.description.openapi import describe
from contravento.kit.clock import now
from contravento.kit.resources import Resources
from contravento.photos.models import Photo, PhotoState
from contravento.tracks.export.write import ExportFormat
from contravento.tracks.models import Track, TrackDay, TrackState
from contravento.tracks.pipeline import digest
from contravento.trips.models import Trip
from contravento.trips.rules import Audience, new_key
from tests.conftest import open_client, sign_in
from tests.support import factories
from tests.tracks.making import ride

VIEWERS = ("nobody", "stranger", "admin", "owner")
BROWSER = {"Accept": "text/html,*/*"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A trip with one of everything that can be seen of it."""

    rider: Rider
    trip: Trip
    track_id: UUID
    photo_id: UUID
    photo_version: str

    def fill(self, address: str) -> str:
        return address.format(
            trip=self.trip.id,
            slug=self.trip.slug,
            track=self.track_id,
            photo=self.photo_id,
            username=self.rider.username,
        )

    def missing(self, address: str) -> str:
        """The same address with ids of nothing."""
        return address.format(
            trip=uuid4(),
            slug=f"down-the-duero-{new_key()}",
            track=uuid4(),
            photo=uuid4(),
            username=self.rider.username,
        )


# What a trip's visibility opens or shuts.
SURFACES = (
    "/api/v1/trips/{trip}",
    "/api/v1/trips/{trip}/photos",
    "/api/v1/trips/{trip}/tracks",
    "/api/v1/trips/{trip}/geometry",
    "/api/v1/trips/{trip}/profile",
    "/api/v1/trips/{trip}/waypoints",
    "/api/v1/trips/{trip}/transfers",
    "/api/v1/photos/{photo}",
    "/api/v1/tracks/{track}",
    "/api/v1/tracks/{track}/geometry",
    "/api/v1/tracks/{track}/profile",
    *(f"/api/v1/tracks/{{track}}/file?format={each}" for each in ExportFormat),
    *(f"/api/v1/trips/{{trip}}/file?format={each}" for each in ExportFormat),
    "/trips/{slug}",
    *(f"/trips/{{slug}}/tracks.{each}" for each in ExportFormat),
    *(f"/trips/{{slug}}/tracks/{{track}}.{each}" for each in ExportFormat),
    "/photos/{photo}/small.jpg",
)

type Look = Callable[[AsyncClient, Shown], Awaitable[bool]]


async def _in_feed(client: AsyncClient, shown: Shown) -> bool:
    items = (await client.get("/api/v1/feed")).json()["items"]
    return str(shown.trip.id) in [item["id"] for item in items]


async def _in_riders_list(client: AsyncClient, shown: Shown) -> bool:
    items = (await client.get(f"/api/v1/riders/{shown.rider.username}/trips")).json()["items"]
    return str(shown.trip.id) in [item["id"] for item in items]


async def _in_riders_statistics(client: AsyncClient, shown: Shown) -> bool:
    totals = (await client.get(f"/api/v1/riders/{shown.rider.username}/statistics")).json()
    counted = {
        bool(totals[name])
        for name in ("trips", "distance_metres", "riding_days", "countries", "years")
    }
    assert len(counted) == 1, totals  # all of it counts, or none
    return counted.pop()


async def _on_page(client: AsyncClient, shown: Shown, address: str) -> bool:
    page = await client.get(address, headers={"Accept": "text/html"})
    return page.status_code == 200 and shown.trip.slug in page.text


async def _on_front_page(client: AsyncClient, shown: Shown) -> bool:
    return await _on_page(client, shown, "/")


async def _on_riders_page(client: AsyncClient, shown: Shown) -> bool:
    return await _on_page(client, shown, f"/riders/{shown.rider.username}")


async def _on_map(client: AsyncClient, shown: Shown) -> bool:
    return shown.trip.slug in (await client.get("/map/tours.json")).text


async def _in_feeds(client: AsyncClient, shown: Shown) -> bool:
    rider = f"/riders/{shown.rider.username}"
    addresses = ("/feed.atom", "/feed.json", f"{rider}/feed.atom", f"{rider}/feed.json")
    is_in = {shown.trip.slug in (await client.get(address)).text for address in addresses}
    assert len(is_in) == 1
    return is_in.pop()


# Lists: for everyone alike, or with what is the reader's own.
PUBLIC_LISTS: tuple[Look, ...] = (_in_feed, _on_front_page, _on_map, _in_feeds)
RIDERS_LISTS: tuple[Look, ...] = (_in_riders_list, _in_riders_statistics, _on_riders_page)


def may_see(viewer: str, audience: Audience, *, published: bool) -> bool:
    """Of whom nobody is told that there are followers yet: theirs is the rider's alone."""
    open_to_all = audience in (Audience.EVERYONE, Audience.LINK)
    return viewer == "owner" or (published and open_to_all)


def may_find(viewer: str, audience: Audience, *, published: bool) -> bool:
    """In a rider's list: a link is for those who were given it."""
    return published and (viewer == "owner" or audience is Audience.EVERYONE)


@pytest.fixture
async def clients(
    app: ASGIApp, resources: Resources, rider: Rider, stranger: Rider
) -> AsyncIterator[dict[str, AsyncClient]]:
    async with resources.transaction() as session:
        admin = await factories.make_rider(session, username="keeper", is_admin=True)
    async with (
        open_client(app, resources) as nobodys,
        open_client(app, resources) as strangers,
        open_client(app, resources) as admins,
        open_client(app, resources) as owners,
    ):
        for client, who in ((strangers, stranger), (admins, admin), (owners, rider)):
            await sign_in(client, resources, who)
        yield dict(zip(VIEWERS, (nobodys, strangers, admins, owners), strict=True))


async def show(resources: Resources, rider: Rider, audience: Audience, *, published: bool) -> Shown:
    read = digest(ride(40), "day.gpx")
    for key, content in (("points/x", read.packed), ("photos/x.jpg", b"\xff\xd8 a picture")):
        await resources.storage.put(key, content)
    async with resources.transaction() as session:
        trip = await factories.make_trip(
            session,
            rider,
            audience=audience,
            published=published,
            countries=["ES"],
            distance_metres=1000.0,
        )
        track = Track(
            trip_id=trip.id,
            file_name="day.gpx",
            file_bytes=1,
            file_key="tracks/x",
            state=TrackState.READY,
            points_key="points/x",
            distance_metres=1000.0,
            points=40,
            segments=1,
            tracks=1,
            bounds=[-5, 43, -4, 44],
            started_at=now(),
            profile=None,
        )
        photo = Photo(
            trip_id=trip.id,
            file_name="a.jpg",
            file_bytes=1,
            file_key="photos/y",
            position=1,
            state=PhotoState.READY,
            width=4,
            height=3,
            colour="#334455",
            sizes={
                name: {"key": "photos/x.jpg", "width": 4, "height": 3, "bytes": 12}
                for name in ("full", "large", "medium", "small", "small.webp")
            },
        )
        session.add_all([track, photo])
        await session.flush()
        session.add(
            TrackDay(track_id=track.id, ridden_on=date(2025, 9, 20), distance_metres=1000.0)
        )
    return Shown(rider, trip, track.id, photo.id, photo.version)


def told(answer: Response) -> str:
    """What an answer says, without what differs from one request to the next."""
    said = answer.text.replace(answer.headers["X-Request-ID"], "")
    said = re.sub(r'nonce="[^"]*"', "", said)
    return said.replace(quote(answer.request.url.path, safe=""), "").replace(
        answer.request.url.path, ""
    )


STATES = [(audience, published) for audience in Audience for published in (False, True)]
WORDS = [f"{'published' if done else 'draft'} for {audience}" for audience, done in STATES]


@pytest.mark.parametrize(("audience", "published"), STATES, ids=WORDS)
async def test_a_trip_is_seen_by_whoever_may_and_is_not_there_for_others(
    audience: Audience,
    published: bool,
    clients: dict[str, AsyncClient],
    resources: Resources,
    rider: Rider,
) -> None:
    shown = await show(resources, rider, audience, published=published)
    for surface in SURFACES:
        for viewer, client in clients.items():
            seen = await client.get(shown.fill(surface), headers=BROWSER)
            if may_see(viewer, audience, published=published):
                assert seen.status_code == 200, (surface, viewer)
            else:
                gone = await client.get(shown.missing(surface), headers=BROWSER)
                assert (seen.status_code, gone.status_code) == (404, 404), (surface, viewer)
                assert told(seen) == told(gone), (surface, viewer)


@pytest.mark.parametrize(("audience", "published"), STATES, ids=WORDS)
async def test_a_trip_is_found_in_lists_and_totals_by_whoever_may(
    audience: Audience,
    published: bool,
    clients: dict[str, AsyncClient],
    resources: Resources,
    rider: Rider,
) -> None:
    shown = await show(resources, rider, audience, published=published)
    for viewer, client in clients.items():
        for look in PUBLIC_LISTS:
            expected = published and audience is Audience.EVERYONE
            assert await look(client, shown) == expected, (look.__name__, viewer)
        for look in RIDERS_LISTS:
            expected = may_find(viewer, audience, published=published)
            assert await look(client, shown) == expected, (look.__name__, viewer)


async def test_every_readable_address_of_the_api_is_in_the_table(app: ASGIApp) -> None:
    """Every address with a trip, a track or a photo in it is in the table above."""
    inner: Any = app
    while not hasattr(inner, "routes"):
        inner = inner._app if hasattr(inner, "_app") else inner.app
    described = describe(inner)["paths"]
    readable = {
        path.replace("_id}", "}")
        for path, methods in described.items()
        if "get" in methods
        and any(key in path for key in ("{trip_id}", "{track_id}", "{photo_id}"))
    }
    assert readable == {
        surface.partition("?")[0] for surface in SURFACES if surface.startswith("/api/")
    }
