"""Photos, as stored: the rider's file, kept to ourselves, and the sizes that are shown."""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contravento.kit.database.session import Table
from contravento.kit.processing import Upload
from contravento.photos.errors import UnreadablePhoto
from contravento.trips.models import Trip


class PhotoState(StrEnum):
    QUEUED = "queued"
    READY = "ready"
    UNREADABLE = "unreadable"


class Photo(Upload[PhotoState], Table):
    READY, UNREADABLE, REFUSAL = PhotoState.READY, PhotoState.UNREADABLE, UnreadablePhoto

    __tablename__ = "photos"
    __table_args__ = (Index("ix_photos_trip", "trip_id", "position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    trip_id: Mapped[UUID] = mapped_column(ForeignKey(Trip.id, ondelete="cascade"))
    state: Mapped[PhotoState] = mapped_column(server_default=PhotoState.QUEUED)
    position: Mapped[int]
    caption: Mapped[str] = mapped_column(server_default="")
    alt: Mapped[str] = mapped_column(server_default="")
    width: Mapped[int | None]
    height: Mapped[int | None]
    colour: Mapped[str | None]
    sizes: Mapped[dict[str, Any] | None]  # name, or name.webp: key, width, height, bytes
    notes: Mapped[list[Any] | None]  # code, message: what was odd about a picture that is ready
    taken_at: Mapped[datetime | None]  # an instant, as far as the camera told it; never published
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    trip: Mapped[Trip] = relationship(lazy="raise")

    @property
    def version(self) -> str:
        """Another one whenever the sizes were made anew."""
        key = str((self.sizes or {}).get("small", {}).get("key", ""))
        return hashlib.sha256(key.encode()).hexdigest()[:8]

    @property
    def shown(self) -> dict[str, Any]:
        """What a page needs to show it. Those with a version have WebP beside their JPEG."""
        shown = {
            "photo_id": str(self.id),
            "width": self.width,
            "height": self.height,
            "colour": self.colour,
        }
        return shown | ({"version": self.version} if self.stored("small", "webp") else {})

    def stored(self, size: str, ending: str) -> dict[str, Any] | None:
        """Where a size is, in this format, and how large it is."""
        name = size if ending == "jpg" else f"{size}.{ending}"
        found: dict[str, Any] | None = (self.sizes or {}).get(name)
        return found
