"""Trips as JSON."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from fastapi import APIRouter, Request, status
from pydantic import BaseModel

from contravento.api.route import ApiRoute
from contravento.http.cache_control import share_trip
from contravento.http.dependencies import (
    MaybeViewer,
    PublicSession,
    SignedIn,
    Transaction,
    viewer_id_of,
)
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


@router.post("", status_code=status.HTTP_201_CREATED, summary="Start a trip")
async def start(draft: TripDraft, session: Transaction, viewer: SignedIn) -> TripOut:
    return TripOut.of(await service.start_trip(session, draft, rider_id=viewer.id))


@router.get("/{trip_id}", summary="Read a trip")
async def show(
    trip_id: UUID, request: Request, session: PublicSession, viewer: MaybeViewer
) -> TripOut:
    trip = await queries.get_trip(session, trip_id, viewer_id=viewer_id_of(viewer))
    share_trip(request, trip)
    return TripOut.of(trip)


@router.patch("/{trip_id}", summary="Change a trip")
async def change(
    trip_id: UUID, changes: TripChanges, session: Transaction, viewer: SignedIn
) -> TripOut:
    """Only what is named changes."""
    return TripOut.of(await service.change_trip(session, trip_id, changes, rider_id=viewer.id))


@router.delete("/{trip_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Delete a trip")
async def delete(trip_id: UUID, session: Transaction, viewer: SignedIn) -> None:
    await service.delete_trip(session, trip_id, rider_id=viewer.id)


@router.put("/{trip_id}/publication", summary="Publish a trip")
async def publish(trip_id: UUID, session: Transaction, viewer: SignedIn) -> TripOut:
    return TripOut.of(await service.publish_trip(session, trip_id, rider_id=viewer.id))


@router.delete("/{trip_id}/publication", summary="Take a trip back to the drafts")
async def unpublish(trip_id: UUID, session: Transaction, viewer: SignedIn) -> TripOut:
    return TripOut.of(await service.unpublish_trip(session, trip_id, rider_id=viewer.id))
