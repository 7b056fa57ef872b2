"""The profiles of a trip's tracks as one, each going on where the one before it ended."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contravento.tracks import rules

COLUMNS = ("distance_metres", "elevation_metres", "grade_percent", "coordinates")


def join_profiles(
    profiles: Sequence[tuple[dict[str, Any] | None, float]],
    at_most: int = rules.PROFILE_SAMPLES,
) -> dict[str, Any]:
    """Profiles as they are kept, each with its track's length in metres, in their order.

    A track without elevations has no samples, but its length counts. At most so many samples (2
    or more) are left, evenly spaced by distance, the highest and the lowest among them.
    """
    joined: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    ridden = 0.0
    for profile, length_metres in profiles:
        if profile:
            distances = profile["distance_metres"]
            joined["distance_metres"] += [round(each + ridden, 1) for each in distances]
            for name in COLUMNS[1:]:
                joined[name] += profile[name]
        ridden += length_metres
    return _thin(joined, at_most)


def _thin(joined: dict[str, list[Any]], at_most: int) -> dict[str, list[Any]]:
    distance = np.array(joined["distance_metres"])
    if len(distance) <= at_most:
        return joined
    chosen = _choose(distance, np.array(joined["elevation_metres"]), at_most).tolist()
    return {name: [column[index] for index in chosen] for name, column in joined.items()}


def _choose(
    distance: NDArray[np.float64], elevation: NDArray[np.float64], at_most: int
) -> NDArray[np.intp]:
    evenly = np.linspace(distance[0], distance[-1], max(at_most - 2, 0))
    nearest = np.minimum(np.searchsorted(distance, evenly), len(distance) - 1)
    return np.unique(np.concatenate((nearest, [elevation.argmax(), elevation.argmin()])))
