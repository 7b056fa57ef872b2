"""A made community has the shape of a grown one, and holds what the product would have written."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from benchmarks import community
from sqlalchemy import select

from contravento.kit.database.embedded import create_database, drop_database
from contravento.kit.database.session import Session, libpq_url
from contravento.kit.resources import open_resources
from contravento.photos import service as photos
from contravento.photos.rules import MAX_PHOTOS_PER_TRIP
from contravento.stats.queries import get_statistics
from contravento.tracks import service as tracks
from contravento.trips import rules
from contravento.trips.markdown import excerpt
from contravento.trips.models import Trip
from tests.conftest import TEMPLATE, make_settings
from tests.feed.test_topics import check

TRIPS = 1_000
SUMS = (
    "distance_metres",
    "ascent_metres",
    "descent_metres",
    "highest_metres",
    "lowest_metres",
    "elapsed_seconds",
    "moving_seconds",
)
# Everything but what the clock says.
CONTENT = (
    "SELECT md5(string_agg((to_jsonb(each) - 'expires_at')::text, '' ORDER BY id)) FROM {} each"
)


@pytest.fixture(scope="module")
def filled(postgres: str) -> Iterator[str]:
    root, name = postgres.replace(TEMPLATE, "postgres"), "community"
    create_database(root, name, TEMPLATE)
    url = postgres.replace(TEMPLATE, name)
    community.fill(url, TRIPS, batch=300)
    yield url
    drop_database(root, name)


@pytest.fixture
def rows(filled: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(libpq_url(filled)) as connection:
        yield connection


@pytest.fixture
async def session(filled: str, tmp_path: Path) -> AsyncIterator[Session]:
    settings = make_settings(filled, tmp_path)
    async with open_resources(settings, reactions={}) as resources, resources.sessions() as session:
        yield session
        await session.rollback()


def numbers(connection: psycopg.Connection, query: str) -> list[Any]:
    return [row[0] for row in connection.execute(query)]


def test_there_are_as_many_as_were_asked_for(rows: psycopg.Connection) -> None:
    assert numbers(rows, "SELECT count(*) FROM trips") == [TRIPS]
    assert numbers(rows, "SELECT count(*) FROM riders") == [TRIPS // community.TRIPS_PER_RIDER]


def test_few_write_much_and_most_write_little(rows: psycopg.Connection) -> None:
    counts = sorted(numbers(rows, "SELECT count(*) FROM trips GROUP BY rider_id"), reverse=True)
    assert sum(counts[:10]) > 0.2 * TRIPS, "a tenth of the riders write more than their share"
    assert counts[0] > 2.5 * TRIPS / len(counts)
    assert counts[len(counts) // 2] < TRIPS / len(counts), "the median lies below the mean"


@pytest.mark.parametrize("trips", [1_000, 1_000_000])
def test_nobody_writes_more_trips_than_may_be(rows: psycopg.Connection, trips: int) -> None:
    """The first rank's share, by the formula that the ranks are drawn with."""
    riders, q, s = trips // community.TRIPS_PER_RIDER, 10, 0.8
    share = ((1 + q) ** (1 - s) - q ** (1 - s)) / ((riders + q) ** (1 - s) - q ** (1 - s))
    assert share * trips < rules.MAX_TRIPS
    if trips == TRIPS:
        most = max(numbers(rows, "SELECT count(*) FROM trips GROUP BY rider_id"))
        assert 0.5 < most / (share * trips) < 2


def test_some_trips_are_as_heavy_as_may_be(rows: psycopg.Connection) -> None:
    photos = numbers(rows, "SELECT count(*) FROM photos GROUP BY trip_id")
    tracks = numbers(rows, "SELECT count(*) FROM tracks GROUP BY trip_id")
    assert max(photos) == MAX_PHOTOS_PER_TRIP
    assert max(tracks) == 30
    assert len(photos) < TRIPS, "some have none"
    assert sorted(photos)[len(photos) // 2] < sum(photos) / len(photos)


def test_a_few_tags_are_everywhere_and_many_are_rare(rows: psycopg.Connection) -> None:
    tags = Counter(numbers(rows, "SELECT unnest(tags) FROM trips"))
    assert tags.most_common(1)[0][1] > 0.03 * TRIPS
    assert sum(1 for count in tags.values() if count == 1) > 0.4 * len(tags)


def test_all_audiences_drafts_languages_and_states_are_there(rows: psycopg.Connection) -> None:
    assert set(numbers(rows, "SELECT audience FROM trips")) == set(rules.Audience)
    assert 0.04 < numbers(rows, "SELECT avg((published_at IS NULL)::int) FROM trips")[0] < 0.12
    assert set(numbers(rows, "SELECT language FROM riders")) == {"en", "es"}
    assert set(numbers(rows, "SELECT state FROM tracks")) == {"ready", "unreadable", "queued"}
    assert set(numbers(rows, "SELECT state FROM photos")) == {"ready", "unreadable"}


async def test_sums_are_what_the_product_adds_up(session: Session) -> None:
    trips = list(await session.scalars(select(Trip)))
    for trip in trips[::7]:
        made = {name: getattr(trip, name) for name in SUMS}
        shown = trip.countries, trip.cover
        await tracks._add_up(session, trip)
        await photos._update_cover(session, trip)
        assert {name: getattr(trip, name) for name in SUMS} == pytest.approx(made)
        assert (trip.countries, trip.cover) == shown
        assert trip.excerpt == excerpt(trip.story, rules.EXCERPT_CHARACTERS)
        assert bool(trip.outline) is (trip.distance_metres is not None)


async def test_topics_and_diaries_are_what_the_trips_say(session: Session) -> None:
    topics, diaries = await check(session)
    assert topics > TRIPS
    assert diaries > 80


async def test_every_published_trip_could_be_published(session: Session) -> None:
    for trip in await session.scalars(select(Trip).where(Trip.published_at.is_not(None))):
        assert list(rules.missing_to_publish(title=trip.title, story=trip.story)) == []
        assert rules.key_in(trip.slug) == trip.key
        assert trip.starts_on is not None
        assert trip.ends_on is not None
        assert trip.starts_on <= trip.ends_on
        assert len(trip.tags) <= rules.MAX_TAGS


async def test_statistics_have_something_to_say(session: Session) -> None:
    rider_id = (await session.scalars(select(Trip.rider_id).limit(1))).one()
    found = await get_statistics(session, rider_id, viewer_id=None)
    assert found.trips
    assert found.riding_days
    assert len(found.years) > 1


def test_the_same_seed_makes_the_same_community_in_any_batches(
    rows: psycopg.Connection, own_database: str
) -> None:
    community.fill(own_database, TRIPS)
    with psycopg.connect(libpq_url(own_database)) as again:
        for table in ("riders", "trips", "tracks", "photos"):
            query = CONTENT.format(table)
            assert numbers(rows, query) == numbers(again, query), table


def test_another_seed_makes_another(rows: psycopg.Connection, own_database: str) -> None:
    community.fill(own_database, 50, seed=8)
    with psycopg.connect(libpq_url(own_database)) as other:
        few = "SELECT string_agg(tags::text, '' ORDER BY key) FROM (TABLE trips LIMIT 50) AS few"
        assert numbers(rows, few) != numbers(other, few)


def test_a_community_is_not_mixed_with_another(filled: str) -> None:
    with pytest.raises(ValueError, match="Give an empty one"):
        community.fill(filled, 10)
