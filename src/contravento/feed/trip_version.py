"""Whether a trip's page has changed, in one statement."""

from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    String,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import InstrumentedAttribute

from contravento.accounts.models import Rider
from contravento.kit.database.session import Reader
from contravento.photos.models import Photo
from contravento.tracks.models import Track, TrackDay
from contravento.trips.errors import TripNotFound
from contravento.trips.models import Trip
from contravento.trips.queries import is_visible_to
from contravento.trips.rules import Audience, key_in, make_slug


@dataclass(frozen=True, slots=True)
class TripVersion:
    """`version` is another one as soon as anything that the trip's page shows has changed."""

    id: UUID
    rider_id: UUID
    slug: str
    audience: Audience
    is_published: bool
    version: str


async def get_trip_version(reader: Reader, slug: str, *, viewer_id: UUID | None) -> TripVersion:
    """Raises TripNotFound, also for whoever may not see it."""
    values = {"key": key_in(slug), "viewer_id": viewer_id}
    row = (await reader.execute(_statement(viewer_id is not None), values)).one_or_none()
    if row is None:
        raise TripNotFound
    trip_id, rider_id, title, key, *rest = row
    return TripVersion(trip_id, rider_id, make_slug(title, key), *rest)


@cache
def _statement(has_viewer: bool) -> Select[Any]:
    """PostgreSQL gives each version of a row a place, and a transaction that wrote it.

    Both may come again once a server was set back to an earlier moment, but not before it is
    started anew.
    """
    viewer_id = bindparam("viewer_id", type_=Trip.id.type) if has_viewer else None
    days = TrackDay.__table__.join(Track.__table__)
    version = func.concat_ws(
        " ",
        func.pg_postmaster_start_time(),
        _row_version("trips"),
        _row_version("riders"),
        _row_versions("tracks", Track.__table__, Track.trip_id),
        _row_versions("track_days", days, Track.trip_id),
        _row_versions("photos", Photo.__table__, Photo.trip_id),
    )
    is_published = Trip.published_at.is_not(None)
    columns = (Trip.id, Trip.rider_id, Trip.title, Trip.key, Trip.audience, is_published)
    return (
        select(*columns, version)
        .join(Rider, Rider.id == Trip.rider_id)
        .where(Trip.key == bindparam("key", type_=String), is_visible_to(viewer_id))
    )


def _row_versions(
    table: str, rows: FromClause, trip_id: InstrumentedAttribute[UUID]
) -> ColumnElement[str]:
    order: Any = aggregate_order_by(literal_column("' '"), literal_column(f"{table}.ctid"))
    versions = select(func.string_agg(_row_version(table), order)).select_from(rows)
    return versions.where(trip_id == Trip.id).correlate(Trip).scalar_subquery()


def _row_version(table: str) -> ColumnElement[str]:
    return func.concat(literal_column(f"{table}.xmin"), literal_column(f"{table}.ctid"))
