"""Riders as JSON: who they are, their trips, and what those add up to."""

from datetime import date, datetime
from typing import Annotated, Self

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from contravento.accounts import queries
from contravento.accounts.models import Rider
from contravento.api.feed import LISTED, entry_out
from contravento.api.pagination import WindowOf, answer_list
from contravento.api.pictures import SizeOut, portrait_sizes
from contravento.api.route import ApiRoute
from contravento.feed.queries import list_entries_of
from contravento.http.cache_control import LISTS, rider_key, share
from contravento.http.dependencies import MaybeViewer, PublicSession, viewer_id_of
from contravento.stats.queries import Statistics, get_statistics

router = APIRouter(prefix="/riders/{username}", tags=["riders"], route_class=ApiRoute)

type Username = Annotated[str, Path(max_length=200)]


class RiderOut(BaseModel):
    username: str
    name: str
    bio: str
    portrait: dict[str, SizeOut] | None
    created_at: datetime

    @classmethod
    def of(cls, rider: Rider) -> Self:
        return cls(
            username=rider.username,
            name=rider.shown_name,
            bio=rider.bio,
            portrait=portrait_sizes(rider),
            created_at=rider.created_at,
        )


class StatisticsOut(BaseModel):
    trips: int
    distance_metres: float
    ascent_metres: float
    riding_days: int
    countries: list[str]
    longest_day_metres: float | None
    longest_day_on: date | None
    highest_metres: float | None
    years: dict[int, float]

    @classmethod
    def of(cls, found: Statistics) -> Self:
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


@router.get("", summary="Read a rider's profile")
async def show(username: Username, request: Request, session: PublicSession) -> RiderOut:
    rider = await queries.get_rider(session, username)
    share(request, rider_key(rider.id))
    return RiderOut.of(rider)


@router.get("/trips", response_model=None, responses=LISTED, summary="List a rider's trips")
async def list_trips(
    username: Username,
    request: Request,
    session: PublicSession,
    viewer: MaybeViewer,
    window: WindowOf,
) -> Response:
    """Newest first: those that everyone may see; one's own list holds all that are published."""
    rider = await queries.get_rider(session, username)
    share(request, rider_key(rider.id), LISTS)
    entries, following = await list_entries_of(
        session,
        rider.id,
        viewer_id=viewer_id_of(viewer),
        limit=window.limit,
        before=window.before,
    )
    return answer_list([entry_out(entry) for entry in entries], following)


@router.get("/statistics", summary="Add up a rider's trips")
async def add_up_trips(
    username: Username, request: Request, session: PublicSession, viewer: MaybeViewer
) -> StatisticsOut:
    """Over the trips that the caller finds in the rider's list."""
    rider = await queries.get_rider(session, username)
    share(request, rider_key(rider.id), LISTS)
    return StatisticsOut.of(await get_statistics(session, rider.id, viewer_id=viewer_id_of(viewer)))
