"""Tracks as files of several formats."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from contravento.api.description.openapi import refuses
from contravento.api.route import ApiRoute
from contravento.http import track_download
from contravento.http.cache_control import share_trip
from contravento.http.dependencies import (
    MaybeViewer,
    PublicSession,
    ResourcesOf,
    viewer_id_of,
)
from contravento.http.source_limit import DOWNLOAD_TURN
from contravento.tracks import queries
from contravento.tracks.errors import NoLine
from contravento.tracks.export.write import MEDIA_TYPES, ExportFormat, TrackHead
from contravento.tracks.points import KeptTrack
from contravento.trips import queries as trips
from contravento.trips.rules import make_slug

router = APIRouter(tags=["tracks"], route_class=ApiRoute)

_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {
            media_type: {"schema": {"type": "string"}} for media_type in MEDIA_TYPES.values()
        },
    }
}


@router.get(
    "/tracks/{track_id}/file",
    response_model=None,
    responses={**_FILE, **refuses(409, 429)},
    summary="Download a track as a clean file",
    dependencies=[DOWNLOAD_TURN],
)
async def download(
    track_id: UUID,
    request: Request,
    session: PublicSession,
    viewer: MaybeViewer,
    resources: ResourcesOf,
    format: ExportFormat = ExportFormat.GPX,
) -> Response:
    """Written anew: places, elevations and, in GPX, times, and nothing else of what was uploaded.
    TCX and FIT are courses to be followed, at an even pace."""
    viewer_id = viewer_id_of(viewer)
    unchecked = await queries.get_track(session, track_id, viewer_id=viewer_id)
    track = queries.check_ready(unchecked, viewer_id=viewer_id)
    share_trip(request, track.trip)
    if not track.points_key:
        raise NoLine
    name = track.name or track.trip.title
    kept = KeptTrack(
        track.points_key, TrackHead(name, track.points or 0, track.distance_metres or 0.0)
    )
    file_name = make_slug(name, "").rstrip("-") or "track"
    return track_download.send(request, resources, [kept], format, name=name, file_name=file_name)


@router.get(
    "/trips/{trip_id}/file",
    response_model=None,
    responses={**_FILE, **refuses(409, 429)},
    summary="Download all tracks of a trip in one file",
    dependencies=[DOWNLOAD_TURN],
)
async def download_trip(
    trip_id: UUID,
    request: Request,
    session: PublicSession,
    viewer: MaybeViewer,
    resources: ResourcesOf,
    format: ExportFormat = ExportFormat.GPX,
) -> Response:
    """Those that are ready, as they were ridden. In FIT they are one course."""
    trip = await trips.get_trip(session, trip_id, viewer_id=viewer_id_of(viewer))
    share_trip(request, trip)
    kept = track_download.kept_tracks(await queries.list_ridden(session, trip.id), trip)
    if not kept:
        raise NoLine
    return track_download.send(
        request, resources, kept, format, name=trip.title, file_name=trip.slug
    )
