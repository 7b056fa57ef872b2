"""Statistics of a rider's trips, for whoever may see them."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, bindparam, func, select

from contravento.accounts.models import Rider
from contravento.kit.database.session import Reader, Session
from contravento.stats.models import RiderTotals
from contravento.tracks.models import Track, TrackDay
from contravento.trips.models import Trip
from contravento.trips.queries import is_listed_for


@dataclass(frozen=True, slots=True)
class Statistics:
    """Distances and heights in metres. `longest_day` is what was ridden on one date."""

    trips: int
    distance_metres: float
    ascent_metres: float
    riding_days: int
    countries: list[str]
    longest_day_metres: float | None
    longest_day_on: date | None
    highest_metres: float | None
    years: dict[int, float]  # metres by year, from the first to the last that has any


async def get_statistics(session: Session, rider_id: UUID, *, viewer_id: UUID | None) -> Statistics:
    """Totals over the rider's listed trips: of those the viewer would find on the page.

    A riding day is a date, in local solar time, on which a track was recorded.
    """
    trips, distance, ascent, highest = await _totals(session, rider_id, viewer_id)
    days = await _days(session, rider_id, viewer_id)
    longest = max(days.items(), key=lambda day: day[1], default=(None, None))
    return Statistics(
        trips=trips,
        distance_metres=distance,
        ascent_metres=ascent,
        riding_days=len(days),
        countries=await _countries(session, rider_id, viewer_id),
        longest_day_metres=longest[1],
        longest_day_on=longest[0],
        highest_metres=highest,
        years=await _years(session, rider_id, viewer_id),
    )


@dataclass(frozen=True, slots=True)
class RiderSummary:
    """A rider in a list, with what their trips that everyone may see add up to."""

    id: UUID
    username: str
    shown_name: str
    bio: str
    portrait: dict[str, Any] | None
    trips: int
    distance_metres: float
    wrote_at: datetime


async def list_rider_summaries(
    reader: Reader, *, limit: int, before: tuple[datetime, UUID] | None = None
) -> tuple[list[RiderSummary], tuple[datetime, UUID] | None]:
    """Riders with something to read, who wrote last first, and where the next page starts."""
    moment, rider_id = before or (None, None)
    values = {"count": limit + 1, "moment": moment, "rider_id": rider_id}
    rows: Any = await reader.execute(_summaries(before is not None), values)
    riders = [RiderSummary(*row) for row in rows]
    page = riders[:limit]
    more = len(riders) > limit
    return page, (page[-1].wrote_at, page[-1].id) if more else None


@cache
def _summaries(is_later: bool) -> Select[Any]:
    """Made once, since making it takes longer than answering it."""
    place = RiderTotals.wrote_at, RiderTotals.rider_id
    statement = (
        select(
            *(Rider.id, Rider.username, Rider.shown_name, Rider.bio, Rider.portrait),
            *(RiderTotals.trips, RiderTotals.distance_metres, RiderTotals.wrote_at),
        )
        .join(RiderTotals, RiderTotals.rider_id == Rider.id)
        .where(Rider.confirmed_at.is_not(None))
        .order_by(*(column.desc() for column in place))
        .limit(bindparam("count", type_=Integer, literal_execute=True))
    )
    if not is_later:
        return statement
    moment = bindparam("moment", type_=RiderTotals.wrote_at.type)
    rider_id = bindparam("rider_id", type_=RiderTotals.rider_id.type)
    return statement.where(func.row(*place) < func.row(moment, rider_id))


async def _totals(
    session: Session, rider_id: UUID, viewer_id: UUID | None
) -> tuple[int, float, float, float | None]:
    statement = select(
        func.count(),
        func.sum(Trip.distance_metres),
        func.sum(Trip.ascent_metres),
        func.max(Trip.highest_metres),
    ).where(Trip.rider_id == rider_id, is_listed_for(viewer_id))
    trips, distance, ascent, highest = (await session.execute(statement)).one()
    return trips, distance or 0.0, ascent or 0.0, highest


async def _days(session: Session, rider_id: UUID, viewer_id: UUID | None) -> dict[date, float]:
    statement = (
        select(TrackDay.ridden_on, func.sum(TrackDay.distance_metres))
        .join(Track, Track.id == TrackDay.track_id)
        .join(Trip, Trip.id == Track.trip_id)
        .where(Trip.rider_id == rider_id, is_listed_for(viewer_id))
        .group_by(TrackDay.ridden_on)
    )
    rows = await session.execute(statement)
    return {row[0]: row[1] for row in rows}


async def _countries(session: Session, rider_id: UUID, viewer_id: UUID | None) -> list[str]:
    """Most visited first."""
    code = func.unnest(Trip.countries).label("code")
    visits = (
        select(code).where(Trip.rider_id == rider_id, is_listed_for(viewer_id)).subquery("visits")
    )
    statement = (
        select(visits.c.code).group_by(visits.c.code).order_by(func.count().desc(), visits.c.code)
    )
    return list(await session.scalars(statement))


async def _years(session: Session, rider_id: UUID, viewer_id: UUID | None) -> dict[int, float]:
    when = func.coalesce(Track.started_at, Trip.starts_on, Trip.published_at)
    year = func.extract("year", when)
    statement = (
        select(year, func.sum(Track.distance_metres))
        .join(Trip, Trip.id == Track.trip_id)
        .where(Trip.rider_id == rider_id, is_listed_for(viewer_id))
        .where(Track.distance_metres.is_not(None))
        .group_by(year)
    )
    metres_by_year = {int(year): metres or 0.0 for year, metres in await session.execute(statement)}
    if not metres_by_year:
        return {}
    return {
        year: metres_by_year.get(year, 0.0)
        for year in range(min(metres_by_year), max(metres_by_year) + 1)
    }
