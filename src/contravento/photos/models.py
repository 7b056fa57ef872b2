"""Photos, as stored: the rider's file, kept to ourselves, and the sizes that are shown."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contravento.kit.database.session import Table
from contravento.trips.models import Trip


class State(StrEnum):
    QUEUED = "queued"
    READY = "ready"
    UNREADABLE = "unreadable"


class Photo(Table):
    __tablename__ = "photos"
    __table_args__ = (Index("ix_photos_trip", "trip_id", "position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    trip_id: Mapped[UUID] = mapped_column(ForeignKey(Trip.id, ondelete="cascade"))
    file_name: Mapped[str]
    file_bytes: Mapped[int]
    file_key: Mapped[str]
    state: Mapped[State] = mapped_column(server_default=State.QUEUED)
    attempts: Mapped[int] = mapped_column(server_default="0")
    refusal: Mapped[dict[str, Any] | None]  # code, message, params: why it is unreadable
    position: Mapped[int]
    caption: Mapped[str] = mapped_column(server_default="")
    alt: Mapped[str] = mapped_column(server_default="")
    width: Mapped[int | None]
    height: Mapped[int | None]
    colour: Mapped[str | None]
    sizes: Mapped[dict[str, Any] | None]  # name: key, width, height, bytes
    taken_at: Mapped[datetime | None]  # by the camera's clock; never published
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    trip: Mapped[Trip] = relationship(lazy="raise")

    @property
    def is_settled(self) -> bool:
        return self.state in (State.READY, State.UNREADABLE)
