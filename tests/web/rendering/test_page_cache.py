"""What a kept page shows is what one drawn anew would show, and what is kept has a bound."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import pairwise
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import ColumnElement, update
from sqlalchemy.exc import DBAPIError

from contravento.accounts.models import Rider
from contravento.kit.database.session import Table
from contravento.kit.resources import Resources
from contravento.photos.models import Photo
from contravento.tracks.models import Track, TrackDay
from contravento.trips.models import Trip
from contravento.trips.rules import Audience
from contravento.web.rendering.page_cache import FinishedPage, PageCache, finish, key_of
from contravento.web.rendering.render_cache import RenderCache
from tests.support import factories
from tests.web.making import add_photo, add_track, gpx

STORY = "## Day 1\n\nA road.\n\n## Day 2\n\nAnother road, and no shade."
# Written only together with the key of the points, which the pages do read.
WITH_THE_POINTS = {"tracks.outline", "tracks.profile"}
UNCHANGED = {"trips.key", *WITH_THE_POINTS}  # the key is the address


@pytest.fixture
async def trip(resources: Resources, rider: Rider) -> Trip:
    async with resources.transaction() as session:
        trip = await factories.make_trip(session, rider, title="Duero", story=STORY, tags=["river"])
    await add_track(resources, trip, gpx(peak_metres=1500))
    for caption in ("A bridge", "Another bridge"):
        await add_photo(resources, trip, caption=caption)
    return trip


def altered(value: Any) -> Any:
    """Another value of the same kind."""
    match value:
        case Enum() | None:
            return value
        case bool():
            return not value
        case str():
            return f"{value}a"
        case int() | float():
            return 2 * value + 1
        case date() | datetime():
            return value + timedelta(days=1)
        case [first, *rest]:
            return [altered(first), *rest]
        case dict():
            return {name: altered(inner) for name, inner in value.items()}
    return value


async def alter(resources: Resources, table: type[Table], column: ColumnElement[Any]) -> bool:
    """Change a value in every row; whether that could be done."""
    try:
        async with resources.transaction() as session:
            row = (await session.execute(table.__table__.select())).mappings().first()
            assert row is not None
            value = altered(row[column])
            await session.execute(update(table).values({column: value}))
            return bool(value != row[column])
    except DBAPIError:  # a rule of the database forbids it
        return False


type Show = Callable[[], Awaitable[list[str]]]


@pytest.fixture
def show(client: AsyncClient, signed_in: AsyncClient, trip: Trip) -> Show:
    """The pages that are kept, in turn, for a visitor and for whose trip it is."""

    async def show() -> list[str]:
        paths = ["/", "/?tag=river", "/riders", "/map", f"/trips/a-{trip.key}"]
        answers = [
            await visitor.get(path, follow_redirects=True)
            for visitor in (client, signed_in)
            for path in paths
        ]
        return [f"{answer.status_code} {answer.text}" for answer in answers]

    return show


async def test_no_column_changes_without_its_pages(
    resources: Resources, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = [await show()]
    for table in (Trip, Rider, Track, TrackDay, Photo):
        for column in table.__table__.columns:
            if f"{table.__tablename__}.{column.key}" in UNCHANGED or column.foreign_keys:
                continue
            if not await alter(resources, table, column):
                continue
            kept = await show()
            with monkeypatch.context() as without:
                without.setattr(PageCache, "get", lambda self, key: None)
                without.setattr(RenderCache, "get", make_always)
                assert await show() == kept, f"{table.__tablename__}.{column.key}"
            changes.append(kept)

    assert sum(before != after for before, after in pairwise(changes)) > 20


get_kept = RenderCache.get


async def make_always(
    cache: RenderCache, key: Any, make: Callable[[], Awaitable[Any]], *, seconds: float = 0
) -> Any:
    """But for what is kept for some seconds on purpose."""
    return await (get_kept(cache, key, make, seconds=seconds) if seconds else make())


async def test_an_audience_holds_from_the_next_request(
    resources: Resources, trip: Trip, client: AsyncClient
) -> None:
    path = f"/trips/a-{trip.key}"
    assert (await client.get(path, follow_redirects=True)).status_code == 200

    async with resources.transaction() as session:
        await session.execute(update(Trip).values(audience=Audience.ME))

    assert (await client.get(path, follow_redirects=True)).status_code == 404
    assert "Duero" not in (await client.get("/")).text


async def test_each_language_and_reader_has_a_page_of_its_own(
    trip: Trip, client: AsyncClient, signed_in: AsyncClient
) -> None:
    english = await client.get("/", headers={"Accept-Language": "en"})
    spanish = await client.get("/", headers={"Accept-Language": "es"})
    fragment = await client.get("/", headers={"HX-Request": "true"})
    own = await signed_in.get("/")

    assert 'lang="en"' in english.text
    assert 'lang="es"' in spanish.text
    assert "<html" not in fragment.text
    assert 'href="/sign-in' in english.text
    assert 'href="/sign-in' not in own.text


async def test_a_page_is_kept_and_drawn_once(
    trip: Trip, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[bytes] = []
    keep = PageCache.keep

    def count(cache: PageCache, key: bytes, page: FinishedPage) -> None:
        drawn.append(key)
        keep(cache, key, page)

    monkeypatch.setattr(PageCache, "keep", count)
    first, second = await client.get("/"), await client.get("/")

    assert first.content == second.content
    assert len(drawn) == 1


def test_what_is_kept_has_a_bound() -> None:
    cache = PageCache(most_bytes=1000)
    for number in range(50):
        cache.keep(bytes([number]), finish("x" * 100))

    assert cache.size_bytes == 1000
    assert cache.get(bytes([49]))
    assert cache.get(bytes([39])) is None


def test_what_was_asked_for_last_is_forgotten_last() -> None:
    cache = PageCache(most_bytes=200)
    cache.keep(b"1", finish("x" * 100))
    cache.keep(b"2", finish("x" * 100))
    cache.get(b"1")
    cache.keep(b"3", finish("x" * 100))

    assert cache.get(b"1")
    assert cache.get(b"2") is None


def test_a_very_large_page_is_not_kept() -> None:
    cache = PageCache()
    cache.keep(b"1", finish("x" * 600_000))

    assert cache.size_bytes == 0


def test_a_value_that_cannot_be_told_apart_is_refused() -> None:
    with pytest.raises(TypeError):
        key_of({"value": object()})
