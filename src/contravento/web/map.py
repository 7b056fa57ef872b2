"""A map of all recent tours, and the same as a list."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response

from contravento.atlas.drawing import Sheet, draw_sheet
from contravento.atlas.topology import Box
from contravento.atlas.viewport import bounds_of, thinned
from contravento.feed import queries
from contravento.feed.queries import Lines, Tour
from contravento.http import conditional
from contravento.http.cache_control import LISTS, share
from contravento.http.dependencies import CommonReading
from contravento.kit.database.session import Reader
from contravento.web.rendering.page import Page, PageFor
from contravento.web.rendering.render_cache import RenderCache, RenderCacheOf

router = APIRouter(prefix="/map")

TOURS = 300
SHEET = partial(draw_sheet, width=1200, height=640, bleed=200, shown_pixels=1100)
TOLERANCE_DEGREES, TOLERANCE_METRES = 0.004, 400  # finer lines come when one looks closer


@dataclass(frozen=True, slots=True)
class Ground:
    """The drawn map of all tours, and what the live one shows at first."""

    sheet: Sheet
    bounds: Box


@router.get("")
async def show(page: PageFor, reader: CommonReading, cache: RenderCacheOf) -> Response:
    tours = await queries.list_tours(reader, limit=TOURS)
    share(page.request, LISTS)

    async def derive() -> dict[str, Any]:
        return {"ground": await _ground(reader, page, cache, tours)}

    return await page.show_kept("map/show.html", tours=tours, derive=derive)


@router.get("/tours.json")
async def list_tours(request: Request, reader: CommonReading, cache: RenderCacheOf) -> Response:
    tours = await queries.list_tours(reader, limit=TOURS)

    async def write() -> bytes:
        lines = await _lines(reader, cache, tours)
        features = [_feature(tour, lines[tour.id]) for tour in tours]
        return orjson.dumps({"type": "FeatureCollection", "features": features})

    share(request, LISTS)
    body = await cache.get(("tours.json", *_marks(tours)), write)
    return conditional.send_document(
        request, body, media_type=conditional.GEOJSON, cache_control="no-cache"
    )


def _feature(tour: Tour, lines: Lines) -> dict[str, object]:
    return {
        "type": "Feature",
        "properties": {
            "title": tour.title,
            "href": f"/trips/{tour.slug}",
            "rider": tour.rider_name,
            "url": f"/api/v1/trips/{tour.id}/geometry",
            "tolerance": TOLERANCE_METRES,
        },
        "geometry": {"type": "MultiLineString", "coordinates": lines},
    }


def _marks(tours: list[Tour]) -> list[tuple[UUID, str, float]]:
    return [(tour.id, tour.slug, tour.distance_metres) for tour in tours]


async def _ground(reader: Reader, page: Page, cache: RenderCache, tours: list[Tour]) -> Ground:
    async def draw() -> Ground:
        lines = list((await _lines(reader, cache, tours)).values())
        write = partial(SHEET, language=page.language)
        return Ground(await page.resources.compute(write, lines), bounds_of(lines))

    return await cache.get(("map", page.language, *_marks(tours)), draw)


async def _lines(reader: Reader, cache: RenderCache, tours: list[Tour]) -> dict[UUID, Lines]:
    """Thin lines of every tour."""

    async def fetch() -> dict[UUID, Lines]:
        lines = await queries.list_lines(reader, [tour.id for tour in tours])
        return await asyncio.to_thread(_thin, lines)

    return await cache.get(("lines", *_marks(tours)), fetch)


def _thin(tours: dict[UUID, Lines]) -> dict[UUID, Lines]:
    return {trip_id: thinned(lines, TOLERANCE_DEGREES) for trip_id, lines in tours.items()}
