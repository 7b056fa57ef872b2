"""The public feed: one statement a page, straight from columns into what a page shows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, literal, select, union_all

from contravento.accounts.models import Rider
from contravento.kit.db import Session
from contravento.tracks.models import State, Track
from contravento.trips.models import Trip
from contravento.trips.queries import is_listed_for
from contravento.trips.rules import make_slug


@dataclass(frozen=True, slots=True)
class Entry:
    """A trip in a list."""

    id: UUID
    slug: str
    title: str
    excerpt: str
    starts_on: date | None
    ends_on: date | None
    published_at: datetime
    tags: list[str]
    countries: list[str]
    distance_metres: float | None
    ascent_metres: float | None
    cover: dict[str, Any] | None
    outline: dict[str, Any] | None
    username: str
    rider_name: str

    @property
    def days(self) -> int | None:
        if self.starts_on is None:
            return None
        return ((self.ends_on or self.starts_on) - self.starts_on).days + 1


@dataclass(frozen=True, slots=True)
class Filter:
    """What part of the feed is asked for; nothing named is everything."""

    country: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Tour:
    """A trip on the map of everything. Its length changes whenever its tracks do."""

    id: UUID
    slug: str
    title: str
    starts_on: date | None
    ends_on: date | None
    countries: list[str]
    distance_metres: float
    username: str
    rider_name: str


type Place = tuple[datetime, UUID]
type Lines = list[list[tuple[float, float]]]  # lines of longitude and latitude in degrees

TOPICS_FROM_LATEST_TRIPS = 200

_RIDER_NAME = func.coalesce(func.nullif(Rider.name, ""), Rider.username).label("rider_name")
_COLUMNS = (
    Trip.id,
    Trip.key,
    Trip.title,
    Trip.excerpt,
    Trip.starts_on,
    Trip.ends_on,
    Trip.published_at,
    Trip.tags,
    Trip.countries,
    Trip.distance_metres,
    Trip.ascent_metres,
    Trip.cover,
    Trip.outline,
    Rider.username,
    _RIDER_NAME,
)


async def list_entries(
    session: Session,
    *,
    limit: int,
    before: Place | None = None,
    only: Filter = Filter(),
) -> tuple[list[Entry], Place | None]:
    """A page of what everyone may see, newest first, and the place where the next one starts."""
    chosen = _public(only, before).limit(limit + 1)
    rows = (await session.execute(chosen)).all()
    entries = [_entry(row) for row in rows[:limit]]
    more = len(rows) > limit
    return entries, (entries[-1].published_at, entries[-1].id) if more else None


async def list_entries_of(
    session: Session,
    rider_id: UUID,
    *,
    viewer_id: UUID | None,
    limit: int,
    before: Place | None = None,
) -> tuple[list[Entry], Place | None]:
    """The same of one rider, whose own view holds what only they or a link may see."""
    chosen = _newest_first(before).where(Trip.rider_id == rider_id, is_listed_for(viewer_id))
    rows = (await session.execute(chosen.limit(limit + 1))).all()
    entries = [_entry(row) for row in rows[:limit]]
    more = len(rows) > limit
    return entries, (entries[-1].published_at, entries[-1].id) if more else None


async def list_tours(session: Session, *, limit: int) -> list[Tour]:
    """The latest of what everyone may see that has a track."""
    chosen = (
        select(
            Trip.id,
            Trip.key,
            Trip.title,
            Trip.starts_on,
            Trip.ends_on,
            Trip.countries,
            Trip.distance_metres,
            Rider.username,
            _RIDER_NAME,
        )
        .join(Rider, Rider.id == Trip.rider_id)
        .where(is_listed_for(None), Trip.distance_metres.is_not(None))
        .order_by(Trip.published_at.desc(), Trip.id.desc())
        .limit(limit)
    )
    rows = await session.execute(chosen)
    return [
        Tour(trip_id, make_slug(title, key), title, *rest) for trip_id, key, title, *rest in rows
    ]


async def list_lines(session: Session, trip_ids: list[UUID]) -> dict[UUID, Lines]:
    """The coarse lines of these trips' tracks; for whoever was already shown the trips."""
    chosen = (
        select(Track.trip_id, Track.outline)
        .where(Track.trip_id.in_(trip_ids), Track.state == State.READY)
        .order_by(Track.started_at.nulls_last(), Track.created_at, Track.id)
    )
    found: dict[UUID, Lines] = {trip_id: [] for trip_id in trip_ids}
    for trip_id, outline in await session.execute(chosen):
        found[trip_id] += outline or []
    return found


async def list_topics(session: Session, *, countries: int, tags: int) -> list[Filter]:
    """What the latest trips have most often in common: so many countries, then so many tags."""
    latest = (
        select(Trip.countries, Trip.tags)
        .where(is_listed_for(None))
        .order_by(Trip.published_at.desc(), Trip.id.desc())
        .limit(TOPICS_FROM_LATEST_TRIPS)
        .subquery("latest")
    )
    words = union_all(
        select(literal("country").label("kind"), func.unnest(latest.c.countries).label("word")),
        select(literal("tag").label("kind"), func.unnest(latest.c.tags).label("word")),
    ).subquery("words")
    counted = (
        select(words.c.kind, words.c.word)
        .group_by(words.c.kind, words.c.word)
        .order_by(words.c.kind, func.count().desc(), words.c.word)
    )
    rows = (await session.execute(counted)).all()
    return [
        *[Filter(country=word) for kind, word in rows if kind == "country"][:countries],
        *[Filter(tag=word) for kind, word in rows if kind == "tag"][:tags],
    ]


def _public(only: Filter, before: Place | None) -> Select[Any]:
    chosen = _newest_first(before).where(is_listed_for(None))
    if only.country:
        chosen = chosen.where(Trip.countries.contains([only.country]))
    if only.tag:
        chosen = chosen.where(Trip.tags.contains([only.tag]))
    return chosen


def _newest_first(before: Place | None) -> Select[Any]:
    chosen = (
        select(*_COLUMNS)
        .join(Rider, Rider.id == Trip.rider_id)
        .order_by(Trip.published_at.desc(), Trip.id.desc())
    )
    return chosen.where(_older_than(before)) if before else chosen


def _older_than(place: Place) -> ColumnElement[bool]:
    return func.row(Trip.published_at, Trip.id) < func.row(*place)


def _entry(row: Row[Any]) -> Entry:
    trip_id, key, title, *rest = tuple(row)
    return Entry(trip_id, make_slug(title, key), title, *rest)
