"""Ascent and descent out of noisy elevations."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from contravento.tracks import rules
from contravento.tracks.recording import Recording

type Floats = NDArray[np.float64]
type Indices = NDArray[np.intp]


def climb(recording: Recording, points: Indices | None = None) -> tuple[float | None, float | None]:
    """Ascent and descent in metres, of all points or of those at these indices; None unelevated.

    Hysteresis: the line turns where it has come back from its last extreme by
    CLIMB_THRESHOLD_METRES, and each leg counts in full from extreme to extreme. So a long climb
    is not shortened, and noise below the threshold adds nothing. Missing elevations are skipped;
    nothing is counted from one segment to the next.
    """
    elevation, segment = recording.elevation, recording.segment
    if points is not None:
        elevation, segment = elevation[points], segment[points]
    known = ~np.isnan(elevation)
    if not known.any():
        return None, None
    legs = np.fromiter(_legs(elevation[known], segment[known]), np.float64)
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
    rise = np.diff(elevation)
    within = np.diff(segment) == 0
    last_of_run = np.append((rise != 0) | ~within, True)
    runs = np.flatnonzero(last_of_run)
    direction = np.sign(np.diff(elevation[runs]))
    same_segment = np.diff(segment[runs]) == 0
    goes_on = same_segment[:-1] & same_segment[1:] & (direction[:-1] == direction[1:])
    return runs[np.concatenate(([True], ~goes_on, [True]))[: len(runs)]]
