"""Ascent and descent from noisy elevations."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from contravento.tracks import rules
from contravento.tracks.recording import Recording

type Floats = NDArray[np.float64]
type Indices = NDArray[np.intp]

APART_METRES = 1_000.0  # keeps the points of one segment out of the averages of the next


def smooth(recording: Recording, steps: Floats) -> Floats:
    """Elevations averaged over 30 m of way to either side, (n,) metres, NaN where missing.

    `steps` are the metres from point to point, (n - 1,). Points further apart stay as they are.
    """
    measured = np.flatnonzero(~np.isnan(recording.elevation))
    way = np.concatenate(([0.0], np.cumsum(steps))) + recording.segment * APART_METRES
    way, elevation = way[measured], recording.elevation[measured]
    first = np.searchsorted(way, way - rules.CLIMB_SMOOTHING_METRES, side="left")
    after = np.searchsorted(way, way + rules.CLIMB_SMOOTHING_METRES, side="right")
    sums = np.concatenate(([0.0], np.cumsum(elevation)))
    smoothed = np.full(len(recording.elevation), np.nan)
    smoothed[measured] = (sums[after] - sums[first]) / (after - first)
    return smoothed


def climb(elevation: Floats, segment: NDArray[np.int32]) -> tuple[float | None, float | None]:
    """Ascent and descent in metres along elevations (n,), NaN where missing; None if all are.

    Hysteresis: the line turns where it has come back from its last extreme by
    CLIMB_THRESHOLD_METRES, and each leg counts in full from extreme to extreme. So a long climb
    is not shortened, and noise below the threshold adds nothing. Missing elevations are skipped;
    nothing is counted from one segment, (n,), to the next.
    """
    is_measured = ~np.isnan(elevation)
    if not is_measured.any():
        return None, None
    legs = np.fromiter(_legs(elevation[is_measured], segment[is_measured]), np.float64)
    return float(legs[legs > 0].sum()), float(abs(legs[legs < 0].sum()))


def _legs(elevation: Floats, segment: NDArray[np.int32]) -> Iterator[float]:
    """Yield the metres of each leg, up positive and down negative."""
    turns = _turning_points(elevation, segment)
    threshold = rules.CLIMB_THRESHOLD_METRES
    current, sign, pivot, extreme = -1, 0, 0.0, 0.0
    low = high = 0.0
    for value, belongs_to in zip(elevation[turns].tolist(), segment[turns].tolist(), strict=True):
        if belongs_to != current:
            yield extreme - pivot
            current, sign = belongs_to, 0
            low = high = pivot = extreme = value
        elif sign == 0:  # not yet known whether the segment begins uphill or downhill
            low, high = min(low, value), max(high, value)
            if high - low >= threshold:
                sign = 1 if value == high else -1
                pivot, extreme = (low, high) if sign == 1 else (high, low)
        elif (value - extreme) * sign > 0:
            extreme = value
        elif (extreme - value) * sign >= threshold:
            yield extreme - pivot
            pivot, extreme, sign = extreme, value, -sign
    yield extreme - pivot


def _turning_points(elevation: Floats, segment: NDArray[np.int32]) -> Indices:
    """Indices of local extremes and of the ends of segments; plateaus count at their end."""
    within = np.diff(segment) == 0
    runs = np.flatnonzero(np.append((np.diff(elevation) != 0) | ~within, True))
    direction = np.sign(np.diff(elevation[runs]))
    within = np.diff(segment[runs]) == 0
    goes_on = within[:-1] & within[1:] & (direction[:-1] == direction[1:])
    return runs[np.concatenate(([True], ~goes_on, [True]))[: len(runs)]]
