"""Serves photos to whoever may see their trip."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from contravento.http import conditional
from contravento.http.cache_control import share_trip
from contravento.http.dependencies import MaybeViewer, PublicSession, ResourcesOf
from contravento.photos import queries
from contravento.photos.errors import PhotoNotFound

router = APIRouter()

BROWSER_SECONDS = 3600
CACHE_CONTROL = f"private, max-age={BROWSER_SECONDS}"


@router.get("/photos/{photo_id:uuid}/{size}.jpg")
async def show(
    photo_id: UUID,
    size: str,
    request: Request,
    session: PublicSession,
    viewer: MaybeViewer,
    resources: ResourcesOf,
) -> Response:
    viewer_id = viewer.id if viewer else None
    photo = await queries.get_photo(session, photo_id, viewer_id=viewer_id)
    rendition = (photo.sizes or {}).get(size)
    if rendition is None:
        raise PhotoNotFound
    share_trip(request, photo.trip, browser_seconds=BROWSER_SECONDS)
    return await conditional.send_stored(
        request,
        resources.storage,
        rendition["key"],
        size_bytes=rendition["bytes"],
        media_type=conditional.JPEG,
        cache_control=CACHE_CONTROL,
    )
