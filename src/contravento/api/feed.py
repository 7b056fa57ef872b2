"""The public feed as JSON: one statement, then straight from its rows to bytes."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from contravento.api.route import ApiRoute
from contravento.api.schemas.pagination import ListOf, WindowOf, answer_list
from contravento.api.schemas.pictures import photo_url
from contravento.feed import queries
from contravento.feed.queries import Entry, Filter
from contravento.http.cache_control import LISTS, share
from contravento.http.dependencies import CommonReading

router = APIRouter(tags=["feed"], route_class=ApiRoute)


class CoverOut(BaseModel):
    url: str
    photo_id: UUID
    width: int
    height: int
    colour: str | None
    alt: str


class EntryOut(BaseModel):
    """A trip in a list. Only describes: `entry_out` makes the same without checking it again."""

    id: UUID
    slug: str
    title: str
    excerpt: str
    starts_on: date | None
    ends_on: date | None
    published_at: datetime
    tags: list[str]
    countries: list[str]
    distance_metres: float | None
    ascent_metres: float | None
    cover: CoverOut | None
    rider: str
    rider_name: str


LISTED: dict[int | str, dict[str, Any]] = {200: {"model": ListOf[EntryOut]}}
_SAME = tuple(name for name in EntryOut.model_fields if name not in ("cover", "rider"))


@router.get("/feed", response_model=None, responses=LISTED, summary="Read the public feed")
async def show(
    request: Request,
    reader: CommonReading,
    window: WindowOf,
    country: Annotated[str | None, Query(pattern=r"^[A-Z]{2}$")] = None,
    tag: Annotated[str | None, Query(max_length=30, pattern=r"^[^\x00]*$")] = None,
) -> Response:
    """Published trips that everyone may see, newest first."""
    share(request, LISTS)
    entries, following = await queries.list_entries(
        reader,
        limit=window.limit,
        before=window.before,
        only=Filter(country, tag),
        drawn=False,
    )
    return answer_list([entry_out(entry) for entry in entries], following)


def entry_out(entry: Entry) -> dict[str, Any]:
    fields = {name: getattr(entry, name) for name in _SAME}
    cover = entry.cover and {**entry.cover, "url": photo_url(entry.cover["photo_id"], "medium")}
    return {**fields, "cover": cover, "rider": entry.username}
