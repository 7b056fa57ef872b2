"""Topics and diaries are what the trips say, whatever is written to them and by whom."""

import random
import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from alembic import command
from httpx import AsyncClient
from sqlalchemy import text

from contravento import migrations
from contravento.accounts.models import Rider
from contravento.kit.database.session import Session, libpq_url
from contravento.kit.resources import Resources
from contravento.trips.models import Trip
from contravento.trips.rules import Audience
from tests.support import factories

NOON = datetime(2025, 10, 1, 12, tzinfo=UTC)
WORDS, CODES = ("gravel", "river", "night", "rain"), ("ES", "PT", "FR")
# What the triggers have to come to, as a plain question.
TRUE_TOPICS = text("""
    SELECT DISTINCT kind, word, published_at, id
    FROM trips CROSS JOIN LATERAL (
        SELECT 'tag' AS kind, unnest(tags) AS word UNION SELECT 'country', unnest(countries)
    ) AS words
    WHERE published_at IS NOT NULL AND audience = 'everyone'
""")
TRUE_DIARIES = text("""
    SELECT rider_id, count(*), round(coalesce(sum(distance_metres), 0)), max(published_at)
    FROM trips WHERE published_at IS NOT NULL AND audience = 'everyone' GROUP BY rider_id
""")
KEPT_TOPICS = text("SELECT kind, word, published_at, trip_id FROM topics")
KEPT_DIARIES = text("SELECT rider_id, trips, round(distance_metres), wrote_at FROM diaries")
LATER = 'a "second" word, kept'


async def check(session: Session) -> tuple[int, int]:
    """How many rows there are of each, all of them true."""
    found = []
    for kept, true in ((KEPT_TOPICS, TRUE_TOPICS), (KEPT_DIARIES, TRUE_DIARIES)):
        rows = sorted(map(repr, await session.execute(kept)))
        assert rows == sorted(map(repr, await session.execute(true)))
        found.append(len(rows))
    return found[0], found[1]


def change(trip: Trip, dice: random.Random) -> None:
    """One of the things that a rider can do to a trip, or a track's end brings."""
    match dice.randrange(6):
        case 0:
            trip.published_at = None if trip.published_at else NOON + timedelta(hours=dice.random())
        case 1:
            trip.audience = dice.choice(list(Audience))
        case 2:
            trip.tags = dice.sample(WORDS, dice.randrange(4))
        case 3:
            trip.countries = dice.sample(CODES, dice.randrange(3))
        case 4:
            trip.distance_metres = dice.choice([None, 0.0, dice.random() * 1e5])
        case _:
            trip.title = f"{dice.random()}"


@pytest.mark.parametrize("seed", range(4))
async def test_they_follow_whatever_is_done_to_trips(session: Session, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    riders = [await factories.make_rider(session) for _ in range(3)]
    trips: list[Trip] = []
    seen = set()
    for _ in range(60):
        if not trips or dice.random() < 0.2:
            rider = dice.choice(riders)
            trips.append(await factories.make_trip(session, rider, tags=dice.sample(WORDS, 2)))
        elif dice.random() < 0.1:
            await session.delete(trips.pop(dice.randrange(len(trips))))
        else:
            change(dice.choice(trips), dice)
        await session.flush()
        seen.add(await check(session))
    assert len(seen) > 5, "the dice must have done something"


async def test_a_rider_who_leaves_takes_them_along(session: Session, rider: Rider) -> None:
    for number in range(3):
        await factories.make_trip(session, rider, tags=["rain", f"n{number}"])
    assert await check(session) == (6, 1)

    await session.delete(await session.get_one(Rider, rider.id))
    await session.flush()

    assert await check(session) == (0, 0)


async def test_many_at_once_are_as_good_as_one_by_one(session: Session) -> None:
    riders = [await factories.make_rider(session) for _ in range(2)]
    for number in range(10):
        await factories.make_trip(session, riders[number % 2], tags=["rain"])
    await session.execute(text("UPDATE trips SET tags = ARRAY['snow', 'snow'], countries = '{ES}'"))
    assert await check(session) == (20, 2)
    await session.execute(text("UPDATE trips SET audience = 'link'"))
    assert await check(session) == (0, 0)


def test_two_who_publish_for_one_rider_at_once_are_both_counted(own_database: str) -> None:
    """As when two tracks of different trips are read by two workers: the second waits."""
    with (
        psycopg.connect(libpq_url(own_database)) as one,
        psycopg.connect(libpq_url(own_database)) as other,
    ):
        rider_id = make_rider_with_a_diary_and_two_drafts(one)
        one.execute("UPDATE trips SET published_at = now() WHERE key = 'a'")
        second = threading.Thread(
            target=lambda: other.execute("UPDATE trips SET published_at = now() WHERE key = 'b'")
        )
        second.start()
        second.join(0.5)
        assert second.is_alive(), "the second must wait for the first"
        one.commit()
        second.join(10)
        other.commit()
        rows = one.execute("SELECT rider_id, trips FROM diaries").fetchall()
    assert rows == [(rider_id, 3)]


def make_rider_with_a_diary_and_two_drafts(connection: psycopg.Connection) -> UUID:
    row = connection.execute(
        "INSERT INTO riders (username, email, password_hash) VALUES ('a', 'a@b', '') RETURNING id"
    ).fetchone()
    assert row
    for key in ("a", "b", "c"):
        connection.execute("INSERT INTO trips (rider_id, key) VALUES (%s, %s)", (row[0], key))
    connection.execute("UPDATE trips SET published_at = now() WHERE key = 'c'")
    connection.commit()
    return UUID(str(row[0]))


async def test_a_database_that_was_there_before_is_counted_once(live_resources: Resources) -> None:
    async with live_resources.transaction() as session:
        rider = await factories.make_rider(session)
        await factories.make_trip(session, rider, tags=["rain", LATER], countries=["ES"])
        await factories.make_trip(session, rider, tags=["rain"], published=False)
    chosen = migrations.configuration(live_resources.settings.database)
    await live_resources.engine.dispose()
    command.downgrade(chosen, "20261123_mishaps")
    command.upgrade(chosen, "head")

    async with live_resources.transaction() as session:
        assert await check(session) == (3, 1)


async def test_a_tag_and_a_country_together_page_through_what_has_both(
    client: AsyncClient, resources: Resources, rider: Rider
) -> None:
    async with resources.transaction() as session:
        for number in range(24):
            await factories.make_trip(
                session,
                rider,
                title=f"Trip {number}",
                published_at=NOON + timedelta(minutes=number // 4),
                tags=["rain"] if number % 2 else ["snow"],
                countries=["ES"] if number % 3 else ["PT"],
            )
    address = "/api/v1/feed?tag=rain&country=ES&limit=3"
    page = (await client.get(address)).json()
    titles = [item["title"] for item in page["items"]]
    while page["next"]:
        page = (await client.get(f"{address}&cursor={page['next']}")).json()
        titles += [item["title"] for item in page["items"]]

    assert len(titles) == len(set(titles))
    assert set(titles) == {f"Trip {number}" for number in range(24) if number % 2 and number % 3}
