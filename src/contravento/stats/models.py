"""Totals of each rider's public trips, for the list of riders.

The database keeps these rows itself, by triggers on trips (see migrations), whoever writes there.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from contravento.kit.database.session import Table


class RiderTotals(Table):
    """A rider who has something that everyone may read.

    No foreign key: checking it would lock the rider, who may be about to be deleted by somebody
    who waits for a trip. A rider's last trip takes the row along.
    """

    __tablename__ = "diaries"
    __table_args__ = (Index("ix_diaries_wrote", text("wrote_at DESC"), text("rider_id DESC")),)

    rider_id: Mapped[UUID] = mapped_column(primary_key=True)
    trips: Mapped[int]
    distance_metres: Mapped[float]
    wrote_at: Mapped[datetime]
