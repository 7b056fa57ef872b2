"""Trips, with the totals of their tracks and photos."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contravento.accounts.models import Rider
from contravento.kit.database.session import Table
from contravento.trips.rules import Audience, make_slug


class Trip(Table):
    __tablename__ = "trips"
    __table_args__ = (
        Index(
            "ix_trips_feed",
            text("published_at DESC"),
            text("id DESC"),
            postgresql_where=text("published_at IS NOT NULL AND audience = 'everyone'"),
        ),
        Index("ix_trips_rider", "rider_id", text("published_at DESC")),
        Index("ix_trips_tags", "tags", postgresql_using="gin"),
        Index("ix_trips_countries", "countries", postgresql_using="gin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    rider_id: Mapped[UUID] = mapped_column(ForeignKey(Rider.id, ondelete="cascade"))
    key: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str] = mapped_column(server_default="")
    story: Mapped[str] = mapped_column(server_default="")
    excerpt: Mapped[str] = mapped_column(server_default="")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    tags: Mapped[list[str]] = mapped_column(server_default="{}")
    audience: Mapped[Audience] = mapped_column(server_default=Audience.EVERYONE)
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())

    # What the tracks add up to; empty where there is none.
    distance_metres: Mapped[float | None]
    ascent_metres: Mapped[float | None]
    descent_metres: Mapped[float | None]
    highest_metres: Mapped[float | None]
    lowest_metres: Mapped[float | None]
    elapsed_seconds: Mapped[float | None]
    moving_seconds: Mapped[float | None]
    countries: Mapped[list[str]] = mapped_column(server_default="{}")
    outline: Mapped[dict[str, Any] | None]  # a small drawing for lists
    sheet: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)  # a large one
    # The first photo, as a list shows it.
    cover: Mapped[dict[str, Any] | None]

    rider: Mapped[Rider] = relationship(lazy="raise")

    @property
    def is_published(self) -> bool:
        return self.published_at is not None

    @property
    def slug(self) -> str:
        return make_slug(self.title, self.key)

    @property
    def days(self) -> int | None:
        """How many days it took by its dates, the first and the last included."""
        if self.starts_on is None:
            return None
        return ((self.ends_on or self.starts_on) - self.starts_on).days + 1
