"""When X happens in one domain, Y happens in another: the whole list."""

from collections.abc import Iterable
from typing import cast

from contravento.accounts.events import RiderDeleted
from contravento.kit import idempotency
from contravento.kit.database.session import Session
from contravento.kit.events import Event, Reaction
from contravento.photos import service as photos
from contravento.tracks import service as tracks
from contravento.trips.events import TripDeleted


async def _forget_trips_files(session: Session, event: Event) -> None:
    trip_id = cast(TripDeleted, event).trip_id
    await tracks.forget_trip(session, trip_id)
    await photos.forget_trip(session, trip_id)


async def _forget_rider(session: Session, event: Event) -> None:
    rider_id = cast(RiderDeleted, event).rider_id
    await tracks.forget_rider(session, rider_id)
    await photos.forget_rider(session, rider_id)
    await idempotency.forget_rider(session, rider_id)


REACTIONS: dict[type[Event], Iterable[Reaction]] = {
    TripDeleted: [_forget_trips_files],
    RiderDeleted: [_forget_rider],
}
