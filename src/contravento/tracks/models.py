"""Tracks, as stored: the rider's file, what was read in it, and the points in a packed file."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contravento.kit.clock import now
from contravento.kit.database.session import Table
from contravento.kit.processing import Upload
from contravento.tracks.errors import UnreadableTrack
from contravento.trips.models import Trip


class TrackState(StrEnum):
    QUEUED = "queued"
    READING = "reading"
    READY = "ready"
    UNREADABLE = "unreadable"


class Track(Upload[TrackState], Table):
    """One uploaded file, with however many tracks, routes and segments are in it."""

    READY, UNREADABLE, REFUSAL = TrackState.READY, TrackState.UNREADABLE, UnreadableTrack

    __tablename__ = "tracks"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    trip_id: Mapped[UUID] = mapped_column(ForeignKey(Trip.id, ondelete="cascade"), index=True)
    state: Mapped[TrackState] = mapped_column(server_default=TrackState.QUEUED)
    report: Mapped[list[Any]] = mapped_column(server_default="[]")
    name: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    read_at: Mapped[datetime | None]

    # Measures, in metres, seconds and metres per second; empty until it is ready.
    distance_metres: Mapped[float | None]
    ascent_metres: Mapped[float | None]
    descent_metres: Mapped[float | None]
    highest_metres: Mapped[float | None]
    lowest_metres: Mapped[float | None]
    elapsed_seconds: Mapped[float | None]
    moving_seconds: Mapped[float | None]
    average_speed: Mapped[float | None]
    top_speed: Mapped[float | None]
    points: Mapped[int | None]
    segments: Mapped[int | None]
    tracks: Mapped[int | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    bounds: Mapped[list[Any] | None]  # west, south, east, north
    countries: Mapped[list[str]] = mapped_column(server_default="{}")
    outline: Mapped[list[Any] | None]  # lines of [longitude, latitude], a few hundred points
    profile: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    waypoints: Mapped[list[Any] | None] = mapped_column(deferred=True)
    climbs: Mapped[list[Any] | None] = mapped_column(deferred=True)
    gradients: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    transfers: Mapped[list[Any] | None] = mapped_column(deferred=True)
    points_key: Mapped[str | None]

    trip: Mapped[Trip] = relationship(lazy="raise")

    def begin_attempt(self) -> None:
        super().begin_attempt()
        self.state = TrackState.READING

    def settle(self, state: TrackState) -> None:
        super().settle(state)
        self.read_at = now()


class TrackDay(Table):
    """A day that a track was recorded on, in the local solar time of where it was ridden."""

    __tablename__ = "track_days"

    track_id: Mapped[UUID] = mapped_column(
        ForeignKey(Track.id, ondelete="cascade"), primary_key=True
    )
    ridden_on: Mapped[date] = mapped_column(primary_key=True)
    distance_metres: Mapped[float]
    ascent_metres: Mapped[float | None]
    highest_metres: Mapped[float | None]
