"""Photos as JSON: sending them, their order, what is said about them."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from fastapi import APIRouter, Request, status
from pydantic import BaseModel

from contravento.api.description.openapi import refuses
from contravento.api.route import ApiRoute
from contravento.api.schemas.import_warnings import RemarkOut
from contravento.api.schemas.pagination import ListOf
from contravento.api.schemas.pictures import SizeOut, photo_sizes
from contravento.api.uploads import UploadForTrip, check_fields, form_schema
from contravento.http.cache_control import share_trip
from contravento.http.dependencies import (
    MaybeViewer,
    OwnTrip,
    PublicSession,
    ResourcesOf,
    SignedIn,
    Transaction,
    language_of,
    viewer_id_of,
)
from contravento.photos import queries, service
from contravento.photos.errors import PhotoNotFound
from contravento.photos.inputs import Caption, PhotoChanges, PhotoOrder
from contravento.photos.models import Photo, PhotoState
from contravento.photos.rules import MAX_CAPTION_CHARACTERS, check_file_size
from contravento.trips import queries as trips

CAPTION: dict[str, Any] = {"type": "string", "maxLength": MAX_CAPTION_CHARACTERS}

router = APIRouter(tags=["photos"], route_class=ApiRoute)


class PhotoOut(BaseModel):
    """`sizes` are there once the photo is ready; `notes` say to its rider what was odd about it."""

    id: UUID
    trip_id: UUID
    state: PhotoState
    position: int
    caption: str
    alt: str
    file_name: str | None
    width: int | None
    height: int | None
    colour: str | None
    refusal: RemarkOut | None
    notes: list[RemarkOut]
    sizes: dict[str, SizeOut]
    created_at: datetime

    @classmethod
    def of(cls, photo: Photo, language: str, *, is_own: bool) -> Self:
        same = ("id", "trip_id", "state", "position", "caption", "alt", "width", "height")
        return cls(
            **{name: getattr(photo, name) for name in (*same, "colour", "created_at")},
            file_name=photo.file_name if is_own else None,
            refusal=RemarkOut.of(photo.refusal, language) if photo.refusal else None,
            notes=[RemarkOut.of(note, language) for note in photo.notes or () if is_own],
            sizes=photo_sizes(photo.id, photo.sizes),
        )


class PhotoFields(BaseModel):
    """What may come with a photo's file."""

    caption: Caption = ""


@router.get("/trips/{trip_id}/photos", summary="List a trip's photos")
async def list_photos(
    trip_id: UUID, request: Request, session: PublicSession, viewer: MaybeViewer
) -> ListOf[PhotoOut]:
    """In the rider's order. Others than the rider find those that are ready."""
    trip = await trips.get_trip(session, trip_id, viewer_id=viewer_id_of(viewer))
    share_trip(request, trip)
    is_own = trip.rider_id == viewer_id_of(viewer)
    photos = await queries.list_photos(session, trip_id)
    return _list(
        [photo for photo in photos if is_own or photo.state is PhotoState.READY], request, is_own
    )


@router.post(
    "/trips/{trip_id}/photos",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Add a photo to a trip",
    responses=refuses(409, 413, 429, 507),
    openapi_extra=form_schema(caption=CAPTION),
)
async def upload(
    trip_id: UUID,
    upload: UploadForTrip,
    request: Request,
    session: Transaction,
    viewer: SignedIn,
    resources: ResourcesOf,
) -> PhotoOut:
    """JPEG, PNG, WebP, HEIC or AVIF, up to 20 MB. It is safe now; its sizes are made next."""
    check_file_size(upload.size_bytes)
    photo = await service.upload_photo(
        session,
        trip_id,
        upload.file,
        file_name=upload.name,
        file_bytes=upload.size_bytes,
        caption=check_fields(upload, PhotoFields).caption,
        rider_id=viewer.id,
        storage=resources.storage,
    )
    return PhotoOut.of(photo, language_of(request), is_own=True)


@router.put("/trips/{trip_id}/photos/order", summary="Put a trip's photos in order")
async def order(
    trip: OwnTrip, order: PhotoOrder, request: Request, session: Transaction
) -> ListOf[PhotoOut]:
    """Those named come first, in that order; the rest keep theirs after them."""
    photos = await service.order_photos(session, trip, order.ids)
    return _list(photos, request, is_own=True)


@router.get("/photos/{photo_id}", summary="Read a photo")
async def show(
    photo_id: UUID, request: Request, session: PublicSession, viewer: MaybeViewer
) -> PhotoOut:
    photo = await queries.get_photo(session, photo_id, viewer_id=viewer_id_of(viewer))
    share_trip(request, photo.trip)
    is_own = photo.trip.rider_id == viewer_id_of(viewer)
    if not is_own and photo.state is not PhotoState.READY:
        raise PhotoNotFound
    return PhotoOut.of(photo, language_of(request), is_own=is_own)


@router.patch("/photos/{photo_id}", summary="Say something about a photo")
async def change(
    photo_id: UUID, changes: PhotoChanges, request: Request, session: Transaction, viewer: SignedIn
) -> PhotoOut:
    """Only what is named changes."""
    photo = await queries.get_own_photo_to_change(session, photo_id, rider_id=viewer.id)
    await service.change_photo(session, photo.trip, photo, changes)
    return PhotoOut.of(photo, language_of(request), is_own=True)


@router.delete(
    "/photos/{photo_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Take a photo out"
)
async def delete(photo_id: UUID, session: Transaction, viewer: SignedIn) -> None:
    photo = await queries.get_own_photo_to_change(session, photo_id, rider_id=viewer.id)
    await service.delete_photo(session, photo.trip, photo)


def _list(photos: list[Photo], request: Request, is_own: bool) -> ListOf[PhotoOut]:
    language = language_of(request)
    return ListOf(items=[PhotoOut.of(photo, language, is_own=is_own) for photo in photos])
