"""The public feed: one statement a page, straight from columns into what a page shows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, select

from contravento.accounts.models import Rider
from contravento.kit.db import Session
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


type Place = tuple[datetime, UUID]

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
    func.coalesce(func.nullif(Rider.name, ""), Rider.username).label("rider_name"),
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
