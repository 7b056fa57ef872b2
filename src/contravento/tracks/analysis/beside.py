"""Where along the way a place lies."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from contravento.tracks import rules
from contravento.tracks.analysis import geodesy


def metres_along(
    profile: dict[str, Any], places: Sequence[tuple[float, float]]
) -> list[float | None]:
    """For each place, longitude and latitude in degrees, the distance at which the way passes it.

    `profile` is one as it is kept. None where the nearest of its samples is further away than
    BESIDE_METRES, or than samples are apart on a long way.
    """
    distances = np.array(profile["distance_metres"])
    if not len(distances):
        return [None] * len(places)
    lon, lat = np.array(profile["coordinates"]).T
    reach = max(rules.BESIDE_METRES, float(distances[-1]) / len(distances))
    found: list[float | None] = []
    for place_lon, place_lat in places:
        away = geodesy.distance(lon, lat, np.array([place_lon]), np.array([place_lat]))
        nearest = int(away.argmin())
        found.append(float(distances[nearest]) if away[nearest] <= reach else None)
    return found
