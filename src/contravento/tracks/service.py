"""Everything that changes a track."""

from typing import Any, BinaryIO
from uuid import UUID

import numpy as np
from sqlalchemy import delete, select, update
from sqlalchemy.orm import undefer

from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.delete_after_commit import delete_after_commit
from contravento.kit.jobs import job
from contravento.kit.resources import Resources
from contravento.kit.storage.storage import Storage, StorageAway, random_key
from contravento.kit.telemetry import metrics
from contravento.tracks import drawing, queries
from contravento.tracks.analysis.profile import Profile
from contravento.tracks.errors import TooManyTracks, UnreadableTrack
from contravento.tracks.models import State, Track, TrackDay
from contravento.tracks.pipeline import Digest, digest
from contravento.tracks.recording import Remark
from contravento.tracks.rules import MAX_READING_ATTEMPTS, MAX_TRACKS_PER_TRIP
from contravento.trips.models import Trip
from contravento.trips.queries import get_own_trip
from contravento.trips.service import date_by_tracks


async def upload_track(
    session: Session,
    trip_id: UUID,
    file: BinaryIO,
    *,
    file_name: str,
    file_bytes: int,
    rider_id: UUID,
    storage: Storage,
) -> Track:
    """Keep the rider's file now, safe on disk; find out later what is in it."""
    key = random_key("tracks")
    async with storage.putting(key, file):
        await get_own_trip(session, trip_id, rider_id=rider_id)
        if await queries.count_tracks(session, trip_id) >= MAX_TRACKS_PER_TRIP:
            raise TooManyTracks(limit=MAX_TRACKS_PER_TRIP)
        track = Track(trip_id=trip_id, file_name=file_name, file_bytes=file_bytes, file_key=key)
        session.add(track)
        await session.flush()
        await read_track.later(session, track_id=track.id)
    return track


async def delete_track(session: Session, track_id: UUID, *, rider_id: UUID) -> Trip:
    """Take a track out; the trip adds up again without it."""
    track = await queries.get_own_track(session, track_id, rider_id=rider_id)
    trip = await get_own_trip(session, track.trip_id, rider_id=rider_id)
    await delete_after_commit(session, track.file_key, track.points_key)
    await session.delete(track)
    await session.flush()
    await _add_up(session, trip)
    return trip


async def forget_trip(session: Session, trip_id: UUID) -> None:
    """The trip is about to be deleted, and its tracks' rows with it."""
    await _forget(session, Track.trip_id == trip_id)


async def forget_rider(session: Session, rider_id: UUID) -> None:
    trips = select(Trip.id).where(Trip.rider_id == rider_id)
    await _forget(session, Track.trip_id.in_(trips))


@job("tracks.read", priority=5)
async def read_track(resources: Resources, *, track_id: UUID) -> None:
    """Find out what is in an uploaded file, measure it and make it ready to be drawn."""
    async with resources.transaction() as session:
        track = await _begin_reading(session, track_id)
    if track is None:
        return
    try:
        await _read(resources, track)
    except StorageAway:
        async with resources.transaction() as session:
            await _take_back_attempt(session, track_id)
        raise


async def _read(resources: Resources, track: Track) -> None:
    track_id = track.id
    try:
        with metrics.processing(metrics.TRACKS_PROCESSED, metrics.TRACK_SECONDS, UnreadableTrack):
            found = await resources.compute(
                digest, await resources.storage.get(track.file_key), track.file_name
            )
            countries = await resources.compute(drawing.find_countries, found.outline)
    except UnreadableTrack as refusal:
        async with resources.transaction() as session:
            await _refuse(session, track_id, refusal)
        return
    key = random_key("points")
    await resources.storage.put(key, found.packed)
    async with resources.transaction() as session:
        if not await _finish_reading(session, track_id, found, countries, key):
            await delete_after_commit(session, key)


@job("tracks.draw_trip")
async def draw_trip(resources: Resources, *, trip_id: UUID) -> None:
    """Draw a trip's small outline and large sheet anew from the tracks that it has now."""
    async with resources.transaction() as session:
        tracks = await queries.list_tracks(session, trip_id)
        lines = [track.outline for track in tracks if track.outline]
    outline, sheet = await resources.compute(drawing.draw, lines) if lines else (None, None)
    async with resources.transaction() as session:
        await session.execute(
            update(Trip).where(Trip.id == trip_id).values(outline=outline, sheet=sheet)
        )


async def _begin_reading(session: Session, track_id: UUID) -> Track | None:
    """The track, if it still waits to be read; one that failed too often is given up."""
    track = await session.get(Track, track_id, with_for_update=True)
    if track is None or track.is_settled:
        return None
    if track.attempts >= MAX_READING_ATTEMPTS:
        _settle_unreadable(track, UnreadableTrack())
        return None
    track.attempts += 1
    track.state = State.READING
    return track


async def _take_back_attempt(session: Session, track_id: UUID) -> None:
    """The file is not to blame where it could not be fetched, or what was found not be kept."""
    await session.execute(
        update(Track).where(Track.id == track_id).values(attempts=Track.attempts - 1)
    )


async def _refuse(session: Session, track_id: UUID, refusal: UnreadableTrack) -> None:
    track = await session.get(Track, track_id, with_for_update=True)
    if track is not None:
        _settle_unreadable(track, refusal)


def _settle_unreadable(track: Track, refusal: UnreadableTrack) -> None:
    track.state = State.UNREADABLE
    track.read_at = now()
    track.refusal = {
        "code": refusal.kind,
        "message": refusal.message,
        "params": refusal.params,
    }


async def _finish_reading(
    session: Session, track_id: UUID, found: Digest, countries: list[str], points_key: str
) -> bool:
    """Whether the track was still there and still waiting."""
    track = await session.get(Track, track_id, options=[undefer(Track.profile)])
    if track is None or track.is_settled:
        return False
    trip = await session.get_one(Trip, track.trip_id, with_for_update=True)
    _fill(track, found, countries, points_key)
    await session.execute(delete(TrackDay).where(TrackDay.track_id == track_id))
    session.add_all(
        TrackDay(
            track_id=track_id,
            ridden_on=day.on,
            distance_metres=day.distance_metres,
            ascent_metres=day.ascent_metres,
            highest_metres=day.highest_metres,
        )
        for day in found.measures.days
    )
    await session.flush()
    if days := [day.on for day in found.measures.days]:
        await date_by_tracks(session, trip, min(days), max(days))
    await _add_up(session, trip)
    return True


_MEASURES = (
    *("distance_metres", "ascent_metres", "descent_metres", "highest_metres", "lowest_metres"),
    *("elapsed_seconds", "moving_seconds", "average_speed", "top_speed"),
    *("points", "segments", "tracks", "started_at", "ended_at"),
)


def _fill(track: Track, found: Digest, countries: list[str], points_key: str) -> None:
    for name in _MEASURES:
        setattr(track, name, getattr(found.measures, name))
    track.bounds = list(found.measures.bounds)
    track.report = [_kept_remark(remark) for remark in found.report]
    track.name = found.name
    track.outline = found.outline
    track.profile = _kept_profile(found.profile) if found.profile else None
    track.countries = countries
    track.points_key = points_key
    track.state = State.READY
    track.read_at = now()


def _kept_profile(profile: Profile) -> dict[str, Any]:
    """The samples as JSON: metres and per cent to one decimal, degrees to five."""
    return {
        "distance_metres": profile.distance_metres.round(1).tolist(),
        "elevation_metres": profile.elevation_metres.round(1).tolist(),
        "grade_percent": profile.grade_percent.round(1).tolist(),
        "coordinates": np.stack((profile.lon, profile.lat), axis=1).round(5).tolist(),
    }


def _kept_remark(remark: Remark) -> dict[str, Any]:
    return {"code": remark.code, "message": remark.message, "params": remark.params}


async def _add_up(session: Session, trip: Trip) -> None:
    """Write on the trip what its tracks come to, and have it drawn anew."""
    ready = [track for track in await queries.list_tracks(session, trip.id) if track.points]
    for name in ("distance_metres", "ascent_metres", "descent_metres"):
        setattr(trip, name, _total([getattr(track, name) for track in ready]))
    for name in ("elapsed_seconds", "moving_seconds"):
        setattr(trip, name, _total([getattr(track, name) for track in ready]))
    highest = [track.highest_metres for track in ready if track.highest_metres is not None]
    lowest = [track.lowest_metres for track in ready if track.lowest_metres is not None]
    trip.highest_metres = max(highest, default=None)
    trip.lowest_metres = min(lowest, default=None)
    trip.countries = list(dict.fromkeys(code for track in ready for code in track.countries))
    await draw_trip.later(session, trip_id=trip.id)


def _total(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


async def _forget(session: Session, which: Any) -> None:
    rows = await session.execute(select(Track.file_key, Track.points_key).where(which))
    await delete_after_commit(session, *(key for row in rows for key in row))
