"""What is on a trip's map besides its line, as JSON: marked places, and ways not ridden."""

from typing import Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from contravento.api.route import ApiRoute
from contravento.http import conditional
from contravento.http.cache_control import share_trip
from contravento.http.dependencies import MaybeViewer, PublicSession, viewer_id_of
from contravento.tracks import queries
from contravento.trips import queries as trips

router = APIRouter(tags=["tracks"], route_class=ApiRoute)


class PlacesOut(BaseModel):
    """A GeoJSON FeatureCollection. A place has the properties name, kind (the file's own word for
    what is there), note, elevation_metres and track_id."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]


_PLACES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The places",
        "content": {conditional.GEOJSON: {"schema": PlacesOut.model_json_schema()}},
    }
}


@router.get(
    "/trips/{trip_id}/waypoints",
    response_model=None,
    responses=_PLACES,
    summary="List the places that a trip's files mark",
)
async def waypoints(
    trip_id: UUID, request: Request, session: PublicSession, viewer: MaybeViewer
) -> Response:
    """A Point for each, at most 2,000, in the order of the tracks."""
    share_trip(request, await trips.get_trip(session, trip_id, viewer_id=viewer_id_of(viewer)))
    places = await queries.list_waypoints(session, trip_id)
    return _send([_feature_of(place, track_id) for track_id, place in places])


@router.get(
    "/trips/{trip_id}/transfers",
    response_model=None,
    responses=_PLACES,
    summary="List the ways of a trip that were not ridden",
)
async def transfers(
    trip_id: UUID, request: Request, session: PublicSession, viewer: MaybeViewer
) -> Response:
    """A straight line for each train, ferry or plane that took over while a track was recorded, at
    most 1,000, with its `distance_metres`."""
    share_trip(request, await trips.get_trip(session, trip_id, viewer_id=viewer_id_of(viewer)))
    features = [
        {
            "type": "Feature",
            "properties": {"distance_metres": transfer["metres"]},
            "geometry": {
                "type": "LineString",
                "coordinates": [transfer["begins"], transfer["ends"]],
            },
        }
        for transfer in await queries.list_transfers(session, trip_id)
    ]
    return _send(features)


def _send(features: list[dict[str, Any]]) -> Response:
    body = orjson.dumps({"type": "FeatureCollection", "features": features})
    return Response(body, media_type=conditional.GEOJSON)


def _feature_of(place: dict[str, Any], track_id: UUID) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {
            "name": place["name"],
            "kind": place["kind"],
            "note": place["note"],
            "elevation_metres": place["elevation"],
            "track_id": str(track_id),
        },
        "geometry": {"type": "Point", "coordinates": [place["lon"], place["lat"]]},
    }
