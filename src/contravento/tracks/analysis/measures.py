"""The figures of a recording: distance, climb, times, speeds, days, bounds."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from contravento.tracks import rules
from contravento.tracks.analysis import geodesy
from contravento.tracks.analysis.climbs import climb, smooth
from contravento.tracks.analysis.days import Day, split_days
from contravento.tracks.analysis.notable_climbs import (
    Climb,
    distribute_gradients,
    find_climbs,
    make_grids,
)
from contravento.tracks.recording import Recording

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measures:
    """Metres, seconds, metres per second; None where the file does not hold what it would take.

    Nothing is counted across the gap between two segments, except in `elapsed_seconds`. `bounds`
    are west, south, east, north in degrees; as in RFC 7946, section 5.2, west is greater than
    east where the track crosses the antimeridian.
    """

    distance_metres: float
    ascent_metres: float | None
    descent_metres: float | None
    highest_metres: float | None
    lowest_metres: float | None
    elapsed_seconds: float | None
    moving_seconds: float | None
    average_speed: float | None
    top_speed: float | None
    points: int
    segments: int
    tracks: int
    started_at: datetime | None
    ended_at: datetime | None
    bounds: tuple[float, float, float, float]
    days: tuple[Day, ...]
    climbs: tuple[Climb, ...]
    gradients: dict[str, float] | None


def measure(recording: Recording, *, steps: Floats | None = None) -> Measures:
    """Compute all figures of a recording; `steps` as `step_lengths` gives them. Raises nothing."""
    if not len(recording):
        return _of_places_alone(recording)
    steps = step_lengths(recording) if steps is None else steps
    smoothed = smooth(recording, steps)
    ascent, descent = climb(smoothed, recording.segment)
    highest, lowest = _extremes(recording.elevation)
    grids = make_grids(recording, steps, smoothed)
    started, ended = _span(recording.time)
    moving_seconds, moving_metres = _moving(recording, steps)
    elapsed = None if started is None or ended is None else round(ended - started, 3)
    if moving_seconds is not None and elapsed is not None:
        moving_seconds = min(moving_seconds, elapsed)  # of tracks side by side each one moves
    return Measures(
        distance_metres=float(steps.sum()),
        ascent_metres=ascent,
        descent_metres=descent,
        highest_metres=highest,
        lowest_metres=lowest,
        elapsed_seconds=elapsed,
        moving_seconds=moving_seconds,
        average_speed=_plausible(moving_metres / moving_seconds) if moving_seconds else None,
        top_speed=top_speed(recording, steps),
        points=len(recording.lon),
        segments=recording.segments,
        tracks=recording.tracks,
        started_at=_moment(started),
        ended_at=_moment(ended),
        bounds=bounds(recording.lon, recording.lat),
        days=split_days(recording, steps, smoothed),
        climbs=tuple(find_climbs(grids)),
        gradients=distribute_gradients(grids) if grids else None,
    )


def _of_places_alone(recording: Recording) -> Measures:
    places = np.array([(place.lon, place.lat) for place in recording.waypoints])
    return Measures(
        distance_metres=0.0,
        ascent_metres=None,
        descent_metres=None,
        highest_metres=None,
        lowest_metres=None,
        elapsed_seconds=None,
        moving_seconds=None,
        average_speed=None,
        top_speed=None,
        points=0,
        segments=0,
        tracks=0,
        started_at=None,
        ended_at=None,
        bounds=bounds(places[:, 0], places[:, 1]),
        days=(),
        climbs=(),
        gradients=None,
    )


def step_lengths(recording: Recording) -> Floats:
    """Metres from each point to the next, (n - 1,), 0 across the gap between two segments."""
    lengths = geodesy.steps(recording.lon, recording.lat)
    lengths[np.diff(recording.segment) != 0] = 0.0
    return lengths


def longest_segments(recording: Recording, at_most: int) -> NDArray[np.bool_]:
    """For each segment whether it is among the longest so many, (segments,)."""
    is_long = np.ones(recording.segments, np.bool_)
    if recording.segments > at_most:
        steps = step_lengths(recording)
        lengths = np.bincount(recording.segment[1:], steps, minlength=recording.segments)
        is_long[np.argsort(-lengths, kind="stable")[at_most:]] = False
    return is_long


def bounds(lon: Floats, lat: Floats) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees; west > east when the track crosses the antimeridian."""
    south, north = float(lat.min()), float(lat.max())
    lon = geodesy.unroll(lon)
    west, east = float(lon.min()), float(lon.max())
    if east - west >= 360:
        return -180.0, south, 180.0, north
    return _rolled(west), south, _rolled(east), north


def top_speed(recording: Recording, steps: Floats) -> float | None:
    """The best average over a window of 10 s or a little more, metres per second; None untimed.

    A point off the road makes two steps too fast; the median of five steps does not see them. What
    no bicycle does is not looked at.
    """
    timed = np.flatnonzero(~np.isnan(recording.time))
    time = recording.time[timed]
    duration = np.diff(time)
    within = (np.diff(recording.segment[timed]) == 0) & (duration > 0)
    travelled = np.diff(np.concatenate(([0.0], np.cumsum(steps)))[timed])
    if not within.any():
        return None
    speed = _median_of_five(travelled[within] / duration[within])
    # Time and way with the gaps and the doubled times taken out.
    clock = np.concatenate(([0.0], np.cumsum(duration[within])))
    way = np.concatenate(([0.0], np.cumsum(speed * duration[within])))
    window = rules.TOP_SPEED_WINDOW_SECONDS
    until = np.searchsorted(clock, clock + window)
    begin = np.flatnonzero(until < len(clock))
    if not len(begin):
        return _plausible(float(way[-1] / clock[-1]))
    until = until[begin]
    speeds = (way[until] - way[begin]) / (clock[until] - clock[begin])
    speeds = speeds[speeds <= rules.FASTEST_METRES_PER_SECOND]
    return float(speeds.max()) if len(speeds) else None


def _plausible(speed: float) -> float | None:
    """None beyond what a bicycle can do."""
    return speed if speed <= rules.FASTEST_METRES_PER_SECOND else None


def _median_of_five(values: Floats) -> Floats:
    if len(values) < 5:
        return values
    padded = np.pad(values, 2, mode="edge")
    a, b, c, d, e = (padded[first : first + len(values)] for first in range(5))
    low, high = np.minimum(a, b), np.maximum(a, b)
    lower, higher = np.minimum(c, d), np.maximum(c, d)
    # Of the four, neither the least nor the greatest can be the median of five.
    first, second = np.maximum(low, lower), np.minimum(high, higher)
    low, high = np.minimum(first, second), np.maximum(first, second)
    return np.asarray(np.maximum(low, np.minimum(high, e)), np.float64)


def _extremes(elevation: Floats) -> tuple[float | None, float | None]:
    measured = elevation[~np.isnan(elevation)]
    if not len(measured):
        return None, None
    return float(measured.max()), float(measured.min())


def _span(time: Floats) -> tuple[float | None, float | None]:
    recorded = time[~np.isnan(time)]
    if not len(recorded):
        return None, None
    return float(recorded.min()), float(recorded.max())


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(round(seconds, 3), UTC)


def _moving(recording: Recording, steps: Floats) -> tuple[float | None, float]:
    """Seconds spent, and metres made, at 0.5 m/s or more between two timed points."""
    timed = np.flatnonzero(~np.isnan(recording.time))
    if len(timed) < 2:
        return None, 0.0
    duration = np.diff(recording.time[timed])
    travelled = np.diff(np.concatenate(([0.0], np.cumsum(steps)))[timed])
    moving = (
        (np.diff(recording.segment[timed]) == 0)
        & (duration > 0)
        & (travelled >= rules.MOVING_METRES_PER_SECOND * duration)
    )
    return round(float(duration[moving].sum()), 3), float(travelled[moving].sum())


def _rolled(lon: float) -> float:
    """The longitude within ±180°."""
    return lon if -180 <= lon <= 180 else (lon + 180) % 360 - 180
