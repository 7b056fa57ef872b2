"""The pictures themselves, for whoever may see the trip. Behind a version they never change."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from contravento.http import conditional
from contravento.http.cache_control import share_trip
from contravento.http.dependencies import MaybeViewer, PublicSession, ResourcesOf, viewer_id_of
from contravento.photos import queries
from contravento.photos.errors import PhotoNotFound

router = APIRouter()

HOUR_SECONDS, YEAR_SECONDS = 3600, 31_536_000
MEDIA_TYPES = {"jpg": conditional.JPEG, "webp": "image/webp"}


@router.get("/photos/{photo_id:uuid}/{size}.jpg")
@router.get("/photos/{photo_id:uuid}/{size}.webp")
@router.get("/photos/{photo_id:uuid}/{version}/{size}.jpg")
@router.get("/photos/{photo_id:uuid}/{version}/{size}.webp")
async def show(
    photo_id: UUID,
    size: str,
    request: Request,
    session: PublicSession,
    viewer: MaybeViewer,
    resources: ResourcesOf,
) -> Response:
    photo = await queries.get_photo(session, photo_id, viewer_id=viewer_id_of(viewer))
    ending = request.url.path.rpartition(".")[2]
    stored = photo.stored(size, ending)
    version = request.path_params.get("version")
    if stored is None or version not in (None, photo.version):
        raise PhotoNotFound
    is_fixed = version is not None
    seconds = YEAR_SECONDS if is_fixed else HOUR_SECONDS
    share_trip(request, photo.trip, browser_seconds=seconds, is_fixed=is_fixed)
    return await conditional.send_stored(
        request,
        resources.storage,
        stored["key"],
        size_bytes=stored["bytes"],
        media_type=MEDIA_TYPES[ending],
        cache_control=f"private, max-age={seconds}{', immutable' if is_fixed else ''}",
    )
