"""Elevation along the way, thinned for drawing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contravento.tracks import rules
from contravento.tracks.analysis.measures import step_lengths
from contravento.tracks.recording import Recording

type Floats = NDArray[np.float64]

# Within the interpolation, segments are kept this far apart, so that none reaches into the next.
APART_METRES = 1_000.0
SHORTEST_GRADE_METRES = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Samples along the track as parallel arrays of one length; they are points of the track.

    distance_metres from the start, never decreasing; elevation_metres, interpolated where it was
    missing; lon and lat in degrees; grade_percent, averaged over 100 m around the sample.
    """

    distance_metres: Floats
    elevation_metres: Floats
    lon: Floats
    lat: Floats
    grade_percent: Floats


def draw_profile(
    recording: Recording, at_most: int = rules.PROFILE_SAMPLES, *, steps: Floats | None = None
) -> Profile | None:
    """At most so many samples (2 or more), evenly spaced by distance, the highest and the lowest
    point among them; None if no point has an elevation. `steps` as `step_lengths` gives them.
    """
    is_measured = ~np.isnan(recording.elevation)
    if not is_measured.any():
        return None
    steps = step_lengths(recording) if steps is None else steps
    distance = np.concatenate(([0.0], np.cumsum(steps)))
    apart = distance + recording.segment * APART_METRES
    elevation = np.where(
        is_measured,
        recording.elevation,
        np.interp(apart, apart[is_measured], recording.elevation[is_measured]),
    )
    samples = _choose(distance, recording.elevation, at_most)
    return Profile(
        distance_metres=distance[samples],
        elevation_metres=elevation[samples],
        lon=recording.lon[samples],
        lat=recording.lat[samples],
        grade_percent=_grades(recording, apart, elevation)[samples],
    )


def _choose(distance: Floats, elevation: Floats, at_most: int) -> NDArray[np.intp]:
    """Indices of the samples, in the order of the track."""
    if len(distance) <= at_most:
        return np.arange(len(distance))
    evenly = np.linspace(0.0, distance[-1], max(at_most - 2, 0))
    nearest = np.minimum(np.searchsorted(distance, evenly), len(distance) - 1)
    extremes = [np.nanargmax(elevation), np.nanargmin(elevation)]
    return np.unique(np.concatenate((nearest, extremes)))


def _grades(recording: Recording, apart: Floats, elevation: Floats) -> Floats:
    """Rise over way in percent, over 50 m to either side within the point's segment, (n,)."""
    reach = rules.GRADE_WINDOW_METRES / 2
    behind = np.maximum(apart - reach, apart[recording.starts][recording.segment])
    ahead = np.minimum(apart + reach, apart[recording.ends][recording.segment])
    way = ahead - behind
    rise = np.interp(ahead, apart, elevation) - np.interp(behind, apart, elevation)
    return np.where(
        way >= SHORTEST_GRADE_METRES, 100 * rise / np.maximum(way, SHORTEST_GRADE_METRES), 0.0
    )
