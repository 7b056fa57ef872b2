"""Positions that cannot be true: excursions of any length, and scribbles while standing still."""

import numpy as np
from numpy.typing import NDArray

from contravento.tracks import rules
from contravento.tracks.analysis import geodesy
from contravento.tracks.reading.cleaning.plausible import keep_consistent

type Floats = NDArray[np.float64]
type Mask = NDArray[np.bool_]


def stray_points(lon: Floats, lat: Floats, time: Floats) -> Mask:
    """Which points of one segment, (n,) each, lie where nobody can have been between the others.

    With times by speed, without by geometry: a leap beyond all other steps. A silent gap may be a
    flight.
    """
    if len(lon) < 3:
        return np.zeros(len(lon), np.bool_)
    step = geodesy.steps(lon, lat)
    earliest, latest = _bounds(time)
    leap = _leap_metres(step)

    def can_follow(before: NDArray[np.intp], point: int) -> Mask:
        way = geodesy.distance(
            lon[before], lat[before], lon[point : point + 1], lat[point : point + 1]
        )
        return ~_is_impossible(way, latest[point] - earliest[before], leap)

    cuts = _is_impossible(step, latest[1:] - earliest[:-1], leap)
    return ~keep_consistent(cuts, np.ones(len(lon)), can_follow)


def impossible_steps(lon: Floats, lat: Floats, time: Floats) -> Mask:
    """Which steps of one segment, (n - 1,), are far and too fast for anybody, whatever is around.
    Shorter ones may be a clock's."""
    earliest, latest = _bounds(time)
    step, duration = geodesy.steps(lon, lat), latest[1:] - earliest[:-1]
    is_far = step > rules.LEAP_LEAST_METRES
    return np.asarray(is_far & _is_impossible(step, duration, float("inf")), np.bool_)


def _bounds(time: Floats) -> tuple[Floats, Floats]:
    """Between which moments each point was passed, (n,) each: its own time or, where it has none,
    those of the nearest that have one. NaN before the first and after the last of them."""
    known = np.flatnonzero(~np.isnan(time))
    if len(known) in (0, len(time)):
        return time, time
    before = np.searchsorted(known, np.arange(len(time)), side="right") - 1
    after = np.searchsorted(known, np.arange(len(time)), side="left")
    times = np.append(time[known], np.nan)  # which -1 and what is too many are, too
    return times[before], times[after]


def _is_impossible(metres: Floats, seconds: Floats, leap_metres: float) -> Mask:
    """Whether a step is too long for its time; one without a time, whether it is a leap."""
    with np.errstate(invalid="ignore"):
        timed = ~np.isnan(seconds)
        fastest = np.where(
            seconds > rules.SILENT_GAP_SECONDS,
            rules.FASTEST_TRANSFER_METRES_PER_SECOND,
            rules.FASTEST_METRES_PER_SECOND,
        )
        too_fast = (metres > rules.STRAY_METRES) & (metres > fastest * np.abs(seconds))
        return np.asarray(np.where(timed, too_fast, metres > leap_metres), np.bool_)


def _leap_metres(step: Floats) -> float:
    """How long a step without a time is too long to be one of these."""
    usual = step[step > 0]
    if len(usual) < rules.FEWEST_STEPS_FOR_LEAPS:
        return float("inf")
    return max(rules.LEAP_LEAST_METRES, rules.LEAP_TIMES_USUAL * float(np.quantile(usual, 0.9)))


def still_stretches(lon: Floats, lat: Floats, time: Floats) -> list[tuple[int, int]]:
    """Where somebody stood: first and last point of each stretch of one segment that stays within
    STANDING_METRES of its middle for STANDING_SECONDS or more.

    After the stay points of Q. Li et al., “Mining user similarity based on location history”, 2008.
    """
    if len(lon) < 3 or np.isnan(time).any():
        return []
    later = np.searchsorted(time, time + rules.STANDING_SECONDS)
    candidates = np.flatnonzero(later < len(time))
    ahead = later[candidates]
    near = geodesy.distance(lon[candidates], lat[candidates], lon[ahead], lat[ahead])
    stretches, until = list[tuple[int, int]](), -1
    for first in candidates[near <= rules.STANDING_METRES].tolist():
        if first <= until:
            continue
        last = _stays_until(lon, lat, first, int(later[first]))
        scribbled = geodesy.steps(lon[first : last + 1], lat[first : last + 1]).sum()
        if scribbled > rules.SCRIBBLED_METRES:
            stretches.append((first, last))
            until = last
    return stretches


def _stays_until(lon: Floats, lat: Floats, first: int, least: int) -> int:
    """The last point of the stay that begins here, or `first` where it is none."""
    middle_lon, middle_lat = np.median(lon[first : least + 1]), np.median(lat[first : least + 1])
    size = least + 1 - first
    while True:
        stretch = slice(first, first + size)
        away = geodesy.distance(
            lon[stretch], lat[stretch], np.array([middle_lon]), np.array([middle_lat])
        )
        gone = np.flatnonzero(away > rules.STANDING_METRES)
        if len(gone):
            return first + int(gone[0]) - 1 if gone[0] > least - first else first
        if first + size >= len(lon):
            return len(lon) - 1
        size *= 2
