"""A trip's page."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from contravento.atlas.drawing import letter_sheet
from contravento.atlas.viewport import joined
from contravento.feed.queries import list_lines
from contravento.feed.trip_version import get_trip_version
from contravento.http.cache_control import share_trip
from contravento.http.dependencies import MaybeViewer, ResourcesOf, public_reading
from contravento.kit.database.session import Session
from contravento.kit.resources import Resources
from contravento.photos.queries import list_ready_photos
from contravento.tracks.analysis import notable_climbs
from contravento.tracks.queries import RiddenTrack, list_days, list_ridden
from contravento.trips import queries
from contravento.trips.models import Trip
from contravento.web import along, story
from contravento.web.rendering.page import Page, PageFor
from contravento.web.rendering.page_cache import key_of
from contravento.web.rendering.render_cache import RenderCache, RenderCacheOf

router = APIRouter(prefix="/trips")

LONG_STORY_CHARACTERS = 20_000
SHEET_PIXELS = 1100  # how wide the drawn map is shown on a desk


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
            return await _read(session, cache, page, slug, viewer_id, trip.version)

    return await page.show_kept("trips/show.html", version=trip.version, derive=read)


async def _read(
    session: Session,
    cache: RenderCache,
    page: Page,
    slug: str,
    viewer_id: UUID | None,
    version: str,
) -> dict[str, Any]:
    """What the page shows. Never older than the version that it is kept under."""
    trip = await queries.get_trip_by_slug(session, slug, viewer_id=viewer_id)
    read = await list_ridden(session, trip.id)
    tracks = [track for track in read if track.points_key]
    days = await list_days(session, trip.id) if tracks else []
    resources, language = page.resources, page.language
    return {
        "trip": trip,
        "is_own": trip.rider_id == viewer_id,
        "tracks": tracks,
        "days": days,
        "photos": await list_ready_photos(session, trip.id),
        "names": await _name_places(session, cache, resources, trip, language) if tracks else "",
        "along": await along.draw(session, cache, trip.id, days, version) if read else None,
        "bounds": joined([(w, s, e, n) for w, s, e, n in (track.bounds for track in tracks)]),
        "speeds": _speeds(tracks),
        "effort": _effort(trip, len(days)),
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


@dataclass(frozen=True, slots=True)
class Effort:
    """The way in the flat that takes as long, and what that is by the day."""

    flat_metres: float
    difficulty: str


def _effort(trip: Trip, days: int) -> Effort | None:
    if not trip.distance_metres or trip.ascent_metres is None:
        return None
    return Effort(
        notable_climbs.flat_metres(trip.distance_metres, trip.ascent_metres),
        notable_climbs.grade_difficulty(trip.distance_metres, trip.ascent_metres, days),
    )


def _speeds(tracks: list[RiddenTrack]) -> tuple[float | None, float | None]:
    """Average over what has times, and the top one, in metres a second."""
    timed = [(track.distance_metres, track.moving_seconds or 0.0) for track in tracks]
    metres = sum(length for length, seconds in timed if seconds)
    seconds = sum(seconds for _, seconds in timed)
    top = max((track.top_speed for track in tracks if track.top_speed), default=None)
    return metres / seconds if seconds else None, top
