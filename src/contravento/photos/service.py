"""Everything that changes a photo."""

from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import select

from contravento.accounts.models import Rider
from contravento.accounts.queries import get_rider_by_id
from contravento.kit import processing
from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.delete_after_commit import delete_after_commit
from contravento.kit.jobs import job
from contravento.kit.resources import Resources
from contravento.kit.storage.storage import Storage, random_key
from contravento.kit.telemetry import metrics
from contravento.photos import queries
from contravento.photos.errors import UnreadablePhoto
from contravento.photos.images import Prepared, prepare, prepare_portrait
from contravento.photos.inputs import PhotoChanges
from contravento.photos.models import Photo, PhotoState
from contravento.photos.rules import check_room
from contravento.trips.models import Trip
from contravento.trips.queries import get_own_trip


async def upload_photo(
    session: Session,
    trip_id: UUID,
    file: BinaryIO,
    *,
    file_name: str,
    file_bytes: int,
    caption: str = "",
    rider_id: UUID,
    storage: Storage,
) -> Photo:
    """Keep the rider's file now, safe on disk; make the sizes later.

    The trip is locked only once the file is stored, so that uploads do not wait for each other.
    """
    key = random_key("photos")
    async with storage.putting(key, file):
        await get_own_trip(session, trip_id, rider_id=rider_id)
        check_room(await queries.count_photos(session, trip_id))
        photo = Photo(
            trip_id=trip_id,
            file_name=file_name,
            file_bytes=file_bytes,
            file_key=key,
            caption=caption,
            position=await queries.next_position(session, trip_id),
        )
        session.add(photo)
        await session.flush()
        await prepare_photo.later(session, photo_id=photo.id)
    return photo


async def change_photo(session: Session, trip: Trip, photo: Photo, changes: PhotoChanges) -> Photo:
    for name, value in changes.model_dump(exclude_unset=True, exclude_none=True).items():
        setattr(photo, name, value)
    await _update_cover(session, trip)
    return photo


async def order_photos(session: Session, trip: Trip, ids: list[UUID]) -> list[Photo]:
    """Those named come first, in that order; the rest keep theirs after them."""
    photos = await queries.list_photos(session, trip.id)
    places = {photo_id: place for place, photo_id in enumerate(ids)}
    photos.sort(key=lambda photo: places.get(photo.id, len(places)))
    for position, photo in enumerate(photos, start=1):
        photo.position = position
    await _update_cover(session, trip)
    return photos


async def delete_photo(session: Session, trip: Trip, photo: Photo) -> None:
    await delete_after_commit(session, photo.file_key, *_keys(photo.sizes))
    await session.delete(photo)
    await _update_cover(session, trip)


async def upload_portrait(
    session: Session, file: BinaryIO, *, rider_id: UUID, storage: Storage
) -> None:
    """Keep the file now; the picture changes once its sizes are made."""
    key = random_key("portraits")
    async with storage.putting(key, file):
        await make_portrait.later(session, rider_id=rider_id, file_key=key)


async def delete_portrait(session: Session, *, rider_id: UUID) -> None:
    rider = await get_rider_by_id(session, rider_id)
    await delete_after_commit(session, *_keys(rider.portrait))
    rider.portrait = rider.portrait_refusal = None


async def forget_trip(session: Session, trip_id: UUID) -> None:
    """The trip is about to be deleted, and its photos' rows with it."""
    await _forget(session, Photo.trip_id == trip_id)


async def forget_rider(session: Session, rider_id: UUID) -> None:
    rider = await get_rider_by_id(session, rider_id)
    await delete_after_commit(session, *_keys(rider.portrait))
    trips = select(Trip.id).where(Trip.rider_id == rider_id)
    await _forget(session, Photo.trip_id.in_(trips))


@job("photos.prepare", priority=3)
async def prepare_photo(resources: Resources, *, photo_id: UUID) -> None:
    """Make the sizes of an uploaded photo, or find out why that cannot be."""
    async with processing.attempt(resources, Photo, photo_id) as photo:
        if photo is not None:
            await _prepare(resources, photo)


async def _prepare(resources: Resources, photo: Photo) -> None:
    with metrics.processing(metrics.PHOTOS_PROCESSED, metrics.PHOTO_SECONDS, UnreadablePhoto):
        prepared = await resources.compute(prepare, await resources.storage.get(photo.file_key))
    sizes = await _store(resources.storage, "photos", prepared)
    async with resources.transaction() as session:
        if not await _finish_preparing(session, photo.id, prepared, sizes):
            await delete_after_commit(session, *_keys(sizes))


@job("photos.remove_unreadable")
async def remove_unreadable_photos(resources: Resources) -> None:
    """A week after they were sent: their rider was told why, and they take up room."""
    async with resources.transaction() as session:
        before = now() - processing.KEEP_UNREADABLE
        photos = await queries.list_unreadable(session, before, processing.REMOVED_AT_ONCE)
        await delete_after_commit(session, *(photo.file_key for photo in photos))
        for photo in photos:
            await session.delete(photo)
        if len(photos) == processing.REMOVED_AT_ONCE:
            await remove_unreadable_photos.later(session)


@job("photos.make_portrait", priority=3)
async def make_portrait(resources: Resources, *, rider_id: UUID, file_key: str) -> None:
    """Change a rider's portrait; one that cannot be read changes nothing, and is said."""
    try:
        portrait = await resources.compute(prepare_portrait, await resources.storage.get(file_key))
    except UnreadablePhoto as refusal:
        async with resources.transaction() as session:
            if rider := await session.get(Rider, rider_id, with_for_update=True):
                rider.portrait_refusal = processing.as_json(refusal)
            await delete_after_commit(session, file_key)
        return
    sizes = await _store(resources.storage, "portraits", portrait)
    async with resources.transaction() as session:
        rider = await session.get(Rider, rider_id, with_for_update=True)
        await delete_after_commit(session, file_key, *_keys(rider.portrait if rider else sizes))
        if rider:
            rider.portrait, rider.portrait_refusal = sizes, None


async def _finish_preparing(
    session: Session, photo_id: UUID, prepared: Prepared, sizes: dict[str, Any]
) -> bool:
    """Whether the photo was still there and still waiting."""
    photo = await processing.find_waiting(session, Photo, photo_id)
    if photo is None:
        return False
    photo.width, photo.height, photo.colour = prepared.width, prepared.height, prepared.colour
    photo.taken_at, photo.sizes = prepared.taken_at, sizes
    photo.notes = [{"code": note.code, "message": note.message} for note in prepared.notes] or None
    photo.settle(PhotoState.READY)
    await _update_cover(session, await session.get_one(Trip, photo.trip_id, with_for_update=True))
    return True


async def _store(storage: Storage, kind: str, prepared: Prepared) -> dict[str, Any]:
    """JPEGs by their size's name, which is all that every browser understands; others by both."""
    sizes = {}
    for rendition in prepared.renditions:
        key = random_key(kind, f".{rendition.ending}")
        await storage.put(key, rendition.content)
        name = rendition.name
        sizes[name if rendition.ending == "jpg" else f"{name}.{rendition.ending}"] = {
            "key": key,
            "width": rendition.width,
            "height": rendition.height,
            "bytes": len(rendition.content),
        }
    return sizes


async def _update_cover(session: Session, trip: Trip) -> None:
    """The first photo is what lists show of a trip."""
    await session.flush()
    ready = await queries.list_ready_photos(session, trip.id)
    trip.cover = _cover(ready[0]) if ready else None


def _cover(photo: Photo) -> dict[str, Any]:
    return photo.shown | {"alt": photo.alt or photo.caption}


async def _forget(session: Session, which: Any) -> None:
    rows = await session.execute(select(Photo.file_key, Photo.sizes).where(which))
    await delete_after_commit(
        session, *(key for file_key, sizes in rows for key in (file_key, *_keys(sizes)))
    )


def _keys(sizes: dict[str, Any] | None) -> list[str]:
    return [size["key"] for size in (sizes or {}).values()]
