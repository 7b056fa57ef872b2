"""Queries for trips. Every read passes through `visible_to`."""

from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Select, and_, literal_column, or_, select
from sqlalchemy.orm import joinedload, undefer

from contravento.kit.database.session import Session
from contravento.trips.errors import TripNotFound
from contravento.trips.models import Trip
from contravento.trips.rules import Audience, key_in


def is_visible_to(viewer_id: UUID | BindParameter[UUID] | None) -> ColumnElement[bool]:
    """The one definition of who may open which trip, its photos and its tracks.

    Nobody can follow anybody yet, so a trip for followers is its rider's alone.
    """
    shared = and_(
        Trip.published_at.is_not(None), Trip.audience.in_([Audience.EVERYONE, Audience.LINK])
    )
    return shared if viewer_id is None else or_(shared, Trip.rider_id == viewer_id)


# In the statement itself, not beside it: only so can the plan that PostgreSQL keeps for it use the
# index of what everyone may read.
_EVERYONE: ColumnElement[str] = literal_column(f"'{Audience.EVERYONE}'")


def is_listed_for(viewer_id: UUID | None) -> ColumnElement[bool]:
    """What of that appears in lists and counts: a link is for those who were given it."""
    published = Trip.published_at.is_not(None)
    everyones = and_(published, Trip.audience == _EVERYONE)
    if viewer_id is None:
        return everyones
    return or_(everyones, and_(published, Trip.rider_id == viewer_id))


def visible_to(viewer_id: UUID | None) -> Select[Trip]:
    return select(Trip).where(is_visible_to(viewer_id))


async def get_trip(session: Session, trip_id: UUID, *, viewer_id: UUID | None) -> Trip:
    return await _one(session, visible_to(viewer_id).where(Trip.id == trip_id))


async def get_trip_by_slug(session: Session, slug: str, *, viewer_id: UUID | None) -> Trip:
    """For a page: with its rider and its large drawing."""
    statement = visible_to(viewer_id).where(Trip.key == key_in(slug)).options(undefer(Trip.sheet))
    return await _one(session, statement)


async def get_own_trip(session: Session, trip_id: UUID, *, rider_id: UUID) -> Trip:
    """To change it: locked until the transaction ends, so that two tabs take turns."""
    statement = select(Trip).where(Trip.id == trip_id, Trip.rider_id == rider_id)
    return await _one(session, statement.with_for_update(of=Trip))


async def get_own_trip_by_slug(session: Session, slug: str, *, rider_id: UUID) -> Trip:
    statement = select(Trip).where(Trip.key == key_in(slug), Trip.rider_id == rider_id)
    return await _one(session, statement.with_for_update(of=Trip))


async def get_own_trip_id(session: Session, slug: str, *, rider_id: UUID) -> UUID:
    """Without locking it. Raises TripNotFound."""
    own = select(Trip.id).where(Trip.key == key_in(slug), Trip.rider_id == rider_id)
    trip_id: UUID | None = await session.scalar(own)
    if trip_id is None:
        raise TripNotFound
    return trip_id


async def list_own_trips(session: Session, *, rider_id: UUID, limit: int = 200) -> list[Trip]:
    """Drafts and all, what was touched last first."""
    statement = (
        select(Trip)
        .where(Trip.rider_id == rider_id)
        .order_by(Trip.published_at.is_not(None), Trip.updated_at.desc())
        .limit(limit)
        .options(joinedload(Trip.rider))
    )
    return list(await session.scalars(statement))


async def _one(session: Session, statement: Select[Trip]) -> Trip:
    trip = await session.scalar(statement.options(joinedload(Trip.rider, innerjoin=True)))
    if trip is None:
        raise TripNotFound
    return trip
