"""A trip's page, and its tracks as GPX."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from contravento.atlas import profile_drawing
from contravento.atlas.drawing import letter_sheet
from contravento.atlas.viewport import joined
from contravento.feed.queries import list_lines
from contravento.feed.trip_version import get_trip_version
from contravento.http import gpx_download
from contravento.http.cache_control import share_trip
from contravento.http.dependencies import MaybeViewer, PublicSession, ResourcesOf, public_reading
from contravento.http.source_limit import DOWNLOAD_TURN
from contravento.kit.database.session import Session
from contravento.kit.resources import Resources
from contravento.photos.queries import list_ready_photos
from contravento.tracks.analysis.joined_profile import join_profiles
from contravento.tracks.errors import TrackNotFound
from contravento.tracks.queries import (
    RiddenDay,
    RiddenTrack,
    list_days,
    list_profiles,
    list_ridden,
)
from contravento.trips import queries
from contravento.trips.models import Trip
from contravento.web import story
from contravento.web.rendering.page import Page, PageFor
from contravento.web.rendering.page_cache import key_of
from contravento.web.rendering.render_cache import RenderCache, RenderCacheOf

router = APIRouter(prefix="/trips")

LONG_STORY_CHARACTERS = 20_000
SHEET_PIXELS = 1100  # how wide the drawn map is shown on a desk
MOST_STAGES = 31  # more days than that leave no room for their numbers


@dataclass(frozen=True, slots=True)
class Heights:
    """The drawn profile of a whole trip, and what its twin says in words; metres throughout."""

    drawing: profile_drawing.ProfileDrawing
    begins: float
    ends: float
    highest: float
    highest_at: float
    lowest: float
    lowest_at: float


@router.get("/{slug}")
async def show(
    slug: str, page: PageFor, resources: ResourcesOf, viewer: MaybeViewer, cache: RenderCacheOf
) -> Response:
    viewer_id = viewer.id if viewer else None
    async with public_reading(page.request, resources) as reader:
        trip = await get_trip_version(reader, slug, viewer_id=viewer_id)
    if slug != trip.slug:  # not for browsers to remember: the title may change back
        return RedirectResponse(f"/trips/{trip.slug}", 301, headers={"Cache-Control": "no-cache"})
    share_trip(page.request, trip)

    async def read() -> dict[str, Any]:
        async with resources.transaction() as session:
            return await _read(session, cache, page, slug, viewer_id)

    return await page.show_kept("trips/show.html", version=trip.version, derive=read)


async def _read(
    session: Session, cache: RenderCache, page: Page, slug: str, viewer_id: UUID | None
) -> dict[str, Any]:
    """What the page shows. Never older than the version that it is kept under."""
    trip = await queries.get_trip_by_slug(session, slug, viewer_id=viewer_id)
    tracks = await list_ridden(session, trip.id)
    days = await list_days(session, trip.id) if tracks else []
    resources, language = page.resources, page.language
    return {
        "trip": trip,
        "is_own": trip.rider_id == viewer_id,
        "tracks": tracks,
        "days": days,
        "photos": await list_ready_photos(session, trip.id),
        "names": await _name_places(session, cache, resources, trip, language) if tracks else "",
        "heights": await _heights(session, cache, trip, tracks, days) if tracks else None,
        "bounds": joined([(w, s, e, n) for w, s, e, n in (track.bounds for track in tracks)]),
        "speeds": _speeds(tracks),
        "story": await _tell(trip),
    }


async def _name_places(
    session: Session, cache: RenderCache, resources: Resources, trip: Trip, language: str
) -> str:
    """What the drawn map letters: the worker keeps the drawing, and names may come later."""
    if trip.sheet is None:
        return ""
    lines = await list_lines(session, [trip.id])
    size = {"width": trip.sheet["width"], "height": trip.sheet["height"]}
    write = partial(letter_sheet, list(lines.values()), language, **size, shown_pixels=SHEET_PIXELS)
    key = "names", language, key_of(size | {"lines": lines[trip.id]})
    return await cache.get(key, partial(resources.compute, write))


async def _tell(trip: Trip) -> story.Story:
    """A long story takes its time when it is first shown; nobody else has to wait for it."""
    if len(trip.story) < LONG_STORY_CHARACTERS:
        return story.tell(trip.story, trip.excerpt)
    return await asyncio.to_thread(story.tell, trip.story, trip.excerpt)


@router.get("/{slug}/tracks.gpx", dependencies=[DOWNLOAD_TURN])
async def download(
    slug: str,
    request: Request,
    session: PublicSession,
    viewer: MaybeViewer,
    resources: ResourcesOf,
) -> Response:
    """All tracks in one file, each under its name, without what devices add."""
    viewer_id = viewer.id if viewer else None
    trip = await queries.get_trip_by_slug(session, slug, viewer_id=viewer_id)
    tracks = await list_ridden(session, trip.id)
    return _send(request, resources, trip, tracks, trip.slug)


@router.get("/{slug}/tracks/{track_id:uuid}.gpx", dependencies=[DOWNLOAD_TURN])
async def download_one(
    slug: str,
    track_id: UUID,
    request: Request,
    session: PublicSession,
    viewer: MaybeViewer,
    resources: ResourcesOf,
) -> Response:
    viewer_id = viewer.id if viewer else None
    trip = await queries.get_trip_by_slug(session, slug, viewer_id=viewer_id)
    tracks = await list_ridden(session, trip.id)
    selected = [track for track in tracks if track.id == track_id]
    number = tracks.index(selected[0]) + 1 if selected else 0
    return _send(request, resources, trip, selected, f"{trip.slug}-{number}")


def _send(
    request: Request,
    resources: Resources,
    trip: Trip,
    tracks: list[RiddenTrack],
    file_name: str,
) -> Response:
    """A track without a name has its trip's; what its file was called is its rider's affair."""
    if not tracks:
        raise TrackNotFound
    named = [(track.name or trip.title, track.points_key, track.points) for track in tracks]
    return gpx_download.send(request, resources, named, file_name)


def _speeds(tracks: list[RiddenTrack]) -> tuple[float | None, float | None]:
    """Average over what has times, and the top one, in metres a second."""
    timed = [(track.distance_metres, track.moving_seconds or 0.0) for track in tracks]
    metres = sum(length for length, seconds in timed if seconds)
    seconds = sum(seconds for _, seconds in timed)
    top = max((track.top_speed for track in tracks if track.top_speed), default=None)
    return metres / seconds if seconds else None, top


async def _heights(
    session: Session,
    cache: RenderCache,
    trip: Trip,
    tracks: list[RiddenTrack],
    days: Sequence[RiddenDay],
) -> Heights | None:
    """Drawn anew when the trip has other tracks than last time."""

    async def draw() -> Heights | None:
        profiles = await list_profiles(session, trip.id)
        return await asyncio.to_thread(_draw_heights, profiles, days)

    return await cache.get(("profile", key_of({"tracks": tracks, "days": days})), draw)


def _draw_heights(
    profiles: list[tuple[dict[str, Any] | None, float]], days: Sequence[RiddenDay]
) -> Heights | None:
    joined_profile = join_profiles(profiles)
    distances = joined_profile["distance_metres"]
    heights = joined_profile["elevation_metres"]
    ends = list(accumulate(day.distance_metres for day in days))
    drawing = profile_drawing.draw_profile(
        distances, heights, stage_ends_metres=ends if 1 < len(ends) <= MOST_STAGES else []
    )
    if drawing is None:
        return None
    samples = list(zip(heights, distances, strict=True))
    return Heights(drawing, heights[0], heights[-1], *max(samples), *min(samples))
