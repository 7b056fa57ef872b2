"""The front page: public trips, newest first, and a map of where they were ridden."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import APIRouter, Response

from contravento.atlas.drawing import Sheet, draw_sheet
from contravento.feed import queries
from contravento.feed.queries import Entry, Filter
from contravento.http.cache_control import LISTS, share
from contravento.http.dependencies import CommonReading
from contravento.kit.database.session import Reader
from contravento.web.rendering import cursors, formats
from contravento.web.rendering.page import Page, PageFor
from contravento.web.rendering.page_cache import key_of
from contravento.web.rendering.render_cache import RenderCache, RenderCacheOf

router = APIRouter()

ENTRIES = 10  # two columns; the first page has one more, which leads
TOURS_DRAWN = 4
SHEET_PIXELS = 580  # how wide it is shown on a desk
COUNTRIES_OFFERED, TAGS_OFFERED = 2, 3
TOPICS_KEPT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Frontis:
    """The map that opens the front page, and what its sentence says."""

    sheet: Sheet
    tours: int
    distance_metres: float


@router.get("/")
async def show(
    page: PageFor,
    reader: CommonReading,
    cache: RenderCacheOf,
    country: str = "",
    tag: str = "",
    before: str = "",
) -> Response:
    only, place = _filter(country, tag), cursors.read(before)
    is_first = place is None
    entries, next_place = await queries.list_entries(
        reader, limit=ENTRIES + is_first, before=place, only=only
    )
    share(page.request, LISTS)
    opens = is_first and only == Filter() and not page.wants_fragment

    async def derive() -> dict[str, Any]:
        return {"frontis": await _frontis(reader, page, cache, entries) if opens else None}

    return await page.show_kept(
        "feed/show.html",
        block="entries",
        entries=entries,
        only=only,
        is_first=is_first,
        next=cursors.write(next_place),
        derive=derive,
        topics=[] if page.wants_fragment else await _topics(reader, cache),
    )


def _filter(country: str, tag: str) -> Filter:
    """What can be asked for at all: PostgreSQL's texts hold no NUL."""
    country, tag = country.replace("\x00", "").upper(), tag.replace("\x00", "").lower()
    return Filter(country=country.strip() or None, tag=tag.strip() or None)


async def _topics(reader: Reader, cache: RenderCache) -> list[Filter]:
    async def count() -> list[Filter]:
        return await queries.list_topics(reader, countries=COUNTRIES_OFFERED, tags=TAGS_OFFERED)

    return await cache.get("topics", count, seconds=TOPICS_KEPT_SECONDS)


async def _frontis(reader: Reader, page: Page, cache: RenderCache, entries: list[Entry]) -> Frontis:
    """Of the latest tours; drawn anew when there is another, or one has changed."""
    tours = [entry for entry in entries if entry.distance_metres][:TOURS_DRAWN]
    language, resources = page.language, page.resources

    async def draw() -> Sheet:
        ids = [tour.id for tour in tours]
        lines = await queries.list_lines(reader, ids) if ids else {}
        names = {code: formats.country(code, language) for tour in tours for code in tour.countries}
        sheet = partial(draw_sheet, names=names, language=language, shown_pixels=SHEET_PIXELS)
        return await resources.compute(sheet, list(lines.values()))

    return Frontis(
        sheet=await cache.get(("frontis", language, key_of({"tours": tours})), draw),
        tours=len(tours),
        distance_metres=sum(tour.distance_metres or 0.0 for tour in tours),
    )
