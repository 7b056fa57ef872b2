"""Tracks as JSON: sending files, what was found in them, their lines and profiles."""

import asyncio
import hashlib
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response, status
from pydantic import BaseModel, Field

from contravento.api.description.openapi import refuses
from contravento.api.route import ApiRoute
from contravento.api.schemas.import_warnings import RemarkOut
from contravento.api.schemas.pagination import ListOf
from contravento.api.uploads import UploadForTrip, form_schema
from contravento.http import conditional
from contravento.http.cache_control import share_trip
from contravento.http.dependencies import (
    MaybeViewer,
    PublicSession,
    ResourcesOf,
    SignedIn,
    Transaction,
    language_of,
    viewer_id_of,
)
from contravento.http.source_limit import LINE_TURN
from contravento.http.upload_quota import check_upload
from contravento.kit.resources import Resources
from contravento.tracks import geometry, points, queries, service
from contravento.tracks.analysis import joined_profile
from contravento.tracks.errors import TrackNotFound
from contravento.tracks.models import Track, TrackState
from contravento.tracks.reading import archive
from contravento.tracks.receipt import Consequence, consequence_of
from contravento.tracks.rules import check_file_size
from contravento.trips import queries as trips

COARSEST_TOLERANCE_METRES = 100_000.0

router = APIRouter(tags=["tracks"], route_class=ApiRoute)

type Place = Annotated[list[float], Field(min_length=2, max_length=2)]
type Tolerance = Annotated[float, Query(ge=0, le=COARSEST_TOLERANCE_METRES, allow_inf_nan=False)]


class TrackStatistics(BaseModel):
    """Metres, seconds, metres per second; `bounds` is west, south, east, north."""

    distance_metres: float
    ascent_metres: float | None
    descent_metres: float | None
    highest_metres: float | None
    lowest_metres: float | None
    elapsed_seconds: float | None
    moving_seconds: float | None
    average_speed: float | None
    top_speed: float | None
    points: int
    segments: int
    tracks: int
    started_at: datetime | None
    ended_at: datetime | None
    bounds: list[float]


class TrackRemarkOut(RemarkOut):
    consequence: Consequence

    @classmethod
    def of(cls, remark: dict[str, Any], language: str) -> Self:
        told = RemarkOut.of(remark, language)
        return cls(**dict(told), consequence=consequence_of(told.code))


class TrackOut(BaseModel):
    """`refusal` says why a file is unreadable; `report` what was odd about one that is not, and
    what came of it: something was changed, or left out, or nothing."""

    id: UUID
    trip_id: UUID
    state: TrackState
    name: str | None
    file_name: str | None
    file_bytes: int
    created_at: datetime
    refusal: RemarkOut | None
    report: list[TrackRemarkOut]
    countries: list[str]
    statistics: TrackStatistics | None

    @classmethod
    def of(cls, track: Track, language: str, *, is_own: bool) -> Self:
        same = ("id", "trip_id", "state", "name", "file_bytes", "created_at", "countries")
        return cls(
            **{name: getattr(track, name) for name in same},
            file_name=track.file_name if is_own else None,
            refusal=RemarkOut.of(track.refusal, language) if track.refusal else None,
            report=[TrackRemarkOut.of(remark, language) for remark in track.report],
            statistics=_statistics(track) if track.state is TrackState.READY else None,
        )


class LineOut(BaseModel):
    """A GeoJSON Feature."""

    type: Literal["Feature"]
    properties: dict[str, float]
    geometry: dict[str, Any]


class ProfileOut(BaseModel):
    """Parallel lists, one entry for each sample."""

    distance_metres: list[float]
    elevation_metres: list[float]
    grade_percent: list[float]
    coordinates: list[Place]


def _statistics(track: Track) -> TrackStatistics:
    return TrackStatistics(**{name: getattr(track, name) for name in TrackStatistics.model_fields})


_LINE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The line",
        "content": {conditional.GEOJSON: {"schema": LineOut.model_json_schema()}},
    }
}
_PROFILE: dict[int | str, dict[str, Any]] = {200: {"model": ProfileOut}}


@router.post(
    "/trips/{trip_id}/tracks",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Add a track's file to a trip",
    responses=refuses(409, 413, 429, 507),
    openapi_extra=form_schema(),
)
async def upload(
    trip_id: UUID,
    upload: UploadForTrip,
    request: Request,
    session: Transaction,
    viewer: SignedIn,
    resources: ResourcesOf,
) -> TrackOut:
    """GPX, FIT, TCX, KML, KMZ, GeoJSON, IGC or NMEA, up to 50 MB, with gzip or not. It is safe on
    disk now; what is in it is found out next. Of a zip archive each track is added; the answer is
    the first of them."""
    check_file_size(upload.size_bytes)
    size_bytes = await asyncio.to_thread(archive.unpacked_bytes, upload.file, upload.size_bytes)
    if size_bytes > upload.size_bytes:
        await check_upload(session, resources, rider_id=viewer.id, size_bytes=size_bytes)
    tracks = await service.upload_tracks(
        session,
        trip_id,
        upload.file,
        file_name=upload.name,
        file_bytes=upload.size_bytes,
        rider_id=viewer.id,
        storage=resources.storage,
    )
    return TrackOut.of(tracks[0], language_of(request), is_own=True)


@router.get("/trips/{trip_id}/tracks", summary="List a trip's tracks")
async def list_tracks(
    trip_id: UUID, request: Request, session: PublicSession, viewer: MaybeViewer
) -> ListOf[TrackOut]:
    """As they were ridden. Others than the rider find those that are ready."""
    trip = await trips.get_trip(session, trip_id, viewer_id=viewer_id_of(viewer))
    share_trip(request, trip)
    is_own = trip.rider_id == viewer_id_of(viewer)
    tracks = await queries.list_tracks(session, trip_id)
    return ListOf(
        items=[
            TrackOut.of(track, language_of(request), is_own=is_own)
            for track in tracks
            if is_own or track.state is TrackState.READY
        ]
    )


@router.get("/tracks/{track_id}", summary="Read a track")
async def show(
    track_id: UUID, request: Request, session: PublicSession, viewer: MaybeViewer
) -> TrackOut:
    track = await queries.get_track(session, track_id, viewer_id=viewer_id_of(viewer))
    share_trip(request, track.trip)
    is_own = track.trip.rider_id == viewer_id_of(viewer)
    if not is_own and track.state is not TrackState.READY:
        raise TrackNotFound
    return TrackOut.of(track, language_of(request), is_own=is_own)


@router.delete(
    "/tracks/{track_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Take a track out"
)
async def delete(track_id: UUID, session: Transaction, viewer: SignedIn) -> None:
    track = await queries.get_own_track_to_change(session, track_id, rider_id=viewer.id)
    await service.delete_track(session, track.trip, track)


@router.get(
    "/tracks/{track_id}/geometry",
    response_model=None,
    responses={**_LINE, **refuses(409, 429)},
    summary="Draw a track's line",
    dependencies=[LINE_TURN],
)
async def draw(
    track_id: UUID,
    request: Request,
    session: PublicSession,
    viewer: MaybeViewer,
    resources: ResourcesOf,
    tolerance: Tolerance = 0,
) -> Response:
    """GeoJSON, one line a segment. No point left out is further than `tolerance` metres from it.

    Lines are kept in steps, of which the next finer one is sent. At most 50,000 points: a coarser
    step is sent until they fit, and `properties` tells which.
    """
    track = await queries.get_track(session, track_id, viewer_id=viewer_id_of(viewer))
    share_trip(request, track.trip)
    return await _draw(
        [queries.check_ready(track, viewer_id=viewer_id_of(viewer))], tolerance, request, resources
    )


@router.get(
    "/trips/{trip_id}/geometry",
    response_model=None,
    responses={**_LINE, **refuses(429)},
    summary="Draw the line of a whole trip",
    dependencies=[LINE_TURN],
)
async def draw_trip(
    trip_id: UUID,
    request: Request,
    session: PublicSession,
    viewer: MaybeViewer,
    resources: ResourcesOf,
    tolerance: Tolerance = 0,
) -> Response:
    """All tracks that are ready, as they were ridden, as one GeoJSON Feature."""
    share_trip(request, await trips.get_trip(session, trip_id, viewer_id=viewer_id_of(viewer)))
    tracks = await queries.list_tracks(session, trip_id)
    ready = [track for track in tracks if track.state is TrackState.READY]
    return await _draw(ready, tolerance, request, resources)


@router.get(
    "/tracks/{track_id}/profile",
    response_model=None,
    responses={**_PROFILE, **refuses(409)},
    summary="Read a track's elevation along the way",
)
async def profile(
    track_id: UUID, request: Request, session: PublicSession, viewer: MaybeViewer
) -> Response:
    """At most 1,000 samples; none if no point has an elevation."""
    track = await queries.get_track_with_profile(session, track_id, viewer_id=viewer_id_of(viewer))
    share_trip(request, track.trip)
    return _answer_profile([queries.check_ready(track, viewer_id=viewer_id_of(viewer))])


@router.get(
    "/trips/{trip_id}/profile",
    response_model=None,
    responses=_PROFILE,
    summary="Read the elevation along a whole trip",
)
async def trip_profile(
    trip_id: UUID, request: Request, session: PublicSession, viewer: MaybeViewer
) -> Response:
    """All tracks that are ready as one, distances running on; at most 1,000 samples."""
    share_trip(request, await trips.get_trip(session, trip_id, viewer_id=viewer_id_of(viewer)))
    return _answer_profile(await queries.list_ready_tracks(session, trip_id))


async def _draw(
    tracks: list[Track], tolerance_metres: float, request: Request, resources: Resources
) -> Response:
    """A track's points never change, so what they are kept under is all that the tag needs."""
    tag = f'W/"{_version_of(tracks)}-{geometry.step_of(tolerance_metres):g}"'
    if answer := conditional.not_modified(request, tag):
        return answer
    opened = [
        await points.open_track(resources, track.points_key, points=track.points or 0)
        for track in tracks
        if track.points_key
    ]
    body = await points.draw(opened, tolerance_metres)
    return Response(body, media_type=conditional.GEOJSON, headers={"ETag": tag})


def _version_of(tracks: list[Track]) -> str:
    keys = ",".join(track.points_key or "" for track in tracks)
    return hashlib.sha256(keys.encode()).hexdigest()[:24]


def _answer_profile(tracks: list[Track]) -> Response:
    profiles = [(track.profile, track.distance_metres or 0.0) for track in tracks]
    body = orjson.dumps(joined_profile.join_profiles(profiles))
    return Response(body, media_type="application/json")
