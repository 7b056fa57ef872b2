"""Everything that changes a track."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict
from io import BytesIO
from typing import Any, BinaryIO
from uuid import UUID

import numpy as np
from sqlalchemy import delete, select, update
from sqlalchemy.orm import undefer

from contravento.kit import processing
from contravento.kit.clock import now
from contravento.kit.database.session import Session
from contravento.kit.delete_after_commit import delete_after_commit
from contravento.kit.jobs import job
from contravento.kit.resources import Resources
from contravento.kit.storage.backend import FileMissing
from contravento.kit.storage.storage import Storage, random_key
from contravento.kit.telemetry import metrics
from contravento.kit.text_rules import clean_line, safe_file_name
from contravento.tracks import drawing, queries
from contravento.tracks.analysis.profile import Profile
from contravento.tracks.codec import PACKED_ENDING, repack
from contravento.tracks.errors import TooManyTracks, UnreadableTrack
from contravento.tracks.models import Track, TrackDay, TrackState
from contravento.tracks.pipeline import Digest, digest, find_packed_climbs
from contravento.tracks.reading import archive
from contravento.tracks.recording import Remark
from contravento.tracks.rules import MAX_TRACKS_PER_TRIP
from contravento.trips.models import Trip
from contravento.trips.queries import get_own_trip
from contravento.trips.service import date_by_tracks

REPACKED_AT_ONCE = 100


async def upload_tracks(
    session: Session,
    trip_id: UUID,
    file: BinaryIO,
    *,
    file_name: str,
    file_bytes: int,
    rider_id: UUID,
    storage: Storage,
) -> list[Track]:
    """Keep the rider's file now, safe on disk; find out later what is in it.

    Of a zip archive with several tracks each is kept as a file of its own. The trip is locked only
    once all are stored, so that uploads do not wait for each other.
    """
    tracks: list[Track] = []
    async with AsyncExitStack() as stored:
        async for name, opened, size_bytes in _files_of(file, file_name, file_bytes):
            key = random_key("tracks")
            await stored.enter_async_context(storage.putting(key, opened))
            tracks.append(
                Track(trip_id=trip_id, file_name=name, file_bytes=size_bytes, file_key=key)
            )
        await get_own_trip(session, trip_id, rider_id=rider_id)
        if await queries.count_tracks(session, trip_id) + len(tracks) > MAX_TRACKS_PER_TRIP:
            raise TooManyTracks(limit=MAX_TRACKS_PER_TRIP)
        session.add_all(tracks)
        await session.flush()
        for track in tracks:
            await read_track.later_in_turn(f"tracks-of-{rider_id}", session, track_id=track.id)
    return tracks


async def _files_of(
    file: BinaryIO, file_name: str, file_bytes: int
) -> AsyncIterator[tuple[str, BinaryIO, int]]:
    """Name, content and length of each track's file; unpacked in a thread, one at a time."""
    is_one = (
        not archive.is_archive(file) or await asyncio.to_thread(archive.count_members, file) < 2
    )
    if is_one:
        file.seek(0)
        yield file_name, file, file_bytes
        return
    members = archive.read_members(file)
    while member := await asyncio.to_thread(next, members, None):
        yield safe_file_name(member.name), BytesIO(member.content), len(member.content)


async def delete_track(session: Session, trip: Trip, track: Track) -> None:
    """Take a track out; the trip adds up again without it."""
    await delete_after_commit(session, track.file_key, track.points_key)
    await session.delete(track)
    await session.flush()
    await _add_up(session, trip)


async def forget_trip(session: Session, trip_id: UUID) -> None:
    """The trip is about to be deleted, and its tracks' rows with it."""
    await _forget(session, Track.trip_id == trip_id)


async def forget_rider(session: Session, rider_id: UUID) -> None:
    trips = select(Trip.id).where(Trip.rider_id == rider_id)
    await _forget(session, Track.trip_id.in_(trips))


@job("tracks.read", priority=5)
async def read_track(resources: Resources, *, track_id: UUID) -> None:
    """Find out what is in an uploaded file, measure it and make it ready to be drawn."""
    async with processing.attempt(resources, Track, track_id) as track:
        if track is not None:
            await _read(resources, track)


async def _read(resources: Resources, track: Track) -> None:
    with metrics.processing(metrics.TRACKS_PROCESSED, metrics.TRACK_SECONDS, UnreadableTrack):
        content = await resources.storage.get(track.file_key)
        read = await resources.compute(digest, content, track.file_name)
        countries = await resources.compute(drawing.find_countries, read.outline)
    key = random_key("points", PACKED_ENDING) if read.packed else None
    if key:
        await resources.storage.put(key, read.packed)
    async with resources.transaction() as session:
        if not await _finish_reading(session, track.id, read, countries, key):
            await delete_after_commit(session, key)


@job("tracks.remove_unreadable")
async def remove_unreadable_tracks(resources: Resources) -> None:
    """A week after they were sent: their rider was told why, and they take up room."""
    async with resources.transaction() as session:
        before = now() - processing.KEEP_UNREADABLE
        tracks = await queries.list_unreadable(session, before, processing.REMOVED_AT_ONCE)
        await delete_after_commit(session, *(track.file_key for track in tracks))
        for track in tracks:
            await session.delete(track)
        if len(tracks) == processing.REMOVED_AT_ONCE:
            await remove_unreadable_tracks.later(session)


@job("tracks.repack")
async def repack_tracks(resources: Resources) -> None:
    """Pack points of earlier versions anew, so that they can be read piece by piece."""
    async with resources.transaction() as session:
        earlier = await queries.list_packed_otherwise(session, PACKED_ENDING, REPACKED_AT_ONCE)
    for track_id, points_key in earlier:
        packed = await resources.compute(repack, await resources.storage.get(points_key))
        key = random_key("points", PACKED_ENDING)
        await resources.storage.put(key, packed)
        async with resources.transaction() as session:
            track = await session.get(Track, track_id, with_for_update=True)
            is_wanted = track is not None and track.points_key == points_key
            if track and is_wanted:
                track.points_key = key
            await delete_after_commit(session, points_key if is_wanted else key)
    if len(earlier) == REPACKED_AT_ONCE:
        async with resources.transaction() as session:
            await repack_tracks.later(session)


@job("tracks.find_climbs")
async def find_climbs_of_earlier_tracks(resources: Resources) -> None:
    """Of tracks that were read before climbs were looked for."""
    async with resources.transaction() as session:
        earlier = await queries.list_without_climbs(session, REPACKED_AT_ONCE)
    for track_id, points_key in earlier:
        along: dict[str, Any] = {"climbs": []}  # where the points are gone, none are found ever
        with suppress(FileMissing):
            packed = await resources.storage.get(points_key)
            climbs, gradients = await resources.compute(find_packed_climbs, packed)
            along["climbs"] = [_rounded(asdict(climb)) for climb in climbs]
            along["gradients"] = _rounded(gradients) if gradients else None
        async with resources.transaction() as session:
            is_it = Track.id == track_id, Track.points_key == points_key
            await session.execute(update(Track).where(*is_it).values(along))
    if len(earlier) == REPACKED_AT_ONCE:
        async with resources.transaction() as session:
            await find_climbs_of_earlier_tracks.later(session)


@job("tracks.draw_trip")
async def draw_trip(resources: Resources, *, trip_id: UUID) -> None:
    """Draw a trip's small outline and large sheet anew from the tracks that it has now."""
    async with resources.transaction() as session:
        tracks = await queries.list_tracks(session, trip_id)
        lines = [track.outline for track in tracks if track.outline]
        transfers = await queries.list_transfers(session, trip_id)
    outline, sheet = (
        await resources.compute(drawing.draw, lines, transfers) if lines else (None, None)
    )
    async with resources.transaction() as session:
        await session.execute(
            update(Trip).where(Trip.id == trip_id).values(outline=outline, sheet=sheet)
        )


async def _finish_reading(
    session: Session, track_id: UUID, read: Digest, countries: list[str], points_key: str | None
) -> bool:
    """Whether the track was still there and still waiting."""
    track = await processing.find_waiting(
        session, Track, track_id, is_locked=False, options=[undefer(Track.profile)]
    )
    if track is None:
        return False
    trip = await session.get_one(Trip, track.trip_id, with_for_update=True)
    _store_measures(track, read, countries, points_key)
    await session.execute(delete(TrackDay).where(TrackDay.track_id == track_id))
    session.add_all(
        TrackDay(
            track_id=track_id,
            ridden_on=day.on,
            distance_metres=day.distance_metres,
            ascent_metres=day.ascent_metres,
            highest_metres=day.highest_metres,
        )
        for day in read.measures.days
    )
    await session.flush()
    if days := [day.on for day in read.measures.days]:
        await date_by_tracks(session, trip, min(days), max(days))
    await _add_up(session, trip)
    return True


_MEASURES = (
    "distance_metres",
    "ascent_metres",
    "descent_metres",
    "highest_metres",
    "lowest_metres",
    "elapsed_seconds",
    "moving_seconds",
    "average_speed",
    "top_speed",
    "points",
    "segments",
    "tracks",
    "started_at",
    "ended_at",
)


def _store_measures(
    track: Track, read: Digest, countries: list[str], points_key: str | None
) -> None:
    for name in _MEASURES:
        setattr(track, name, getattr(read.measures, name))
    track.bounds = list(read.measures.bounds)
    track.report = [_remark_to_json(remark) for remark in read.report]
    track.name = clean_line(read.name) if read.name else None
    track.outline = read.outline
    track.profile = _profile_to_json(read.profile) if read.profile else None
    track.waypoints = [asdict(waypoint) for waypoint in read.waypoints]
    track.climbs = [_rounded(asdict(climb)) for climb in read.measures.climbs]
    track.gradients = _rounded(read.measures.gradients) if read.measures.gradients else None
    track.transfers = [asdict(transfer) for transfer in read.transfers]
    track.countries = countries
    track.points_key = points_key
    track.settle(TrackState.READY)


def _profile_to_json(profile: Profile) -> dict[str, Any]:
    """The samples as JSON: metres and per cent to one decimal, degrees to five."""
    return {
        "distance_metres": profile.distance_metres.round(1).tolist(),
        "elevation_metres": profile.elevation_metres.round(1).tolist(),
        "grade_percent": profile.grade_percent.round(1).tolist(),
        "coordinates": np.stack((profile.lon, profile.lat), axis=1).round(5).tolist(),
    }


def _rounded(figures: dict[str, Any]) -> dict[str, Any]:
    return {
        name: round(value, 1) if isinstance(value, float) else value
        for name, value in figures.items()
    }


def _remark_to_json(remark: Remark) -> dict[str, Any]:
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
    measured = [value for value in values if value is not None]
    return sum(measured) if measured else None


async def _forget(session: Session, which: Any) -> None:
    rows = await session.execute(select(Track.file_key, Track.points_key).where(which))
    await delete_after_commit(session, *(key for row in rows for key in row))
