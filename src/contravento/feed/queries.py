"""The public feed: one statement a page, from columns straight into list entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Row,
    Select,
    String,
    and_,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    null,
    select,
    union_all,
)

from contravento.accounts.models import Rider
from contravento.feed.models import Topic, TopicKind
from contravento.kit.database.session import Reader, Session
from contravento.tracks.models import Track, TrackState
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

_TRIP, _RIDER = Trip.__table__, Rider.__table__
_MOMENT, _ID = _TRIP.c.published_at.type, _TRIP.c.id.type
_TOPICS: dict[TopicKind, FromClause] = {
    kind: Topic.__table__.alias(f"by_{kind}") for kind in TopicKind
}
_COLUMNS = (
    "id",
    "key",
    "title",
    "excerpt",
    "starts_on",
    "ends_on",
    "published_at",
    "tags",
    "countries",
    "distance_metres",
    "ascent_metres",
    "cover",
)


async def list_entries(
    reader: Reader,
    *,
    limit: int,
    before: Place | None = None,
    only: Filter = Filter(),
    drawn: bool = True,
) -> tuple[list[Entry], Place | None]:
    """A page of what everyone may see, newest first, and the place where the next one starts.

    Without `drawn` the outlines, the larger part of the bytes, stay where they are.
    """
    statement = _public(only.country is not None, only.tag is not None, before is not None, drawn)
    moment, trip_id = before or (None, None)
    values = {"country": only.country, "tag": only.tag, "moment": moment, "trip_id": trip_id}
    rows = (await reader.execute(statement, {**values, "count": limit + 1})).all()
    return _page(rows, limit)


async def list_entries_of(
    session: Session,
    rider_id: UUID,
    *,
    viewer_id: UUID | None,
    limit: int,
    before: Place | None = None,
) -> tuple[list[Entry], Place | None]:
    """The same of one rider, whose own view holds what only they or a link may see."""
    statement = _newest_first(drawn=True).where(Trip.rider_id == rider_id, is_listed_for(viewer_id))
    if before:
        statement = statement.where(func.row(Trip.published_at, Trip.id) < func.row(*before))
    rows = (await session.execute(statement.limit(limit + 1))).all()
    return _page(rows, limit)


async def list_tours(reader: Reader, *, limit: int) -> list[Tour]:
    """The latest of what everyone may see that has a track."""
    rows: Any = await reader.execute(_TOURS, {"count": limit})
    return [
        Tour(trip_id, make_slug(title, key), title, *rest) for trip_id, key, title, *rest in rows
    ]


_TOURS = (
    select(
        *(Trip.id, Trip.key, Trip.title, Trip.starts_on, Trip.ends_on),
        *(Trip.countries, Trip.distance_metres, Rider.username, Rider.shown_name),
    )
    .join(Rider, Rider.id == Trip.rider_id)
    .where(is_listed_for(None), Trip.distance_metres.is_not(None))
    .order_by(Trip.published_at.desc(), Trip.id.desc())
    .limit(bindparam("count", type_=Integer, literal_execute=True))
)


async def list_lines(reader: Reader, trip_ids: list[UUID]) -> dict[UUID, Lines]:
    """The coarse lines of these trips' tracks; for whoever was already shown the trips."""
    statement = (
        select(Track.trip_id, Track.outline)
        .where(Track.trip_id.in_(trip_ids), Track.state == TrackState.READY)
        .order_by(Track.started_at.nulls_last(), Track.created_at, Track.id)
    )
    lines: dict[UUID, Lines] = {trip_id: [] for trip_id in trip_ids}
    for trip_id, outline in await reader.execute(statement):
        lines[trip_id] += outline or []
    return lines


async def list_topics(reader: Reader, *, countries: int, tags: int) -> list[Filter]:
    """What the latest trips have most often in common: so many countries, then so many tags."""
    latest = (
        select(Trip.countries, Trip.tags)
        .where(is_listed_for(None))
        .order_by(Trip.published_at.desc(), Trip.id.desc())
        .limit(TOPICS_FROM_LATEST_TRIPS)
        .subquery("latest")
    )
    topics = union_all(
        select(literal("country").label("kind"), func.unnest(latest.c.countries).label("word")),
        select(literal("tag").label("kind"), func.unnest(latest.c.tags).label("word")),
    ).subquery("words")
    counted = (
        select(topics.c.kind, topics.c.word)
        .group_by(topics.c.kind, topics.c.word)
        .order_by(topics.c.kind, func.count().desc(), topics.c.word)
    )
    rows = (await reader.execute(counted)).all()
    return [
        *[Filter(country=word) for kind, word in rows if kind == "country"][:countries],
        *[Filter(tag=word) for kind, word in rows if kind == "tag"][:tags],
    ]


@cache
def _public(by_country: bool, by_tag: bool, is_later: bool, drawn: bool) -> Select[Any]:
    """Made once for each kind of question, since making it takes longer than answering it."""
    kinds = [
        kind for kind, is_asked in zip(TopicKind, (by_country, by_tag), strict=True) if is_asked
    ]
    statement = _newest_first(drawn=drawn, kinds=tuple(kinds)).where(is_listed_for(None))
    if is_later:
        moment, trip_id = _place(kinds)
        place = func.row(bindparam("moment", type_=_MOMENT), bindparam("trip_id", type_=_ID))
        statement = statement.where(func.row(moment, trip_id) < place)
    return statement.limit(bindparam("count", type_=Integer, literal_execute=True))


def _newest_first(*, drawn: bool, kinds: tuple[TopicKind, ...] = ()) -> Select[Any]:
    """With kinds only trips under those topics, read in the last one's order.

    The others are looked for where that one stands, so that their rows are merged or found, and no
    plan, not even one that knows no word yet, goes through all of them for each trip.
    """
    columns = [_TRIP.c[name] for name in _COLUMNS]
    outline = _TRIP.c.outline if drawn else null().label("outline")
    where: FromClause = _TRIP
    if kinds:
        where = where.join(_TOPICS[kinds[-1]], _TOPICS[kinds[-1]].c.trip_id == _TRIP.c.id)
    moment, trip_id = _place(kinds)
    statement = (
        select(*columns, outline, _RIDER.c.username, Rider.shown_name)
        .select_from(where.join(_RIDER, _RIDER.c.id == _TRIP.c.rider_id))
        .where(*map(_is_asked, kinds[-1:]))
        .order_by(moment.desc(), trip_id.desc())
    )
    for kind in kinds[:-1]:
        other = _TOPICS[kind]
        stands_there = and_(other.c.published_at == moment, other.c.trip_id == trip_id)
        statement = statement.where(exists().where(_is_asked(kind), stands_there))
    return statement


def _place(kinds: Sequence[TopicKind]) -> tuple[ColumnElement[datetime], ColumnElement[UUID]]:
    """What a list is ordered by."""
    if not kinds:
        return _TRIP.c.published_at, _TRIP.c.id
    topic = _TOPICS[kinds[-1]]  # a tag, if one is asked for: the rarer of the two
    return topic.c.published_at, topic.c.trip_id


def _is_asked(kind: TopicKind) -> ColumnElement[bool]:
    topic = _TOPICS[kind]
    word = bindparam(kind.value, type_=String)
    return and_(topic.c.kind == literal_column(f"'{kind}'"), topic.c.word == word)


def _page(rows: Sequence[Row[Any]], limit: int) -> tuple[list[Entry], Place | None]:
    entries = [_entry(row) for row in rows[:limit]]
    more = len(rows) > limit
    return entries, (entries[-1].published_at, entries[-1].id) if more else None


def _entry(row: Row[Any]) -> Entry:
    trip_id, key, title, *rest = tuple(row)
    return Entry(trip_id, make_slug(title, key), title, *rest)
