"""The feed's topics: each public trip under its countries and tags.

The database keeps these rows itself, by triggers on trips (see migrations), whoever writes there.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from contravento.kit.database.session import Table
from contravento.trips.models import Trip


class TopicKind(StrEnum):
    COUNTRY = "country"
    TAG = "tag"


class Topic(Table):
    """In the order of the feed, so that a page of it is read where it stands."""

    __tablename__ = "topics"

    kind: Mapped[TopicKind] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(primary_key=True)
    published_at: Mapped[datetime] = mapped_column(primary_key=True)
    trip_id: Mapped[UUID] = mapped_column(
        ForeignKey(Trip.id, ondelete="cascade"), primary_key=True, index=True
    )
