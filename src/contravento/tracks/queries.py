"""Queries for tracks. Who may see a trip may see its tracks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import cast, column, func, select, true
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.orm import joinedload, undefer

from contravento.kit.database.session import Session
from contravento.tracks.errors import TrackNotFound, TrackNotReady
from contravento.tracks.models import Track, TrackDay, TrackState
from contravento.tracks.rules import (
    MOST_TRANSFERS_SENT,
    MOST_WAYPOINTS_LISTED,
    MOST_WAYPOINTS_SENT,
)
from contravento.trips.models import Trip
from contravento.trips.queries import get_own_trip, is_visible_to


@dataclass(frozen=True, slots=True)
class RiddenDay:
    """What all tracks of a trip add up to on one day."""

    ridden_on: date
    distance_metres: float
    ascent_metres: float | None
    highest_metres: float | None


@dataclass(frozen=True, slots=True)
class RiddenTrack:
    """A track that can be shown, without what only its drawings need."""

    id: UUID
    name: str | None
    distance_metres: float
    moving_seconds: float | None
    average_speed: float | None
    top_speed: float | None
    bounds: list[float]  # west, south, east, north
    points: int
    points_key: str | None  # without one there is no line: the file marks places alone


@dataclass(frozen=True, slots=True)
class TrackAlong:
    """What is drawn along a track, as it is kept."""

    profile: dict[str, Any] | None
    distance_metres: float
    waypoints: list[dict[str, Any]]  # the first MOST_WAYPOINTS_LISTED
    climbs: list[dict[str, Any]]
    transfers: list[dict[str, Any]]
    gradients: dict[str, float]


async def get_track(session: Session, track_id: UUID, *, viewer_id: UUID | None) -> Track:
    return await _one(session, track_id, is_visible_to(viewer_id), with_profile=False)


async def get_track_with_profile(
    session: Session, track_id: UUID, *, viewer_id: UUID | None
) -> Track:
    return await _one(session, track_id, is_visible_to(viewer_id), with_profile=True)


async def get_own_track(session: Session, track_id: UUID, *, rider_id: UUID) -> Track:
    return await _one(session, track_id, Trip.rider_id == rider_id, with_profile=False)


async def get_own_track_to_change(session: Session, track_id: UUID, *, rider_id: UUID) -> Track:
    """With its trip locked, whose figures change with it."""
    track = await get_own_track(session, track_id, rider_id=rider_id)
    await get_own_trip(session, track.trip_id, rider_id=rider_id)
    return track


def check_ready(track: Track, *, viewer_id: UUID | None) -> Track:
    """Raises TrackNotReady to its rider, TrackNotFound to others."""
    if track.state is TrackState.READY:
        return track
    raise TrackNotReady if track.trip.rider_id == viewer_id else TrackNotFound


async def list_tracks(session: Session, trip_id: UUID) -> list[Track]:
    """All of a trip's files, as they were ridden; for whoever was already shown the trip."""
    statement = (
        select(Track)
        .where(Track.trip_id == trip_id)
        .order_by(Track.started_at.nulls_last(), Track.created_at, Track.id)
    )
    return list(await session.scalars(statement))


async def list_ready_tracks(session: Session, trip_id: UUID) -> list[Track]:
    """Those that a reader is shown, with their profiles."""
    statement = (
        select(Track)
        .where(Track.trip_id == trip_id, Track.state == TrackState.READY)
        .order_by(Track.started_at.nulls_last(), Track.created_at, Track.id)
        .options(undefer(Track.profile))
    )
    return list(await session.scalars(statement))


async def list_ridden(session: Session, trip_id: UUID) -> list[RiddenTrack]:
    """A trip's ready tracks in the order they were ridden; for whoever was shown the trip."""
    columns = [getattr(Track, name) for name in RiddenTrack.__dataclass_fields__]
    statement = (
        select(*columns)
        .where(Track.trip_id == trip_id, Track.state == TrackState.READY)
        .order_by(Track.started_at.nulls_last(), Track.created_at, Track.id)
    )
    return [RiddenTrack(*row) for row in await session.execute(statement)]


async def list_packed_otherwise(
    session: Session, ending: str, at_most: int
) -> list[tuple[UUID, str]]:
    """Tracks whose points are kept under a key with another ending, and that key."""
    chosen = (
        select(Track.id, Track.points_key)
        .where(Track.points_key.is_not(None), Track.points_key.not_like(f"%{ending}"))
        .limit(at_most)
    )
    return [(track_id, key or "") for track_id, key in await session.execute(chosen)]


async def list_without_climbs(session: Session, at_most: int) -> list[tuple[UUID, str]]:
    """Tracks with a line for which nobody looked, and the key of their points."""
    unknown = select(Track.id, Track.points_key).where(
        Track.state == TrackState.READY, Track.points_key.is_not(None), Track.climbs.is_(None)
    )
    rows = await session.execute(unknown.order_by(Track.id).limit(at_most))
    return [(track_id, key or "") for track_id, key in rows]


async def list_along(session: Session, trip_id: UUID) -> list[TrackAlong]:
    """What is drawn along those tracks, in the same order."""
    few = cast(f"$[0 to {MOST_WAYPOINTS_LISTED - 1}]", JSONPATH)
    statement = (
        select(
            Track.profile,
            Track.distance_metres,
            func.jsonb_path_query_array(Track.waypoints, few),
            Track.climbs,
            Track.transfers,
            Track.gradients,
        )
        .where(Track.trip_id == trip_id, Track.state == TrackState.READY)
        .order_by(Track.started_at.nulls_last(), Track.created_at, Track.id)
    )
    return [
        TrackAlong(
            profile, metres or 0.0, waypoints or [], climbs or [], transfers or [], gradients or {}
        )
        for profile, metres, waypoints, climbs, transfers, gradients in await session.execute(
            statement
        )
    ]


async def list_waypoints(session: Session, trip_id: UUID) -> list[tuple[UUID, dict[str, Any]]]:
    """The first MOST_WAYPOINTS_SENT places that a trip's files mark, each with its track."""
    elements = func.jsonb_array_elements(Track.waypoints)
    places = elements.table_valued(column("value", JSONB)).lateral("place")
    statement = (
        select(Track.id, places.c.value)
        .join_from(Track, places, true())
        .where(Track.trip_id == trip_id, Track.state == TrackState.READY)
        .order_by(Track.started_at.nulls_last(), Track.created_at, Track.id)
        .limit(MOST_WAYPOINTS_SENT)
    )
    return [(track_id, place) for track_id, place in await session.execute(statement)]


async def list_transfers(session: Session, trip_id: UUID) -> list[dict[str, Any]]:
    """The first MOST_TRANSFERS_SENT ways of a trip that were not ridden, as they are kept."""
    elements = func.jsonb_array_elements(Track.transfers)
    transfers = elements.table_valued(column("value", JSONB)).lateral("transfer")
    statement = (
        select(transfers.c.value)
        .join_from(Track, transfers, true())
        .where(Track.trip_id == trip_id, Track.state == TrackState.READY)
        .order_by(Track.started_at.nulls_last(), Track.created_at, Track.id)
        .limit(MOST_TRANSFERS_SENT)
    )
    return list(await session.scalars(statement))


async def list_days(session: Session, trip_id: UUID) -> Sequence[RiddenDay]:
    statement = (
        select(
            TrackDay.ridden_on,
            func.sum(TrackDay.distance_metres),
            func.sum(TrackDay.ascent_metres),
            func.max(TrackDay.highest_metres),
        )
        .join(Track, Track.id == TrackDay.track_id)
        .where(Track.trip_id == trip_id)
        .group_by(TrackDay.ridden_on)
        .order_by(TrackDay.ridden_on)
    )
    return [RiddenDay(*row) for row in await session.execute(statement)]


async def sum_file_bytes(session: Session, *, rider_id: UUID) -> int:
    """Of all that the rider sent and that is kept, readable or not."""
    sent = select(func.coalesce(func.sum(Track.file_bytes), 0)).join(Track.trip)
    return await session.scalar(sent.where(Trip.rider_id == rider_id)) or 0


async def list_unreadable(session: Session, before: datetime, at_most: int) -> list[Track]:
    """Those sent before then, with their trips."""
    statement = (
        select(Track)
        .where(Track.state == TrackState.UNREADABLE, Track.created_at < before)
        .options(joinedload(Track.trip, innerjoin=True))
        .limit(at_most)
    )
    return list(await session.scalars(statement))


async def count_tracks(session: Session, trip_id: UUID) -> int:
    return await session.scalar(select(func.count()).where(Track.trip_id == trip_id)) or 0


async def _one(session: Session, track_id: UUID, allowed: object, *, with_profile: bool) -> Track:
    statement = (
        select(Track)
        .join(Track.trip)
        .where(Track.id == track_id, allowed)  # type: ignore[arg-type]
        .options(joinedload(Track.trip, innerjoin=True))
    )
    if with_profile:
        statement = statement.options(undefer(Track.profile))
    track = await session.scalar(statement)
    if track is None:
        raise TrackNotFound
    return track
