"""Trips as JSON."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from fastapi import APIRouter, status
from pydantic import BaseModel

from contravento.api.route import ApiRoute
from contravento.http import MaybeViewer, SignedIn, Transaction
from contravento.trips import queries, service
from contravento.trips.inputs import TripChanges, TripDraft
from contravento.trips.models import Trip
from contravento.trips.rules import Audience

router = APIRouter(prefix="/trips", tags=["trips"], route_class=ApiRoute)


class TripOut(BaseModel):
    id: UUID
    slug: str
    title: str
    story: str
    starts_on: date | None
    ends_on: date | None
    tags: list[str]
    audience: Audience
    rider: str
    is_published: bool
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    distance_metres: float | None
    ascent_metres: float | None
    descent_metres: float | None
    highest_metres: float | None
    lowest_metres: float | None
    elapsed_seconds: float | None
    moving_seconds: float | None
    countries: list[str]

    @classmethod
    def of(cls, trip: Trip) -> Self:
        return cls(
            **{name: getattr(trip, name) for name in cls.model_fields if name != "rider"},
            rider=trip.rider.username,
        )


@router.post("", status_code=status.HTTP_201_CREATED)
async def start(draft: TripDraft, session: Transaction, viewer: SignedIn) -> TripOut:
    return TripOut.of(await service.start_trip(session, draft, rider_id=viewer.id))


@router.get("/{trip_id}")
async def show(trip_id: UUID, session: Transaction, viewer: MaybeViewer) -> TripOut:
    viewer_id = viewer.id if viewer else None
    return TripOut.of(await queries.get_trip(session, trip_id, viewer_id=viewer_id))


@router.patch("/{trip_id}")
async def change(
    trip_id: UUID, changes: TripChanges, session: Transaction, viewer: SignedIn
) -> TripOut:
    return TripOut.of(await service.change_trip(session, trip_id, changes, rider_id=viewer.id))


@router.delete("/{trip_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete(trip_id: UUID, session: Transaction, viewer: SignedIn) -> None:
    await service.delete_trip(session, trip_id, rider_id=viewer.id)


@router.put("/{trip_id}/publication")
async def publish(trip_id: UUID, session: Transaction, viewer: SignedIn) -> TripOut:
    return TripOut.of(await service.publish_trip(session, trip_id, rider_id=viewer.id))


@router.delete("/{trip_id}/publication")
async def unpublish(trip_id: UUID, session: Transaction, viewer: SignedIn) -> TripOut:
    return TripOut.of(await service.unpublish_trip(session, trip_id, rider_id=viewer.id))
