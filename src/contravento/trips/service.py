"""Everything that changes a trip. What is changed was locked by `queries.get_own_trip`."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select

from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.events import announce
from contravento.trips import markdown, queries
from contravento.trips.errors import NotReadyToPublish, TooManyTrips, TooManyTripsToday
from contravento.trips.events import TripDeleted
from contravento.trips.inputs import TripChanges, TripDraft
from contravento.trips.models import Trip
from contravento.trips.rules import (
    EXCERPT_CHARACTERS,
    MAX_TRIPS,
    MAX_TRIPS_A_DAY,
    check_dates,
    missing_to_publish,
    new_key,
)


async def start_trip(session: Session, draft: TripDraft, *, rider_id: UUID) -> Trip:
    count = await session.scalar(select(func.count()).where(Trip.rider_id == rider_id))
    if (count or 0) >= MAX_TRIPS:
        raise TooManyTrips(most=MAX_TRIPS)
    lately = select(func.count()).where(
        Trip.rider_id == rider_id, Trip.created_at > now() - timedelta(days=1)
    )
    if (await session.scalar(lately) or 0) >= MAX_TRIPS_A_DAY:
        raise TooManyTripsToday(most=MAX_TRIPS_A_DAY)
    trip = Trip(**draft.model_dump(), rider_id=rider_id, key=new_key())
    trip.excerpt = markdown.excerpt(trip.story, EXCERPT_CHARACTERS)
    session.add(trip)
    await session.flush()
    return await queries.get_trip(session, trip.id, viewer_id=rider_id)


async def change_trip(session: Session, trip: Trip, changes: TripChanges) -> Trip:
    """Change what is named. A published trip may not lose what publishing asked of it."""
    for name in changes.model_fields_set:
        value = getattr(changes, name)
        if value is not None or name in ("starts_on", "ends_on"):
            setattr(trip, name, value)
    check_dates(trip.starts_on, trip.ends_on)
    if trip.is_published:
        _check_ready(trip)

    trip.excerpt = markdown.excerpt(trip.story, EXCERPT_CHARACTERS)
    trip.updated_at = now()
    return trip


async def publish_trip(session: Session, trip: Trip) -> Trip:
    """Make a finished trip visible to its audience. Publishing twice is harmless."""
    if trip.is_published:
        return trip
    _check_ready(trip)
    trip.published_at = now()
    return trip


async def unpublish_trip(session: Session, trip: Trip) -> Trip:
    trip.published_at = None
    return trip


async def delete_trip(session: Session, trip: Trip) -> None:
    await announce(session, TripDeleted(trip_id=trip.id))
    await session.delete(trip)


async def date_by_tracks(session: Session, trip: Trip, first: date, last: date) -> None:
    """A trip without dates takes those that its tracks were recorded on."""
    if trip.starts_on is None and trip.ends_on is None:
        trip.starts_on, trip.ends_on = first, last


def _check_ready(trip: Trip) -> None:
    missing = list(missing_to_publish(title=trip.title, story=trip.story))
    if missing:
        raise NotReadyToPublish(missing)
