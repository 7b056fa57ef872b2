"""Queries for photos. Who may see a trip may see its photos."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from contravento.kit.database.session import Session
from contravento.photos.errors import PhotoNotFound
from contravento.photos.models import Photo, PhotoState
from contravento.trips.models import Trip
from contravento.trips.queries import get_own_trip, is_visible_to


async def get_photo(session: Session, photo_id: UUID, *, viewer_id: UUID | None) -> Photo:
    return await _one(session, photo_id, is_visible_to(viewer_id))


async def get_own_photo(session: Session, photo_id: UUID, *, rider_id: UUID) -> Photo:
    return await _one(session, photo_id, Trip.rider_id == rider_id)


async def get_own_photo_to_change(session: Session, photo_id: UUID, *, rider_id: UUID) -> Photo:
    """With its trip locked, whose cover and order may change with it."""
    photo = await get_own_photo(session, photo_id, rider_id=rider_id)
    await get_own_trip(session, photo.trip_id, rider_id=rider_id)
    return photo


async def list_photos(session: Session, trip_id: UUID) -> list[Photo]:
    """All of a trip's photos in the rider's order; for whoever was already shown the trip."""
    statement = select(Photo).where(Photo.trip_id == trip_id).order_by(Photo.position, Photo.id)
    return list(await session.scalars(statement))


async def list_ready_photos(session: Session, trip_id: UUID) -> list[Photo]:
    """Those that a reader is shown."""
    return [
        photo for photo in await list_photos(session, trip_id) if photo.state is PhotoState.READY
    ]


async def sum_file_bytes(session: Session, *, rider_id: UUID) -> int:
    """Of all that the rider sent and that is kept, readable or not."""
    sent = select(func.coalesce(func.sum(Photo.file_bytes), 0)).join(Photo.trip)
    return await session.scalar(sent.where(Trip.rider_id == rider_id)) or 0


async def list_unreadable(session: Session, before: datetime, at_most: int) -> list[Photo]:
    """Those sent before then, with their trips."""
    statement = (
        select(Photo)
        .where(Photo.state == PhotoState.UNREADABLE, Photo.created_at < before)
        .options(joinedload(Photo.trip, innerjoin=True))
        .limit(at_most)
    )
    return list(await session.scalars(statement))


async def count_photos(session: Session, trip_id: UUID) -> int:
    return await session.scalar(select(func.count()).where(Photo.trip_id == trip_id)) or 0


async def next_position(session: Session, trip_id: UUID) -> int:
    last = await session.scalar(select(func.max(Photo.position)).where(Photo.trip_id == trip_id))
    return (last or 0) + 1


async def _one(session: Session, photo_id: UUID, allowed: ColumnElement[bool]) -> Photo:
    photo = await session.scalar(
        select(Photo)
        .join(Photo.trip)
        .where(Photo.id == photo_id, allowed)
        .options(joinedload(Photo.trip, innerjoin=True))
    )
    if photo is None:
        raise PhotoNotFound
    return photo
