"""Riders: the list, each one's page and portrait."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from contravento.accounts.errors import RiderNotFound
from contravento.accounts.queries import get_rider
from contravento.atlas.drawing import Sheet, draw_countries
from contravento.feed.queries import list_entries_of
from contravento.http import conditional
from contravento.http.cache_control import LISTS, rider_key, share
from contravento.http.dependencies import CommonReading, MaybeViewer, PublicSession, ResourcesOf
from contravento.kit.resources import Resources
from contravento.stats.queries import get_statistics, list_rider_summaries
from contravento.web.rendering import cursors
from contravento.web.rendering.page import PageFor
from contravento.web.rendering.render_cache import RenderCache, RenderCacheOf

router = APIRouter(prefix="/riders")

RIDERS = 24
TRIPS = 10
PORTRAIT_CACHE_CONTROL = "private, no-cache"  # its address stays when the rider takes another
METRES = 1000.0
BLOCK_KILOMETRES, LARGE_BLOCK_KILOMETRES = 250, 1000
LARGE_BLOCKS_FROM_KILOMETRES = 6000


@dataclass(frozen=True, slots=True)
class Year:
    """One bar: its share of the longest, and the width of a block in per cent of this bar."""

    year: int
    distance_metres: float
    share: float
    block: float


@router.get("")
async def list_all(page: PageFor, reader: CommonReading, before: str = "") -> Response:
    riders, next_place = await list_rider_summaries(
        reader, limit=RIDERS, before=cursors.read(before)
    )
    share(page.request, LISTS)
    return await page.show_kept(
        "riders/list.html",
        block="rows",
        riders=riders,
        is_first=not before,
        next=cursors.write(next_place),
    )


@router.get("/{username}")
async def show(
    username: str,
    page: PageFor,
    session: PublicSession,
    viewer: MaybeViewer,
    cache: RenderCacheOf,
    before: str = "",
) -> Response:
    rider = await get_rider(session, username)
    viewer_id = viewer.id if viewer else None
    entries, next_place = await list_entries_of(
        session, rider.id, viewer_id=viewer_id, limit=TRIPS, before=cursors.read(before)
    )
    share(page.request, rider_key(rider.id), LISTS)
    context: dict[str, Any] = {
        "rider": rider,
        "entries": entries,
        "next": cursors.write(next_place),
    }
    if page.wants_fragment:
        return page.show("riders/show.html", block="rows", is_first=False, **context)
    figures = await get_statistics(session, rider.id, viewer_id=viewer_id)
    block, years = _years(figures.years)
    return page.show(
        "riders/show.html",
        is_own=rider.id == viewer_id,
        is_first=not before,
        figures=figures,
        block_kilometres=block,
        years=years,
        countries=await _draw(page.resources, cache, figures.countries)
        if figures.countries
        else None,
        **context,
    )


@router.get("/{username}/portrait/{size}.jpg")
async def show_portrait(
    username: str, size: str, request: Request, session: PublicSession, resources: ResourcesOf
) -> Response:
    rider = await get_rider(session, username)
    rendition = (rider.portrait or {}).get(size)
    if rendition is None:
        raise RiderNotFound
    share(request, rider_key(rider.id))
    return await conditional.send_stored(
        request,
        resources.storage,
        rendition["key"],
        size_bytes=rendition["bytes"],
        media_type=conditional.JPEG,
        cache_control=PORTRAIT_CACHE_CONTROL,
    )


async def _draw(
    resources: Resources, cache: RenderCache, codes: list[str]
) -> tuple[Sheet, list[str]]:
    """The countries, and those that lie too far away to be on the sheet."""

    async def draw() -> tuple[Sheet, list[str]]:
        return await resources.compute(draw_countries, codes)

    return await cache.get(("countries", *codes), draw)


def _years(metres: dict[int, float]) -> tuple[int, list[Year]]:
    """Kilometres to a block, and the bars."""
    longest = max(metres.values(), default=0.0)
    is_large = longest / METRES >= LARGE_BLOCKS_FROM_KILOMETRES
    block = LARGE_BLOCK_KILOMETRES if is_large else BLOCK_KILOMETRES
    years = [
        Year(
            year,
            ridden,
            share=round(ridden / longest, 3) if longest else 0.0,
            block=round(100 * block * METRES / ridden, 2) if ridden else 100.0,
        )
        for year, ridden in metres.items()
    ]
    return block, years
