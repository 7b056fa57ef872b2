"""A trip's tracks as files, for the links on its page."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from contravento.http import track_download
from contravento.http.dependencies import MaybeViewer, PublicSession, ResourcesOf
from contravento.http.source_limit import DOWNLOAD_TURN
from contravento.kit.resources import Resources
from contravento.tracks.errors import TrackNotFound
from contravento.tracks.export.write import ExportFormat
from contravento.tracks.queries import RiddenTrack, list_ridden
from contravento.trips import queries
from contravento.trips.models import Trip

router = APIRouter(prefix="/trips")


@router.get("/{slug}/tracks.{ending}", dependencies=[DOWNLOAD_TURN])
async def download(
    slug: str,
    ending: str,
    request: Request,
    session: PublicSession,
    viewer: MaybeViewer,
    resources: ResourcesOf,
) -> Response:
    """All tracks in one file, each under its name, without what devices add."""
    viewer_id = viewer.id if viewer else None
    trip = await queries.get_trip_by_slug(session, slug, viewer_id=viewer_id)
    tracks = await list_ridden(session, trip.id)
    return _send(request, resources, trip, tracks, ending, trip.slug)


@router.get("/{slug}/tracks/{track_id:uuid}.{ending}", dependencies=[DOWNLOAD_TURN])
async def download_one(
    slug: str,
    track_id: UUID,
    ending: str,
    request: Request,
    session: PublicSession,
    viewer: MaybeViewer,
    resources: ResourcesOf,
) -> Response:
    viewer_id = viewer.id if viewer else None
    trip = await queries.get_trip_by_slug(session, slug, viewer_id=viewer_id)
    tracks = [track for track in await list_ridden(session, trip.id) if track.points_key]
    selected = [track for track in tracks if track.id == track_id]
    number = tracks.index(selected[0]) + 1 if selected else 0
    return _send(request, resources, trip, selected, ending, f"{trip.slug}-{number}")


def _send(
    request: Request,
    resources: Resources,
    trip: Trip,
    tracks: list[RiddenTrack],
    ending: str,
    file_name: str,
) -> Response:
    kept = track_download.kept_tracks(tracks, trip)
    if not kept or ending not in ExportFormat:
        raise TrackNotFound
    name = kept[0].head.name if len(kept) == 1 else trip.title
    wanted = ExportFormat(ending)
    return track_download.send(request, resources, kept, wanted, name=name, file_name=file_name)
