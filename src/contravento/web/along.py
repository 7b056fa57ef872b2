"""What stands along a trip's way: the drawn profile, climbs, and the places that its files mark."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from uuid import UUID

from contravento.atlas import profile_drawing
from contravento.kit.database.session import Session
from contravento.tracks.analysis.beside import metres_along
from contravento.tracks.analysis.joined_profile import join_profiles
from contravento.tracks.queries import RiddenDay, TrackAlong, list_along
from contravento.web.rendering.render_cache import RenderCache

MOST_STAGES = 31  # more days than that leave no room for their numbers
MOST_PLACES = 200
MOST_CLIMBS = 20  # the largest


@dataclass(frozen=True, slots=True)
class Heights:
    """The drawn profile of a whole trip, and what its twin says in words; metres throughout."""

    drawing: profile_drawing.ProfileDrawing
    begins: float
    ends: float
    highest: float
    highest_at: float
    lowest: float
    lowest_at: float


@dataclass(frozen=True, slots=True)
class Place:
    """A marked place; `at_metres` of the way, and in per cent of it, where the way passes it."""

    name: str
    kind: str
    note: str
    elevation: float | None
    at_metres: float | None
    at_percent: float | None


@dataclass(frozen=True, slots=True)
class Climb:
    """A climb of the whole way; metres and per cent, `spot` and `width` in per cent of the way."""

    at_metres: float
    length_metres: float
    gain_metres: float
    average_percent: float
    steepest_percent: float
    category: str
    spot: float
    width: float


@dataclass(frozen=True, slots=True)
class Along:
    """`gradients` is how much of the way is how steep, each in per cent of those that are known."""

    heights: Heights | None
    places: list[Place]
    climbs: list[Climb]
    climbs_left_out: int
    gradients: dict[str, float]
    transfers: int
    transfers_metres: float


async def draw(
    session: Session,
    cache: RenderCache,
    trip_id: UUID,
    days: Sequence[RiddenDay],
    version: str,
) -> Along:
    """Drawn anew when the trip has another version than last time."""

    async def draw_anew() -> Along:
        kept = await list_along(session, trip_id)
        return await asyncio.to_thread(_draw, kept, days)

    return await cache.get(("along", version), draw_anew)


def _draw(kept: Sequence[TrackAlong], days: Sequence[RiddenDay]) -> Along:
    profile = join_profiles([(track.profile, track.distance_metres) for track in kept])
    waypoints = [waypoint for track in kept for waypoint in track.waypoints][:MOST_PLACES]
    climbs = _climbs(kept, _length(profile))
    largest = sorted(climbs, key=lambda climb: -climb.gain_metres)[:MOST_CLIMBS]
    return Along(
        heights=_heights(profile, days),
        places=_places(profile, waypoints),
        climbs=sorted(largest, key=lambda climb: climb.at_metres),
        climbs_left_out=len(climbs) - len(largest),
        gradients=_gradients(kept),
        transfers=sum(len(track.transfers) for track in kept),
        transfers_metres=sum(each["metres"] for track in kept for each in track.transfers),
    )


def _length(profile: dict[str, Any]) -> float:
    distances = profile["distance_metres"]
    return float(distances[-1]) if distances else 0.0


def _climbs(kept: Sequence[TrackAlong], length: float) -> list[Climb]:
    """Of all tracks, each going on where the one before it ended."""
    climbs, ridden = list[Climb](), 0.0
    for track in kept:
        for each in track.climbs if length else []:
            start = each["start_metres"] + ridden
            climbs.append(
                Climb(
                    at_metres=start,
                    length_metres=each["length_metres"],
                    gain_metres=each["gain_metres"],
                    average_percent=each["average_percent"],
                    steepest_percent=each["steepest_percent"],
                    category=each["category"],
                    spot=round(100 * start / length, 2),
                    width=round(100 * each["length_metres"] / length, 2),
                )
            )
        ridden += track.distance_metres
    return climbs


def _gradients(kept: Sequence[TrackAlong]) -> dict[str, float]:
    metres = {
        grade: sum(track.gradients.get(grade, 0.0) for track in kept)
        for grade in profile_drawing.GRADES
    }
    total = sum(metres.values())
    return {grade: 100 * part / total for grade, part in metres.items()} if total else {}


def _heights(profile: dict[str, Any], days: Sequence[RiddenDay]) -> Heights | None:
    distances, heights = profile["distance_metres"], profile["elevation_metres"]
    ends = list(accumulate(day.distance_metres for day in days))
    drawing = profile_drawing.draw_profile(
        distances, heights, stage_ends_metres=ends if 1 < len(ends) <= MOST_STAGES else []
    )
    if drawing is None:
        return None
    samples = list(zip(heights, distances, strict=True))
    return Heights(drawing, heights[0], heights[-1], *max(samples), *min(samples))


def _places(profile: dict[str, Any], waypoints: Sequence[dict[str, Any]]) -> list[Place]:
    """Those that the way passes in its order, then the others in their file's."""
    length = _length(profile)
    spots = metres_along(profile, [(each["lon"], each["lat"]) for each in waypoints])
    places = [
        Place(
            name=each["name"],
            kind=each["kind"],
            note=each["note"],
            elevation=each["elevation"],
            at_metres=at,
            at_percent=round(100 * at / length, 2) if at is not None and length else None,
        )
        for each, at in zip(waypoints, spots, strict=True)
    ]
    return sorted(places, key=_order)


def _order(place: Place) -> float:
    return float("inf") if place.at_metres is None else place.at_metres
