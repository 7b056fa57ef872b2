"""What is kept for each rider and trip: tables, indexes, files, and the log of each write."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from uuid import UUID

import psycopg
from rich.table import Table
from sqlalchemy import text

from benchmarks.files import make_gpx, make_photo
from benchmarks.hot_pages import Site, open_site
from contravento.kit.database.session import Session, libpq_url
from contravento.photos.images import prepare
from contravento.tracks.pipeline import digest
from contravento.trips import queries, service
from contravento.trips.inputs import TripChanges, TripDraft

WRITES = 9
RIDE_POINTS = 8_000  # six or seven hours at a point every three seconds
TABLES = """
    SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    ORDER BY pg_total_relation_size(oid) DESC LIMIT 9
"""
COUNTS = """
    SELECT (SELECT count(*) FROM riders), (SELECT count(*) FROM trips),
           (SELECT count(*) FROM photos), (SELECT count(*) FROM tracks)
"""
LOG_PLACE = text("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
STORY = "After Zamora the only shade was our own, and it was getting shorter by the hour."


@dataclass(frozen=True, slots=True)
class Held:
    """Rows, and the bytes of each table and of its indexes."""

    riders: int
    trips: int
    photos: int
    tracks: int
    sizes: dict[str, tuple[int, int]]

    @property
    def database_bytes(self) -> int:
        return sum(sum(size) for size in self.sizes.values())


def look(url: str) -> Held:
    with psycopg.connect(libpq_url(url)) as connection:
        counts = connection.execute(COUNTS).fetchone()
        assert counts
        sizes = {name: (own, index) for name, own, index in connection.execute(TABLES)}
    riders, trips, photos, tracks = counts
    return Held(riders, trips, photos, tracks, sizes)


@cache
def file_bytes() -> tuple[int, int]:
    """Of a photo with its sizes, and of a ride with its packed points, as they really come out."""
    photo = make_photo()
    renditions = sum(len(rendition.content) for rendition in prepare(photo).renditions)
    gpx = make_gpx(RIDE_POINTS)
    return len(photo) + renditions, len(gpx) + len(digest(gpx, "day.gpx").packed)


def tables(places: list[tuple[str, Path]], sizes: Sequence[int]) -> list[Table]:
    held = [look(url) for url, _ in places]
    return [
        _sizes(held, sizes),
        _growth(held, sizes),
        _log([asyncio.run(log_of_writes(*place)) for place in places], sizes),
    ]


def _sizes(held: list[Held], sizes: Sequence[int]) -> Table:
    table = Table(
        *("table", *(f"{size:,}: rows, indexes" for size in sizes)),
        title="Bytes for each trip",
        title_justify="left",
    )
    for name in held[-1].sizes:
        table.add_row(
            name,
            *(
                f"{each.sizes[name][0] / each.trips:,.0f}, {each.sizes[name][1] / each.trips:,.0f}"
                if name in each.sizes
                else ""
                for each in held
            ),
        )
    return table


def _growth(held: list[Held], sizes: Sequence[int]) -> Table:
    photo, ride = file_bytes()
    table = Table(
        *("for each rider", *(f"{size:,}" for size in sizes)),
        title=f"What a rider brings: a photo is {photo / 1e6:.1f} MB with its sizes, a ride of"
        f" {RIDE_POINTS:,} points {ride / 1e6:.2f} MB",
        title_justify="left",
    )
    rows: tuple[tuple[str, Callable[[Held], str]], ...] = (
        ("trips", lambda each: f"{each.trips / each.riders:.1f}"),
        ("photos", lambda each: f"{each.photos / each.riders:.1f}"),
        ("tracks", lambda each: f"{each.tracks / each.riders:.1f}"),
        ("database, kB", lambda each: f"{each.database_bytes / each.riders / 1e3:,.0f}"),
        ("photos' files, MB", lambda each: f"{each.photos * photo / each.riders / 1e6:,.0f}"),
        ("tracks' files, MB", lambda each: f"{each.tracks * ride / each.riders / 1e6:,.1f}"),
    )
    for name, say in rows:
        table.add_row(name, *(say(each) for each in held))
    return table


def _log(logs: list[dict[str, float]], sizes: Sequence[int]) -> Table:
    table = Table(
        *("write", *(f"{size:,}" for size in sizes)),
        title=f"Bytes of write-ahead log, median of {WRITES}",
        title_justify="left",
    )
    for name in logs[0]:
        table.add_row(name, *(f"{log[name]:,.0f}" for log in logs))
    return table


async def log_of_writes(url: str, folder: Path) -> dict[str, float]:
    """What a rider's usual writes put into the log, by the services that do them."""
    async with open_site(url, folder) as site:
        async with site.resources.transaction() as session:
            found = await session.scalar(text("SELECT id FROM riders ORDER BY username LIMIT 1"))
        assert found
        taken: dict[str, list[int]] = {}
        for number in range(WRITES):
            for name, amount in await _write_once(site, found, number):
                taken.setdefault(name, []).append(amount)
    return {name: median(each) for name, each in taken.items()}


async def _write_once(site: Site, rider_id: UUID, number: int) -> list[tuple[str, int]]:
    trip_id = UUID(int=0)

    async def start(session: Session) -> None:
        nonlocal trip_id
        draft = TripDraft(title=f"Day {number}", story=STORY, tags=["gravel", "rain"])
        trip_id = (await service.start_trip(session, draft, rider_id=rider_id)).id

    async def publish(session: Session) -> None:
        trip = await queries.get_own_trip(session, trip_id, rider_id=rider_id)
        await service.publish_trip(session, trip)

    async def rename(session: Session) -> None:
        changes = TripChanges(title=f"Day {number}, told again")
        trip = await queries.get_own_trip(session, trip_id, rider_id=rider_id)
        await service.change_trip(session, trip, changes)

    async def tag(session: Session) -> None:
        changes = TripChanges(tags=["gravel", "night"])
        trip = await queries.get_own_trip(session, trip_id, rider_id=rider_id)
        await service.change_trip(session, trip, changes)

    async def delete(session: Session) -> None:
        trip = await queries.get_own_trip(session, trip_id, rider_id=rider_id)
        await service.delete_trip(session, trip)

    steps = {
        "start a trip": start,
        "publish it": publish,
        "change its title": rename,
        "change its tags": tag,
        "delete it": delete,
    }
    return [(name, await _logged(site, step)) for name, step in steps.items()]


async def _logged(site: Site, write: Callable[[Session], Awaitable[None]]) -> int:
    async with site.resources.reading() as reader:
        before = int((await reader.execute(LOG_PLACE)).scalar_one())
    async with site.resources.transaction() as session:
        await write(session)
    async with site.resources.reading() as reader:
        return int((await reader.execute(LOG_PLACE)).scalar_one()) - before
